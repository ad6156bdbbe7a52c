"""Images that are turned or magnified against each other: cubic splines, mirrored edges, values kept in [0, 1]."""

from __future__ import annotations

import math

import numpy as np


def turn(image: np.ndarray, degrees: float) -> np.ndarray:
    """Return the image (rows, cols, bands) turned about its middle, from the row axis towards the column axis."""
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return resample(image, np.array([[c, s], [-s, c]]))


def magnify(image: np.ndarray, factor: float) -> np.ndarray:
    """Return the image (rows, cols, bands) magnified about its middle."""
    return resample(image, np.eye(2) / factor)


def resample(image: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Return the image whose pixel at x from the middle has the value at ``matrix`` x; interpolated by cubic splines."""
    from scipy.ndimage import affine_transform

    middle = (np.array(image.shape[:2]) - 1) / 2
    bands = (
        affine_transform(image[..., band], matrix, middle - matrix @ middle, order=3, mode="mirror")
        for band in range(image.shape[2])
    )
    return np.clip(np.stack(list(bands), axis=-1), 0, 1)
