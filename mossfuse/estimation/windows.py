"""The MSI pixels under the PSF of every low-resolution pixel."""

from copy import copy

import numpy as np

from mossfuse.physics.projection import pixels
from mossfuse.physics.sampling import BlurSample, border_index

SAMPLE_BYTES = 32 * 2**20  # memory for the windows of the low-resolution pixels the search looks at


def msi_windows(pair, geometry):
    """The MSI pixels under the PSF of every low-resolution pixel: (M, h * w, k_rows * k_cols) float64."""
    index, inside = [], []
    for n, low, size, phase in zip(pair.msi.shape, pair.hsi.shape, geometry.size, geometry.phase, strict=False):
        start = phase - (size - 1) // 2
        before, after = max(0, -start), max(0, start + size - pair.ratio)
        source = border_index(n, (before, after), geometry.border)
        at = source[before + start + pair.ratio * np.arange(low)[:, None] + np.arange(size)]
        index.append(np.maximum(at, 0))
        inside.append(at >= 0)
    (rows, cols), (rows_in, cols_in) = index, inside
    windows = pair.msi[rows[:, None, :, None], cols[None, :, None, :]].astype(np.float64)
    windows *= (rows_in[:, None, :, None] & cols_in[None, :, None, :])[..., None]
    return windows.reshape(rows.shape[0] * cols.shape[0], -1, pair.msi.shape[2]).transpose(2, 0, 1)


class Windows:
    """The MSI pixels under the PSF of (a regular sample of) the low-resolution pixels, as one matrix.

    low: indices of the sampled low-resolution pixels (row-major), at most ``most``; hsi: their spectra.
    blur(psf) -> (len(low), M) float64.
    """

    def __init__(self, observation, size, phase, most=None):
        msi, ratio = observation.msi, observation.ratio
        shape = BlurSample(np.ones(size), phase, ratio, msi.shape, observation.sensor.border)
        low_count = shape.low_shape[0] * shape.low_shape[1]
        most = most or max(SAMPLE_BYTES // (8 * size[0] * size[1] * msi.shape[2]), 64)
        self.low = np.unique(np.linspace(0, low_count - 1, min(most, low_count)).astype(int))
        self.hsi = pixels(observation.hsi)[self.low]
        self.bands = msi.shape[2]
        low = np.unravel_index(self.low, shape.low_shape)
        rows, cols = shape.windows(0)[low[0]][:, :, None], shape.windows(1)[low[1]][:, None, :]
        inside = (rows >= 0) & (cols >= 0)
        values = np.where(inside[..., None], msi[rows, cols], 0)  # (n, k, k, M)
        self.matrix = values.transpose(0, 3, 1, 2).reshape(-1, size[0] * size[1]).astype(np.float64)

    def blur(self, psf):
        return (self.matrix @ psf.ravel()).reshape(-1, self.bands)

    def part(self, chosen):
        """The windows of some of the low-resolution pixels, given by a mask."""
        part = copy(self)
        part.low, part.hsi = self.low[chosen], self.hsi[chosen]
        part.matrix = self.matrix.reshape(len(self.low), self.bands, -1)[chosen].reshape(-1, self.matrix.shape[1])
        return part
