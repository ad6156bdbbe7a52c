"""Squared errors per band and per pixel, which several metrics build on. All cubes are float64 (rows, cols, bands)."""

import numpy as np

from mossfuse.metrics.sharing import shared


@shared
def band_mse(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the mean squared error of every band, (bands,), in squared image units."""
    difference = x - y
    return np.einsum("ijk,ijk->k", difference, difference) / (x.shape[0] * x.shape[1])


@shared
def band_mean(x: np.ndarray) -> np.ndarray:
    """Return the mean of every band, (bands,); a band of mean zero has no relative error and no signal."""
    return x.mean((0, 1))


def psnr_bands(x: np.ndarray, y: np.ndarray, peak: float | np.ndarray = 1.0) -> np.ndarray:
    """Return 10 log10(peak^2 / MSE_b) of every band, (bands,) dB; +inf where the band is identical.

    peak: scalar or (bands,).
    """
    mse = band_mse(x, y)
    with np.errstate(divide="ignore"):
        return 20 * np.log10(np.broadcast_to(peak, mse.shape)) - 10 * np.log10(mse)


@shared
def rmse_map(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the RMSE of every pixel over its bands, (rows, cols)."""
    difference = x - y
    return np.sqrt(np.einsum("ijk,ijk->ij", difference, difference) / x.shape[2])
