"""Fit a Gaussian PSF and a non-negative SRF to the windows of a pair."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy.optimize import least_squares, minimize_scalar, nnls

from mossfuse.physics.psf import gaussian_psf

EXACT = 2e-6  # relative residual below which a fit explains a pair to the last float32 digits

Size = tuple[int, int]
ErrorOf = Callable[[np.ndarray], np.ndarray]  # the residual that a PSF leaves

NARROWEST, WIDEST = 0.25, 50  # standard deviations searched: px, and times the support (then the PSF is a box)


class SrfFit:
    """Non-negative, smooth least-squares fit of the SRF to blurred MSI pixels; the HSI is factorised once."""

    def __init__(self, hsi: np.ndarray, smoothness: float, known: np.ndarray | None = None) -> None:
        self.hsi, self.smoothness = hsi.astype(np.float64), smoothness
        self.known = None if known is None else np.asarray(known, np.float64)
        bands = self.hsi.shape[1]
        energy = max((self.hsi**2).sum() / bands, np.finfo(float).tiny)
        bend = np.diff(np.eye(bands), 2, axis=0) if bands > 2 else np.zeros((0, bands))
        floor = 1e-12 * np.eye(bands)  # a dark band has no energy of its own: its response is then zero
        stacked = np.concatenate([self.hsi, np.sqrt(smoothness * energy) * bend, np.sqrt(energy) * floor])
        self.q, self.r = np.linalg.qr(stacked)
        self.q = self.q[: len(self.hsi)]

    def srf(self, low: np.ndarray) -> np.ndarray:
        """Return the SRF (M, B) for blurred MSI pixels ``low`` (n, M)."""
        if self.known is not None:
            return self.known
        limit = max(3000, 30 * len(self.r))
        return np.stack([nnls(self.r, target, maxiter=limit)[0] for target in (self.q.T @ low).T])

    def error(self, low: np.ndarray) -> np.ndarray:
        """Return low - y R^T at the best R, (n, M)."""
        return low - self.hsi @ self.srf(low).T


def gaussian_fit(
    size: Size, shape: Sequence[float] | np.ndarray, cost: float, free: int, family: str
) -> dict[str, Any]:
    """Return a candidate: its psf, shape (see fit_free), residual, number of free parameters and facts."""
    along, across, angle = ellipse(shape[:3])
    facts = {
        "family": family,
        "sigma": along if family == "isotropic" else (along, across),
        "angle": 0.0 if family == "isotropic" else angle,
        "centre": tuple(float(c) for c in shape[3:]),
    }
    psf = gaussian_psf(size, (along, across), angle, shape[3:])
    return {"psf": psf, "shape": shape, "cost": cost, "free": free, "facts": facts}


def freedom(srf: np.ndarray) -> float:
    """Return the mean number of non-zero responses per row of a non-negative SRF."""
    return float((srf > 1e-4 * srf.max(initial=0)).sum(1).mean())


def fit_isotropic(error: ErrorOf, size: Size) -> tuple[float, float]:
    """Fit (standard deviation in pixels, residual): a grid, then a bounded line search."""

    def cost(log_sigma: float) -> float:
        return float((error(gaussian_psf(size, np.exp(log_sigma))) ** 2).sum())

    grid = np.append(np.linspace(np.log(NARROWEST), np.log(1.5 * max(size)), 14), np.log(WIDEST * max(size)))
    best = int(np.argmin([cost(g) for g in grid]))
    bounds = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
    found = minimize_scalar(cost, bounds=bounds, method="bounded", options={"xatol": 1e-6})
    return float(np.exp(found.x)), float(found.fun)


def fit_free(error: ErrorOf, size: Size, found: Sequence[Any], turned: bool, moved: bool) -> tuple[np.ndarray, float]:
    """Fit (shape, residual) by Gauss-Newton from the fits found so far and, if ``turned``, ellipses in four directions.

    shape: the logarithm of the covariance's square root (rows, cols, mixed), and the centre (row, col) in pixels.
    turned: the three are free; otherwise rows == cols and mixed == 0. moved: the centre is free.
    """
    lowest, highest = np.log(NARROWEST), np.log(WIDEST * max(size))
    reach = [(n - 1) / 2 + 1e-6 for n in size]
    lower = np.array([lowest, lowest, lowest - highest, *(-r for r in reach)]) - 1e-6
    upper = np.array([highest, highest, highest - lowest, *reach]) + 1e-6
    free = np.array([True, turned, turned, moved, moved])

    def full(values: np.ndarray) -> np.ndarray:
        shape = np.zeros(5)
        shape[free] = values
        if not turned:
            shape[1] = shape[0]
        return shape

    def residual(values: np.ndarray) -> np.ndarray:
        shape = full(values)
        return error(gaussian_psf(size, ellipse(shape[:3])[:2], ellipse(shape[:3])[2], shape[3:]))

    middle = np.array(found[0])
    turns = ((0.5, -0.5, 0.0), (-0.5, 0.5, 0.0), (0.0, 0.0, 0.5), (0.0, 0.0, -0.5)) if turned and not moved else ()
    starts = [*map(np.array, found), *(middle + np.array([*t, 0.0, 0.0]) for t in turns)]
    fits = [
        least_squares(
            residual, np.clip(start, lower, upper)[free], bounds=(lower[free], upper[free]),
            diff_step=1e-6, x_scale=np.array([1, 1, 1, 4, 4])[free], xtol=1e-10, ftol=1e-12, gtol=1e-15, max_nfev=40,
        )
        for start in starts
    ]  # fmt: skip
    best = min(fits, key=lambda f: f.cost)
    return full(best.x), 2 * float(best.cost)


def ellipse(shape: Sequence[float] | np.ndarray) -> tuple[float, float, float]:
    """Return (along, across, angle) of a fit's (rows, cols, mixed): standard deviations in px, degrees in [0, 180)."""
    rows, cols, mixed = shape
    values, vectors = np.linalg.eigh([[rows, mixed], [mixed, cols]])
    angle = np.degrees(np.arctan2(vectors[1, 1], vectors[0, 1])) % 180
    return float(np.exp(values[1])), float(np.exp(values[0])), float(angle)
