"""Where the windows of the low-resolution pixels lie: the one owner of block spans, borders and window indices.

The window of a low-resolution pixel (the support of the PSF) is embedded in a grid of ratio x ratio blocks, so that blur
and sampling are sums over whole blocks and no high-resolution convolution is ever computed.
"""

from functools import cached_property

import numpy as np

from mossfuse.errors import MossFuseError

BORDERS = ("reflect", "wrap", "zero")  # numpy's 'reflect' is OpenCV's reflect-101

Pair = tuple[int, int]


class SamplingGrid:
    """The windows of all low-resolution pixels of an image.

    size: (k_rows, k_cols) of a window; phase: (row, col) of the pixel on which the first one is centred; ratio;
    shape: (rows, cols) of the high-resolution image; border: 'reflect' (reflect-101), 'wrap' or 'zero'.
    pad: pixels around the image that windows reach, ((top, bottom), (left, right)), whole blocks. blocks: block rows and
    cols under a window; offset: (row, col) of the window inside the first of them.
    """

    def __init__(self, size: Pair, phase: Pair, ratio: int, shape: Pair, border: str = "reflect") -> None:
        if border not in BORDERS:
            raise ValueError(f"border must be 'reflect', 'wrap' or 'zero', not '{border}'")
        self.size, self.phase, self.ratio, self.border = size, phase, ratio, border
        self.shape = (int(shape[0]), int(shape[1]))
        self.low_shape = (self.shape[0] // ratio, self.shape[1] // ratio)
        rows, cols = (block_span(k, p, ratio) for k, p in zip(size, phase, strict=True))
        self.pad = ((-rows[0] * ratio, rows[1] * ratio), (-cols[0] * ratio, cols[1] * ratio))
        self.blocks = (rows[1] - rows[0] + 1, cols[1] - cols[0] + 1)
        self.offset = (rows[2], cols[2])

    @property
    def padded(self) -> bool:
        """Return whether any window leaves the image."""
        return any(sum(p) for p in self.pad)

    @cached_property
    def index(self) -> tuple[np.ndarray, np.ndarray]:
        """(padded rows,) and (padded cols,): the pixel that each padded sample repeats; -1 stands for zero."""
        rows, cols = (border_index(n, pad, self.border) for n, pad in zip(self.shape, self.pad, strict=True))
        return rows, cols

    def windows(self, axis: int) -> np.ndarray:
        """Return the pixel under every tap of every low-resolution pixel of one axis: (low, taps), -1 outside a zero border."""
        taps = self.size[axis]
        start = self.phase[axis] - (taps - 1) // 2 + self.pad[axis][0]
        return self.index[axis][np.arange(self.low_shape[axis])[:, None] * self.ratio + start + np.arange(taps)]

    def gather(self, image: np.ndarray, chosen: np.ndarray | None = None) -> np.ndarray:
        """Return the pixels of an image (rows, cols, C) under the windows: (n, k_rows, k_cols, C), zero outside a zero border.

        chosen: (n,) row-major indices of low-resolution pixels; None: all of them.
        """
        chosen = np.arange(self.low_shape[0] * self.low_shape[1]) if chosen is None else chosen
        low = np.unravel_index(chosen, self.low_shape)
        rows, cols = self.windows(0)[low[0]][:, :, None], self.windows(1)[low[1]][:, None, :]
        values = image[rows, cols]
        if self.border != "zero":
            return values
        inside = (rows >= 0) & (cols >= 0)
        return np.where(inside[..., None], values, 0)

    def embed(self, psf: np.ndarray) -> np.ndarray:
        """Return the PSF on its blocks: (block rows, block cols, ratio, ratio)."""
        grid = np.zeros((self.blocks[0] * self.ratio, self.blocks[1] * self.ratio))
        row, col = self.offset
        grid[row : row + psf.shape[0], col : col + psf.shape[1]] = psf
        return grid.reshape(self.blocks[0], self.ratio, self.blocks[1], self.ratio).transpose(0, 2, 1, 3)


def check_multiple(shape: tuple[int, ...], ratio: int) -> None:
    """Raise MossFuseError for a high-resolution shape (rows, cols, ...) that is not a multiple of the ratio."""
    rows, cols = shape[:2]
    if rows % ratio or cols % ratio:
        raise MossFuseError(
            f"the MSI has {rows}x{cols} pixels, which is not a multiple of the ratio {ratio}; "
            f"crop it to {rows - rows % ratio}x{cols - cols % ratio} or set the right ratio"
        )


def block_span(size: int, phase: int, ratio: int) -> tuple[int, int, int]:
    """Return (first block, last block, offset inside the first) that a window of ``size`` pixels at ``phase`` covers."""
    start = phase - (size - 1) // 2
    first, last = start // ratio, (start + size - 1) // ratio
    return min(first, 0), max(last, 0), start - min(first, 0) * ratio


def border_index(length: int, pad: Pair, border: str) -> np.ndarray:
    """Return the source index of every sample of a padded axis; -1 stands for zero."""
    if border == "zero":
        return np.pad(np.arange(length), pad, constant_values=-1)
    if border == "wrap":
        return np.pad(np.arange(length), pad, mode="wrap")
    return np.pad(np.arange(length), pad, mode="reflect")
