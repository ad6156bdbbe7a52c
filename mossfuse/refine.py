"""Refinements of any method's output, named by a suffix: ``mossfuse+sdc`` is MossFuse's cube, then ``sdc``.

+dc makes a cube agree with both images (msi projection, then kriging of the LR residual); +sdc first projects its
spectra on the subspace of the LR-HSI. +softdc and +softsdc do the same as far as the noise allows and equal the hard
forms on a pair without noise.
Formulas, measurements and limits: docs/nsgp.md. They are reported as separate rows.
"""

import numpy as np

from mossfuse.errors import MossFuseError, suggestion
from mossfuse.protocol import Fusion, Parameter, Parameters

SUFFIXES = {
    "dc": "made to agree with both images exactly",
    "sdc": "spectra projected on 6 singular vectors of the LR-HSI, then made to agree with both images exactly",
    "softdc": "made to agree with both images as far as their estimated noise allows",
    "softsdc": "spectra projected on 6 singular vectors of the LR-HSI, then made to agree as far as the noise allows",
}
SUBSPACE = 6
LENGTH = 0.6  # kriging length over the ratio
DEFAULTS = Parameters(  # what a configuration may set
    {
        "subspace": Parameter.count(SUBSPACE),
        "length": Parameter.positive(LENGTH),
        "family": Parameter.choice("auto", "isotropic", "anisotropic", "free"),
    }
)


def refine(suffix, cube, observation, *, subspace=SUBSPACE, length=LENGTH, family="auto", device="cpu"):
    """Refine a cube (H, W, B); return a Fusion with the PSF, its phase and the SRF used.

    PSF, SRF and noise come from the observation's sensor and are estimated if unknown. subspace: singular vectors
    kept by the forms with an ``s``. length: covariance length of the kriging over the ratio. family: of the
    PSF if it is unknown.
    Raises MossFuseError for an unknown suffix or sizes that do not fit together.
    """
    from mossfuse.estimation.sensor import estimate_sensor, estimate_without_stripes
    from mossfuse.physics.projection import leading_subspace, msi_gain, spectral_covariance
    from mossfuse.physics.sampling import check_pair, operator_of

    if suffix not in SUFFIXES:
        raise MossFuseError(f"unknown refinement '+{suffix}'; {suggestion('+' + suffix, ['+' + s for s in SUFFIXES])}")
    check_pair(observation)
    wanted = (*observation.msi.shape[:2], observation.hsi.shape[2])
    if cube.shape != wanted:
        raise MossFuseError(f"the cube to refine has shape {cube.shape}, this pair's has {wanted}; refine its own cube")
    if suffix.startswith("soft"):
        observation, sensor, facts = estimate_without_stripes(observation, family)
    else:
        sensor, facts = estimate_sensor(observation, family)
    operator = operator_of(observation, sensor.psf, sensor.phase)
    start = cube
    if suffix in ("sdc", "softsdc"):
        basis = leading_subspace(observation.hsi, subspace).astype(cube.dtype)
        start = (cube @ basis) @ basis.T
    noisy = sensor.noise_hsi.max() > 0 or sensor.noise_msi.max() > 0 or facts["unseen"].any()
    if suffix.startswith("soft") and noisy:
        refined = soften(start, observation, operator, sensor, facts["unseen"], length, device)
    else:
        gain = msi_gain(spectral_covariance(observation.hsi), sensor.srf)
        refined = make_consistent(start, observation, operator, sensor.srf, gain, length)
    return Fusion(cube=refined.astype(np.float32), psf_hat=sensor.psf, srf_hat=sensor.srf, phase_hat=sensor.phase)


def device_of(suffix, device):
    """Return the device that a refinement uses where methods use ``device``: the hard forms use NumPy only."""
    return device if suffix.startswith("soft") else "cpu"


def make_consistent(cube, observation, operator, srf, gain, length=LENGTH):
    """Apply the msi projection, then X + U (y - H X): both constraints hold afterwards (y - H X lies in null(R))."""
    from mossfuse.physics.kriging import SmoothInverse
    from mossfuse.physics.projection import project_on_msi

    projected = project_on_msi(cube, observation.msi, np.asarray(srf), gain)
    inverse = SmoothInverse(operator, length * observation.ratio)
    return projected + inverse(observation.hsi - operator(projected))


def soften(cube, observation, operator, sensor, unseen, length, device):
    """Apply the same two steps to the denoised MSI and the Wiener-filtered HSI, the second with a nugget per component.

    unseen: as for mossfuse.nsgp.model.fit_model; if it is not zero the cube is only drawn towards the MSI.
    """
    from mossfuse.estimation.noise import denoise_msi
    from mossfuse.physics.kriging import SmoothInverse, krige_components
    from mossfuse.physics.projection import msi_gain, null_part, pixels, project_on_msi, wiener

    noise = float(np.sqrt(np.mean(np.square(sensor.noise_hsi))))
    srf = np.asarray(sensor.srf, np.float64)
    msi, left = denoise_msi(observation.msi, sensor.noise_msi, device)
    hsi, _, covariance = wiener(observation.hsi, noise)
    remaining, binding = (unseen, srf[:0]) if unseen.any() else (left, srf)
    projected = project_on_msi(cube, msi, srf, msi_gain(covariance, srf, remaining))
    missing = null_part(pixels(hsi - operator(projected)), binding, msi_gain(covariance, binding))
    turn = np.linalg.eigh(missing.T @ missing)[1]
    parts = missing @ turn
    field = np.maximum((parts**2).mean(0) - noise**2, 0)
    inverse = SmoothInverse(operator, length * observation.ratio)
    return projected + inverse.fill(krige_components(inverse, parts.reshape(hsi.shape), field, noise, turn))
