"""Regression and injection: where the coarse residual is interpolated."""

import numpy as np
import pytest

from mossfuse.physics.psf import box_psf
from mossfuse.physics.sampling import BlurSample
from mossfuse.protocol import Observation, Sensor


@pytest.mark.parametrize("size", [7, 8])
def test_what_the_msi_does_not_tell_is_interpolated_between_the_centres_of_the_psf(size):
    from baselines import regression_injection
    from baselines.shared.subspace import SubspaceData

    ramp = np.broadcast_to(np.arange(64)[:, None, None] / 64, (64, 64, 5)).astype(np.float32)
    psf = box_psf(size)
    operator = BlurSample(psf, (3, 3), 8, ramp.shape)
    sensor = Sensor(psf=psf, psf_shape=psf.shape, phase=(3, 3), srf=np.full((1, 5), 0.2))
    pair = Observation(operator(ramp), np.full((64, 64, 1), 0.5, np.float32), 8, sensor)
    inside = slice(24, 40)  # half a pixel would be 0.008
    np.testing.assert_allclose(regression_injection.fuse(pair).cube[inside], ramp[inside], atol=2e-3)
    data = SubspaceData(pair, operator, 2)
    np.testing.assert_allclose((data.interpolate() @ data.basis)[inside], ramp[inside], atol=2e-3)
