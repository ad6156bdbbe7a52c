"""Stripes of the HSI: found beside the MSI, taken out, and never invented."""

from dataclasses import replace

import numpy as np
import pytest

from helpers.pairs import noisy, psnr_sam
from mossfuse.estimation import sensor
from mossfuse.estimation.sensor import estimate_sensor, estimate_without_stripes
from mossfuse.estimation.stripes import find_stripes
from mossfuse.methods import nsgp
from mossfuse.physics.sampling import operator_of


def striped(pair, axis=0, size=0.01):
    shape = list(pair.hsi.shape)
    shape[axis] = 1
    stripes = size * np.random.default_rng(0).standard_normal(shape)
    return replace(pair, hsi=(pair.hsi + stripes).astype(np.float32)), stripes


@pytest.mark.parametrize("axis", [0, 1])
def test_stripes_are_found_up_to_their_mean_and_taking_them_out_helps(make_pair, monkeypatch, axis):
    pair, truth = make_pair(rows=128, cols=128)
    seen, stripes = striped(noisy(pair, 40, 45), axis)
    found = find_stripes(seen.hsi, operator_of(pair)(pair.msi))
    left = found - (stripes - stripes.mean(1 - axis, keepdims=True))
    assert found.shape == stripes.shape and np.sqrt((left**2).mean()) < 0.5 * 0.01
    blind = replace(seen, sensor=pair.sensor.restricted_to({"phase"}))
    fusion = nsgp.fuse(blind, setting="fast")
    assert fusion.notes["stripes"] > 0.005
    monkeypatch.setattr(sensor, "find_stripes", lambda *images: None)
    assert psnr_sam(truth, fusion.cube)[0] > psnr_sam(truth, nsgp.fuse(blind, setting="fast").cube)[0] + 3


@pytest.mark.parametrize("snr", [(40, 45), (25, 30)])
@pytest.mark.parametrize("ratio", [4, 8])
def test_none_are_found_in_white_noise_and_the_pair_stays_as_it_is(make_pair, snr, ratio):
    pair = noisy(make_pair(rows=128, cols=128, ratio=ratio)[0], *snr)
    seen, sensor, facts = estimate_without_stripes(pair)
    assert seen is pair and facts["stripes"] == 0
    assert np.array_equal(sensor.noise_hsi, estimate_sensor(pair)[0].noise_hsi)


def test_a_pair_without_noise_and_an_image_of_few_pixels_are_left_alone(make_pair):
    pair, _ = make_pair()
    assert estimate_without_stripes(pair)[0] is pair
    assert find_stripes(pair.hsi[:4], operator_of(pair)(pair.msi)[:4]) is None
