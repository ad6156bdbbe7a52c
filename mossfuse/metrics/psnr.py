"""Peak signal-to-noise ratio in dB. Identical images (MSE 0) give +inf, in a band and hence in the band mean."""

import numpy as np

from mossfuse.errors import MossFuseError
from mossfuse.metrics.rmse import band_mse


def psnr_bands(x, y, peak=1.0):
    """10 log10(peak^2 / MSE_b) of every band, (bands,); peak: scalar or (bands,)."""
    mse = band_mse(x, y)
    with np.errstate(divide="ignore"):
        return 20 * np.log10(np.broadcast_to(peak, mse.shape)) - 10 * np.log10(mse)


def psnr_bandmean(x, y, peak=1.0):
    """Mean over the bands of each band's PSNR."""
    return float(psnr_bands(x, y, peak).mean())


def psnr_peakband(x, y):
    """Band mean where the peak is the maximum of each reference band; bands that are zero throughout are left out."""
    peak = x.max((0, 1))
    lit = peak > 0
    if not lit.any():
        raise MossFuseError("PSNR with the band maximum as peak: the reference is nowhere positive; check the scene")
    return psnr_bandmean(x[..., lit], y[..., lit], peak[lit])


def psnr_global(x, y, peak=1.0):
    """10 log10(peak^2 / MSE) with one MSE over the cube; never above the band mean (Jensen)."""
    with np.errstate(divide="ignore"):
        return float(20 * np.log10(peak) - 10 * np.log10(band_mse(x, y).mean()))


def to_u8(image):
    """The levels k / 255 of an image saved as 8 bit (rounded, saturated), still float64 in [0, 1]."""
    return np.round(np.clip(image, 0, 1) * 255) / 255


def psnr_u8(x, y):
    """Band mean of the 8-bit images, peak 255 (``csnr`` of the HySure family)."""
    return psnr_bandmean(to_u8(x), to_u8(y))


def psnr_mst256(x, y):
    """MST's rule: levels round(256 x) with peak 255, 20 log10(255/256) = -0.034 dB below the honest peak."""
    return psnr_bandmean(np.round(x * 256), np.round(y * 256), 255.0)
