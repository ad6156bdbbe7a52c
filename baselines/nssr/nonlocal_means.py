"""Non-local means weights: every pixel as a weighted mean of the pixels whose surroundings look like its own.

A. Buades, B. Coll, J.-M. Morel, "A non-local algorithm for image denoising", CVPR 2005, restricted to the nearest
patches as in NSSR (Dong et al., TIP 2016).
"""

import numpy as np

from mossfuse.progress import track

BLOCK_VALUES = 12_000_000  # distances held at once (48 MB)


def nonlocal_matrix(image, radius=18, patch=3, neighbours=10, bandwidth=90 / 255**2):
    """Return a sparse (n, n) float32 matrix with the normalised weights of each pixel's nearest neighbours in its row.

    image (rows, cols, C), n = rows cols in row-major order; distance: mean squared difference of the patch x patch
    surroundings (symmetric border) over all C bands; candidates: (2 radius + 1)^2 window, clipped at the border; the
    pixel itself counts with the distance of the second nearest; weight exp(-distance / bandwidth), bandwidth in
    squared units of the image.
    """
    import scipy.sparse

    rows, cols, bands = image.shape
    margin = patch // 2
    padded = np.pad(image.astype(np.float32), ((margin, margin), (margin, margin), (0, 0)), mode="symmetric")
    planes = np.ascontiguousarray(np.moveaxis(padded, 2, 0))
    reach_rows, reach_cols = min(radius, rows - 1), min(radius, cols - 1)
    offsets = [(r, c) for r in range(-reach_rows, reach_rows + 1) for c in range(-reach_cols, reach_cols + 1)]
    keep = min(neighbours, len(offsets))
    step = np.array([r * cols + c for r, c in offsets])
    height = max(1, BLOCK_VALUES // (len(offsets) * cols))
    indices, weights = [], []
    for top in track(range(0, rows, height), "non-local means"):
        bottom = min(top + height, rows)
        distance = np.full((len(offsets), bottom - top, cols), np.inf, np.float32)
        for row, (r, c) in zip(distance, offsets, strict=True):
            patch_distance(planes, r, c, top, bottom, patch, row)
        distance = np.ascontiguousarray(distance.reshape(len(offsets), -1).T)
        nearest = np.argpartition(distance, keep - 1, axis=1)[:, :keep]
        value = np.take_along_axis(distance, nearest, 1)
        order = np.argsort(value, axis=1, kind="stable")
        nearest, value = np.take_along_axis(nearest, order, 1), np.take_along_axis(value, order, 1)
        value[:, 0] = value[:, min(1, keep - 1)]
        value -= value[:, :1]  # a common factor of the weights, which would underflow far from any neighbour
        weight = np.exp(-value / np.float32(bandwidth))
        weights.append(weight / weight.sum(1, keepdims=True))
        pixel = np.arange(top * cols, bottom * cols)[:, None]
        indices.append(np.where(np.isfinite(value), pixel + step[nearest], pixel))
    indices, weights = np.concatenate(indices), np.concatenate(weights)
    pointers = np.arange(0, indices.size + 1, keep)
    return scipy.sparse.csr_array((weights.ravel(), indices.ravel(), pointers), shape=(rows * cols,) * 2)


def patch_distance(planes, r, c, top, bottom, patch, out):
    """Fill ``out`` (bottom - top, cols) with the patch distances of rows top..bottom to the pixels (r, c) further on.

    planes: (C, rows + patch - 1, cols + patch - 1); entries without a partner inside the image are left alone.
    """
    rows, cols = planes.shape[1] - patch + 1, planes.shape[2] - patch + 1
    first, last = max(top, -r), min(bottom, rows - r)
    left, right = max(0, -c), min(cols, cols - c)
    if first >= last or left >= right:
        return
    here = planes[:, first : last + patch - 1, left : right + patch - 1]
    there = planes[:, first + r : last + r + patch - 1, left + c : right + c + patch - 1]
    difference = here - there
    squared = np.einsum("crk,crk->rk", difference, difference)
    along = sum(squared[i : i + last - first] for i in range(patch))
    total = sum(along[:, i : i + right - left] for i in range(patch))
    out[first - top : last - top, left:right] = total / (patch**2 * len(planes))
