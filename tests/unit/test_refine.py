"""Refinements by suffix: constraints, equality of soft and hard without noise, published figures on real data."""

from dataclasses import replace

import numpy as np
import pytest

from helpers.pairs import noisy, psnr_sam, residuals
from mossfuse.errors import MossFuseError
from mossfuse.methods import ridge, split_suffix
from mossfuse.physics.kriging import SmoothInverse
from mossfuse.physics.psf import gaussian_psf
from mossfuse.physics.sampling import BlurSample
from mossfuse.protocol import Sensor
from mossfuse.refine import SUFFIXES, refine


def rough(truth):
    return (truth + 0.1 * np.random.default_rng(0).standard_normal(truth.shape)).astype(np.float32)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(
    "size, ratio, msi_bands", [(64, 8, 3), (65, 5, 4), (32, 16, 1), (63, 3, 9), (32, 4, 13), (64, 32, 8)]
)
def test_any_cube_agrees_with_both_images_afterwards(make_pair, suffix, size, ratio, msi_bands):
    pair, truth = make_pair(rows=size, cols=size, ratio=ratio, msi_bands=msi_bands)
    fusion = refine(suffix, rough(truth), pair)
    assert max(residuals(fusion.cube, pair)) < 1e-5
    assert fusion.cube.dtype == np.float32


@pytest.mark.parametrize("border", ["reflect", "wrap", "zero"])
@pytest.mark.parametrize(
    "psf, phase", [(gaussian_psf(7, (2.5, 1.2), 60), (3, 3)), (gaussian_psf(13, (4, 1.5), 20), (2, 5))]
)
def test_rotated_and_overlapping_psf_are_met_exactly(make_pair, psf, phase, border):
    pair, truth = make_pair()
    operator = BlurSample(psf, phase, 8, truth.shape, border)
    sensor = Sensor(psf=psf, psf_shape=psf.shape, phase=phase, srf=pair.sensor.srf, border=border)
    pair = replace(pair, hsi=operator(truth), sensor=sensor)
    assert max(residuals(refine("dc", rough(truth), pair).cube, pair)) < 1e-5


def test_kriging_is_a_right_inverse_and_its_tiles_are_the_whole():
    operator = BlurSample(gaussian_psf(15, (4, 2), 35), (3, 2), 8, (64, 96))
    inverse = SmoothInverse(operator, 4.0)
    low = np.random.default_rng(0).standard_normal((8, 12, 5))
    field = inverse.spread(inverse.solve(low), dtype=np.float64)
    np.testing.assert_allclose(operator(field), low, atol=1e-5)
    tile = inverse.spread(inverse.solve(low), slice(16, 40), slice(50, 70), dtype=np.float64)
    np.testing.assert_allclose(tile, field[16:40, 50:70], atol=1e-9)


@pytest.mark.parametrize("angle", [0, 35])
def test_nugget_form_solves_the_kriging_system(angle):
    operator = BlurSample(gaussian_psf(15, (4, 2), angle), (3, 2), 8, (48, 40))
    inverse = SmoothInverse(operator, 5.0)
    low, nugget = np.random.default_rng(0).standard_normal((6, 5, 2)), np.array([0.1, 2.0])
    coefficients = inverse.solve(low, nugget)
    back = operator(inverse.spread(coefficients, dtype=np.float64)) + inverse.variance * (nugget + 1e-8) * coefficients
    np.testing.assert_allclose(back, low, atol=1e-7)


def test_soft_forms_equal_hard_ones_on_a_pair_without_noise(make_pair):
    pair, truth = make_pair()
    for soft, hard in (("softdc", "dc"), ("softsdc", "sdc")):
        np.testing.assert_array_equal(refine(soft, rough(truth), pair).cube, refine(hard, rough(truth), pair).cube)


def test_blind_refinement_estimates_the_sensor_and_reports_it(make_pair):
    pair, truth = make_pair()
    blind = replace(pair, sensor=pair.sensor.restricted_to({"phase"}))
    fusion = refine("dc", rough(truth), blind)
    told = replace(pair, sensor=replace(pair.sensor, psf=fusion.psf_hat, srf=fusion.srf_hat))
    assert max(residuals(fusion.cube, told)) < 1e-5
    assert np.abs(fusion.psf_hat - pair.sensor.psf).max() < 1e-4


def test_unknown_suffix_is_refused_with_the_known_ones(make_pair):
    pair, truth = make_pair()
    with pytest.raises(MossFuseError, match=r"\+dc, \+sdc, \+softdc, \+softsdc"):
        refine("hard", truth, pair)


def test_cube_of_another_size_is_refused(make_pair):
    pair, truth = make_pair(rows=32, cols=32)
    with pytest.raises(MossFuseError, match=r"has shape \(16, 32, 31\), this pair's has \(32, 32, 31\)"):
        refine("dc", truth[:16], pair)


def test_suffix_of_a_method_name_is_a_known_refinement():
    assert split_suffix("ridge+softdc")[1] in SUFFIXES


@pytest.mark.real_data
@pytest.mark.parametrize("suffix, psnr, sam", [("dc", 41.72, 3.96), ("sdc", 43.24, 3.56)])
def test_released_mossfuse_refined_has_the_documented_quality(balloons_x32, suffix, psnr, sam):
    pair, truth, released = balloons_x32
    fusion = refine(suffix, released, pair)
    np.testing.assert_allclose(psnr_sam(truth, fusion.cube), (psnr, sam), atol=0.01)
    assert max(residuals(fusion.cube, pair)) < 1e-6


@pytest.mark.real_data
def test_soft_form_beats_the_hard_one_under_noise_and_is_blind(balloons_x32):
    pair, truth, _ = balloons_x32
    seen = noisy(replace(pair, sensor=pair.sensor.restricted_to({"phase"})), 30, 35)
    cube = ridge.fuse(replace(seen, sensor=pair.sensor)).cube
    soft, hard = (psnr_sam(truth, refine(suffix, cube, seen).cube) for suffix in ("softdc", "dc"))
    assert soft[0] > hard[0] + 2 and soft[1] < hard[1] - 2
    assert soft[0] > 42.5 and soft[1] < 5
