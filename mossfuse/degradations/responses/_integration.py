"""Curves of sensors over the bands of an imaging spectrometer.

A channel whose curve is narrower than the spacing of the bands, or has steps, would be missed or jump if it were read at the bands'
centres alone. Tables of this package that say so hold, at every nanometre, the mean of the curve over a band of 10 nm around it
(the width of the bands of AVIRIS, Hyperion, EnMAP and of the cameras of CAVE and Harvard, to within a factor of two).
"""

from collections.abc import Sequence

import numpy as np

BAND_NM = 10.0
GRID = tuple(range(300, 2601))  # nm


def over_bands(curves: np.ndarray, nm: Sequence[float] | np.ndarray, width: float = BAND_NM) -> np.ndarray:
    """Return the means of curves (channels, N) at ``nm`` over bands of ``width`` nm, (channels, len(GRID)), at every nm of GRID.

    Curves are piecewise linear and 0 outside of ``nm``; the integral is exact where the points of ``nm`` are whole numbers.
    """
    fine = np.arange(GRID[0] - np.ceil(width), GRID[-1] + np.ceil(width) + 1)
    values = np.stack([np.interp(fine, nm, curve, left=0, right=0) for curve in curves])
    steps = (values[:, 1:] + values[:, :-1]) / 2
    integral = np.concatenate([np.zeros((len(values), 1)), np.cumsum(steps, axis=1)], axis=1)
    centres = np.asarray(GRID, np.float64)
    return np.stack(
        [
            (np.interp(centres + width / 2, fine, row) - np.interp(centres - width / 2, fine, row)) / width
            for row in integral
        ]
    )
