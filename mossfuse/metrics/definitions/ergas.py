"""Relative dimensionless global error in synthesis (ERGAS; Wald 2000).

Bands whose reference mean is zero have no relative error: they are left out of the sum and of the count.
"""

import math

import numpy as np

from mossfuse.errors import MossFuseError
from mossfuse.metrics.specification import Column, Metric, without_ratio
from mossfuse.metrics.squared_errors import band_mean, band_mse


def relative_mse(x: np.ndarray, y: np.ndarray, power: int = 2) -> np.ndarray:
    """Return MSE_b / mean_b^power of the bands with a non-zero reference mean; raise MossFuseError where there is none."""
    mean, mse = band_mean(x), band_mse(x, y)
    lit = mean != 0
    if not lit.any():
        raise MossFuseError("ERGAS: every band of the reference has mean zero; check the scene and its scale")
    return mse[lit] / mean[lit] ** power


def ergas(x: np.ndarray, y: np.ndarray, ratio: float) -> float:
    """Return 100 / ratio * sqrt(mean_b(MSE_b / mean_b^2)).

    ratio: high-resolution pixels along one low-resolution pixel.
    """
    return float(100 / ratio * np.sqrt(relative_mse(x, y).mean()))


def ergas_times_ratio(x: np.ndarray, y: np.ndarray, ratio: float) -> float:
    """Return ERGAS with the inverted factor, 100 * ratio (torchmetrics before April 2024)."""
    return ergas(x, y, 1 / ratio)


def ergas_moss(x: np.ndarray, y: np.ndarray) -> float:
    """Return the official MossFuse code's value: 100 / 32 for every ratio, and the sum over B bands divided by B + 1."""
    error = relative_mse(x, y)
    return float(100 / 32 * np.sqrt(error.sum() / (len(error) + 1)))


def ergas_t3sc(x: np.ndarray, y: np.ndarray) -> float:
    """Return the value of t3sc / HSIR: no ratio, and the mean is not squared (so it is not dimensionless)."""
    return float(100 * np.sqrt(relative_mse(x, y, power=1).mean()))


ERGAS = Column("ergas", "ERGAS", "", "lower", decimals=4, tie=2e-3, range=(0, math.inf), order=40, shown="leaderboard")
METRICS = (
    Metric(
        "ergas.wald",
        ERGAS,
        ergas,
        "100/r sqrt(mean_b(MSE_b / mean_b^2))",
        "std1, Wald, sewar with r given, torchmetrics since April 2024",
        ("std1", "classical-table", "peak-band", "u8", "global", "pansharpening"),
    ),
    Metric(
        "ergas.moss",
        ERGAS,
        without_ratio(ergas_moss),
        "100/32 sqrt(sum_b(MSE_b / mean_b^2) / (B + 1))",
        "MossFuse",
        ("moss",),
    ),
    Metric("ergas.fixed32", ERGAS, without_ratio(ergas, ratio=32), "wald with r = 32", "DAEM ergas"),
    Metric(
        "ergas.fixed16",
        ERGAS,
        without_ratio(ergas, ratio=16),
        "wald with r = 16",
        "imgvision default, HIFtool",
        ("imgvision",),
    ),
    Metric("ergas.fixed4", ERGAS, without_ratio(ergas, ratio=4), "wald with r = 4", "sewar default"),
    Metric("ergas.noratio", ERGAS, without_ratio(ergas, ratio=1), "wald with r = 1", "MST's MATLAB call"),
    Metric(
        "ergas.times_ratio",
        ERGAS,
        ergas_times_ratio,
        "100 r sqrt(mean_b(MSE_b / mean_b^2))",
        "torchmetrics before April 2024",
    ),
    Metric(
        "ergas.t3sc",
        ERGAS,
        without_ratio(ergas_t3sc),
        "100 sqrt(mean_b(MSE_b / mean_b))",
        "t3sc, HSIR",
        ("denoising",),
    ),
)
