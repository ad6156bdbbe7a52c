"""FUSE and R-FUSE: Bayesian fusion in a spectral subspace, solved in closed form through a Sylvester equation.

Papers: Q. Wei, N. Dobigeon, J.-Y. Tourneret, "Fast fusion of multi-band images based on solving a Sylvester equation",
IEEE TIP 24(11), 2015; Q. Wei, N. Dobigeon, J.-Y. Tourneret, J. M. Bioucas-Dias, S. Godsill, "R-FUSE: robust fast fusion
of multiband images based on solving a Sylvester equation", IEEE SPL 23(11), 2016.
Official code: FUSE of the HSMSFusionToolbox (magamig/hif-benchmarking at ef23570) and of qw245/BlindFuse, GPL-2.0.
Differs: both solve the equation by R-FUSE's Woodbury form, since these PSFs are not invertible in floating point.
`fuse`: the naive Gaussian prior as released (identity covariances, weight 1e-3 on data times 1e4), prior mean by
splines on the true lattice. `r-fuse`: the covariances are explicit: noise as known, otherwise estimated from H M - R y;
prior covariance from the detail that interpolating the MSI loses. `faithful`: the toolbox's wrapper (Gaussian PSF with
FWHM = ratio, estimated SRF, mean over two lattices).
Published numbers: none on CAVE.
"""

import numpy as np

from mossfuse.protocol import Fusion, Method, Parameter

METHODS = (
    Method(
        name="fuse",
        title="FUSE",
        citation="Wei, Dobigeon, Tourneret, IEEE TIP 24(11), 2015",
        licence="own implementation (MIT); originals GPL-2.0",
        knows=frozenset({"psf", "phase", "srf"}),
        stochastic=False,
        params={"dimension": Parameter.count(15), "prior_weight": Parameter.positive(1e-11), "faithful": False},
        presets={"faithful": {"faithful": True}},
        code="qw245/BlindFuse; magamig/hif-benchmarking@ef23570",
    ),
    Method(
        name="r-fuse",
        title="R-FUSE",
        citation="Wei, Dobigeon, Tourneret, Bioucas-Dias, Godsill, IEEE SPL 23(11), 2016",
        licence="own implementation (MIT); originals GPL-2.0",
        knows=frozenset({"psf", "phase", "srf", "noise"}),
        stochastic=False,
        params={"dimension": Parameter.count(15), "prior_weight": Parameter.positive(None)},
        code="qw245/BlindFuse",
    ),
)
PRIOR_FLOOR = 1e-6  # least variance of a coefficient about its prior mean (the coefficients have unit energy)
QUANTISATION = 1 / 65535 / np.sqrt(12)  # lowest standard deviation of a 16-bit camera


def fuse(observation, *, seed, device, checkpoint=None, dimension=15, prior_weight=1e-11, faithful=False):
    """Return the posterior mean of the subspace coefficients as a cube that is not clipped.

    dimension: size of the spectral subspace, at most the rank of the HSI. prior_weight: weight of the prior against
    data in [0, 1] (1e-3 for data times 1e4, hence 1e-11); None: explicit covariances (R-FUSE). faithful: see above.
    Raises MossFuseError where the PSF, its phase or the SRF is unknown.
    """
    from .shared.known_sensor import known_operator

    operator = known_operator(observation, "FUSE")
    hsi, msi = observation.hsi.astype(np.float64), observation.msi.astype(np.float64)
    axes = spectral_axes(hsi, dimension)
    if axes.shape[1] == 0:  # a black HSI
        return Fusion(cube=np.zeros((*msi.shape[:2], hsi.shape[2]), np.float32))
    if faithful:
        cube, srf = toolbox_form(hsi, msi, axes, observation.ratio, prior_weight)
        return Fusion(cube=cube.astype(np.float32), srf_hat=srf)
    srf = observation.sensor.srf
    if prior_weight is None:
        weights, notes = covariance_weights(observation, operator, axes)
    else:
        weights, notes = (np.ones(hsi.shape[2]), np.ones(msi.shape[2]), np.full(axes.shape[1], prior_weight)), {}
    mean = prior_mean(hsi, axes, operator)
    cube = posterior(hsi, msi, axes, srf, mean, operator, *weights)
    return Fusion(cube=cube.astype(np.float32), notes=notes)


def spectral_axes(hsi, dimension):
    """Return the principal axes (B, L) of the HSI (no mean removed), each scaled by the root of its eigenvalue."""
    pixels = hsi.reshape(-1, hsi.shape[2])
    values, vectors = np.linalg.eigh(pixels.T @ pixels / len(pixels))
    values, vectors = values[::-1], vectors[:, ::-1]
    live = values > 1e-13 * values[0] if values[0] > 0 else np.zeros(len(values), bool)
    keep = min(dimension, len(pixels), int(live.sum()))
    return vectors[:, :keep] * np.sqrt(values[:keep])


def prior_mean(hsi, axes, operator):
    """Interpolate the HSI's coefficients on the axes to the fine grid, (H, W, L)."""
    from .shared.resize import spline_upsample

    coefficients = hsi @ (axes / (axes**2).sum(0))
    return spline_upsample(coefficients, operator.ratio, operator.psf.shape, operator.phase)


def posterior(hsi, msi, axes, srf, mean, operator, precision_hsi, precision_msi, prior_precision):
    """Solve X = E U with (E'PhE) U G + ((RE)'Pm(RE) + P) U = E'Ph Y H^T + (RE)'Pm M + P mean (TIP 2015, eq. 19).

    precision_hsi (B,), precision_msi (M,), prior_precision (L,): inverse variances Ph, Pm, P up to a common scale.
    """
    from .shared.sylvester import SylvesterSolver

    seen = srf @ axes
    weight = axes.T @ (precision_hsi[:, None] * axes)
    c1 = seen.T @ (precision_msi[:, None] * seen) + np.diag(prior_precision)
    c3 = operator.adjoint(hsi @ (precision_hsi[:, None] * axes)) + msi @ (precision_msi[:, None] * seen)
    c3 += prior_precision * mean
    return SylvesterSolver(operator).solve(c1, c3, weight) @ axes.T


def covariance_weights(observation, operator, axes):
    """Return noise and prior precisions of R-FUSE, scaled so that the HSI's mean noise variance is 1, and notes for the
    report.

    Unknown noise is estimated from the residual v = H M - y R^T, whose variance is s_m^2 |psf|^2 + s_h^2 |R_i|^2 where
    H and R are right, with s_m from the MSI's details (mossfuse.estimation.noise). The detail that a coefficient image
    lacks after interpolation has the variance of its low-resolution image, without noise, times the share of its
    variance that the MSI loses when it is degraded and interpolated.
    """
    from mossfuse.estimation.noise import msi_noise

    from .shared.resize import spline_upsample

    sensor, msi = observation.sensor, observation.msi.astype(np.float64)
    low = operator(msi)
    residual = ((low - observation.hsi @ sensor.srf.T) ** 2).mean((0, 1))
    sigma_msi, sigma_hsi = sensor.noise_msi, sensor.noise_hsi
    if sigma_msi is None:
        sigma_msi = np.minimum(msi_noise(observation.msi), np.sqrt(residual / operator.gain))
    if sigma_hsi is None:
        left = np.maximum(residual - np.square(sigma_msi) * operator.gain, 0).sum() / (sensor.srf**2).sum()
        sigma_hsi = np.full(observation.hsi.shape[2], np.sqrt(left))
    noise_hsi, noise_msi = (np.maximum(np.square(sigma), QUANTISATION**2) for sigma in (sigma_hsi, sigma_msi))
    lost = msi - spline_upsample(low, operator.ratio, operator.psf.shape, operator.phase)
    detail = max(lost.var((0, 1)).sum() - noise_msi.sum(), 0) / max(msi.var((0, 1)).sum(), 1e-12)
    spread = (observation.hsi @ (axes / (axes**2).sum(0))).var((0, 1))
    signal = np.maximum(spread - noise_hsi.mean() / (axes**2).sum(0), 0.01 * spread)
    variance = np.maximum(detail * signal, PRIOR_FLOOR)
    unit = noise_hsi.mean()
    notes = {"noise hsi": unit**0.5, "noise msi": noise_msi.mean() ** 0.5, "lost detail": detail}
    notes = {key: float(value) for key, value in notes.items()}
    return (unit / noise_hsi, unit / noise_msi, unit / variance), notes


def toolbox_form(hsi, msi, axes, ratio, prior_weight):
    """Run the toolbox's wrapper: assumed PSF, SRF estimated through it, mean over the lattices of an even ratio."""
    from mossfuse.physics.psf import gaussian_psf
    from mossfuse.physics.sampling import BlurSample

    from .shared.nnls import estimate_srf
    from .shared.toolbox import FWHM, toolbox_downsample

    srf, offset = estimate_srf(hsi, toolbox_downsample(msi, ratio))
    msi = np.maximum(msi - offset, 0)
    psf = gaussian_psf(ratio + 1 - ratio % 2, ratio / FWHM)
    prior = np.full(axes.shape[1], prior_weight)
    cube, starts = 0, sorted({(ratio - 1) // 2, ratio // 2})
    for start in starts:
        operator = BlurSample(psf, (start, start), ratio, msi.shape, "wrap")
        mean = prior_mean(hsi, axes, operator)
        ones = np.ones(hsi.shape[2]), np.ones(msi.shape[2])
        cube = cube + posterior(hsi, msi, axes, srf, mean, operator, *ones, prior) / len(starts)
    return cube, srf
