"""HySure: its minimum, its steps and its estimate of the sensor."""

from dataclasses import replace

import numpy as np
import pytest

from baselines.hysure.admm import fuse_total_variation, relative_change, shrunk_gradient_adjoint
from baselines.hysure.sensors import estimate_psf, estimate_sensors, estimate_srf
from baselines.shared.subspace import leading_vectors
from mossfuse.errors import MossFuseError
from mossfuse.methods import find_method
from mossfuse.physics.psf import gaussian_psf
from mossfuse.physics.psf_geometry import official_geometry
from mossfuse.physics.sampling import BlurSample


def test_hysure_with_half_a_sensor_is_refused(make_pair):
    pair, _ = make_pair()
    _, module = find_method("hysure")
    with pytest.raises(MossFuseError, match="psf"):
        module.fuse(replace(pair, sensor=replace(pair.sensor, psf=None)), seed=0, device="cpu")


def test_gradient_step_is_the_vector_soft_threshold_of_the_differences():
    rng = np.random.default_rng(0)
    z, rows, cols = (rng.standard_normal((3, 6, 7)) for _ in range(3))
    wanted = np.stack([np.roll(z, -1, 1) - z - rows, np.roll(z, -1, 2) - z - cols])
    length = np.sqrt((wanted**2).sum((0, 1)))
    split = wanted * np.maximum(1 - 2.0 / length, 0)
    dual = split - wanted
    expected = sum(np.roll(s + d, 1, axis) - (s + d) for s, d, axis in zip(split, dual, (1, 2), strict=True))
    np.testing.assert_allclose(shrunk_gradient_adjoint(z, rows, cols, 2.0), expected, atol=1e-12)
    np.testing.assert_allclose(np.stack([rows, cols]), dual, atol=1e-12)


def test_hysure_converges_to_the_minimum_of_its_objective(make_pair):
    """Any small step away from the result of many iterations raises the objective."""
    pair, _ = make_pair(rows=24, cols=24)
    sensor, rng = pair.sensor, np.random.default_rng(0)
    spectra = leading_vectors(pair.hsi.reshape(-1, 31), 3)
    z, history = fuse_total_variation(
        pair.hsi, pair.msi, spectra, sensor.psf, sensor.phase, sensor.srf, 8, 1e-2, 1.0, 0.05, 3000
    )
    operator = BlurSample(sensor.psf, sensor.phase, 8, (24, 24), "wrap")

    def objective(z):
        cube = np.einsum("krc,kb->rcb", z.astype(np.float64), spectra)
        gradient = np.stack([np.roll(z, -1, 1) - z, np.roll(z, -1, 2) - z])
        data = ((operator(cube) - pair.hsi) ** 2).sum() + ((cube @ sensor.srf.T - pair.msi) ** 2).sum()
        return data / 2 + 1e-2 * np.sqrt((gradient**2).sum((0, 1))).sum()

    assert history["relative change"][-1] < 1e-4 < history["relative change"][5]
    best = objective(z)
    for _ in range(20):
        assert objective(z + 0.02 * rng.standard_normal(z.shape)) > best
    assert objective(0.98 * z) > best and objective(1.02 * z) > best


def test_relative_change_of_zeros_is_zero():
    assert relative_change(np.zeros(3), np.ones(3)) == 0


def test_psf_is_recovered_from_exact_projections():
    rng = np.random.default_rng(0)
    psf, msi = rng.random((5, 7)), rng.random((60, 60, 3))
    target = BlurSample(psf, (2, 1), 6, msi.shape, "wrap")(msi)
    np.testing.assert_allclose(estimate_psf(target, msi, 6, (2, 1), (5, 7), 1e-9), psf, atol=1e-6)


def test_srf_is_recovered_where_the_blur_does_not_matter():
    rng = np.random.default_rng(0)
    lower_half = np.arange(64)[:, None, None] >= 32
    truth = rng.random(6) + rng.random(6) * lower_half * np.ones((64, 64, 1))
    srf = rng.random((2, 6))
    phase = official_geometry(8)[1]
    operator = BlurSample(gaussian_psf(7, 2.0), (phase, phase), 8, truth.shape)
    found = estimate_srf(operator(truth), truth @ srf.T, 8, (phase, phase), 0, 1e-9)
    middle = np.s_[8:24]  # away from the step and the wrapped border
    np.testing.assert_allclose((truth @ found.T)[middle], (truth @ srf.T)[middle], rtol=0.05)


def test_blind_kernel_sits_on_the_sampled_pixel_and_the_toolbox_one_beside_it(make_pair):
    pair, _ = make_pair(rows=128, cols=128)
    texture = np.random.default_rng(0).random((128, 128, 1)).astype(np.float32)
    cube = texture * pair.hsi.mean((0, 1))
    operator = BlurSample(pair.sensor.psf, pair.sensor.phase, 8, cube.shape)
    hsi, msi = operator(cube), (cube @ pair.sensor.srf.T).astype(np.float32)
    psf, _, srf = estimate_sensors(hsi, msi, 8, pair.sensor.phase, pair.sensor.psf_shape, 3, 1e-3, 1e-3)
    assert psf.shape == (7, 7) and np.isclose(psf.sum(), 1)
    assert np.linalg.norm(psf - pair.sensor.psf) < 0.1 * np.linalg.norm(pair.sensor.psf)
    toolbox, _, _ = estimate_sensors(hsi, msi, 8, pair.sensor.phase, None, 3, 1e-3, 1e-3, faithful=True)
    peak = np.subtract(np.unravel_index(toolbox.argmax(), toolbox.shape), [(k - 1) // 2 for k in toolbox.shape])
    assert peak.tolist() == [1, 1]
