"""Blind estimation of PSF, SRF and geometry from one pair."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.io import loadmat

from mossfuse.errors import MossFuseError
from mossfuse.estimation.sensor_fit import fit_sensor
from mossfuse.physics.psf import box_psf, gaussian_psf
from mossfuse.physics.psf_geometry import official_geometry
from mossfuse.physics.sampling import BlurSample
from mossfuse.protocol import Observation, Sensor


@pytest.fixture(scope="module")
def balloons(mirror_file):
    """(cube (256, 256, 31), srf (3, 31)) of the real scene the tables use."""
    cube = loadmat(mirror_file("CAVE_256/balloons_ms.mat"))["Omsi"].astype(np.float32) / 65535
    return cube, loadmat(mirror_file("srf/MossFuse_resp.mat"))["resp"]


def observe(cube, srf, ratio, psf, phase, knows=("phase",), snr=None, seed=0):
    """A pair recorded by a sensor of which only ``knows`` is given; snr in dB for both images, or None."""
    hsi = BlurSample(psf, phase, ratio, cube.shape)(cube)
    msi = (cube @ srf.T).astype(np.float32)
    if snr is not None:
        rng = np.random.default_rng(seed)
        hsi, msi = (
            (a + rng.standard_normal(a.shape) * np.sqrt((a**2).mean() / 10 ** (snr / 10))).astype(np.float32)
            for a in (hsi, msi)
        )
    sensor = Sensor(psf=psf, psf_shape=psf.shape, phase=phase, srf=srf)
    return Observation(hsi=hsi, msi=msi, ratio=ratio, sensor=sensor.restricted_to(set(knows)))


def official(ratio, sigma=2.0):
    size, phase = official_geometry(ratio)
    return gaussian_psf(size, sigma), (phase, phase)


@pytest.mark.real_data
@pytest.mark.parametrize("ratio", [8, 32])
def test_noise_free_real_pair_gives_psf_and_srf_to_rounding(balloons, ratio):
    cube, srf = balloons
    psf, phase = official(ratio)
    sensor, facts = fit_sensor(observe(cube, srf, ratio, psf, phase))
    assert np.abs(sensor.psf - psf).max() < 1e-5
    assert np.abs(sensor.srf - srf).mean() < 1e-4
    assert facts["family"] == "isotropic" and facts["residual"] < 1e-6


@pytest.mark.real_data
@pytest.mark.parametrize("angle", [0.0, 30.0, 110.0])
def test_rotated_psf_is_found_on_a_real_pair_without_being_told_the_family(balloons, angle):
    cube, srf = balloons
    sensor, facts = fit_sensor(observe(cube, srf, 32, gaussian_psf(31, (5, 2), angle), (15, 15)))
    assert facts["family"] == "anisotropic"
    np.testing.assert_allclose(facts["sigma"], (5, 2), atol=1e-3)
    assert abs((facts["angle"] - angle + 90) % 180 - 90) < 0.1


@pytest.mark.real_data
@pytest.mark.parametrize("snr", [40, 35, 30])
def test_noise_moves_the_width_by_less_than_a_twentieth_and_invents_no_direction(balloons, snr):
    cube, srf = balloons
    sensor, facts = fit_sensor(observe(cube, srf, 32, *official(32), snr=snr))
    assert facts["family"] == "isotropic"
    assert abs(facts["sigma"] - 2) < 0.1


@pytest.mark.real_data
@pytest.mark.parametrize(
    "ratio, psf, phase",
    [
        (8, gaussian_psf(7, 2.0), (3, 3)),
        (8, box_psf(8), (1, 6)),
        (4, gaussian_psf(9, 1.7), (0, 2)),
        (32, box_psf(32), (1, 30)),
    ],
    ids=["official", "box off centre", "wide", "box at ratio 32"],
)
def test_support_and_phase_are_found_when_nothing_is_known(balloons, ratio, psf, phase):
    cube, srf = balloons
    sensor, _ = fit_sensor(observe(cube, srf, ratio, psf, phase, knows=()))
    assert sensor.psf.shape == psf.shape and sensor.phase == phase
    assert np.abs(sensor.psf - psf).max() < 1e-5


@pytest.mark.real_data
def test_shift_between_the_cameras_is_found_as_the_centre_of_the_psf(balloons):
    cube, srf = balloons
    psf = gaussian_psf(31, 2.0, centre=(1.3, -0.6))
    _, facts = fit_sensor(observe(cube, srf, 32, psf, (15, 15)))
    np.testing.assert_allclose(facts["centre"], (1.3, -0.6), atol=1e-3)


def moffat(size, width):
    """A PSF with heavy tails, far from any Gaussian."""
    at = np.arange(size) - (size - 1) / 2
    psf = (1 + (at[:, None] ** 2 + at**2) / width**2) ** -2.5
    return psf / psf.sum()


@pytest.mark.real_data
@pytest.mark.parametrize("known", [("phase",), ("phase", "srf")])
def test_psf_of_no_gaussian_shape_is_found_to_rounding_where_the_pair_determines_it(balloons, known):
    cube, srf = balloons
    sensor, facts = fit_sensor(observe(cube, srf, 8, moffat(7, 2.0), (3, 3), knows=known))
    assert facts["family"] == "free"
    assert np.abs(sensor.psf - moffat(7, 2.0)).max() < 1e-5 and facts["residual"] < 1e-6


@pytest.mark.real_data
def test_free_shape_comes_nearer_than_any_gaussian_where_the_pair_leaves_it_open(balloons):
    cube, srf = balloons
    pair = observe(cube, srf, 32, moffat(31, 3.0), (15, 15))
    free, gaussian = fit_sensor(pair)[1], fit_sensor(pair, "anisotropic")[1]
    assert free["family"] == "free" and free["residual"] < 0.5 * gaussian["residual"]


@pytest.mark.parametrize("msi_bands", [1, 3, 4, 8, 9, 13])
@pytest.mark.parametrize("ratio, size", [(8, 64), (5, 65), (4, 16)])
def test_any_band_count_and_odd_ratios_reproduce_the_blurred_msi(make_pair, msi_bands, ratio, size):
    pair, _ = make_pair(rows=size, cols=size, ratio=ratio, msi_bands=msi_bands)
    sensor, facts = fit_sensor(replace(pair, sensor=pair.sensor.restricted_to({"phase"})))
    assert sensor.srf.shape == (msi_bands, 31) and (sensor.srf >= 0).all()
    assert np.isclose(sensor.psf.sum(), 1) and facts["residual"] < 1e-4


def test_what_the_observation_knows_is_kept(make_pair):
    pair, _ = make_pair()
    known_psf, _ = fit_sensor(replace(pair, sensor=pair.sensor.restricted_to({"psf"})))
    known_srf, _ = fit_sensor(replace(pair, sensor=pair.sensor.restricted_to({"srf"})))
    np.testing.assert_array_equal(known_psf.psf, pair.sensor.psf)
    np.testing.assert_array_equal(known_srf.srf, pair.sensor.srf)
    assert known_srf.phase == pair.sensor.phase and np.abs(known_srf.psf - pair.sensor.psf).max() < 1e-4


@pytest.mark.parametrize("value", [0.0, 0.3])
@pytest.mark.parametrize("knows", [("phase",), ()])
def test_constant_images_give_finite_estimates(value, knows):
    cube = np.full((32, 32, 8), value, np.float32)
    sensor, facts = fit_sensor(observe(cube, np.full((3, 8), 1 / 8), 8, *official(8), knows=knows))
    assert np.isfinite(sensor.psf).all() and np.isfinite(sensor.srf).all() and np.isfinite(facts["residual"])


def test_wrong_family_and_wrong_ratio_are_refused_in_one_sentence(make_pair):
    pair, _ = make_pair()
    with pytest.raises(MossFuseError, match="isotropic, anisotropic, free, auto"):
        fit_sensor(pair, family="airy")
    with pytest.raises(MossFuseError, match="set the right ratio"):
        fit_sensor(replace(pair, ratio=4))


def test_peak_between_the_pixels_of_a_needle_still_gives_a_kernel():
    assert np.isclose(gaussian_psf(4, (0.01, 0.005), 20, (0.5, 0.1)).sum(), 1)
