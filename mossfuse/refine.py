"""Refinements of any method's output, named by a suffix: ``mossfuse+sdc`` is MossFuse's cube, then ``sdc``.

+dc makes a cube agree with both images (msi projection, then kriging of the LR residual); +sdc first projects its
spectra on the subspace of the LR-HSI. Formulas, measurements and limits: docs/nsgp.md. They are reported as rows of their own.
"""

from mossfuse.errors import MossFuseError
from mossfuse.physics.kriging import SmoothInverse
from mossfuse.physics.projection import leading_subspace, msi_gain, project_on_msi, spectral_covariance
from mossfuse.physics.sampling import operator_of
from mossfuse.protocol import Fusion

SUFFIXES = {
    "dc": "made to agree with both images exactly",
    "sdc": "spectra projected on 6 singular vectors of the LR-HSI, then made to agree with both images exactly",
}
SUBSPACE = 6
LENGTH = 0.6  # kriging length over the ratio


def refine(suffix, cube, observation, *, subspace=SUBSPACE, length=LENGTH):
    """Refine a cube (H, W, B); PSF and SRF come from the observation's sensor and are estimated where unknown.

    subspace: singular vectors kept by the forms with an ``s``. length: covariance length of the kriging over the ratio.
    Raises MossFuseError for an unknown suffix.
    """
    if suffix not in SUFFIXES:
        raise MossFuseError(f"unknown refinement '+{suffix}'; known: {', '.join('+' + s for s in SUFFIXES)}")
    sensor = observation.sensor
    start = cube
    if suffix.startswith("s"):
        basis = leading_subspace(observation.hsi, subspace).astype(cube.dtype)
        start = (cube @ basis) @ basis.T
    operator = operator_of(observation)
    gain = msi_gain(spectral_covariance(observation.hsi), sensor.srf)
    return Fusion(cube=make_consistent(start, observation, operator, sensor.srf, gain, length))


def make_consistent(cube, observation, operator, srf, gain, length=LENGTH):
    """The msi projection, then X + U (y - H X): both constraints hold afterwards (y - H X lies in null(R))."""
    projected = project_on_msi(cube, observation.msi, srf, gain)
    inverse = SmoothInverse(operator, length * observation.ratio)
    return projected + inverse(observation.hsi - operator(projected))
