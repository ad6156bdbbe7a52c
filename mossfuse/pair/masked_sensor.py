"""The cameras of a pair with gaps, from those LR pixels alone whose whole surroundings were measured.

The search is that of mossfuse.estimation.geometry (a Gaussian of free centre and width, then the smallest square support that explains the pair as
well), with a weight of 1 for an LR pixel that was measured together with every HR pixel of its window, and of 0 for the others. No rectangle without gaps is needed.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.optimize import least_squares

from mossfuse.estimation.gaussian_fits import EXACT, SrfFit, fit_isotropic
from mossfuse.estimation.geometry import GRID, SAMPLE, Cut, Place, neighbours
from mossfuse.estimation.sensor_fit import SMOOTHNESS, fit_psf
from mossfuse.estimation.windows import Windows
from mossfuse.physics.psf import gaussian_psf
from mossfuse.protocol import Observation, Sensor

FEWEST = 12  # LR pixels whose windows were measured


def estimate_masked(observation: Observation, low_measured: np.ndarray, high_measured: np.ndarray) -> Sensor | None:
    """Return the Sensor (psf, psf_shape, phase, srf) of a pair whose gaps hold anything finite; None where too few windows were measured.

    observation: what its sensor holds of psf, phase and srf is kept. low_measured: (h, w); high_measured: (H, W).
    """
    ratio, known = observation.ratio, observation.sensor
    middle = (ratio - 1) // 2
    if known.psf is not None and known.phase is not None:
        size = (known.psf.shape[0], known.psf.shape[1])
        windows, keep = measured_windows(observation, size, known.phase, low_measured, high_measured)
        if keep.sum() < FEWEST:
            return None
        part = windows.part(keep)
        return replace(known, srf=SrfFit(part.hsi, SMOOTHNESS, known.srf).srf(part.blur(known.psf)))
    for side in dict.fromkeys((max(2 * ratio + 1, 15) | 1, (ratio + ratio // 2) | 1, ratio | 1)):
        windows, keep = measured_windows(observation, (side, side), (middle, middle), low_measured, high_measured)
        if keep.sum() >= FEWEST:
            break
    else:
        return None
    size, phase = find_place(windows.part(sampled(keep)), side, ratio, known.srf)
    windows, keep = measured_windows(observation, size, phase, low_measured, high_measured)
    part = windows.part(keep)
    fit = SrfFit(part.hsi, SMOOTHNESS, known.srf)
    psf, _ = fit_psf(part, fit, size, "auto")
    return Sensor(psf=psf, psf_shape=size, phase=phase, srf=fit.srf(part.blur(psf)), border=known.border)


def measured_windows(
    observation: Observation, size: tuple[int, int], phase: tuple[int, int], low_measured: np.ndarray, high_measured: np.ndarray
) -> tuple[Windows, np.ndarray]:  # fmt: skip
    """Return the windows of every LR pixel, and (n,) which of them were measured as a whole."""
    count = low_measured.size
    marks = replace(observation, msi=high_measured[..., None].astype(np.float32))
    inside = Windows(marks, size, phase, count).matrix.min(1) > 0.5
    return Windows(observation, size, phase, count), inside & low_measured.ravel()


def sampled(keep: np.ndarray) -> np.ndarray:
    """Return the mask with at most SAMPLE of its pixels."""
    places = np.flatnonzero(keep)
    out = np.zeros_like(keep)
    out[places[np.unique(np.linspace(0, len(places) - 1, min(SAMPLE, len(places))).astype(int))]] = True
    return out


def find_place(
    windows: Windows, side: int, ratio: int, srf: np.ndarray | None
) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return (support, phase) of the PSF inside windows of ``side`` pixels that are centred on the block."""
    count = windows.matrix.shape[0]
    fit = SrfFit(windows.hsi, SMOOTHNESS, srf)
    scale = np.sqrt(max((windows.matrix**2).mean() * count, np.finfo(float).tiny))

    def residual(values: np.ndarray) -> np.ndarray:
        psf = gaussian_psf(side, np.exp(values[0]), centre=values[1:])
        return fit.error(windows.blur(psf)).ravel() / scale

    reach = min(0.75 * ratio, side / 2 - 1)
    offsets = np.linspace(-reach, reach, GRID)
    starts = [np.array((np.log(max(ratio / 4, 0.7)), a, b)) for a in offsets for b in offsets]
    starts = sorted(starts, key=lambda start: float((residual(start) ** 2).sum()))[:3]
    bounds = [np.log(0.3), -side / 2, -side / 2], [np.log(side), side / 2, side / 2]
    fits = [least_squares(residual, s, bounds=bounds, diff_step=1e-6, x_scale=[1, 4, 4], max_nfev=40) for s in starts]
    centre = min(fits, key=lambda found: found.cost).x[1:] + (side - 1) / 2
    images = windows.matrix.reshape(count, side, side)
    tried: dict[Place, float] = {}

    def cost(place: Place) -> float:
        if place not in tried:
            size, row, col = place
            if size < 1 or min(row, col) < 0 or max(row, col) + size > side:
                return np.inf
            cut = Cut(images[:, row : row + size, col : col + size].reshape(count, -1), windows.bands)
            tried[place] = fit_isotropic(lambda psf: fit.error(cut.blur(psf)).ravel() / scale, (size, size))[1]
        return max(tried[place], EXACT**2)

    places: list[Place] = []
    for size in range(1, side + 1):
        row, col = np.round(centre - (size - 1) / 2).astype(int).tolist()
        places.append((size, row, col))
    best = min(places, key=cost)
    while (better := min(neighbours(best), key=cost)) and cost(better) < cost(best):
        best = better
    near = [place for place in tried if count * np.log(cost(place) / cost(best)) < 2 * np.log(count)]
    size, *first = min(near, key=lambda place: (place[0], cost(place)))
    start = (ratio - 1) // 2 - (side - 1) // 2
    row, col = (start + f + (size - 1) // 2 for f in first)
    return (size, size), (row, col)
