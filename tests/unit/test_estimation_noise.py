"""Noise estimation, the gate and the denoisers."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from scipy.io import loadmat

from mossfuse.estimation.noise import denoise_msi, msi_noise, noise_profile
from mossfuse.estimation.sensor import estimate_sensor
from mossfuse.physics import denoise
from mossfuse.physics.denoise import denoise_dct
from mossfuse.physics.projection import msi_gain, null_part, wiener
from mossfuse.physics.psf import gaussian_psf
from mossfuse.physics.psf_geometry import official_geometry
from mossfuse.physics.sampling import BlurSample
from mossfuse.protocol import Observation, Sensor

SCENES = (
    "balloons", "beads", "cloth", "face", "feathers", "flowers", "glass_tiles", "jelly_beans", "oil_painting",
    "pompoms", "watercolors",
)  # fmt: skip


def smooth_srf(bands):
    """Three smooth rows that sum to 1."""
    t = np.linspace(0, 1, bands)
    srf = np.exp(-0.5 * ((t - np.array([[0.85], [0.5], [0.15]])) / 0.2) ** 2)
    return srf / srf.sum(1, keepdims=True)


def blind_pair(cube, srf, ratio, snr=(None, None), seed=0):
    """(observation that knows the phase only, noise levels) of an official pair; snr of (hsi, msi) in dB."""
    size, phase = official_geometry(ratio)
    operator = BlurSample(gaussian_psf(size, 2.0), (phase, phase), ratio, cube.shape)
    rng = np.random.default_rng(seed)
    images, levels = [operator(cube), (cube @ srf.T).astype(np.float32)], [0.0, 0.0]
    for k, decibel in enumerate(snr):
        if decibel is not None:
            levels[k] = np.sqrt((images[k] ** 2).mean() / 10 ** (decibel / 10))
            images[k] = (images[k] + levels[k] * rng.standard_normal(images[k].shape)).astype(np.float32)
    sensor = Sensor(psf_shape=(size, size), phase=(phase, phase))
    return Observation(hsi=images[0], msi=images[1], ratio=ratio, sensor=sensor), levels


def read_bands(first):
    """A folder of PNG bands as (rows, cols, bands) in [0, 1]."""
    bands = [np.asarray(Image.open(path)) for path in sorted(first.parent.glob("*.png"))]
    bands = [b[..., 0] if b.ndim == 3 else b for b in bands]
    return np.stack(bands, -1).astype(np.float32) / np.iinfo(bands[0].dtype).max


@pytest.fixture(scope="module")
def eight_band(mirror_file):
    return lambda name: read_bands(mirror_file(f"CAVE_8band_png/{name}_ms/{name}_ms/{name}_ms_17.png"))


@pytest.mark.real_data
@pytest.mark.parametrize("ratio", [8, 32])
def test_gate_reads_zero_on_noise_free_31_band_pairs(mirror_file, ratio):
    srf = loadmat(mirror_file("srf/MossFuse_resp.mat"))["resp"]
    folder = "CAVE/chart_and_stuffed_toy_ms/chart_and_stuffed_toy_ms"
    chart = read_bands(mirror_file(f"{folder}/chart_and_stuffed_toy_ms_01.png"))
    balloons = loadmat(mirror_file("CAVE_256/balloons_ms.mat"))["Omsi"].astype(np.float32) / 65535
    for cube in (chart, balloons):
        sensor, facts = estimate_sensor(blind_pair(cube, srf, ratio)[0])
        assert facts["noise_free"] and not sensor.noise_hsi.any() and not sensor.noise_msi.any()


@pytest.mark.real_data
@pytest.mark.parametrize("name", SCENES)
def test_eight_band_scenes_read_zero_without_noise_and_the_right_level_with_it(eight_band, name):
    cube = eight_band(name)
    clean, facts = estimate_sensor(blind_pair(cube, smooth_srf(8), 32)[0])
    assert facts["noise_free"] and not clean.noise_hsi.any() and not clean.noise_msi.any()
    pair, (level_hsi, level_msi) = blind_pair(cube, smooth_srf(8), 32, snr=(30, 35))
    noisy, facts = estimate_sensor(pair)
    assert not facts["noise_free"]
    assert (noisy.noise_msi > 0.9 * level_msi).all() and (noisy.noise_msi < 1.6 * level_msi).all()
    assert np.allclose(noisy.noise_hsi, level_hsi, rtol=0.15)


def test_texture_shared_by_the_bands_is_not_read_as_noise():
    rng = np.random.default_rng(0)
    texture = rng.standard_normal((128, 128, 1)) * 0.1 * np.array([1.0, 0.8, 0.6])
    noise = 0.005 * rng.standard_normal((128, 128, 3))
    np.testing.assert_allclose(msi_noise((0.5 + texture + noise).astype(np.float32)), 0.005, rtol=0.2)


@pytest.mark.parametrize("shape", [(4, 40, 3), (9, 7, 4), (2, 2, 1), (64, 64, 13)])
def test_noise_of_small_and_many_band_images_is_finite(shape):
    image = np.random.default_rng(0).random(shape).astype(np.float32)
    level = msi_noise(image)
    assert level.shape == shape[2:] and np.isfinite(level).all()
    denoised = denoise_dct(image, level)
    assert np.isfinite(denoised.msi).all() and np.isfinite(denoised.left).all()


@pytest.mark.real_data
@pytest.mark.parametrize("name", ["beads", "face", "oil_painting"])
def test_noise_that_grows_with_the_signal_is_told_from_white_noise(eight_band, name):
    msi = eight_band(name) @ smooth_srf(8).T
    unit = np.random.default_rng(0).standard_normal(msi.shape)
    assert not noise_profile(msi + 0.01 * unit)[1].any()
    floor, slope = noise_profile(msi + unit * np.sqrt(5e-4 * msi))
    np.testing.assert_allclose(slope, 5e-4, rtol=0.3)
    assert (floor < 5e-4 * msi.mean((0, 1))).all()


@pytest.mark.real_data
def test_denoiser_that_knows_the_growth_beats_the_white_one(eight_band):
    clean = (eight_band("face") @ smooth_srf(8).T).astype(np.float32)
    noise = np.random.default_rng(0).standard_normal(clean.shape) * np.sqrt(5e-4 * clean)
    noisy, level = (clean + noise).astype(np.float32), noise.std((0, 1))
    errors = [(f(noisy, level).msi - clean).std() for f in (denoise_msi, denoise_dct)]
    assert errors[0] < 0.9 * errors[1]


def test_stabilised_denoising_without_thresholding_gives_the_image_back(make_pair):
    msi = make_pair()[0].msi
    np.testing.assert_allclose(denoise_dct(msi, np.full(3, 1e-6), slope=np.full(3, 1e-9)).msi, msi, atol=1e-4)


def test_known_noise_levels_are_kept(make_pair):
    pair, _ = make_pair()
    told = replace(pair.sensor, noise_hsi=np.full(31, 0.01), noise_msi=np.full(3, 0.02))
    sensor, _ = estimate_sensor(replace(pair, sensor=told))
    assert (sensor.noise_hsi == 0.01).all() and (sensor.noise_msi == 0.02).all()


@pytest.mark.parametrize("bands", [1, 3, 4, 13])
def test_dct_denoiser_removes_most_of_white_noise(make_pair, bands):
    clean = make_pair(rows=128, cols=128, msi_bands=bands)[0].msi
    noisy = (clean + 0.02 * np.random.default_rng(0).standard_normal(clean.shape)).astype(np.float32)
    left = (denoise_dct(noisy, np.full(bands, 0.02)).msi - clean).std()
    assert left < 0.45 * 0.02


def test_dct_denoiser_is_the_same_in_strips(make_pair, monkeypatch):
    msi = make_pair(rows=136, cols=40)[0].msi
    whole = denoise_dct(msi, np.full(3, 0.01))
    monkeypatch.setattr(denoise, "STRIP", 32)
    strips = denoise_dct(msi, np.full(3, 0.01))
    np.testing.assert_allclose(strips.msi, whole.msi, atol=1e-6)
    np.testing.assert_allclose(strips.left, whole.left, rtol=0.3, atol=0.02 * whole.left.max())  # other random probes


def test_denoiser_leaves_an_image_without_noise_alone(make_pair):
    msi = make_pair()[0].msi
    np.testing.assert_allclose(denoise_dct(msi, np.zeros(3)).msi, msi, atol=1e-5)
    same, left = denoise_msi(msi, np.zeros(3))
    assert same is msi and not left.any()


@pytest.mark.real_data
@pytest.mark.parametrize("name", ["jelly_beans", "glass_tiles"])
def test_noise_that_the_denoiser_leaves_is_found_per_direction(eight_band, name):
    """Most is left where the image has texture, little where it is mostly noise."""
    clean = (eight_band(name) @ smooth_srf(8).T).astype(np.float32)
    level = np.full(3, 0.004)
    noisy = (clean + level * np.random.default_rng(0).standard_normal(clean.shape)).astype(np.float32)
    denoised = denoise_dct(noisy, level)
    axes = denoise.principal_axes(clean)
    error = (denoised.msi - clean) @ axes.T
    true, found = error.std((0, 1)), np.sqrt(np.diag(axes @ denoised.left @ axes.T))
    np.testing.assert_allclose(found, true, rtol=0.35)
    assert true.max() > 1.7 * true.min()  # one figure for all directions cannot be right


def test_wiener_lowers_the_error_and_leaves_a_clean_hsi_alone(make_pair):
    hsi = make_pair(rows=256, cols=256)[0].hsi
    np.testing.assert_allclose(wiener(hsi, 0.0)[0], hsi, atol=1e-6)
    noisy = hsi + 0.02 * np.random.default_rng(0).standard_normal(hsi.shape)
    assert (wiener(noisy, 0.02)[0] - hsi).std() < 0.5 * (noisy - hsi).std()


def test_null_part_is_invisible_to_the_msi():
    rng = np.random.default_rng(0)
    srf, values = smooth_srf(31), rng.standard_normal((50, 31))
    gain = msi_gain(np.cov(rng.standard_normal((31, 200))), srf)
    assert np.abs(null_part(values, srf, gain) @ srf.T).max() < 1e-12
