"""Overlapping square patches of an image: the grid, cutting, averaging back, grouping by k-means."""

import numpy as np

from mossfuse.errors import MossFuseError


class PatchGrid:
    """Patches of ``side`` x ``side`` pixels every ``step`` pixels, the last row and column flush with the border.

    shape: (rows, cols) of the image; a side longer than the image is cut to it, per axis. Raises MossFuseError for a
    step below 1.
    """

    def __init__(self, shape, side, step):
        if step < 1:
            raise MossFuseError("patches must overlap by less than their side; lower 'overlap' or raise 'patch'")
        self.shape = tuple(shape)
        self.sides = tuple(min(side, n) for n in shape)
        starts = [
            np.unique(np.append(np.arange(0, n - k + 1, step), n - k)) for n, k in zip(shape, self.sides, strict=True)
        ]
        rows, cols = (first[:, None] + np.arange(k) for first, k in zip(starts, self.sides, strict=True))
        index = rows[:, None, :, None] * self.shape[1] + cols[None, :, None, :]
        self.index = index.reshape(-1, self.sides[0] * self.sides[1])
        self.mean = self._averaging()

    def cut(self, image):
        """Cut patches, (rows, cols, C) -> (patches, side^2, C)."""
        return image.reshape(-1, image.shape[2])[self.index]

    def join(self, patches):
        """Average overlapping patches (patches, side^2, C) to an image (rows, cols, C) float32."""
        bands = patches.shape[2]
        return (self.mean @ patches.reshape(-1, bands)).reshape(*self.shape, bands)

    def _averaging(self):
        """Return a sparse (pixels, patch pixels) matrix that averages all patch pixels at each pixel."""
        import scipy.sparse

        flat = self.index.ravel()
        coverage = np.bincount(flat)
        order = np.argsort(flat, kind="stable")
        weights = (1 / coverage[flat[order]]).astype(np.float32)
        pointers = np.append(0, np.cumsum(coverage))
        return scipy.sparse.csr_array((weights, order, pointers), shape=(coverage.size, flat.size))


def similar_patches(patches, count, rng, rounds=30):
    """Group similar patches: return index arrays, sorted by size, none empty, which together hold every patch once.

    k-means (Lloyd) with k-means++ seeding (Arthur, Vassilvitskii, SODA 2007) on patches (n, features); at most
    ``count`` groups; rng: numpy Generator.
    """
    from mossfuse.progress import track

    points = patches.reshape(len(patches), -1).astype(np.float32)
    points = points - points.mean(0)
    energy = np.einsum("nf,nf->n", points, points)
    centres = seeds(points, energy, min(count, len(points)), rng)
    labels = None
    for _ in track(range(rounds), "k-means of patches"):
        old, labels = labels, nearest_centre(points, centres)
        if old is not None and np.array_equal(old, labels):
            break
        size = np.bincount(labels, minlength=len(centres))
        order = np.argsort(labels, kind="stable")
        alive = np.flatnonzero(size)
        first = np.cumsum(size[alive]) - size[alive]
        centres = np.add.reduceat(points[order], first, axis=0) / size[alive, None].astype(np.float32)
    groups = [np.flatnonzero(labels == k) for k in np.unique(labels)]
    return sorted(groups, key=len)


def seeds(points, energy, count, rng):
    """Choose initial centres by k-means++: each is drawn with probability proportional to its squared distance."""
    chosen = [rng.integers(len(points))]
    distance = np.full(len(points), np.inf)
    for _ in range(count - 1):
        latest = points[chosen[-1]]
        distance = np.minimum(distance, np.maximum(energy - 2 * (points @ latest) + latest @ latest, 0))
        distance[chosen[-1]] = 0
        total = distance.sum(dtype=np.float64)
        if total <= 0:
            break
        chosen.append(int(np.searchsorted(np.cumsum(distance, dtype=np.float64), rng.random() * total, "right")))
        chosen[-1] = min(chosen[-1], len(points) - 1)
    return points[chosen]


def nearest_centre(points, centres):
    """Return the index (n,) of the nearest centre of every point."""
    return np.argmin(np.einsum("kf,kf->k", centres, centres) - 2 * points @ centres.T, axis=1)
