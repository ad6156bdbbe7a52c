"""What the variants of MossFuse's training do: turned patches, orders, schedules, averages, held-out choice, precision."""

from dataclasses import replace

import numpy as np
import pytest
import torch
import yaml

import mossfuse.training.loop
from helpers.repository import ROOT
from mossfuse.benchmark.plan.grid import Grid
from mossfuse.benchmark.plan.settings import read_settings
from mossfuse.errors import MossFuseError
from mossfuse.estimation.joint import fit_operators
from mossfuse.methods import mossfuse as method
from mossfuse.network import checkpoint
from mossfuse.network.architecture import MossFuse
from mossfuse.physics.psf import gaussian_psf
from mossfuse.physics.psf_geometry import geometry_of
from mossfuse.physics.rotations import Turn, draw_turns, follow_rotation, rotate, rotate_back
from mossfuse.physics.sampling import BlurSample
from mossfuse.physics.tensors import blur_sample, gaussian_kernel, to_tensor
from mossfuse.protocol import Observation
from mossfuse.training.loop import find_iterates
from mossfuse.training.losses import loss_terms
from mossfuse.training.patches import Patches
from mossfuse.training.recipe import Recipe

FIXED, PRESETS = method.METHODS[0].train_params, method.METHODS[0].presets
TINY = {**FIXED, **PRESETS["smoke"], "steps": 4, "patch": 16, "save_every": 50, "held_out": 0}
TURNS = [Turn(quarters, mirrored) for quarters in range(4) for mirrored in (False, True)]


@pytest.fixture
def pairs(make_pair):
    blind = [make_pair(rows=32, cols=32, bands=6, seed=seed)[0] for seed in range(2)]
    return [replace(pair, sensor=pair.sensor.restricted_to({"phase"})) for pair in blind]


def train(pairs, path, seed=0, **settings):
    return method.train(pairs, seed=seed, device="cpu", path=path, **{**TINY, **settings})


def weights_of(path):
    return checkpoint.load(path)[0].state_dict()


def balloons(mirror_file):
    """The half-size CAVE scene as a pair of the official protocol at ratio 32, and its truth."""
    from mossfuse.files import read_array

    truth = read_array(mirror_file("CAVE_256/balloons_ms.mat"), "Omsi") / np.float32(65535)
    srf = read_array(mirror_file("srf/MossFuse_resp.mat"), "resp")
    srf = srf / srf.sum(1, keepdims=True)
    hsi = BlurSample(gaussian_psf(31, 2.0), (15, 15), 32, truth.shape)(truth)
    return Observation(hsi=hsi, msi=truth @ srf.T.astype(np.float32), ratio=32), truth, srf


@pytest.mark.parametrize("turn", TURNS)
def test_turned_pair_obeys_the_operator_that_follows(make_pair, turn):
    """PSF without any symmetry, phase off the block's centre, windows that reach into the neighbours."""
    truth = to_tensor(make_pair(rows=32, cols=32, bands=3)[1])
    psf = torch.tensor(np.random.default_rng(0).random((9, 6)), dtype=torch.float32)
    psf /= psf.sum()

    def blur(image):
        return blur_sample(image, psf, (2, 5), 8, "wrap")

    low = rotate(blur(truth), [turn])
    torch.testing.assert_close(follow_rotation(blur, [turn])(rotate(truth, [turn])), low, rtol=0, atol=1e-6)
    if turn != Turn(0, False):
        assert (blur(rotate(truth, [turn])) - low).abs().mean() > 1e-3
    assert torch.equal(rotate_back(rotate(truth, [turn]), [turn]), truth)


def test_flip_moves_phase_p_to_ratio_minus_one_minus_p():
    """The operator that follows is the mirrored PSF at the mirrored phase: 15 of 32 becomes 16."""
    image, psf = torch.rand(1, 2, 64, 64), torch.rand(31, 31)
    follow = follow_rotation(lambda upright: blur_sample(upright, psf, (15, 15), 32), [Turn(0, True)])(image)
    torch.testing.assert_close(follow, blur_sample(image, psf.flip(1), (15, 16), 32))


@pytest.mark.real_data
def test_cycle_error_of_a_flipped_real_pair_is_zero_and_released_way_has_a_floor(mirror_file):
    """Ground truth and true operators, spec figures: 0.0036 for a flip, 0.0035 for a quarter, 0.0061 for a half turn."""
    pair, truth, _ = balloons(mirror_file)
    cube, low, psf = to_tensor(truth), to_tensor(pair.hsi), torch.tensor(gaussian_psf(31, 2.0), dtype=torch.float32)

    def blur(image):
        return blur_sample(image, psf, (15, 15), 32)

    for turn, floor in ((Turn(0, True), 0.0036), (Turn(1, False), 0.0035), (Turn(2, False), 0.0061)):
        sample, image = rotate(low, [turn]), rotate(cube, [turn])
        assert (follow_rotation(blur, [turn])(image) - sample).abs().mean() < 1e-6
        assert (blur(image) - sample).abs().mean() == pytest.approx(floor, rel=0.05)


def test_network_and_losses_follow_every_patch_of_a_batch(make_pair):
    """True operators, the truth as output: no term that compares with the HSI notices that the patches are turned."""
    pair, truth = make_pair(rows=32, cols=32, bands=6)
    geometry = geometry_of(pair)
    network = MossFuse(6, 3, 8, dim=8, geometry=geometry)
    network.blind.set_to(np.eye(2) / 2, pair.sensor.srf)
    msi, hsi, cube = (to_tensor(image).expand(8, -1, -1, -1) for image in (pair.msi, pair.hsi, truth))
    point = Observation(
        hsi=truth[3::8, 3::8], msi=pair.msi, ratio=8
    )  # sampled, not blurred: what hsi_rebuilt is held to
    network._decode = lambda *features, together: rotate(cube, TURNS)
    out = network(rotate(msi, TURNS), rotate(hsi, TURNS), turns=TURNS)
    terms = loss_terms(out, rotate(msi, TURNS), rotate(hsi, TURNS), geometry, turns=TURNS)
    assert max(terms[name] for name in ("hsi_cycle", "msi_cycle", "blind")) < 1e-6
    out = out._replace(hsi_rebuilt=rotate(cube, TURNS))
    sampled = to_tensor(point.hsi).expand(8, -1, -1, -1)
    assert loss_terms(out, rotate(msi, TURNS), rotate(sampled, TURNS), geometry, turns=TURNS)["hsi_rebuilt"] == 0
    upright = network(rotate(msi, TURNS), rotate(hsi, TURNS))
    assert loss_terms(upright, rotate(msi, TURNS), rotate(hsi, TURNS), geometry)["hsi_cycle"] > 1e-3


def test_all_eight_turns_are_drawn():
    counts = {turn: 0 for turn in TURNS}
    for turn in draw_turns(800, torch.Generator().manual_seed(0)):
        counts[turn] += 1
    assert min(counts.values()) > 60


@pytest.mark.real_data
def test_blind_estimate_of_the_released_protocol_is_exact_without_noise(mirror_file):
    pair, _, srf = balloons(mirror_file)
    geometry = geometry_of(pair)
    factor, found = fit_operators([pair], geometry)
    kernel = gaussian_kernel(torch.tensor(factor), geometry.size).numpy()
    assert np.abs(kernel - gaussian_psf(31, 2.0)).max() < 1e-5
    assert np.abs(found - srf).mean() < 1e-4


def test_released_order_is_seven_by_seven_per_scene_and_the_same_every_epoch():
    """512 px at ratio 32: 128 px at a stride of 64, 49 a scene; what does not fill a batch is left out."""
    low = np.arange(16 * 16, dtype=np.float32).reshape(16, 16, 1)
    pair = Observation(hsi=low, msi=np.zeros((512, 512, 1), np.float32), ratio=32)
    patches = Patches([pair, replace(pair, hsi=low + 1000)], 128, "cpu")
    assert patches.steps_per_epoch(2) == 49 and patches.steps_per_epoch(10) == 9
    corners = [int(corner) for step in range(49) for corner in patches.released(step, 2)[1][:, 0, 0, 0]]
    scene = [16 * row + col for row in range(0, 13, 2) for col in range(0, 13, 2)]
    assert corners == scene + [1000 + corner for corner in scene]
    assert torch.equal(patches.released(0, 2)[1], patches.released(49, 2)[1])
    with pytest.raises(MossFuseError, match="fewer than a batch of 99"):
        patches.steps_per_epoch(99)


def test_released_schedule_is_constant_in_effect():
    recipe = Recipe(**{**FIXED, **PRESETS["released"]})
    rates = [recipe.learning_rate * recipe.pace(490 * epoch, 490) for epoch in (0, 250, 500)]
    assert rates[0] == pytest.approx(9e-5) and rates[2] == pytest.approx(8.9994e-5, abs=1e-9)
    assert recipe.pace(0, 490) == recipe.pace(489, 490) > recipe.pace(490, 490)


def test_released_training_learns_its_operators_from_a_narrow_psf_as_the_script_does(pairs, tmp_path):
    small = {"dim": 8, "num_blocks": 1, "steps": 6, "patch": 16}
    for seed in (0, 0):
        history = train(pairs, tmp_path / f"{seed}.pt", seed=seed, **PRESETS["released"] | small)
    state = weights_of(tmp_path / "0.pt")
    # Adam's step is at most its rate, so six steps cannot move the PSF's inverse width further from 5 than this.
    assert 0 < (state["blind.factor"].diagonal() - 5).abs().max() <= 6 * 9e-5 * 1.01
    assert "held_out" not in history
    facts = checkpoint.load(tmp_path / "0.pt")[1]["training"]
    assert (facts["order"], facts["augment"], facts["schedule"]) == ("released",) * 3 and facts["chosen_step"] == 6


def test_paper_variant_trains_every_term_of_the_figure(pairs, tmp_path):
    history = train(pairs, tmp_path / "w.pt", **PRESETS["paper"] | {"dim": 8, "num_blocks": 1, "steps": 2, "patch": 16})
    terms = {
        "decomposition",
        "hsi_cycle",
        "msi_cycle",
        "msi_rebuilt",
        "hsi_rebuilt",
        "blurred_from_hsi",
        "blurred_from_msi",
    }
    assert terms <= set(history)
    assert history["loss"][0] == pytest.approx(sum(history[t][0] for t in terms) + history["blind"][0], rel=1e-5)


def test_no_training_patch_overlaps_one_held_out():
    low = np.arange(12 * 12, dtype=np.float32).reshape(12, 12, 1)
    msi = np.zeros((48, 48, 1), np.float32)
    patches = Patches(
        [Observation(hsi=low, msi=msi, ratio=4), Observation(hsi=low + 1000, msi=msi, ratio=4)], 12, "cpu"
    )
    generator = torch.Generator().manual_seed(3)
    patches.hold_out(4, generator)
    assert {number for number, *_ in patches.held_out} == {0, 1}
    held = set(patches.cut(patches.held_out)[1].flatten().int().tolist())
    seen = set()
    for _ in range(200):
        seen.update(patches.draw(4, generator)[1].flatten().int().tolist())
    assert not held & seen and len(seen) > 200


def test_small_pair_holds_out_nothing_rather_than_half_of_itself():
    pair = Observation(hsi=np.zeros((2, 2, 1), np.float32), msi=np.zeros((8, 8, 1), np.float32), ratio=4)
    patches = Patches([pair], 8, "cpu")
    patches.hold_out(4, torch.Generator().manual_seed(0))
    assert patches.held_out == []


def test_iterate_that_explains_the_held_out_patches_best_is_kept(pairs, tmp_path, monkeypatch):
    """A step size that is too large makes the loss go up and down; the kept weights are those of the best record."""
    monkeypatch.setattr(mossfuse.training.loop, "LOG_EVERY", 1)
    settings = {"steps": 12, "held_out": 2, "keep_every": 1, "learning_rate": 0.1, "final_rate": 1.0, "ema": 0.0}
    history = train(pairs, tmp_path / "w.pt", **settings)
    best = int(np.argmin(history["held_out"]))
    facts = checkpoint.load(tmp_path / "w.pt")[1]["training"]
    assert facts["chosen_step"] == history["step"][best] != 12
    assert facts["held_out_loss"] == min(history["held_out"])
    kept, chosen = weights_of(tmp_path / f"w-step{best + 1:06d}.pt"), weights_of(tmp_path / "w.pt")
    assert all(torch.equal(kept[name], chosen[name]) for name in kept)


def test_average_is_the_running_mean_of_the_iterates(pairs, tmp_path):
    train(pairs, tmp_path / "raw.pt", keep_every=1, ema=0.0)
    train(pairs, tmp_path / "mean.pt", ema=0.2)
    name, expected = "decoder_hr.merge.weight", None
    for step in range(1, 5):
        value = weights_of(tmp_path / f"raw-step{step:06d}.pt")[name]
        start = 0 if step > 1 else weights_of_start(pairs)[name]
        decay = min(0.2, step / (step + 10))
        expected = decay * (start if step == 1 else expected) + (1 - decay) * value
    torch.testing.assert_close(weights_of(tmp_path / "mean.pt")[name], expected, rtol=0, atol=1e-6)


def test_kept_iterates_are_found_in_order_and_those_of_an_earlier_training_go(pairs, tmp_path):
    (tmp_path / "mine-step000003.pt").write_bytes(b"")
    train(pairs, tmp_path / "w.pt", keep_every=1, steps=3)
    assert list(find_iterates(tmp_path / "w.pt")) == [1, 2, 3]
    train(pairs, tmp_path / "w.pt", keep_every=2, steps=2)
    assert find_iterates(tmp_path / "w.pt") == {2: tmp_path / "w-step000002.pt"}
    assert (tmp_path / "mine-step000003.pt").exists()


def weights_of_start(pairs):
    return mossfuse.training.loop.new_network(pairs, Recipe(**TINY), geometry_of(pairs[0]), 0).state_dict()


def test_history_has_every_column_that_dvc_plots(pairs, tmp_path):
    (plot,) = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["plots"]
    (definition,) = plot.values()
    (columns,) = definition["y"].values()
    history = train(pairs, tmp_path / "w.pt", steps=1, held_out=FIXED["held_out"])
    assert {definition["x"], *columns} <= set(history)


def test_half_precision_keeps_the_sensor_model_exact(pairs, tmp_path):
    found = {p: train(pairs, tmp_path / p, precision=p, augment="none") for p in ("float32", "bfloat16")}
    assert found["bfloat16"]["blind"][0] == found["float32"]["blind"][0] < 1e-4
    assert found["bfloat16"]["loss"][0] != found["float32"]["loss"][0]
    assert found["bfloat16"]["loss"][0] == pytest.approx(found["float32"]["loss"][0], rel=0.02)


def test_deterministic_kernels_are_asked_for_on_a_gpu_and_the_setting_is_restored():
    for strict in (True, False):
        with mossfuse.devices.repeatable("cuda", strict):
            assert torch.are_deterministic_algorithms_enabled() == strict == torch.backends.cudnn.deterministic
        assert not torch.are_deterministic_algorithms_enabled()


@pytest.mark.parametrize("aggregation", ["spatial", "spectral", "neither"])
def test_aggregation_that_is_left_out_loses_no_feature(aggregation):
    network = MossFuse(6, 3, 4, dim=8, aggregation=aggregation).eval()
    features = [torch.rand(1, 8, 8, 8) for _ in range(4)]
    before = network.decoder_hr(*features)
    for complementary in (2, 3):
        moved = [f + 1 if k == complementary else f for k, f in enumerate(features)]
        assert not torch.allclose(network.decoder_hr(*moved), before)
    aware = {"spatial": network.decoder_hr.aggregate_spatial, "spectral": network.decoder_hr.aggregate_spectral}
    assert {kind for kind, part in aware.items() if hasattr(part, "attention")} == {aggregation} - {"neither"}


def ablations(name):
    grid = Grid(read_settings(ROOT / "config" / f"{name}.yaml"))
    return {row.name: row.train for row in grid.rows.values() if row.trained_here}


def test_every_ablation_of_the_configurations_differs_and_trains(pairs, tmp_path):
    full, small = ablations("ablations"), ablations("evidence/ablations")
    assert len({str(train) for train in full.values()}) == len({str(train) for train in small.values()}) == 11
    for name, settings in full.items():
        if not name.startswith("dim"):
            assert all(small[name][key] == settings[key] for key in ("loss", "aggregation", "num_blocks"))
        tiny = {"dim": max(8, settings["dim"] // 32 * 8), "steps": 1, "patch": 16, "batch": 1, "held_out": 0}
        assert np.isfinite(train(pairs, tmp_path / "w.pt", **settings | tiny)["loss"]).all()


def test_ablated_network_comes_back_from_its_checkpoint(pairs, tmp_path):
    train(pairs, tmp_path / "w.pt", aggregation="neither", loss="no-decoupling", steps=1)
    network, facts = checkpoint.load(tmp_path / "w.pt")
    assert network.config["aggregation"] == "neither" and facts["training"]["loss"] == "no-decoupling"
    assert method.fuse(pairs[0], checkpoint=tmp_path / "w.pt").cube.shape == (32, 32, 6)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"augment": "flip"}, "unknown augment 'flip'.*none, exact, released"),
        ({"aggregation": "all"}, "unknown aggregation 'all'"),
        ({"precision": "float16"}, "unknown precision 'float16'"),
        ({"ema": 1.0}, "ema must be below 1"),
        ({"order": "released", "held_out": 2}, "set held_out 0"),
    ],
)
def test_unusable_settings_are_one_clear_error(pairs, tmp_path, settings, words):
    with pytest.raises(MossFuseError, match=words) as error:
        train(pairs, tmp_path / "w.pt", **settings)
    assert "\n" not in str(error.value)
