"""Fit the two cameras of one pair at a given smoothness: Gaussian PSF and non-negative SRF by variable projection.

Both images see the same scene, so H M = y R^T. For each PSF of the family the best R is a linear non-negative
least-squares fit, which leaves a residual of the PSF's parameters alone (Golub and Pereyra, SIAM J. Numer. Anal.
10(2), 1973).
Rows of the estimated R are not normalised: their sums carry a difference in gain between the cameras.
"""

from typing import Any

import numpy as np

from mossfuse.errors import MossFuseError
from mossfuse.estimation.free_psf import free_form
from mossfuse.estimation.gaussian_fits import EXACT, SrfFit, fit_free, fit_isotropic, freedom, gaussian_fit
from mossfuse.estimation.memory import recall
from mossfuse.estimation.windows import Windows
from mossfuse.physics.projection import pixels
from mossfuse.physics.sampling import BlurSample, check_pair
from mossfuse.protocol import Observation, Sensor

FAMILIES = ("isotropic", "anisotropic", "free", "auto")
SMOOTHNESS = 1e-9  # weight of the second differences of R, relative to the mean energy of a band
FOLDS = 4  # of the cross-validation that decides on a PSF of free shape
CONVINCING = 0.9  # share of the Gaussian's left-out residual below which the free shape is taken


def fit_sensor(
    observation: Observation, family: str = "auto", smoothness: float = SMOOTHNESS
) -> tuple[Sensor, dict[str, Any]]:
    """Fit what the observation's sensor leaves open (PSF, SRF, even the PSF's geometry); return (Sensor, facts).

    family: 'isotropic', 'anisotropic' (rotated) or 'auto': whichever of these, centred on the lattice or shifted
        against it (a misregistration), has the best Schwarz criterion (Annals of Statistics 6(2), 1978). A standard
        deviation far beyond the support is a box. 'free' (also a candidate of 'auto'): any shape near the best Gaussian.
    smoothness: weight of the ridge on the SRF's second differences.
    facts: family, sigma (px; (along, across) where anisotropic), angle (deg), centre (px from the window's middle),
        residual (rms of H M - y R^T over the rms of H M), residual_variance (M,), freedom (free parameters per SRF row).
    Raises MossFuseError for an unknown family or sizes that do not fit together.
    """
    if family not in FAMILIES:
        raise MossFuseError(f"unknown PSF family '{family}'; choose one of {', '.join(FAMILIES)}")
    check_pair(observation)
    return recall("fit", observation, (family, smoothness), lambda: compute_fit(observation, family, smoothness))


def compute_fit(observation: Observation, family: str, smoothness: float) -> tuple[Sensor, dict[str, Any]]:
    """Compute the result of ``fit_sensor``."""
    sensor = observation.sensor
    size, phase, psf = sensor.psf_shape, sensor.phase, sensor.psf
    facts: dict[str, Any] = {}
    if psf is None:
        if size is None or phase is None:
            from mossfuse.estimation.geometry import find_geometry

            size, phase = find_geometry(observation, smoothness)
        windows = Windows(observation, size, phase)
        psf, facts = fit_psf(windows, SrfFit(windows.hsi, smoothness, sensor.srf), size, family)
    if phase is None:
        raise ValueError("a known PSF needs its phase")
    operator = BlurSample(psf, phase, observation.ratio, observation.msi.shape[:2], sensor.border)
    low = pixels(operator(observation.msi.astype(np.float64)))
    fit = SrfFit(pixels(observation.hsi), smoothness, sensor.srf)
    srf = fit.srf(low)
    error = low - fit.hsi @ srf.T
    fitted = 0.0 if sensor.srf is not None else freedom(srf)
    count = len(low)
    facts |= {
        "residual": float(np.sqrt((error**2).mean() / max((low**2).mean(), np.finfo(float).tiny))),
        "residual_variance": (error**2).sum(0) / max(count - fitted, count / 4),
        "freedom": fitted,
    }
    return Sensor(psf=psf, psf_shape=psf.shape, phase=(phase[0], phase[1]), srf=srf, border=sensor.border), facts


def fit_psf(windows: Windows, fit: SrfFit, size: tuple[int, int], family: str) -> tuple[np.ndarray, dict[str, Any]]:
    """Fit the PSF of the family that explains the windows best; return (psf, facts)."""
    count = windows.matrix.shape[0]
    scale = np.sqrt(max((windows.matrix**2).mean() * count, np.finfo(float).tiny))

    def error(psf: np.ndarray) -> np.ndarray:
        return fit.error(windows.blur(psf)).ravel() / scale

    sigma, cost = fit_isotropic(error, size)
    fits = [gaussian_fit(size, (np.log(sigma), np.log(sigma), 0.0, 0.0, 0.0), cost, 1, "isotropic")]
    if family == "isotropic" or (family == "auto" and cost < EXACT**2):
        return fits[0]["psf"], fits[0]["facts"]
    independent = effective_count(windows, fit, fits[0]["psf"])
    for turned, moved in ((True, False), (False, True), (True, True)) if family != "anisotropic" else ((True, False),):
        shape, cost = fit_free(error, size, [f["shape"] for f in fits], turned, moved)
        name = "anisotropic" if turned else "isotropic"
        fits.append(gaussian_fit(size, shape, cost, 1 + 2 * turned + 2 * moved, name))

    def criterion(found: dict[str, Any]) -> float:
        return independent * np.log(max(found["cost"], EXACT**2)) + found["free"] * np.log(independent)

    best = fits[-1] if family == "anisotropic" else min(fits, key=criterion)
    if family == "free" or (family == "auto" and best["cost"] > EXACT**2 and departs(windows, fit, best)):
        return free_form(windows, fit, best["psf"], best["facts"]), best["facts"] | {"family": "free"}
    return best["psf"], best["facts"]


def departs(windows: Windows, fit: SrfFit, gaussian: dict[str, Any]) -> bool:
    """Return True where a PSF of free shape predicts left-out low-resolution pixels better than the best Gaussian does."""
    ours = theirs = 0.0
    for fold in range(FOLDS):
        test = np.arange(len(windows.low)) % FOLDS == fold
        train, rest = windows.part(~test), windows.part(test)
        known = SrfFit(train.hsi, fit.smoothness, fit.known)
        free = free_form(train, known, gaussian["psf"], gaussian["facts"])
        ours, theirs = (
            total + ((rest.blur(psf) - rest.hsi @ known.srf(train.blur(psf)).T) ** 2).sum()
            for total, psf in ((ours, free), (theirs, gaussian["psf"]))
        )
    return bool(ours < CONVINCING * theirs)


def effective_count(windows: Windows, fit: SrfFit, psf: np.ndarray) -> float:
    """Return the number of independent residuals: low-resolution pixels less the SRF's parameters; MSI bands share the HSI's noise."""
    pixel_count = len(windows.low)
    return max(pixel_count - freedom(fit.srf(windows.blur(psf))), pixel_count / 4)
