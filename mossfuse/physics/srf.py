"""Spectral response: the map from HSI bands to MSI bands."""

import numpy as np


def apply_srf(cube: np.ndarray, srf: np.ndarray) -> np.ndarray:
    """Return the cube seen through the SRF, (..., B) x (M, B) -> (..., M), in the cube's floating type."""
    return cube @ np.asarray(srf, cube.dtype).T
