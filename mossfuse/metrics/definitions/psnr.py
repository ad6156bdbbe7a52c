"""Peak signal-to-noise ratio in dB. Identical images (MSE 0) give +inf, in a band and hence in the band mean.

Bands whose reference mean is zero hold no signal: they leave the mean over the bands, as they leave ERGAS.
"""

import math

import numpy as np

from mossfuse.errors import MossFuseError
from mossfuse.metrics.preparation import to_u8
from mossfuse.metrics.specification import Column, Metric, without_ratio
from mossfuse.metrics.squared_errors import band_mean, band_mse, psnr_bands


def psnr_bandmean(x: np.ndarray, y: np.ndarray, peak: float | np.ndarray = 1.0) -> float:
    """Return the mean over the lit bands of each band's PSNR."""
    return float(lit_bands(x, y, peak).mean())


def psnr_min(x: np.ndarray, y: np.ndarray) -> float:
    """Return the PSNR of the worst lit band."""
    return float(lit_bands(x, y).min())


def lit_bands(x: np.ndarray, y: np.ndarray, peak: float | np.ndarray = 1.0) -> np.ndarray:
    """Return the PSNR of the bands with a non-zero reference mean; raise MossFuseError where there is none."""
    lit = band_mean(x) != 0
    if not lit.any():
        raise MossFuseError("PSNR: every band of the reference has mean zero; check the scene and its scale")
    return psnr_bands(x, y, peak)[lit]


def psnr_peakband(x: np.ndarray, y: np.ndarray) -> float:
    """Return the band mean with the maximum of each reference band as peak; bands that are zero throughout are left out.

    Raises MossFuseError where the reference is nowhere positive.
    """
    peak = x.max((0, 1))
    lit = peak > 0
    if not lit.any():
        raise MossFuseError("PSNR with the band maximum as peak: the reference is nowhere positive; check the scene")
    return psnr_bandmean(x[..., lit], y[..., lit], peak[lit])


def psnr_global(x: np.ndarray, y: np.ndarray, peak: float = 1.0) -> float:
    """Return 10 log10(peak^2 / MSE) with one MSE over the cube; never above the band mean (Jensen)."""
    with np.errstate(divide="ignore"):
        return float(20 * np.log10(peak) - 10 * np.log10(band_mse(x, y).mean()))


def psnr_u8(x: np.ndarray, y: np.ndarray) -> float:
    """Return the band mean of the 8-bit images, peak 255 (``csnr`` of the HySure family)."""
    return psnr_bandmean(to_u8(x), to_u8(y))


def psnr_mst256(x: np.ndarray, y: np.ndarray) -> float:
    """Return MST's value: levels round(256 x) with peak 255, 20 log10(255/256) = -0.034 dB below the true peak."""
    return psnr_bandmean(np.round(x * 256), np.round(y * 256), 255.0)


PSNR = Column("psnr", "PSNR", "dB", "higher", decimals=2, tie=0.05, order=10)
PSNR_MIN = Column(
    "psnr_min",
    "PSNR, worst band",
    "dB",
    "higher",
    decimals=2,
    tie=0.05,
    range=(-math.inf, math.inf),
    order=11,
    shown="table",
)
METRICS = (
    Metric(
        "psnr.bandmean_peak1",
        PSNR,
        without_ratio(psnr_bandmean),
        "mean_b 10 log10(1 / MSE_b)",
        "std1, MossFuse, imgvision, t3sc",
        ("std1", "moss", "classical-table", "u8", "imgvision", "denoising"),
    ),
    Metric("psnr.min_peak1", PSNR_MIN, without_ratio(psnr_min), "min_b 10 log10(1 / MSE_b)", "std1", ("std1",)),
    Metric(
        "psnr.bandmean_peakband",
        PSNR,
        without_ratio(psnr_peakband),
        "mean_b 10 log10(max(x_b)^2 / MSE_b)",
        "DAEM, M2U-Net",
        ("peak-band",),
    ),
    Metric(
        "psnr.global_peak1",
        PSNR,
        without_ratio(psnr_global),
        "10 log10(1 / MSE of the cube)",
        "hif-benchmarking, sewar, torchmetrics",
        ("global",),
    ),
    Metric(
        "psnr.bandmean_u8",
        PSNR,
        without_ratio(psnr_u8),
        "band mean of 8-bit images, peak 255",
        "csnr of the HySure family",
    ),
    Metric(
        "psnr.mst256",
        PSNR,
        without_ratio(psnr_mst256),
        "band mean of round(256 x), peak 255",
        "MST torch_psnr",
    ),
)
