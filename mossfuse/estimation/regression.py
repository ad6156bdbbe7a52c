"""Affine spectral regression MSI -> HSI, fitted on the low-resolution pair (specs: docs/nsgp.md)."""

import numpy as np

from mossfuse.physics.projection import pixels

RIDGE = 1e-8  # relative; results agree to 1e-4 dB between 0 and 1e-2


def affine_fit(predictors: np.ndarray, targets: np.ndarray, ridge: float = RIDGE) -> tuple[np.ndarray, np.ndarray]:
    """Fit (slope (M, B), offset (B,)) float64 of the ridge regression of targets (h, w, B) on predictors (h, w, M)."""
    m, y = pixels(predictors), pixels(targets)
    m_mean, y_mean = m.mean(0), y.mean(0)
    gram = (m - m_mean).T @ (m - m_mean)
    weight = max(ridge * np.trace(gram) / len(gram), np.finfo(float).tiny ** 0.5)
    slope = np.linalg.solve(gram + weight * np.eye(len(gram)), (m - m_mean).T @ (y - y_mean))
    return slope, y_mean - m_mean @ slope


def affine_apply(image: np.ndarray, slope: np.ndarray, offset: np.ndarray) -> np.ndarray:
    """Apply an affine map: (rows, cols, M) -> (rows, cols, B) in the image's floating type."""
    return image @ slope.astype(image.dtype) + offset.astype(image.dtype)
