"""RMSE of the pixels on edges and of the flat rest. Cubes are float64 (rows, cols, bands).

The gradient of a pixel is sqrt(sum_b (d_row x_b)^2 + (d_col x_b)^2) of the REFERENCE, central differences (one-sided on the
border). The tenth of the pixels with the largest gradient are edges, all others flat; of equal gradients at the limit, none is
an edge. So every method is split in the same way.
"""

import math

import numpy as np

from mossfuse.errors import MossFuseError
from mossfuse.metrics.sharing import shared
from mossfuse.metrics.specification import Column, Metric, without_ratio
from mossfuse.metrics.squared_errors import rmse_map

SHARE = 10  # per cent of the pixels that are edges


@shared
def edge_pixels(x: np.ndarray) -> np.ndarray:
    """Return the mask of the edges of a reference, (rows, cols) bool; raise MossFuseError where it has none."""
    if min(x.shape[:2]) < 2:
        raise MossFuseError("RMSE of edges needs at least 2x2 pixels; use a larger crop")
    power = np.zeros(x.shape[:2])
    for axis in (0, 1):
        steps = np.moveaxis(x, axis, 0)
        total = np.moveaxis(power, axis, 0)
        total[1:-1] += squares(steps[2:] - steps[:-2]) / 4
        total[0] += squares(steps[1] - steps[0])
        total[-1] += squares(steps[-1] - steps[-2])
    edges = power > np.percentile(power, 100 - SHARE)
    if not edges.any():
        raise MossFuseError("RMSE of edges: no pixel of the reference has a larger gradient than the others")
    return edges


def squares(difference: np.ndarray) -> np.ndarray:
    """Return the sum of squares over the bands."""
    return np.einsum("...k,...k->...", difference, difference)


def rmse_edges(x: np.ndarray, y: np.ndarray) -> float:
    """Return the RMSE over all bands of the edge pixels, in image units."""
    return float(np.sqrt((rmse_map(x, y)[edge_pixels(x)] ** 2).mean()))


def rmse_flat(x: np.ndarray, y: np.ndarray) -> float:
    """Return the RMSE over all bands of the pixels that are no edges, in image units."""
    return float(np.sqrt((rmse_map(x, y)[~edge_pixels(x)] ** 2).mean()))


EDGES = Column(
    "rmse_edges", "RMSE, edges", "", "lower", decimals=5, tie=1e-4, range=(0, math.inf), order=54, shown="table"
)
FLAT = Column(
    "rmse_flat", "RMSE, flat pixels", "", "lower", decimals=5, tie=1e-4, range=(0, math.inf), order=55, shown="table"
)
METRICS = (
    Metric(
        "rmse.edges",
        EDGES,
        without_ratio(rmse_edges),
        "RMSE of the tenth with the largest gradient of x",
        "std1",
        ("std1",),
    ),
    Metric("rmse.flat", FLAT, without_ratio(rmse_flat), "RMSE of the other pixels", "std1", ("std1",)),
)
