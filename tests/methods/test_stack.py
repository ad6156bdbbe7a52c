"""The stack: convex weights that the pair decides, members that may fail, agreement with both images kept."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from mossfuse.benchmark.plan.covered import CoveredCode
from mossfuse.benchmark.plan.digest import Code
from mossfuse.benchmark.plan.grid import Grid
from mossfuse.benchmark.plan.settings import read_settings
from mossfuse.errors import MossFuseError
from mossfuse.methods.stack import find_member, fuse
from mossfuse.physics.sampling import operator_of
from mossfuse.protocol import Fusion, Sensor
from mossfuse.stacking import judged
from mossfuse.stacking.bands import on_bands
from mossfuse.stacking.correlation import learn_together
from mossfuse.stacking.judged import mix
from mossfuse.stacking.members import Member, Own, fuse_members
from mossfuse.stacking.reduced import reduce_pair
from mossfuse.stacking.stack import stack_pair
from mossfuse.stacking.unjudged import at_own_ratio, equal_weights
from mossfuse.stacking.weights import PRIOR, best_weights, learn, no_evidence

SETTINGS = {"components": 4, "kernel": False, "consistent": True, "seed": 0, "device": "cpu"}


@pytest.fixture(scope="module")
def pair(make_pair):
    return make_pair(rows=64, cols=64, ratio=4)


def test_weights_are_those_of_the_lowest_error_on_the_simplex():
    """Against a fine grid, for three members with known errors."""
    rng = np.random.default_rng(0)
    errors = rng.standard_normal((3, 500)) * np.array([1.0, 1.2, 1.5])[:, None] + rng.standard_normal(500) * 0.5
    apart = np.square(errors[:, None] - errors).mean(2)
    own = np.square(errors).mean(1)
    weights = best_weights((own - own[0]) / np.maximum(apart[0], 1e-12), apart)
    grid = [(a, b, 1 - a - b) for a in np.linspace(0, 1, 101) for b in np.linspace(0, 1 - a, 101)]
    best = min(np.square(np.array(w) @ errors).mean() for w in grid)
    assert np.square(weights @ errors).mean() <= best + 1e-9
    assert weights.sum() == pytest.approx(1) and weights.min() >= 0


def test_two_equal_members_need_no_third_that_is_far_worse():
    assert best_weights(np.array([0.0, 0.0, 1.2]), np.array([[0, 1, 4], [1, 0, 4], [4, 4, 0.0]])) == pytest.approx(
        [0.5, 0.5, 0]
    )


def test_one_member_twice_is_taken_once():
    weights = best_weights(np.array([0.0, 0.0, 0.0]), np.array([[0, 0, 1], [0, 0, 1], [1, 1, 0.0]]))
    assert weights.sum() == pytest.approx(1) and weights[2] == pytest.approx(0.5)


def test_evidence_finds_the_better_member_and_is_shrunk_where_it_is_thin():
    rng = np.random.default_rng(1)
    good, bad = 0.1 * rng.standard_normal((2, 32, 32, 5)) * np.array([1, 3.0])[:, None, None, None]
    basis = np.eye(5)[:, :2]
    much = learn(np.stack([bad, good]), basis, [0.0, PRIOR])
    assert much.measured[1] == pytest.approx(-0.8, abs=0.15) and (much.excess[1] < 0).all()
    thin = learn(np.stack([bad, good])[:, :4, :4], basis, [0.0, PRIOR])
    assert thin.error[1] > much.error[1]
    assert np.isnan(no_evidence([0.0, PRIOR], 2).measured).all()


def test_what_carries_over_is_how_far_members_err_together():
    """Exact where the shared part of the errors is the same on both scales; cubes one scale down may be nearer."""
    rng = np.random.default_rng(2)
    first, own = rng.standard_normal((2, 64, 64, 5)) * np.array([1, 1.5])[:, None, None, None]
    here = np.stack([first, 0.6 * first + own, first.copy()]).astype(np.float32)
    below = 0.1 * np.stack([first, 0.6 * first + 0.2 * own, first])[:, :16, :16]
    found = learn_together(below, list(here), float(np.square(first).sum(-1).mean()))
    square = np.square(here).sum(-1).mean((1, 2))
    wanted = (square[1] - square[0]) / np.square(here[1] - here[0]).sum(-1).mean()
    assert found.measured[1] == pytest.approx(wanted, abs=0.05)
    assert found.excess[1] == pytest.approx((found.measured[1] + PRIOR) / 2) and found.excess[0] == 0
    assert abs(found.excess[2]) <= 1


@pytest.mark.parametrize("first_error", [1e-9, 1.0])
def test_member_counts_as_much_as_both_readings_of_its_errors_admit(monkeypatch, first_error):
    """One scale down the second is better; that counts only where the first one's error here leaves room for it."""
    rng = np.random.default_rng(3)
    bad, good = rng.standard_normal((2, 32, 32, 5)) * np.array([3.0, 1])[:, None, None, None]
    view = SimpleNamespace(basis=np.eye(5)[:, :2])
    cubes = {name: error.astype(np.float32) for name, error in (("bad", bad), ("good", good))}
    monkeypatch.setattr(judged, "errors_below", lambda *_: ([0, 1], np.stack([bad, good])))
    monkeypatch.setattr(judged, "leave_one_out", lambda *_, **__: first_error * 5 * 9)
    found = judged.evidence_of([], cubes, view, False, 0, "cpu")
    alone = learn(np.stack([bad, good]), view.basis, [PRIOR, PRIOR]).excess[1]
    assert alone.max() < 0.5
    if first_error < 1:
        np.testing.assert_allclose(found.excess[1], PRIOR, atol=1e-6)
    else:
        np.testing.assert_allclose(found.excess[1], np.maximum(alone, (found.shared[1] + PRIOR) / 2))
        assert found.excess[1].max() < 0.5


def test_mix_agrees_with_both_images_and_tells_who_gave_what(pair):
    observation, truth = pair
    blind = replace(observation, sensor=observation.sensor.restricted_to(frozenset({"phase"})))
    fusion = fuse(
        blind, seed=0, device="cpu", members="nsgp-fast, ridge-dc", components=4, kernel=True, consistent=True
    )
    shares = {key: value for key, value in fusion.notes.items() if key.startswith("weight ")}
    assert set(shares) == {"weight nsgp-fast", "weight ridge-dc", "weight kernel"}
    assert sum(shares.values()) == pytest.approx(1, abs=1e-3)
    assert np.abs(operator_of(observation, fusion.psf_hat)(fusion.cube) - observation.hsi).max() < 1e-5
    assert np.abs(fusion.cube @ fusion.srf_hat.astype(np.float32).T - observation.msi).max() < 1e-5
    assert np.square(fusion.cube - truth).mean() < 1e-7


def test_member_that_fails_is_left_out_with_its_reason(pair):
    def fail(observation, **_):
        raise ValueError("no luck")

    members = [find_member("ridge-dc", None), Member("unlucky", fail)]
    fusion = stack_pair(pair[0], members, **SETTINGS)
    assert fusion.notes["left out unlucky"] == "ValueError: no luck"
    assert fusion.notes["weight ridge-dc"] == 1.0
    with pytest.raises(MossFuseError, match="no member of the stack gave a cube: unlucky: ValueError: no luck"):
        stack_pair(pair[0], members[1:], **SETTINGS)


def test_member_that_is_far_worse_gets_next_to_nothing(pair):
    """A cube that agrees with both images and holds noise in their common null space."""

    def grey(observation, *, seed, **_):
        noise = np.random.default_rng(seed).standard_normal((*observation.msi.shape[:2], observation.hsi.shape[2]))
        return Fusion(cube=(0.5 + 0.3 * noise).astype(np.float32))

    observation, truth = pair
    fusion = stack_pair(observation, [find_member("ridge-dc", None), Member("grey", grey)], **SETTINGS)
    assert fusion.notes["weight grey"] < 0.05
    assert np.square(fusion.cube - truth).mean() < 1.02 * np.square(fuse_ridge(observation) - truth).mean()


def test_network_trained_elsewhere_is_not_judged_on_a_reduced_image(pair):
    observation, truth = pair
    seen = []

    def network(observation, **_):
        seen.append(observation.msi.shape)
        return Fusion(cube=truth.copy())

    members = [find_member("ridge-dc", None), Member("network", network, checkpoint="weights")]
    fusion = stack_pair(observation, members, **SETTINGS)
    assert seen == [observation.msi.shape]
    shares = [fusion.notes["weight ridge-dc"], fusion.notes["weight network"]]
    assert shares[0] >= shares[1] > 0 and sum(shares) == pytest.approx(1, abs=1e-3)
    alone = stack_pair(observation, members[1:], **SETTINGS)
    assert alone.notes["weight network"] == 1


def test_members_count_equally_as_far_as_the_first_ones_error_admits():
    first = np.zeros((4, 4, 3), np.float32)
    others = [first + np.float32(0.1), first + np.float32(0.3)]  # their mean is 3 * 0.2**2 from the first
    for error, step in ((np.inf, 2 / 3), (1.0, 2 / 3), (0.03, 0.25), (0.0, 0.0)):
        assert equal_weights([first, *others], error) == pytest.approx([1 - step, step / 2, step / 2])
    assert equal_weights([first, first], 0.1) == pytest.approx([0.5, 0.5])
    assert equal_weights([first], np.inf) == pytest.approx([1])


def test_network_that_is_far_off_costs_little(pair):
    observation, truth = pair

    def grey(observation, *, seed, **_):
        noise = np.random.default_rng(seed).standard_normal(truth.shape)
        return Fusion(cube=(0.5 + 0.3 * noise).astype(np.float32))

    members = [find_member("nsgp-fast", None), Member("grey", grey, checkpoint="weights")]
    fusion = stack_pair(observation, members, **SETTINGS)
    alone = stack_pair(observation, members[:1], **SETTINGS)
    assert fusion.notes["weight grey"] < 0.01
    assert np.square(fusion.cube - truth).mean() < 1.1 * np.square(alone.cube - truth).mean()


def test_network_runs_again_at_its_own_ratio_on_what_the_first_mix_says(pair):
    observation, truth = pair
    seen = []

    def network(observation, **_):
        seen.append(observation)
        return Fusion(cube=truth.copy() if observation.ratio == 2 else np.full_like(truth, 0.5))

    own = Own(2, np.full((2, 2), 0.25), (0, 0))
    member = Member("network", network, checkpoint="weights", own=own)
    fusion = stack_pair(observation, [find_member("ridge-dc", None), member], **SETTINGS)
    assert [(pair.ratio, pair.hsi.shape) for pair in seen] == [(4, (16, 16, 31)), (2, (32, 32, 31))]
    wanted = truth.reshape(32, 2, 32, 2, 31).mean((1, 3))
    assert np.abs(seen[1].hsi - wanted).mean() < 0.2 * np.abs(wanted - wanted.mean((0, 1))).mean()
    assert np.square(fusion.cube - truth).mean() < np.square(fuse_ridge(observation) - truth).mean()
    assert at_own_ratio(member, replace(observation, ratio=2), observation.sensor, truth) is None


def fuse_ridge(observation):
    return stack_pair(observation, [find_member("ridge-dc", None)], **SETTINGS).cube


def test_member_gets_what_it_knows_and_nothing_else(pair):
    seen = {}

    def look(observation, **_):
        seen["sensor"] = observation.sensor
        return Fusion(cube=np.zeros((64, 64, 31), np.float32))

    observation = replace(pair[0], sensor=Sensor())
    fuse_members([Member("look", look, frozenset({"srf"}))], observation, pair[0].sensor, seed=0, device="cpu")
    assert seen["sensor"].psf is None and np.array_equal(seen["sensor"].srf, pair[0].sensor.srf)


def test_reduced_pair_has_the_lr_hsi_as_its_truth(pair):
    observation, truth = pair
    reduced = reduce_pair(observation, observation.sensor)
    assert reduced.observation.ratio == 2 and reduced.observation.hsi.shape[:2] == (8, 8)
    assert reduced.truth is not truth and np.array_equal(reduced.truth, observation.hsi)
    np.testing.assert_allclose(reduced.observation.msi, reduced.truth @ observation.sensor.srf.T, atol=1e-5)


def test_missing_bands_are_filled_for_a_member_and_taken_away_again(pair):
    """The MSI, too, becomes that of a camera that sees all bands."""
    observation, truth = replace(pair[0], wavelengths=np.linspace(400, 700, 31)), pair[1]
    kept = [band for band in range(31) if band not in (21, 23, 25)]
    srf = observation.sensor.srf[:, kept] / observation.sensor.srf[:, kept].sum(1, keepdims=True)
    short = replace(
        observation, hsi=observation.hsi[..., kept], wavelengths=observation.wavelengths[kept],
        msi=(truth[..., kept] @ srf.T).astype(np.float32), sensor=replace(observation.sensor, srf=srf),
    )  # fmt: skip
    member = Member("sfno", None, wavelengths=tuple(observation.wavelengths))
    filled = on_bands(short, member, short.sensor)
    np.testing.assert_allclose(filled.observation.hsi, observation.hsi, atol=1e-2)
    assert np.abs(filled.observation.msi - observation.msi).mean() < 0.2 * np.abs(short.msi - observation.msi).mean()
    assert np.array_equal(filled.back(observation.hsi), short.hsi)
    with pytest.raises(MossFuseError, match="needs the band at 350 nm"):
        on_bands(short, Member("sfno", None, wavelengths=(350.0, 500.0)), short.sensor)


@pytest.mark.parametrize(
    "wrong, sentence", [("stack", "cannot hold a stack"), ("nsgp, nsgp", "named twice"), ("sfno", "needs weights")]
)
def test_members_that_cannot_be_are_refused(pair, wrong, sentence):
    with pytest.raises(MossFuseError, match=sentence):
        fuse(pair[0], seed=0, device="cpu", members=wrong, components=4, kernel=False, consistent=True)


def test_mix_of_a_cube_with_itself_is_that_cube():
    cube = np.random.default_rng(0).random((8, 8, 5), np.float32)
    mixed, weights = mix([cube, cube.copy()], np.eye(5)[:, :2], no_evidence([0.0, PRIOR], 2))
    assert np.array_equal(mixed, cube) and weights.sum() == pytest.approx(1)


def test_edit_of_a_member_runs_the_stack_again(tmp_path):
    """The members of a row are named in its parameters, and their files count as its code."""
    settings = read_settings("config/smoke.yaml")
    block = {**settings["grid"][0], "methods": ["stack", "stack+dc", "nsgp"]}
    grid = Grid({**settings, "grid": [block], "methods": {"stack": {"params": {"members": ["nsgp", "gs"]}}}})
    file = CoveredCode(grid).code.root / "baselines" / "gs.py"
    edited = CoveredCode(grid, Code(edits={file: file.read_text(encoding="utf-8") + "\nFURTHER = 1\n"}))
    assert edited.row("stack") != CoveredCode(grid).row("stack")
    assert edited.row("stack+dc") != CoveredCode(grid).row("stack+dc")
    assert edited.row("nsgp") == CoveredCode(grid).row("nsgp")
