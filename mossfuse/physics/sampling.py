"""Blur and sample, and its adjoint, in block form: each low-resolution pixel is a weighted sum over whole blocks.

The PSF is embedded in a grid of ratio x ratio blocks, so no high-resolution convolution is ever computed; for
the official protocol (kernel r-1, phase r/2-1) exactly one block is used and the border plays no part.
"""

import numpy as np

from mossfuse.errors import MossFuseError

PAD_MODE = {"reflect": "reflect", "wrap": "wrap"}  # numpy's 'reflect' is OpenCV's reflect-101


def check_multiple(shape, ratio):
    """Refuse a high-resolution (rows, cols) that is not a multiple of the ratio."""
    rows, cols = shape[:2]
    if rows % ratio or cols % ratio:
        raise MossFuseError(
            f"the MSI has {rows}x{cols} pixels, which is not a multiple of the ratio {ratio}; "
            f"crop it to {rows - rows % ratio}x{cols - cols % ratio} or set the right ratio"
        )


def check_pair(observation):
    """Refuse a pair whose sizes do not fit the ratio, or that holds NaN or infinity (MossFuseError)."""
    hsi, msi, ratio = observation.hsi, observation.msi, observation.ratio
    check_multiple(msi.shape, ratio)
    if msi.shape[:2] != (hsi.shape[0] * ratio, hsi.shape[1] * ratio):
        raise MossFuseError(
            f"the MSI has {msi.shape[0]}x{msi.shape[1]} pixels and the HSI {hsi.shape[0]}x{hsi.shape[1]}, "
            f"which does not fit the ratio {ratio}; crop one of them or set the right ratio"
        )
    for name, image in (("HSI", hsi), ("MSI", msi)):
        if not np.isfinite(image).all():
            raise MossFuseError(f"the {name} holds NaN or infinite values; replace them before fusing")


class BlurSample:
    """The operator H: (rows, cols, C) -> (rows / ratio, cols / ratio, C), numpy arrays in, numpy arrays out.

    psf: (k_rows, k_cols); phase: (row, col); shape: (rows, cols) of the high-resolution image;
    border: 'reflect' (reflect-101), 'wrap' or 'zero'. Raises MossFuseError where shape is no multiple of ratio.
    """

    def __init__(self, psf, phase, ratio, shape, border="reflect"):
        check_multiple(shape, ratio)
        self.psf = np.asarray(psf, np.float64)
        self.phase, self.ratio, self.border = tuple(phase), int(ratio), border
        self.shape = tuple(shape[:2])
        self.low_shape = (self.shape[0] // ratio, self.shape[1] // ratio)
        spans = [block_span(k, p, ratio) for k, p in zip(self.psf.shape, self.phase, strict=True)]
        self.pad = tuple((-first * ratio, last * ratio) for first, last, _ in spans)
        self.blocks = tuple(last - first + 1 for first, last, _ in spans)
        self.kernel = embed(self.psf, [offset for *_, offset in spans], self.blocks, ratio)
        self.index = tuple(border_index(n, pad, border) for n, pad in zip(self.shape, self.pad, strict=True))

    @property
    def one_block(self):
        """True where every window stays inside its own block (HH^T is then a multiple of the identity)."""
        return self.blocks == (1, 1) and self.pad == ((0, 0), (0, 0))

    @property
    def gain(self):
        """Sum of squares of the PSF: H H^T = gain * I where ``one_block``."""
        return float((self.psf**2).sum())

    def __call__(self, image):
        """H image; image (rows, cols) or (rows, cols, C), result in the image's floating type."""
        flat = image.ndim == 2
        x = image[..., None] if flat else image
        if x.shape[:2] != self.shape:
            raise ValueError(f"operator built for {self.shape}, got an image of {x.shape[:2]}")
        x = self._padded(x)
        (h, w), r, channels = self.low_shape, self.ratio, x.shape[2]
        kernel = self.kernel.astype(x.dtype)
        out = np.zeros((h, w, channels), x.dtype)
        for a in range(self.blocks[0]):
            for b in range(self.blocks[1]):
                tile = x[a * r : (a + h) * r, b * r : (b + w) * r].reshape(h, r, w, r, channels)
                out += np.einsum("hiwjc,ij->hwc", tile, kernel[a, b], optimize=True)
        return out[..., 0] if flat else out

    def adjoint(self, low):
        """H^T low; low (h, w) or (h, w, C) -> (rows, cols[, C])."""
        flat = low.ndim == 2
        y = low[..., None] if flat else low
        (h, w), r, channels = self.low_shape, self.ratio, y.shape[2]
        padded = np.zeros((self.shape[0] + sum(self.pad[0]), self.shape[1] + sum(self.pad[1]), channels), y.dtype)
        kernel = self.kernel.astype(y.dtype)
        for a in range(self.blocks[0]):
            for b in range(self.blocks[1]):
                tile = np.einsum("hwc,ij->hiwjc", y, kernel[a, b]).reshape(h * r, w * r, channels)
                padded[a * r : (a + h) * r, b * r : (b + w) * r] += tile
        out = self._folded(padded)
        return out[..., 0] if flat else out

    def rows_and_cols(self):
        """Matrices (h, rows) and (w, cols) with H X = Gr X Gc^T, or None where the PSF is not separable."""
        from mossfuse.physics.psf import separable_factors

        factors = separable_factors(self.psf)
        return None if factors is None else tuple(self.axis_matrix(axis, f) for axis, f in enumerate(factors))

    def terms(self, tolerance=1e-10):
        """Pairs (Gr_k, Gc_k), float64, with H X = sum_k Gr_k X Gc_k^T for any PSF (its singular value decomposition).

        Terms whose singular value is below ``tolerance`` times the largest are left out; a separable PSF has one.
        """
        left, weights, right = np.linalg.svd(self.psf)
        kept = int((weights > tolerance * weights[0]).sum())
        return [(self.axis_matrix(0, left[:, k] * weights[k]), self.axis_matrix(1, right[k])) for k in range(kept)]

    def axis_matrix(self, axis, factor):
        """Blur with ``factor`` (one weight per window pixel) and sample along one axis: (low pixels, pixels)."""
        g = np.zeros((self.low_shape[axis], self.shape[axis]))
        for weights, target in zip(g, self.windows(axis), strict=True):
            np.add.at(weights, target[target >= 0], factor[target >= 0])
        return g

    def windows(self, axis):
        """Pixel under every tap of every low-resolution pixel of one axis: (low, taps), -1 outside a zero border."""
        taps = self.psf.shape[axis]
        start = self.phase[axis] - (taps - 1) // 2 + self.pad[axis][0]
        return self.index[axis][np.arange(self.low_shape[axis])[:, None] * self.ratio + start + np.arange(taps)]

    def _padded(self, x):
        if not any(sum(p) for p in self.pad):
            return x
        out = x[np.maximum(self.index[0], 0)][:, np.maximum(self.index[1], 0)]
        if self.border == "zero":
            out = out * (self.index[0] >= 0)[:, None, None] * (self.index[1] >= 0)[None, :, None]
        return out.astype(x.dtype, copy=False)

    def _folded(self, padded):
        if not any(sum(p) for p in self.pad):
            return padded
        rows = np.zeros((self.shape[0], *padded.shape[1:]), padded.dtype)
        keep = self.index[0] >= 0
        np.add.at(rows, self.index[0][keep], padded[keep])
        out = np.zeros((self.shape[0], self.shape[1], padded.shape[2]), padded.dtype)
        keep = self.index[1] >= 0
        np.add.at(out.transpose(1, 0, 2), self.index[1][keep], rows[:, keep].transpose(1, 0, 2))
        return out


def block_span(size, phase, ratio):
    """(first block, last block, offset inside the first) that a window of ``size`` pixels at ``phase`` covers."""
    start = phase - (size - 1) // 2
    first, last = start // ratio, (start + size - 1) // ratio
    return min(first, 0), max(last, 0), start - min(first, 0) * ratio


def embed(psf, offsets, blocks, ratio):
    """The PSF on a grid of blocks: (block rows, block cols, ratio, ratio)."""
    grid = np.zeros((blocks[0] * ratio, blocks[1] * ratio))
    grid[offsets[0] : offsets[0] + psf.shape[0], offsets[1] : offsets[1] + psf.shape[1]] = psf
    return grid.reshape(blocks[0], ratio, blocks[1], ratio).transpose(0, 2, 1, 3)


def border_index(length, pad, border):
    """Source index of every padded sample; -1 stands for zero."""
    before, after = pad
    if border == "zero":
        return np.pad(np.arange(length), (before, after), constant_values=-1)
    if border not in PAD_MODE:
        raise ValueError(f"border must be 'reflect', 'wrap' or 'zero', not '{border}'")
    return np.pad(np.arange(length), (before, after), mode=PAD_MODE[border])


def operator_of(observation, psf=None, phase=None):
    """H of an observation from its sensor (or from an estimated ``psf``); ValueError where neither is known."""
    sensor = observation.sensor
    psf = sensor.psf if psf is None else psf
    phase = sensor.phase if phase is None else phase
    if psf is None or phase is None:
        raise ValueError("the PSF or its phase is unknown; estimate it first (mossfuse.estimation.sensor)")
    return BlurSample(psf, phase, observation.ratio, observation.msi.shape[:2], sensor.border)
