"""MossFuse-c: constraints by construction, an honest held-out choice, and the start where nothing is gained."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from mossfuse.constrained.blend import choose_blend
from mossfuse.constrained.initial_estimates import InitialEstimate
from mossfuse.constrained.null_space_fit import FitSettings, fit_null_space
from mossfuse.constrained.pixel_trunk import PLACE, PixelNetworks, PixelTrunk, windows
from mossfuse.constrained.pretraining import load
from mossfuse.constrained.scene import fuse_pair, held_out_parts, null_matrix
from mossfuse.devices import seeded
from mossfuse.errors import MossFuseError
from mossfuse.estimation.sensor import estimate_sensor
from mossfuse.methods import find_method
from mossfuse.protocol import Observation

RECIPE = {"steps": 40, "every": 20, "pixels": 512, "learning_rate": 3e-3, "weight_decay": 1e-3, "average": 0.9}
ROWS = ("mossfuse-c", "mossfuse-c-ridge")
INITIAL_ESTIMATES = {"mossfuse-c": ("nsgp", {}), "mossfuse-c-ridge": ("ridge-dc", {})}


def call(name, pair, seed=0, **params):
    """The row's fuse with what its method knows; defaults under the smoke preset under params."""
    method, module = find_method(name)
    seen = replace(pair, sensor=pair.sensor.restricted_to(method.knows))
    smoke = {k: v for k, v in method.presets.get("smoke", {}).items() if k in method.params}
    checkpoint = params.pop("checkpoint", None)
    return module.fuse(seen, seed=seed, device="cpu", checkpoint=checkpoint, **{**method.params, **smoke, **params})


def start_of(name, pair, seed=0):
    """(Start, the observation as the row sees it)."""
    method, _ = find_method(name)
    seen = replace(pair, sensor=pair.sensor.restricted_to(method.knows))
    return InitialEstimate(INITIAL_ESTIMATES[name][0], seen, estimate_sensor(seen)[0], seed), seen


def trunk_of(start, members):
    return PixelTrunk(PixelNetworks(members, 8, 8, 31), start.msi, start.operator)


def noisy(pair, level, seed=0):
    """The pair with white noise of standard deviation ``level`` in the HSI and a quarter of it in the MSI."""
    rng = np.random.default_rng(seed)
    images = {
        k: (v + s * level * rng.standard_normal(v.shape)).astype(np.float32)
        for k, v, s in (("hsi", pair.hsi, 1), ("msi", pair.msi, 0.25))
    }
    return replace(pair, **images)


@pytest.mark.parametrize("name, row", [("mossfuse-c", "nsgp"), ("mossfuse-c-ridge", "ridge-dc")])
def test_the_start_is_the_row_of_its_name_bit_for_bit(make_pair, name, row):
    pair, _ = make_pair(rows=32, cols=40, ratio=8)
    assert start_of(name, pair, 3)[0].cube().tobytes() == call(row, pair, 3).cube.tobytes()


@pytest.mark.parametrize("name", ROWS)
def test_before_the_first_step_the_output_is_the_start(make_pair, name):
    pair, _ = make_pair(rows=64, cols=64, ratio=8)
    fusion = call(name, pair, steps=0)
    assert fusion.cube.tobytes() == start_of(name, pair)[0].cube().tobytes()
    assert fusion.notes["amount"] == 0 and fusion.notes["choice"].startswith("start")


def test_before_the_first_step_every_network_is_zero(make_pair):
    pair, _ = make_pair(rows=32, cols=32, ratio=8)
    start, _ = start_of("mossfuse-c", pair)
    trunk = trunk_of(start, 2)
    with torch.no_grad():
        assert not trunk.everywhere(torch.eye(31).expand(2, 31, 31)).any()


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.parametrize("sampling", [{}, {"ratio": 4, "sigma": 2.5}])
def test_both_constraints_hold_for_any_change(make_pair, name, sampling):
    pair, _ = make_pair(rows=48, cols=40, **sampling)
    start, seen = start_of(name, pair)
    change = np.random.default_rng(1).standard_normal((48, 40, 31)).astype(np.float32)
    cube = start.apply_change(start.cube(), change)
    assert np.abs(cube - start.cube()).max() > 0.1
    assert np.abs(cube @ start.srf.T - seen.msi).max() < 1e-5
    assert np.abs(start.operator(cube.astype(np.float64)) - seen.hsi).max() < 1e-5


def test_the_network_part_does_not_touch_the_msi_for_any_weights(make_pair):
    pair, _ = make_pair(rows=32, cols=32, ratio=8)
    start, _ = start_of("mossfuse-c-ridge", pair)
    trunk = trunk_of(start, 2)
    with torch.no_grad():
        trunk.networks.last.normal_()
        null = torch.from_numpy(null_matrix(start.part().gain, start.srf).T.astype(np.float32))
        image = trunk.everywhere(null.expand(2, 31, 31))
    assert np.abs(image).max() > 0.1 and np.abs(image @ start.srf.T).max() < 1e-5


def test_windows_hold_the_psf_and_the_trunk_blurs_as_the_operator_does(make_pair):
    pair, _ = make_pair(rows=40, cols=48, ratio=8, sigma=1.5)
    start, _ = start_of("mossfuse-c-ridge", pair)
    assert windows(start.operator)[0].sum(1) == pytest.approx(1, abs=1e-5)
    trunk = trunk_of(start, 1)
    with torch.no_grad():
        trunk.networks.last.normal_()
        low = trunk.low(torch.arange(30))[0].numpy()
        blurred = start.operator(trunk.everywhere(torch.eye(31)[None])).reshape(30, 31)
    assert np.abs(low - blurred).max() < 0.01 * np.abs(blurred).max()


def fitted(start, unseen, poison=0.0):
    """(averaged weights, held-out values) of a short fit whose held-out spectra are moved by ``poison``."""
    hsi = start.low_hsi.copy()
    weights = []
    for k, fold in enumerate(unseen):
        start.low_hsi = hsi + poison * fold[:, None]
        part = start.part(~fold)
        null = null_matrix(part.gain, start.srf)[None].repeat(2, 0)
        with seeded(0):
            trunk = trunk_of(start, 2)
        looks = fit_null_space(
            trunk, part.target[None].repeat(2, 0), ~unseen[[k, 1 - k]], null, FitSettings(**RECIPE), seed=0
        )
        weights.append([w[0].clone() for w in looks[-1].weights])
    start.low_hsi = hsi
    return weights


@pytest.mark.parametrize("name", ROWS)
def test_poisoned_held_out_pixels_change_no_weight(make_pair, name):
    pair, _ = make_pair(rows=32, cols=32, ratio=8)
    start, _ = start_of(name, pair)
    unseen = held_out_parts(16, 2, seed=0)
    clean, poisoned = fitted(start, unseen), fitted(start, unseen, poison=7.0)
    for a, b in zip(clean, poisoned, strict=True):
        assert all(torch.equal(x, y) for x, y in zip(a, b, strict=True))
        assert any(x.any() for x in a)


def test_every_pixel_is_held_out_once():
    unseen = held_out_parts(17, 4, seed=1)
    assert (unseen.sum(0) == 1).all() and set(unseen.sum(1)) == {4, 5}


@pytest.mark.parametrize("name", ROWS)
def test_leaving_one_out_in_closed_form_is_leaving_it_out(make_pair, name):
    pair, _ = make_pair(rows=64, cols=64, ratio=8)
    start, _ = start_of(name, pair)
    formula = start.part().residual
    for pixel in range(0, 64, 9):
        one = np.arange(64) == pixel
        refitted = start.part(~one).residual[one]
        assert np.abs(formula[one] - refitted).max() < 0.2 * np.abs(refitted).max()


def test_a_candidate_without_merit_leaves_the_start():
    rng = np.random.default_rng(0)
    amounts = []
    for _ in range(20):
        start = rng.standard_normal((64, 8))
        amounts.append(choose_blend(start, [start + rng.standard_normal((64, 8)) for _ in range(5)]).amount)
    assert not any(amounts)


def test_a_better_candidate_is_taken_and_an_outlier_does_not_decide():
    rng = np.random.default_rng(0)
    start, candidate = rng.standard_normal((2, 64, 8))
    choice = choose_blend(start, [2 * candidate, 0.1 * candidate])
    assert choice.index == 1 and choice.amount > 0.9
    assert choice.chosen < 0.2 * choice.start
    start, worse = 0.1 * start, 0.3 * candidate
    start[0], worse[0] = 100, 0
    assert choose_blend(start, [worse]).amount < 0.05


def test_a_pair_of_pure_noise_returns_its_start_and_says_so(make_pair):
    pair, _ = make_pair(rows=64, cols=64, ratio=8)
    rng = np.random.default_rng(4)
    noise = replace(pair, hsi=rng.random(pair.hsi.shape, np.float32), msi=rng.random(pair.msi.shape, np.float32))
    fusion = call("mossfuse-c", noise)
    assert fusion.notes["choice"].startswith("start: the held-out residual never fell")
    assert fusion.cube.tobytes() == start_of("mossfuse-c", noise)[0].cube().tobytes()


def test_on_a_noisy_pair_the_soft_start_is_kept_or_improved_and_the_change_is_invisible_to_the_msi(make_pair):
    pair, truth = make_pair(rows=128, cols=128, ratio=8)
    pair = noisy(pair, 0.02)
    start, _ = start_of("mossfuse-c-ridge", pair)
    assert start.noise > 0
    fusion = call("mossfuse-c-ridge", pair, steps=200, every=100, width=32)
    first = start.cube()
    assert fusion.notes["amount"] > 0
    assert np.abs((fusion.cube - first) @ start.srf.T).max() < 1e-5
    assert ((fusion.cube - truth) ** 2).mean() < ((first - truth) ** 2).mean()


def test_it_gains_over_ridge_dc_on_a_phantom_training_scene(make_pair):
    from mossfuse.datasets.phantom import read
    from mossfuse.physics.sampling import operator_of

    pair, _ = make_pair(rows=128, cols=128, ratio=8)
    truth = read("weave", None, [], size=128)[0]
    hsi, msi = operator_of(pair)(truth), (truth @ pair.sensor.srf.T).astype(np.float32)
    pair = replace(pair, hsi=hsi, msi=msi)
    fusion = call("mossfuse-c-ridge", pair, steps=200, every=100, width=32)
    first = start_of("mossfuse-c-ridge", pair)[0].cube()
    assert fusion.notes["held_out_chosen"] < fusion.notes["held_out_start"]
    assert ((fusion.cube - truth) ** 2).mean() < 0.7 * ((first - truth) ** 2).mean()


def test_too_few_pixels_return_the_start(make_pair):
    pair, _ = make_pair(rows=8, cols=24, ratio=8)
    fusion = call("mossfuse-c-ridge", pair)
    assert "too few" in fusion.notes["choice"]
    assert fusion.cube.tobytes() == start_of("mossfuse-c-ridge", pair)[0].cube().tobytes()


def test_where_the_msi_sees_light_that_the_hsi_does_not_the_start_is_returned(make_pair):
    pair, _ = make_pair(rows=128, cols=128, ratio=8)
    light = np.random.default_rng(5).random((16, 16)).repeat(8, 0).repeat(8, 1)
    pair = replace(pair, msi=(pair.msi + 0.2 * light[..., None] * [1, 0, 0]).astype(np.float32))
    fusion = call("mossfuse-c", pair)
    assert "does not bind" in fusion.notes["choice"]
    assert fusion.cube.tobytes() == call("nsgp", pair).cube.tobytes()


def test_unknown_starts_and_impossible_settings_are_refused(make_pair):
    pair, _ = make_pair(rows=32, cols=32, ratio=8)
    with pytest.raises(MossFuseError, match="unknown start 'kriging'"):
        fuse_pair(pair, start="kriging", folds=4, width=8, seed=0, device="cpu", **RECIPE)
    for wrong, message in (({"every": 0}, "positive every"), ({"folds": 1}, "at least 2 folds")):
        with pytest.raises(MossFuseError, match=message):
            call("mossfuse-c-ridge", pair, **wrong)


def trained(pairs, path, resume=False, **params):
    method, module = find_method("mossfuse-c-dataset")
    seen = [replace(pair, sensor=pair.sensor.restricted_to(method.knows)) for pair in pairs]
    smoke = {k: v for k, v in method.presets["smoke"].items() if k in method.train_params}
    train_params = {**method.train_params, **smoke, **params}
    return module.train(seen, seed=1, device="cpu", path=str(path), resume=resume, **train_params)


def test_training_across_scenes_lowers_its_loss_and_serves_other_pairs_of_the_kind(make_pair, tmp_path):
    pairs = [make_pair(rows=32, cols=32, ratio=8, seed=s)[0] for s in (1, 2)]
    path = tmp_path / "weights.pt"
    history = trained(pairs, path, steps=80)
    assert history["loss"][-1] < 0.5 * history["loss"][0]
    other, _ = make_pair(rows=32, cols=40, ratio=8, seed=3)
    fusion = call("mossfuse-c-dataset", other, checkpoint=str(path))
    assert fusion.notes["held_out_chosen"] <= fusion.notes["held_out_start"]
    assert np.abs(fusion.cube @ fusion.srf_hat.T - other.msi).max() < 1e-4
    with pytest.raises(MossFuseError, match="trained for"):
        call("mossfuse-c-dataset", make_pair(rows=32, cols=32, ratio=4)[0], checkpoint=str(path))


def test_networks_trained_across_scenes_know_no_places_and_are_looked_at_before_the_first_step(make_pair, tmp_path):
    pairs = [make_pair(rows=64, cols=64, ratio=8, seed=s)[0] for s in (1, 2)]
    trained(pairs, tmp_path / "weights.pt")
    pretrained = load(tmp_path / "weights.pt", pairs[0])
    assert not pretrained.networks.weights[0][:, -PLACE:].any() and pretrained.networks.last.any()
    fusion = call("mossfuse-c-dataset", pairs[0], checkpoint=str(tmp_path / "weights.pt"), steps=0)
    assert fusion.history["step"] == [0]


def test_an_interrupted_training_across_scenes_ends_in_the_same_weights(make_pair, tmp_path, monkeypatch):
    pairs = [make_pair(rows=32, cols=32, ratio=8, seed=s)[0] for s in (1, 2)]
    trained(pairs, tmp_path / "whole.pt", save_every=8)
    calls, low = [], PixelTrunk.low

    def interrupted(self, chosen):
        calls.append(1)
        if len(calls) == 14:
            raise KeyboardInterrupt
        return low(self, chosen)

    monkeypatch.setattr(PixelTrunk, "low", interrupted)
    with pytest.raises(KeyboardInterrupt):
        trained(pairs, tmp_path / "cut.pt", save_every=8)
    monkeypatch.setattr(PixelTrunk, "low", low)
    trained(pairs, tmp_path / "cut.pt", save_every=8, resume=True)
    whole, resumed = (torch.load(tmp_path / f"{n}.pt", weights_only=True)["state_dict"] for n in ("whole", "cut"))
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)


def test_observation_is_left_alone(make_pair):
    pair, _ = make_pair(rows=32, cols=32, ratio=8)
    before = pair.hsi.tobytes(), pair.msi.tobytes()
    assert (
        isinstance(pair, Observation)
        and call("mossfuse-c", pair, 1).cube.tobytes() == call("mossfuse-c", pair, 1).cube.tobytes()
    )
    assert before == (pair.hsi.tobytes(), pair.msi.tobytes())
