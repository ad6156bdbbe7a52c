"""Squared errors: per band, per pixel, over the cube. All cubes are float64 (rows, cols, bands)."""

import numpy as np


def band_mse(x, y):
    """Mean squared error of every band, (bands,), in squared image units."""
    difference = x - y
    return np.einsum("ijk,ijk->k", difference, difference) / (x.shape[0] * x.shape[1])


def rmse(x, y):
    """Root of the mean squared error over the whole cube, in image units."""
    return float(np.sqrt(band_mse(x, y).mean()))


def rmse_bandmean(x, y):
    """Mean over the bands of each band's RMSE; never above ``rmse``."""
    return float(np.sqrt(band_mse(x, y)).mean())


def rmse_map(x, y):
    """RMSE of every pixel over its bands, (rows, cols)."""
    difference = x - y
    return np.sqrt(np.einsum("ijk,ijk->ij", difference, difference) / x.shape[2])
