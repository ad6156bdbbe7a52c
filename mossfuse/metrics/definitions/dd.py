"""Mean absolute error, which the HySure family calls the degree of distortion (DD). Cubes are float64 (rows, cols, bands)."""

import math

import numpy as np

from mossfuse.metrics.specification import Column, Metric, without_ratio


def dd(x: np.ndarray, y: np.ndarray) -> float:
    """Return the mean magnitude of the error over the whole cube, in image units; less ruled by outliers than RMSE."""
    return float(np.abs(x - y).mean())


def dd_255(x: np.ndarray, y: np.ndarray) -> float:
    """Return ``dd`` on the scale 0..255."""
    return 255 * dd(x, y)


DD = Column("dd", "MAE", "", "lower", decimals=5, tie=1e-4, range=(0, math.inf), order=52, shown="table")
DD_255 = Column(
    "dd_255", "MAE (0..255)", "", "lower", decimals=3, tie=0.0255, range=(0, math.inf), order=53, shown="table"
)
METRICS = (
    Metric("dd.cube", DD, without_ratio(dd), "mean |x - y| of the cube", "std1", ("std1",)),
    Metric(
        "dd.x255", DD_255, without_ratio(dd_255), "255 mean |x - y| of the cube", "DD of the HySure family", ("u8",)
    ),
)
