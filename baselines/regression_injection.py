"""Affine spectral regression with injection of the LR residual: GLP hypersharpening with the true PSF as low-pass.

Papers: B. Aiazzi et al., MTF-tailored multiscale fusion of high-resolution MS and Pan imagery, PE&RS 72(5), 2006;
M. Selva et al., Hyper-sharpening: a first approach on SIM-GA data, IEEE JSTARS 8(6), 2015. Written from the
mathematics: low-pass is the sensor's own H, the interpolator a cubic spline on the sampled lattice, the gain is one.
X = A(M) + up(y - A(H M)), A the affine least-squares map from MSI to HSI on the LR pair.
"""

import numpy as np

from mossfuse.protocol import Fusion, Method

METHODS = (
    Method(
        name="regression-injection",
        title="Affine regression with injection (GLP hypersharpening, given the PSF)",
        citation="M. Selva et al. Hyper-sharpening: a first approach on SIM-GA data. IEEE JSTARS 8(6), 2015.",
        licence="own implementation",
        knows=frozenset({"psf", "phase"}),
        stochastic=False,
        note="a simple baseline that every learned method should beat",
    ),
)


def fuse(observation, *, seed=0, device="cpu", checkpoint=None):
    """Return the regression on the MSI plus the interpolated LR residual, (H, W, B); no parameter."""
    from mossfuse.estimation.regression import affine_apply, affine_fit
    from mossfuse.physics.sampling import operator_of

    from .shared.resize import spline_upsample

    low_msi = operator_of(observation)(observation.msi)
    slope, offset = affine_fit(low_msi, observation.hsi)
    missing = observation.hsi - affine_apply(low_msi, slope, offset)
    sensor = observation.sensor
    detail = spline_upsample(missing, observation.ratio, sensor.psf.shape, sensor.phase).astype(np.float32)
    return Fusion(cube=affine_apply(observation.msi, slope, offset) + detail)
