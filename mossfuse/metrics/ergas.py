"""Relative dimensionless global error in synthesis (ERGAS; Wald 2000).

Bands whose reference mean is zero have no relative error: they are left out of the sum and of the count.
"""

import numpy as np

from mossfuse.errors import MossFuseError
from mossfuse.metrics.rmse import band_mse


def relative_mse(x, y, power=2):
    """MSE_b / mean_b^power of the bands with a non-zero reference mean."""
    mean, mse = x.mean((0, 1)), band_mse(x, y)
    lit = mean != 0
    if not lit.any():
        raise MossFuseError("ERGAS: every band of the reference has mean zero; check the scene and its scale")
    return mse[lit] / mean[lit] ** power


def ergas(x, y, ratio):
    """100 / ratio * sqrt(mean_b(MSE_b / mean_b^2)); ratio: high-resolution pixels along one low-resolution pixel."""
    return float(100 / ratio * np.sqrt(relative_mse(x, y).mean()))


def ergas_times_ratio(x, y, ratio):
    """The factor upside down, 100 * ratio (torchmetrics before April 2024)."""
    return ergas(x, y, 1 / ratio)


def ergas_moss(x, y):
    """Official MossFuse: 100 / 32 whatever the ratio, and the sum over B bands divided by B + 1."""
    error = relative_mse(x, y)
    return float(100 / 32 * np.sqrt(error.sum() / (len(error) + 1)))


def ergas_t3sc(x, y):
    """t3sc / HSIR: no ratio, and the mean is not squared (so it is not dimensionless)."""
    return float(100 * np.sqrt(relative_mse(x, y, power=1).mean()))
