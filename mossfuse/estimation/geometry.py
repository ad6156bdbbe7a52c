"""Support and phase of an unknown PSF: where, inside each block, the low-resolution pixels look, and how far."""

from typing import Any

import numpy as np
from scipy.optimize import least_squares

from mossfuse.estimation.common_part import SharedFit
from mossfuse.estimation.gaussian_fits import EXACT, Size, SrfFit, fit_isotropic
from mossfuse.estimation.windows import Windows
from mossfuse.physics.psf import gaussian_psf
from mossfuse.protocol import Observation

SMALLEST_WINDOW = 15
SAMPLE = 400  # low-resolution pixels looked at
Place = tuple[int, int, int]  # size, first row and first col of a support inside the window

GRID = 5  # trial centres per axis over one block and a half


def find_geometry(observation: Observation, smoothness: float, shared: bool = False) -> tuple[Size, Size]:
    """Find ((k_rows, k_cols), (row, col)): support and phase of the PSF, from the pair.

    shared: judge by what MSI and HSI share (mossfuse.estimation.common_part) instead of by the residual of the SRF's fit.

    First a Gaussian of free centre and width in a window of two blocks; then the square support that explains the pair
    best, starting from those centred there; then the smallest that explains it as well (Schwarz's criterion).
    """
    ratio, known = observation.ratio, observation.sensor.srf
    side = max(2 * ratio + 1, SMALLEST_WINDOW) | 1
    middle = (ratio - 1) // 2
    windows = Windows(observation, (side, side), (middle, middle), SAMPLE)
    count = windows.matrix.shape[0]
    if shared:
        relative = SharedFit(windows.hsi).error
    else:
        fit = SrfFit(windows.hsi, smoothness, known)
        scale = np.sqrt(max((windows.matrix**2).mean() * count, np.finfo(float).tiny))

        def relative(low: np.ndarray) -> np.ndarray:
            return fit.error(low).ravel() / scale

    def residual(values: Any) -> np.ndarray:
        return relative(windows.blur(gaussian_psf(side, np.exp(values[0]), centre=values[1:])))

    offsets = np.linspace(-0.75 * ratio, 0.75 * ratio, GRID)
    starts = [(np.log(max(ratio / 4, 0.7)), a, b) for a in offsets for b in offsets]
    starts = sorted(starts, key=lambda start: (residual(start) ** 2).sum())[:3]
    bounds = [np.log(0.3), -side / 2, -side / 2], [np.log(side), side / 2, side / 2]
    fits = [
        least_squares(residual, start, bounds=bounds, diff_step=1e-6, x_scale=[1, 4, 4], max_nfev=40)
        for start in starts
    ]
    centre = min(fits, key=lambda f: f.cost).x[1:] + (side - 1) / 2

    images = windows.matrix.reshape(count, side, side)
    tried: dict[Place, float] = {}

    def cost(place: Place) -> float:
        """Return the residual of the best isotropic Gaussian on the support place = (size, first row, first col) of the window."""
        if place not in tried:
            size, row, col = place
            if size < 1 or min(row, col) < 0 or max(row, col) + size > side:
                return np.inf
            cut = Cut(images[:, row : row + size, col : col + size].reshape(count, -1), windows.bands)
            tried[place] = fit_isotropic(lambda psf: relative(cut.blur(psf)), (size, size))[1]
        return max(tried[place], EXACT**2)

    places = [(size, *np.round(centre - (size - 1) / 2).astype(int).tolist()) for size in range(1, side + 1)]
    best = min(places, key=cost)
    while (better := min(neighbours(best), key=cost)) and cost(better) < cost(best):
        best = better
    places = [place for place in tried if count * np.log(cost(place) / cost(best)) < 2 * np.log(count)]
    size, *first = min(places, key=lambda place: (place[0], cost(place)))
    start = middle - (side - 1) // 2
    return (size, size), tuple(start + f + (size - 1) // 2 for f in first)


def neighbours(place: Place) -> list[Place]:
    """Return the supports one pixel larger, smaller or further along."""
    size, row, col = place
    return [(size + s, row + a, col + b) for s in (-1, 0, 1) for a in (-1, 0, 1) for b in (-1, 0, 1)]


class Cut:
    """A smaller window cut out of Windows."""

    def __init__(self, matrix: np.ndarray, bands: int) -> None:
        self.matrix, self.bands = matrix, bands

    def blur(self, psf: np.ndarray) -> np.ndarray:
        """Return the blurred and sampled MSI, (n, M)."""
        return (self.matrix @ psf.ravel()).reshape(-1, self.bands)
