"""nsgp with the learned prior: both images are still met, and nothing of the camera or of a sign's choice reaches the network."""

from dataclasses import replace

import numpy as np
import pytest

from mossfuse.errors import MossFuseError
from mossfuse.estimation.sensor import estimate_without_stripes
from mossfuse.methods import stack_prior
from mossfuse.methods.learned_prior import fuse
from mossfuse.methods.nsgp import fuse as fuse_nsgp
from mossfuse.methods.stack import find_member
from mossfuse.physics.sampling import operator_of
from mossfuse.prior.experts import NAMES, compute_experts
from mossfuse.prior.fusion import LIMIT, weigh
from mossfuse.prior.gate import WEIGHTS, Gate, read_gate
from mossfuse.prior.inputs import of_components, of_image


@pytest.fixture(scope="module")
def pair(make_pair):
    observation = make_pair(rows=64, cols=64, ratio=4)[0]
    clean, sensor, facts = estimate_without_stripes(observation)
    experts = compute_experts(clean, sensor, facts["unseen"], components=4, draws=1, seed=0, device="cpu")
    return clean, sensor, facts["unseen"], experts


def test_every_difference_is_seen_by_neither_image(pair):
    _, sensor, _, experts = pair
    for difference in experts.differences:
        assert np.abs(experts.operator(difference.astype(np.float64))).max() < 1e-5
        assert np.abs(difference @ experts.basis.T.astype(np.float32) @ sensor.srf.T).max() < 1e-5


def test_a_network_of_zeros_returns_nsgp(pair):
    experts = pair[-1]
    count = of_image(experts).shape[2] + 3 + len(NAMES)
    zeros = Gate(np.zeros(count), np.ones(count), ((np.zeros((count, len(NAMES))), np.zeros(len(NAMES))),))
    change, mean = weigh(experts, zeros)
    assert not change.any() and not mean.any()


def test_no_pixel_is_changed_by_more_than_the_limit(pair):
    experts = pair[-1]
    count = of_image(experts).shape[2] + 3 + len(NAMES)
    far = Gate(np.zeros(count), np.ones(count), ((np.zeros((count, len(NAMES))), np.full(len(NAMES), 1e3)),))
    change, _ = weigh(experts, far)
    assert np.abs(change).max((0, 1)) == pytest.approx(LIMIT * experts.strength, rel=1e-5)


def test_the_sign_of_a_component_changes_nothing_but_its_sign(pair):
    experts = pair[-1]
    turned = replace(experts, basis=-experts.basis, differences=-experts.differences)
    assert np.allclose(of_components(experts, 0), of_components(turned, 0), atol=1e-5)
    gate = read_gate()
    assert np.allclose(weigh(experts, gate)[0], -weigh(turned, gate)[0], atol=1e-6)


def test_the_cube_meets_both_images_as_nsgp_does_and_is_another(make_pair):
    observation = make_pair(rows=64, cols=64, ratio=4)[0]
    fused = fuse(observation, seed=0, device="cpu", components=4, draws=1)
    start = fuse_nsgp(observation, seed=0)
    low = operator_of(observation, fused.psf_hat, observation.sensor.phase)
    assert np.abs(low(fused.cube) - low(start.cube)).max() < 1e-5
    assert np.abs((fused.cube - start.cube) @ fused.srf_hat.T).max() < 1e-5
    assert np.abs(fused.cube - start.cube).max() > 1e-4
    assert fused.notes["parameters"] < 1e6 and fused.notes["change"] > 0


def test_the_weights_are_small_and_hold_no_code():
    assert WEIGHTS.stat().st_size < 300_000
    assert read_gate().parameters < 1e6


def test_weights_for_other_closed_forms_are_refused(tmp_path):
    path = tmp_path / "weights.npz"
    np.savez(path, experts=np.array(["affine"]))
    with pytest.raises(MossFuseError, match="train_prior"):
        read_gate(path)


def test_it_is_the_member_that_a_stack_of_its_own_trusts():
    assert find_member("nsgp-prior", None).name == "nsgp-prior"
    (row,) = stack_prior.METHODS
    assert stack_prior.runs(row.params)[0] == "nsgp-prior"
