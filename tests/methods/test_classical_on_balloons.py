"""Classical methods on the real scene balloons: figures of the authors' code and of the toolbox on the same pair."""

import numpy as np
import pytest
import scipy.fft
import scipy.io
from skimage.metrics import structural_similarity

from baselines.hysure.sensors import estimate_sensors
from helpers.classical_runs import observe, psnr, run, sam
from mossfuse.physics.interpolation import upsample_cubic
from mossfuse.physics.psf import gaussian_psf
from mossfuse.physics.psf_geometry import official_geometry
from mossfuse.physics.sampling import BlurSample
from mossfuse.protocol import Observation, Sensor


@pytest.fixture(scope="module")
def balloons(mirror_file):
    cube = scipy.io.loadmat(mirror_file("CAVE_256/balloons_ms.mat"))["Omsi"] / 65535
    contents = scipy.io.loadmat(mirror_file("srf/MossFuse_resp.mat"))
    srf = next(v for k, v in contents.items() if not k.startswith("_")).astype(np.float64)
    return cube, srf / srf.sum(1, keepdims=True)


def scores(name, balloons, ratio, **overrides):
    truth, srf = balloons
    cube = run(name, observe(truth, srf, ratio), **overrides).cube
    ssim = structural_similarity(truth, cube.astype(np.float64), channel_axis=2, data_range=1, win_size=7)
    return psnr(cube, truth), sam(cube, truth), ssim


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "ratio", "expected", "tolerance"),
    [
        ("gsa", 32, (24.71, 25.24, 0.7065), 0.02),
        ("gsa", 8, (43.50, 3.80, 0.9907), 0.02),
        ("sfim-hs", 32, (21.11, 6.95, 0.8821), 0.02),
        ("sfim-hs", 8, (33.90, 2.27, 0.9716), 0.02),
        ("mtf-glp-hs", 32, (22.83, 11.42, 0.8241), 0.08),
        ("mtf-glp-hs", 8, (37.21, 3.81, 0.9795), 0.08),
    ],
)
def test_blind_sharpening_reproduces_the_toolbox(name, ratio, expected, tolerance, balloons):
    np.testing.assert_allclose(scores(name, balloons, ratio)[:2], expected[:2], atol=tolerance)
    assert abs(scores(name, balloons, ratio)[2] - expected[2]) < 0.003


@pytest.mark.real_data
def test_toolbox_form_of_fuse_reproduces_the_toolbox(balloons):
    for ratio, expected in ((32, (23.92, 22.12)), (8, (39.56, 5.28))):
        found = scores("fuse", balloons, ratio, faithful=True)
        np.testing.assert_allclose(found[:2], expected, rtol=0.02)


KNOWN_SENSOR = [
    ("fuse", 32, 42.4, 4.78), ("fuse", 8, 48.0, 2.06),
    ("r-fuse", 32, 42.4, 4.78), ("r-fuse", 8, 48.0, 2.06),
    ("mtf-glp-hs-psf", 32, 43.5, 3.96), ("mtf-glp-hs-psf", 8, 49.0, 1.89),
    ("gsa-psf", 32, 39.8, 6.45), ("gsa-psf", 8, 45.3, 2.98),
    ("regression-injection", 32, 43.6, 3.96), ("regression-injection", 8, 49.1, 1.89),
    pytest.param("cnmf", 32, 43.2, 2.39, marks=pytest.mark.slow), pytest.param("cnmf", 8, 46.3, 2.29, marks=pytest.mark.slow),
]  # fmt: skip


@pytest.mark.real_data
@pytest.mark.parametrize(("name", "ratio", "quality", "angle"), KNOWN_SENSOR)
def test_known_sensor_reaches_the_reference_run(name, ratio, quality, angle, balloons):
    found = scores(name, balloons, ratio)
    assert found[0] > quality
    assert found[1] < 1.05 * angle


def official_pair(mirror_file, ratio, size=256):
    """The pair of specs' reference table and its truth; of so many pixels in the middle of the scene."""
    truth = (scipy.io.loadmat(mirror_file("CAVE_256/balloons_ms.mat"))["Omsi"] / 65535).astype(np.float32)
    middle = slice((256 - size) // 2, (256 + size) // 2)
    truth = truth[middle, middle]
    srf = scipy.io.loadmat(mirror_file("srf/MossFuse_resp.mat"))["resp"]
    support, phase = official_geometry(ratio)
    psf = gaussian_psf(support, 2.0)
    hsi = BlurSample(psf, (phase, phase), ratio, truth.shape)(truth)
    sensor = Sensor(psf=psf, psf_shape=psf.shape, phase=(phase, phase), srf=srf)
    return Observation(hsi=hsi, msi=(truth @ srf.T).astype(np.float32), ratio=ratio, sensor=sensor), truth


AUTHORS = [  # name, ratio, least PSNR, SAM of the authors' code
    ("hysure", 32, 39.0, 9.86),
    ("hysure", 8, 44.3, 5.40),
    ("nssr", 32, 41.5, 6.09),
    ("nssr", 8, 47.5, 2.40),
    ("ltmr", 8, 50.0, 1.81),
]


@pytest.mark.slow
@pytest.mark.real_data
@pytest.mark.parametrize(("name", "ratio", "least", "angle"), AUTHORS)
def test_balloons_reach_the_figures_of_the_authors_code(name, ratio, least, angle, mirror_file):
    pair, truth = official_pair(mirror_file, ratio)
    cube = run(name, pair).cube
    assert psnr(cube, truth) >= least
    assert sam(cube, truth) <= 1.05 * angle


@pytest.mark.slow
@pytest.mark.real_data
@pytest.mark.parametrize(("ratio", "size"), [(32, 256), (8, 128)])
@pytest.mark.parametrize("name", ["lttr", "cnn-fus-tv", "hysure-blind"])
def test_balloons_without_reference_beat_bicubic_by_ten_decibels(name, ratio, size, mirror_file):
    pair, truth = official_pair(mirror_file, ratio, size)
    assert psnr(run(name, pair).cube, truth) > psnr(upsample_cubic(pair.hsi, truth.shape[:2]), truth) + 10


@pytest.mark.slow
@pytest.mark.real_data
@pytest.mark.parametrize(("ratio", "expected"), [(32, (24.50, 13.51, 0.8395)), (8, (37.71, 3.99, 0.9766))])
def test_nssr_with_the_box_operator_reproduces_the_authors_figures(ratio, expected, mirror_file):
    pair, truth = official_pair(mirror_file, ratio)
    cube = run("nssr", pair, faithful=True).cube
    ssim = np.mean([structural_similarity(cube[..., b], truth[..., b], win_size=7, data_range=1) for b in range(31)])
    assert abs(psnr(cube, truth) - expected[0]) < 0.4
    assert abs(sam(cube, truth) - expected[1]) < 0.3
    assert abs(ssim - expected[2]) < 0.005


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("ratio", "srf_error", "peak", "at", "negative"), [(32, 0.38, 0.009, (3, 1), 0.90), (8, 0.46, 0.034, (1, 1), 0.16)]
)
def test_faithful_blind_estimates_are_those_of_the_toolbox(ratio, srf_error, peak, at, negative, mirror_file):
    """The toolbox's kernel is a convolution kernel: its displacement has the other sign."""
    pair, _ = official_pair(mirror_file, ratio)
    scale = pair.hsi.max()
    psf, _, srf = estimate_sensors(
        pair.hsi / scale, pair.msi / scale, ratio, pair.sensor.phase, None, 10, 10.0, 10.0, faithful=True
    )
    assert abs(np.linalg.norm(srf - pair.sensor.srf) / np.linalg.norm(pair.sensor.srf) - srf_error) < 0.01
    assert abs(psf.max() - peak) < 0.0006
    place = np.subtract(np.unravel_index(psf.argmax(), psf.shape), [(k - 1) // 2 for k in psf.shape])
    assert tuple(place) == at
    assert abs(-psf[psf < 0].sum() - negative) < 0.01
