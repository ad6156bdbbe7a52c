"""MSI bands that see light the HSI does not: recognised from the pair, and no longer binding."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.io import loadmat

from helpers.pairs import noisy, psnr_sam
from mossfuse.datasets import phantom
from mossfuse.estimation.noise import hsi_noise
from mossfuse.estimation.sensor import GATE, estimate_sensor
from mossfuse.methods import nsgp, ridge
from mossfuse.pair.assemble import assemble
from mossfuse.physics.psf import gaussian_psf
from mossfuse.physics.psf_geometry import official_geometry
from mossfuse.physics.sampling import BlurSample
from mossfuse.protocol import Observation, Sensor


def part_seen(cube, srf, kept, ratio):
    """(pair whose HSI has the bands ``kept`` only while the MSI sees all of them, truth at these bands)."""
    size, phase = official_geometry(ratio)
    truth = cube[..., kept]
    hsi = BlurSample(gaussian_psf(size, 2.0), (phase, phase), ratio, truth.shape)(truth)
    msi = (cube @ srf.T).astype(np.float32)
    return Observation(hsi, msi, ratio, Sensor(psf_shape=(size, size), phase=(phase, phase))), truth


@pytest.fixture(scope="module")
def cave(mirror_file):
    cube = loadmat(mirror_file("CAVE_256/balloons_ms.mat"))["Omsi"].astype(np.float32) / 65535
    return cube, loadmat(mirror_file("srf/MossFuse_resp.mat"))["resp"]


@pytest.mark.real_data
@pytest.mark.parametrize(
    "kept, ratio, snr, least",
    [
        (slice(14, 31), 8, None, 54),
        (slice(0, 12), 32, None, 43),
        (slice(14, 31), 8, (35, 40), 50),
    ],
    ids=["540-700 nm", "400-510 nm, ratio 32", "540-700 nm, noisy"],
)
def test_bands_beyond_the_hsi_are_recognised_and_cost_little(cave, kept, ratio, snr, least):
    pair, truth = part_seen(*cave, kept, ratio)
    pair = noisy(pair, *snr) if snr else pair
    fusion = nsgp.fuse(pair, setting="fast")
    assert max(fusion.notes["unseen"]) > 10 * GATE
    told = replace(pair, sensor=Sensor(fusion.psf_hat, phase=pair.sensor.phase, srf=fusion.srf_hat))
    bound = ridge.fuse(told, consistent=True).cube
    assert psnr_sam(truth, fusion.cube)[0] > max(least, psnr_sam(truth, bound)[0] + 5)


@pytest.mark.real_data
def test_a_part_that_the_hsi_sees_still_gives_the_psf_to_rounding(cave):
    pair, _ = part_seen(*cave, slice(0, 12), 8)
    sensor, facts = estimate_sensor(pair)
    assert facts["unseen"].any() and np.abs(sensor.psf - gaussian_psf(7, 2.0)).max() < 1e-4


@pytest.mark.real_data
def test_sentinel_bands_outside_the_span_do_not_break_agreement_with_the_coarse_bands(mirror_file):
    bands = loadmat(mirror_file("real_pairs/sentinel2_vietnam/vietnam.mat"))
    hsi, msi = (bands[name].astype(np.float32) / 10000 for name in ("y60", "y20"))
    ratio, cut = 3, 24
    pair = Observation(hsi[:cut, :cut], msi[: cut * ratio, : cut * ratio], ratio, Sensor())
    fusion = nsgp.fuse(pair, setting="fast")
    operator = BlurSample(fusion.psf_hat, estimate_sensor(pair)[0].phase, ratio, pair.msi.shape)
    missed = operator(fusion.cube) - pair.hsi
    assert "unseen" in fusion.notes
    assert np.sqrt((missed**2).mean()) < 0.05 * np.sqrt((pair.hsi**2).mean())


@pytest.mark.parametrize("snr", [(40, 45), (25, 30)])
@pytest.mark.parametrize("ratio", [4, 8])
def test_noise_is_not_taken_for_something_unseen(make_pair, ratio, snr):
    pair, _ = make_pair(rows=128, cols=128, ratio=ratio)
    _, facts = estimate_sensor(noisy(replace(pair, sensor=pair.sensor.restricted_to({"phase"})), *snr))
    assert not facts["noise_free"] and not facts["unseen"].any()


@pytest.mark.parametrize("snr", [(40, 45), (30, 35)])
@pytest.mark.parametrize("scene", ["globes", "weave"])
def test_few_low_resolution_pixels_are_not_taken_for_unseen_light(scene, snr):
    truth, wavelengths = phantom.read(scene, None, None, size=96)
    centres = np.array([[610], [540], [460]])
    srf = np.exp(-0.5 * ((wavelengths - centres) / 30) ** 2)
    blur = BlurSample(gaussian_psf(15, 2.0), (7, 7), 16, truth.shape)
    pair = assemble(blur(truth), truth @ (srf / srf.sum(1, keepdims=True)).T, phase=7, psf_size=15).observation
    _, facts = estimate_sensor(noisy(pair, *snr))
    assert not facts["noise_free"] and not facts["unseen"].any()


@pytest.mark.parametrize("bands", [2, 31, 100])
def test_noise_of_an_hsi_is_read_from_its_details(make_pair, bands):
    pair, _ = make_pair(rows=256, cols=256, bands=bands)
    noise = 0.01 * np.random.default_rng(0).standard_normal(pair.hsi.shape)
    low = BlurSample(pair.sensor.psf, pair.sensor.phase, 8, pair.msi.shape)(pair.msi.astype(np.float64))
    np.testing.assert_allclose(np.sqrt(hsi_noise(pair.hsi + noise, low).mean()), 0.01, rtol=0.15)


def test_too_few_pixels_say_nothing_about_the_noise():
    hsi, low = np.random.default_rng(0).random((2, 8, 31)), np.zeros((2, 8, 3))
    assert np.isinf(hsi_noise(hsi, low)).all()
