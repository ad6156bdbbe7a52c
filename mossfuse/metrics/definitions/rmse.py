"""Root mean squared error, in image units. Cubes are float64 (rows, cols, bands)."""

import math

import numpy as np

from mossfuse.metrics.specification import Column, Metric, without_ratio
from mossfuse.metrics.squared_errors import band_mse


def rmse(x: np.ndarray, y: np.ndarray) -> float:
    """Return the root of the mean squared error over the whole cube, in image units."""
    return float(np.sqrt(band_mse(x, y).mean()))


def rmse_bandmean(x: np.ndarray, y: np.ndarray) -> float:
    """Return the mean over the bands of each band's RMSE; never above ``rmse``."""
    return float(np.sqrt(band_mse(x, y)).mean())


def rmse_255(x: np.ndarray, y: np.ndarray) -> float:
    """Return ``rmse`` on the scale 0..255."""
    return 255 * rmse(x, y)


RMSE = Column("rmse", "RMSE", "", "lower", decimals=5, tie=1e-4, range=(0, math.inf), order=50, shown="leaderboard")
RMSE_255 = Column(
    "rmse_255", "RMSE (0..255)", "", "lower", decimals=3, tie=0.0255, range=(0, math.inf), order=51, shown="table"
)
METRICS = (
    Metric(
        "rmse.cube",
        RMSE,
        without_ratio(rmse),
        "sqrt(MSE of the cube)",
        "std1, MossFuse",
        ("std1", "moss", "classical-table", "peak-band", "global"),
    ),
    Metric(
        "rmse.bandmean",
        RMSE,
        without_ratio(rmse_bandmean),
        "mean_b sqrt(MSE_b)",
        "beside the cube RMSE, for comparison",
    ),
    Metric("rmse.x255", RMSE_255, without_ratio(rmse_255), "255 sqrt(MSE of the cube)", "HySure family", ("u8",)),
)
