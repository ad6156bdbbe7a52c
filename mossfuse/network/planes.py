"""Images too large to process at once: how they are cut into tiles, and where their features are stored meanwhile.

A plane is anything with ``read(region)``: the region as a tensor (1, channels, rows, cols), channels last in memory.
"""

import errno
import os
import tempfile
from typing import NamedTuple

import numpy as np
import torch

from mossfuse.errors import MossFuseError
from mossfuse.network.encoders import enlarge


class Region(NamedTuple):
    """A rectangle of pixels, as two slices with start and stop."""

    rows: slice
    cols: slice

    @property
    def shape(self):
        """(rows, cols) of the region."""
        return tuple(s.stop - s.start for s in self)

    def grow(self, halo, shape):
        """Return the region with ``halo`` more pixels on every side, cut at the border of the image ``shape`` (rows,
        cols).
        """
        return Region(*(slice(max(s.start - halo, 0), min(s.stop + halo, n)) for s, n in zip(self, shape, strict=True)))

    def is_behind(self, other, halo):
        """Return whether no tile from ``other`` on, in the order of ``tiles``, reaches into this one with its halo."""
        rows_apart = other.rows.start - halo >= self.rows.stop
        next_row_apart = other.rows.start >= self.rows.stop and other.rows.stop - halo >= self.rows.stop
        return rows_apart or (next_row_apart and other.cols.start - halo >= self.cols.stop)

    def inside(self, other):
        """Return where this region lies within ``other``."""
        return Region(*(slice(s.start - o.start, s.stop - o.start) for s, o in zip(self, other, strict=True)))


def tiles(shape, tile):
    """Yield regions of at most tile x tile pixels that cover an image, one row of tiles after another."""
    for top in range(0, shape[0], tile):
        for left in range(0, shape[1], tile):
            yield Region(slice(top, min(top + tile, shape[0])), slice(left, min(left + tile, shape[1])))


class MemoryPlane:
    """Features (rows, cols, channels) float32 in the memory of a device."""

    def __init__(self, shape, channels, device):
        self.values = torch.empty((*shape, channels), device=device)

    def read(self, region):
        """Return a view of the region; later writes show in it."""
        return as_image(self.values[region])

    def write(self, region, image):
        """Write an image (1, channels, rows, cols) to the region."""
        self.values[region] = image[0].permute(1, 2, 0)


class FilePlane:
    """The same in a temporary file, deleted with the plane. Read and written, not mapped: memory stays bounded.

    Several threads may read and write at the same time.
    """

    def __init__(self, shape, channels, device):
        self.cols, self.channels, self.device = shape[1], channels, device
        self.file = tempfile.TemporaryFile(buffering=0)

    def read(self, region):
        """Return a copy of the region."""
        values = np.empty((*region.shape, self.channels), np.float32)
        for row, line in zip(range(region.rows.start, region.rows.stop), values, strict=True):
            os.preadv(self.file.fileno(), [line], self.offset(row, region.cols.start))
        return as_image(torch.from_numpy(values).to(self.device))

    def write(self, region, image):
        """Write an image (1, channels, rows, cols) to the region; raise MossFuseError where the disk is full."""
        values = image[0].permute(1, 2, 0).float().cpu().contiguous().numpy()
        try:
            for row, line in zip(range(region.rows.start, region.rows.stop), values, strict=True):
                if os.pwrite(self.file.fileno(), line, self.offset(row, region.cols.start)) < line.nbytes:
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            raise MossFuseError(
                f"features cannot be stored in {tempfile.gettempdir()} ({error.strerror}); set TMPDIR to a folder with more room"
            ) from error

    def offset(self, row, col):
        """Return the byte position of a pixel in the file."""
        return 4 * self.channels * (row * self.cols + col)


class ImagePlane:
    """An image (rows, cols, channels), a numpy array that may be larger than the device's memory."""

    def __init__(self, image, device):
        self.image, self.device = image, device

    def read(self, region):
        """Return a copy of the region on the device."""
        return as_image(torch.from_numpy(np.array(self.image[region], np.float32)).to(self.device))


class EnlargedPlane:
    """An image (rows, cols, channels) enlarged bilinearly by an integer ratio, computed where it is read."""

    def __init__(self, image, ratio, device):
        self.low, self.ratio = ImagePlane(image, device), ratio
        self.shape = image.shape[:2]

    def read(self, region):
        """Return the region of the enlarged image."""
        ratio = self.ratio
        under = Region(*(slice(s.start // ratio, -(-s.stop // ratio)) for s in region)).grow(1, self.shape)
        over = Region(*(slice(s.start * ratio, s.stop * ratio) for s in under))
        return crop(enlarge(self.low.read(under), ratio), region.inside(over))


def as_image(values):
    """View (rows, cols, channels) as (1, channels, rows, cols), without copying."""
    return values.permute(2, 0, 1)[None]


def crop(image, region):
    """Return the region of an image (N, channels, rows, cols)."""
    return image[:, :, region.rows, region.cols]
