"""Pearson correlation of bands and of spectra. Cubes are float64 (rows, cols, bands)."""

import numpy as np

from mossfuse.errors import MossFuseError
from mossfuse.metrics.specification import Column, Metric, without_ratio

FLAT = 1e-12  # a deviation below this share of the RMS is rounding: the vector is constant


def pearson(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the Pearson correlation along the last axis of (..., n); NaN where x is constant, 0 where only y is."""
    dx, dy = x - x.mean(-1, keepdims=True), y - y.mean(-1, keepdims=True)
    norm_x, norm_y = np.linalg.norm(dx, axis=-1), np.linalg.norm(dy, axis=-1)
    flat_x = norm_x <= FLAT * np.linalg.norm(x, axis=-1)
    flat_y = norm_y <= FLAT * np.linalg.norm(y, axis=-1)
    denominator = np.where(flat_x | flat_y, 1.0, norm_x * norm_y)
    r = np.clip(np.einsum("...n,...n->...", dx, dy) / denominator, -1, 1)
    return np.where(flat_x, np.nan, np.where(flat_y, 0.0, r))


def cc_bands(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the Pearson correlation of every band, (bands,); NaN where the reference band is constant."""
    return np.array([pearson(x[..., b].ravel(), y[..., b].ravel()) for b in range(x.shape[2])])


def cc(x: np.ndarray, y: np.ndarray) -> float:
    """Return the mean over the bands with a varying reference; a constant estimate of such a band counts 0."""
    return kept_mean(cc_bands(x, y), "band")


def cc_pixel_spectral(x: np.ndarray, y: np.ndarray) -> float:
    """Return imgvision's value: the correlation of the two spectra, mean over pixels with a varying reference spectrum."""
    return kept_mean(pearson(x.reshape(-1, x.shape[2]), y.reshape(-1, x.shape[2])), "spectrum")


def kept_mean(values: np.ndarray, what: str) -> float:
    """Return the mean of the values that are not NaN; raise MossFuseError where all are."""
    kept = values[~np.isnan(values)]
    if not kept.size:
        raise MossFuseError(f"correlation: every {what} of the reference is constant; check the scene")
    return float(kept.mean())


CC = Column("cc", "CC", "", "higher", decimals=4, tie=5e-4, range=(-1, 1), order=60, shown="table")
CC_SPECTRAL = Column(
    "cc_spectral", "CC (spectra)", "", "higher", decimals=4, tie=5e-4, range=(-1, 1), order=61, shown="table"
)
METRICS = (
    Metric(
        "cc.band_pearson",
        CC,
        without_ratio(cc),
        "mean_b Pearson(x_b, y_b)",
        "std1, M2U-Net, Yokoya forks",
        ("std1", "peak-band"),
    ),
    Metric(
        "cc.pixel_spectral",
        CC_SPECTRAL,
        without_ratio(cc_pixel_spectral),
        "mean over pixels of Pearson over bands",
        "imgvision",
        ("imgvision",),
    ),
)
