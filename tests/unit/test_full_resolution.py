"""Indices at full resolution against slow loops and cases whose value is known."""

from dataclasses import replace

import numpy as np
import pytest

from mossfuse.errors import MossFuseError
from mossfuse.metrics.full_resolution import NAMES, full_resolution, local_correlation, quality
from mossfuse.physics.psf import gaussian_psf
from mossfuse.physics.sampling import BlurSample
from mossfuse.protocol import Observation, Sensor

RATIO, SIDE = 4, 48


@pytest.fixture
def pair():
    """A random smooth cube (48, 48, 5), and the pair that a blur and a response make of it."""
    rng = np.random.default_rng(0)
    cube = rng.uniform(0.2, 0.8, (SIDE, SIDE, 5)).cumsum(0).cumsum(1)
    cube /= cube.max((0, 1)) * np.linspace(1, 1.5, 5)
    sensor = Sensor(psf=gaussian_psf(3, 2.0), phase=(1, 1), psf_shape=(3, 3), srf=rng.dirichlet(np.ones(5), 2))
    hsi = BlurSample(sensor.psf, sensor.phase, RATIO, cube.shape[:2])(cube)
    return cube, Observation(hsi=hsi, msi=cube @ sensor.srf.T, ratio=RATIO, sensor=sensor)


def windows(image, size):
    rows, cols = (n - size + 1 for n in image.shape)
    return [image[i : i + size, j : j + size].ravel() for i in range(rows) for j in range(cols)]


def test_a_cube_that_explains_both_images_has_no_distance_to_them(pair):
    cube, observation = pair
    found = full_resolution(cube, observation)
    assert tuple(found) == NAMES
    assert abs(found["d_lambda"]) < 1e-9 and abs(found["d_sr"]) < 1e-9
    assert found["hqnr"] == pytest.approx((1 - found["d_lambda"]) * (1 - found["d_s"]))


def test_bands_that_are_the_pan_image_agree_with_it_perfectly(pair):
    cube, observation = pair
    pan = cube[..., :1]
    low = BlurSample(observation.sensor.psf, (1, 1), RATIO, pan.shape[:2])(pan)
    found = full_resolution(np.repeat(pan, 3, 2), replace(observation, hsi=np.repeat(low, 3, 2), msi=pan))
    assert found["hqnr"] == pytest.approx(1, abs=1e-9) and abs(found["d_rho"]) < 1e-9


def test_quality_and_local_correlation_are_those_of_a_slow_loop():
    rng = np.random.default_rng(1)
    x, y = rng.random((12, 11)), rng.random((12, 11))
    pairs = list(zip(windows(x, 5), windows(y, 5), strict=True))
    q = [
        4 * np.cov(a, b, ddof=0)[0, 1] * a.mean() * b.mean() / ((a.var() + b.var()) * (a.mean() ** 2 + b.mean() ** 2))
        for a, b in pairs
    ]
    assert quality(x, y, 5) == pytest.approx(np.mean(q), abs=1e-9)
    assert local_correlation(x, y, 5) == pytest.approx(
        np.mean([abs(np.corrcoef(a, b)[0, 1]) for a, b in pairs]), abs=1e-9
    )
    assert local_correlation(x, 1 - y, 5) == pytest.approx(local_correlation(x, y, 5))


def test_each_index_sees_the_fault_that_it_is_for(pair):
    cube, observation = pair
    good = full_resolution(cube, observation)
    noise = np.random.default_rng(2).normal(0, 0.02, cube.shape)
    assert full_resolution(0.7 * cube, observation)["d_lambda"] > good["d_lambda"] + 0.01
    noisy = full_resolution(cube + noise, observation)
    assert all(noisy[name] > good[name] for name in ("d_s", "d_sr", "d_rho"))


def test_wrong_shape_missing_sensor_and_small_pair_are_refused(pair):
    cube, observation = pair
    with pytest.raises(MossFuseError, match="its pair asks for"):
        full_resolution(cube[:-1], observation)
    with pytest.raises(MossFuseError, match="need a PSF"):
        full_resolution(cube, replace(observation, sensor=Sensor()))
    with pytest.raises(MossFuseError, match="use a larger pair"):
        full_resolution(
            cube[:16, :16], replace(observation, hsi=observation.hsi[:4, :4], msi=observation.msi[:16, :16])
        )
