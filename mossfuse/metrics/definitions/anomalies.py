"""Detection of anomalies in the fused cube: the detector of Reed and Yu (TASSP 1990), against a map of true anomalies.

A method that is good at PSNR may still smooth away the few pixels that an application looks for. Cubes are float64
(rows, cols, bands).
"""

import numpy as np

from mossfuse.errors import MossFuseError
from mossfuse.metrics.specification import Column, Metric, without_ratio

LOADING = 1e-6  # of the reference's mean band variance, added to the diagonal of the covariance


def rx_auc(x: np.ndarray, y: np.ndarray, anomalies: np.ndarray) -> float:
    """Return the area under the ROC curve of the RX detector on the estimate; 0.5 is chance.

    anomalies: (rows, cols), non-zero where a pixel is an anomaly. The reference itself does not reach 1. Raises MossFuseError for
    a map of another shape, or without both kinds of pixels.
    """
    truth = np.asarray(anomalies) != 0
    if truth.shape != x.shape[:2] or truth.all() or not truth.any():
        raise MossFuseError(
            f"RX: the map of anomalies has shape {truth.shape} and marks {int(truth.sum())} pixels, the image has shape "
            f"{x.shape[:2]}; the map must fit and mark some of them"
        )
    return area_under_curve(rx(y, LOADING * float(x.var((0, 1)).mean())), truth)


def rx(cube: np.ndarray, loading: float) -> np.ndarray:
    """Return the squared Mahalanobis distance of every pixel from the image's mean, (rows, cols).

    loading: variance added to every band, so that the covariance of a cube of low rank can be inverted.
    """
    pixels = cube.reshape(-1, cube.shape[2])
    centred = pixels - pixels.mean(0)
    covariance = centred.T @ centred / len(centred) + loading * np.eye(cube.shape[2])
    return np.einsum("ij,ij->i", centred @ np.linalg.inv(covariance), centred).reshape(cube.shape[:2])


def area_under_curve(scores: np.ndarray, truth: np.ndarray) -> float:
    """Return the share of (anomaly, background) pairs in which the anomaly scores higher; equal scores count half."""
    background = np.sort(scores[~truth])
    lower, not_higher = (np.searchsorted(background, scores[truth], side) for side in ("left", "right"))
    return float((lower + not_higher).mean() / (2 * len(background)))


RX_AUC = Column("rx_auc", "RX AUC", "", "higher", decimals=4, tie=1e-3, range=(0, 1), order=95, shown="table")
METRIC = Metric(
    "anomalies.rx_auc",
    RX_AUC,
    without_ratio(rx_auc),
    "area under the ROC curve of (y - mean)' C^-1 (y - mean)",
    "Reed and Yu 1990",
    ("std1",),
    exact=False,
    needs=("anomalies",),
)
