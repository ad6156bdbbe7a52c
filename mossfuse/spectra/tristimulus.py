"""From spectra to tristimulus values: the CIE 1931 2 degree observer under a CIE illuminant (CIE 15)."""

import numpy as np
from numpy.typing import ArrayLike

from mossfuse.spectra import colour_matching_functions, illuminant


def covers_visible(wavelengths: ArrayLike) -> bool:
    """Return whether the bands reach from 450 to 640 nm with no gap wider than 35 nm."""
    inside = np.sort([w for w in wavelengths if 380 <= w <= 730])
    return len(inside) > 5 and inside[0] <= 450 and inside[-1] >= 640 and np.diff(inside).max() <= 35


def normalised_xyz(wavelengths: ArrayLike, light: str) -> np.ndarray:
    """Return the (B, 3) matrix from spectra to X, Y, Z under a CIE illuminant such as 'D65', each 1 for a flat spectrum of 1."""
    grid = np.arange(400.0, 701.0, 10.0)
    wavelengths = np.asarray(wavelengths, np.float64)
    order = np.argsort(wavelengths)
    weights = np.asarray(colour_matching_functions()) * np.asarray(illuminant(light))[:, None]
    xyz = np.zeros((len(wavelengths), 3))
    for k in range(3):
        xyz[:, k] = np.interp(wavelengths, grid, weights[:, k], left=0, right=0)
    xyz[order] *= band_widths(wavelengths[order])[:, None]
    return xyz / xyz.sum(0)


def band_widths(wavelengths: np.ndarray) -> np.ndarray:
    """Return trapezoid weights (nm) of ascending wavelengths, end bands at full width, so that equal steps weigh the same."""
    edges = np.concatenate([[wavelengths[0]], (wavelengths[1:] + wavelengths[:-1]) / 2, [wavelengths[-1]]])
    edges[0] -= edges[1] - wavelengths[0]
    edges[-1] += wavelengths[-1] - edges[-2]
    return np.diff(edges)
