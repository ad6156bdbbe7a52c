"""The MSI pixels under the PSF of every low-resolution pixel."""

import numpy as np

from mossfuse.physics.sampling import border_index


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
