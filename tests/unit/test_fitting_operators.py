"""Learned PSF and SRF: normalised, the sensor model's own paths, found from a pair."""

import numpy as np
import pytest
import torch

from mossfuse.fitting.operators import LearnedOperator, TwoPaths, blind_step
from mossfuse.fitting.stages import constant_then_linear, fit
from mossfuse.physics.sampling import operator_of


@pytest.mark.parametrize("kinds", [("free", "free"), ("gaussian", "mixture")])
def test_learned_operators_are_normalised_before_and_after_a_fit(make_pair, kinds):
    pair, _ = make_pair()
    operator = LearnedOperator(pair, *kinds)
    for _ in range(2):
        psf, srf = operator.estimates()
        assert psf.sum() == pytest.approx(1, abs=1e-5) and srf.sum(1) == pytest.approx(1, abs=1e-5)
        assert psf.min() >= 0 and srf.min() >= 0
        fit([blind_step(TwoPaths(pair, operator), lr=1e-2, schedule=constant_then_linear(20, 20))], seed=0)


@pytest.mark.parametrize("sampling", [{}, {"ratio": 4, "sigma": 2.5}])
def test_both_paths_are_the_sensor_models(make_pair, sampling):
    pair, _ = make_pair(**sampling)
    operator = LearnedOperator(pair)
    with torch.no_grad():
        operator.raw_psf.copy_(torch.from_numpy(pair.sensor.psf))
        operator.raw_srf.copy_(torch.from_numpy(pair.sensor.srf))
        paths = TwoPaths(pair, operator)
        blurred, projected = paths.from_msi().numpy(), paths.from_hsi().numpy()
    assert blurred == pytest.approx(operator_of(pair)(pair.msi).reshape(-1, 3), abs=1e-6)
    assert projected == pytest.approx((pair.hsi @ pair.sensor.srf.T).reshape(-1, 3), abs=1e-5)
    assert blurred == pytest.approx(projected, abs=1e-5)


def test_several_pairs_are_one_list_of_pixels(make_pair):
    first, second = make_pair(seed=1)[0], make_pair(seed=2)[0]
    operator = LearnedOperator(first)
    together = TwoPaths([first, second], operator)
    apart = [TwoPaths(pair, operator).from_msi() for pair in (first, second)]
    assert torch.equal(together.from_msi(), torch.cat(apart))


def test_the_blind_step_finds_a_gaussian_psf(make_pair):
    pair, _ = make_pair(rows=96, cols=96, ratio=8, sigma=1.5)
    operator = LearnedOperator(pair, psf="gaussian")
    fit([blind_step(TwoPaths(pair, operator), lr=1e-2, schedule=constant_then_linear(500, 500))], seed=0)
    assert np.abs(operator.estimates()[0] - pair.sensor.psf).max() < 0.1 * pair.sensor.psf.max()
