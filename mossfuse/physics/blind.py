"""Blind estimation of the two cameras from one pair: Gaussian PSF and non-negative SRF by variable projection.

Both images see the same scene, so H M = y R^T. For each PSF of the family the best R is a linear non-negative
least-squares fit, which leaves a residual of the PSF's parameters alone (Golub and Pereyra, SIAM J. Numer. Anal.
10(2), 1973).
Rows of the estimated R are not normalised: their sums carry a difference in gain between the cameras.
"""

from copy import copy

import numpy as np
from scipy.optimize import least_squares, minimize_scalar, nnls

from mossfuse.errors import MossFuseError
from mossfuse.physics.free_psf import free_form
from mossfuse.physics.projection import pixels
from mossfuse.physics.psf import gaussian_psf
from mossfuse.physics.sampling import BlurSample, check_multiple
from mossfuse.protocol import Sensor

FAMILIES = ("isotropic", "anisotropic", "free", "auto")
SMOOTHNESS = 1e-9  # weight of the second differences of R, relative to the mean energy of a band
EXACT = 2e-6  # relative residual below which a fit explains a pair to the last float32 digits
SAMPLE_BYTES = 32 * 2**20  # memory for the windows of the low-resolution pixels the search looks at
FOLDS = 4  # of the cross-validation that decides on a PSF of free shape
CONVINCING = 0.9  # share of the Gaussian's left-out residual below which the free shape is taken
NARROWEST, WIDEST = 0.25, 50  # standard deviations searched: px, and times the support (then the PSF is a box)


def estimate_sensor(observation, family="auto", smoothness=SMOOTHNESS):
    """(Sensor, facts): what the observation's sensor leaves open (PSF, SRF, even its geometry), from the pair.

    family: 'isotropic', 'anisotropic' (rotated) or 'auto': whichever of these, with the lattice's centre or one of its
    own (a misregistration), has the best Schwarz criterion (Annals of Statistics 6(2), 1978). A standard deviation
    far beyond the support is a box. 'free' (also among the candidates of 'auto'): any shape near the best Gaussian.
    smoothness: weight of the ridge on the SRF's second differences.
    facts: family, sigma (px; (along, across) where anisotropic), angle (deg), centre (px from the window's middle),
    residual (rms of H M - y R^T over the rms of H M), residual_variance (M,), freedom (free parameters per SRF row).
    Raises MossFuseError for an unknown family or sizes that do not fit together.
    """
    if family not in FAMILIES:
        raise MossFuseError(f"unknown PSF family '{family}'; choose one of {', '.join(FAMILIES)}")
    check_pair(observation)
    sensor = observation.sensor
    size, phase, psf = sensor.psf_shape, sensor.phase, sensor.psf
    facts = {}
    if psf is None:
        if size is None or phase is None:
            from mossfuse.physics.geometry import find_geometry

            size, phase = find_geometry(observation, smoothness)
        windows = Windows(observation, size, phase)
        psf, facts = fit_psf(windows, SrfFit(windows.hsi, smoothness, sensor.srf), size, family)
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
    return Sensor(psf=psf, psf_shape=psf.shape, phase=tuple(phase), srf=srf, border=sensor.border), facts


def check_pair(observation):
    """Refuse images whose sizes do not fit the ratio."""
    check_multiple(observation.msi.shape, observation.ratio)
    wanted = tuple(n // observation.ratio for n in observation.msi.shape[:2])
    if observation.hsi.shape[:2] != wanted:
        raise MossFuseError(
            f"the HSI has {observation.hsi.shape[0]}x{observation.hsi.shape[1]} pixels, but the MSI and the ratio "
            f"{observation.ratio} ask for {wanted[0]}x{wanted[1]}; set the right ratio"
        )


class Windows:
    """The MSI pixels under the PSF of (a regular sample of) the low-resolution pixels, as one matrix.

    low: indices of the sampled low-resolution pixels (row-major), at most ``most``; hsi: their spectra.
    blur(psf) -> (len(low), M) float64.
    """

    def __init__(self, observation, size, phase, most=None):
        msi, ratio = observation.msi, observation.ratio
        shape = BlurSample(np.ones(size), phase, ratio, msi.shape, observation.sensor.border)
        low_count = shape.low_shape[0] * shape.low_shape[1]
        most = most or max(SAMPLE_BYTES // (8 * size[0] * size[1] * msi.shape[2]), 64)
        self.low = np.unique(np.linspace(0, low_count - 1, min(most, low_count)).astype(int))
        self.hsi = pixels(observation.hsi)[self.low]
        self.bands = msi.shape[2]
        low = np.unravel_index(self.low, shape.low_shape)
        rows, cols = shape.windows(0)[low[0]][:, :, None], shape.windows(1)[low[1]][:, None, :]
        inside = (rows >= 0) & (cols >= 0)
        values = np.where(inside[..., None], msi[rows, cols], 0)  # (n, k, k, M)
        self.matrix = values.transpose(0, 3, 1, 2).reshape(-1, size[0] * size[1]).astype(np.float64)

    def blur(self, psf):
        return (self.matrix @ psf.ravel()).reshape(-1, self.bands)

    def part(self, chosen):
        """The windows of some of the low-resolution pixels, given by a mask."""
        part = copy(self)
        part.low, part.hsi = self.low[chosen], self.hsi[chosen]
        part.matrix = self.matrix.reshape(len(self.low), self.bands, -1)[chosen].reshape(-1, self.matrix.shape[1])
        return part


class SrfFit:
    """Non-negative, smooth least-squares fit of the SRF to blurred MSI pixels; the HSI is factorised once."""

    def __init__(self, hsi, smoothness, known=None):
        self.hsi, self.smoothness = hsi.astype(np.float64), smoothness
        self.known = None if known is None else np.asarray(known, np.float64)
        bands = self.hsi.shape[1]
        energy = max((self.hsi**2).sum() / bands, np.finfo(float).tiny)
        bend = np.diff(np.eye(bands), 2, axis=0) if bands > 2 else np.zeros((0, bands))
        floor = 1e-12 * np.eye(bands)  # a dark band has no energy of its own: its response is then zero
        stacked = np.concatenate([self.hsi, np.sqrt(smoothness * energy) * bend, np.sqrt(energy) * floor])
        self.q, self.r = np.linalg.qr(stacked)
        self.q = self.q[: len(self.hsi)]

    def srf(self, low):
        """(M, B) for blurred MSI pixels ``low`` (n, M)."""
        if self.known is not None:
            return self.known
        limit = max(3000, 30 * len(self.r))
        return np.stack([nnls(self.r, target, maxiter=limit)[0] for target in (self.q.T @ low).T])

    def error(self, low):
        """low - y R^T at the best R, (n, M)."""
        return low - self.hsi @ self.srf(low).T


def fit_psf(windows, fit, size, family):
    """(psf, facts) of the PSF of the family that explains the windows best."""
    count = windows.matrix.shape[0]
    scale = np.sqrt(max((windows.matrix**2).mean() * count, np.finfo(float).tiny))

    def error(psf):
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

    def criterion(found):
        return independent * np.log(max(found["cost"], EXACT**2)) + found["free"] * np.log(independent)

    best = fits[-1] if family == "anisotropic" else min(fits, key=criterion)
    if family == "free" or (family == "auto" and best["cost"] > EXACT**2 and departs(windows, fit, best)):
        return free_form(windows, fit, best["psf"], best["facts"]), best["facts"] | {"family": "free"}
    return best["psf"], best["facts"]


def departs(windows, fit, gaussian):
    """True where a PSF of free shape predicts left-out low-resolution pixels better than the best Gaussian does."""
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


def gaussian_fit(size, shape, cost, free, family):
    """A candidate: its psf, shape (see fit_free), residual, number of free parameters and facts."""
    along, across, angle = ellipse(shape[:3])
    facts = {
        "family": family,
        "sigma": along if family == "isotropic" else (along, across),
        "angle": 0.0 if family == "isotropic" else angle,
        "centre": tuple(float(c) for c in shape[3:]),
    }
    psf = gaussian_psf(size, (along, across), angle, shape[3:])
    return {"psf": psf, "shape": shape, "cost": cost, "free": free, "facts": facts}


def effective_count(windows, fit, psf):
    """Independent residuals: low-resolution pixels less the SRF's parameters; MSI bands share the HSI's noise."""
    pixel_count = len(windows.low)
    return max(pixel_count - freedom(fit.srf(windows.blur(psf))), pixel_count / 4)


def freedom(srf):
    """Mean number of non-zero responses per row of a non-negative SRF."""
    return float((srf > 1e-4 * srf.max(initial=0)).sum(1).mean())


def fit_isotropic(error, size):
    """(standard deviation in pixels, residual): a grid, then a bounded line search."""

    def cost(log_sigma):
        return float((error(gaussian_psf(size, np.exp(log_sigma))) ** 2).sum())

    grid = np.append(np.linspace(np.log(NARROWEST), np.log(1.5 * max(size)), 14), np.log(WIDEST * max(size)))
    best = int(np.argmin([cost(g) for g in grid]))
    bounds = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
    found = minimize_scalar(cost, bounds=bounds, method="bounded", options={"xatol": 1e-6})
    return float(np.exp(found.x)), float(found.fun)


def fit_free(error, size, found, turned, moved):
    """(shape, residual) by Gauss-Newton from the fits found so far and, where ``turned``, ellipses in four directions.

    shape: the logarithm of the covariance's square root (rows, cols, mixed), and the centre (row, col) in pixels.
    turned: the three are free; otherwise rows == cols and mixed == 0. moved: the centre is free.
    """
    lowest, highest = np.log(NARROWEST), np.log(WIDEST * max(size))
    reach = [(n - 1) / 2 + 1e-6 for n in size]
    lower = np.array([lowest, lowest, lowest - highest, *(-r for r in reach)]) - 1e-6
    upper = np.array([highest, highest, highest - lowest, *reach]) + 1e-6
    free = np.array([True, turned, turned, moved, moved])

    def full(values):
        shape = np.zeros(5)
        shape[free] = values
        if not turned:
            shape[1] = shape[0]
        return shape

    def residual(values):
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


def ellipse(shape):
    """(along, across, angle) of a fit's (rows, cols, mixed): standard deviations in px, degrees in [0, 180)."""
    rows, cols, mixed = shape
    values, vectors = np.linalg.eigh([[rows, mixed], [mixed, cols]])
    angle = np.degrees(np.arctan2(vectors[1, 1], vectors[0, 1])) % 180
    return float(np.exp(values[1])), float(np.exp(values[0])), float(angle)
