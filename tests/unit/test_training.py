"""Training on pairs and MossFuse as a method: learns, repeats, resumes, refuses."""

import inspect
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch

import mossfuse.training.loop
from mossfuse.errors import MossFuseError
from mossfuse.fitting.resuming import partial_path
from mossfuse.methods import mossfuse as method
from mossfuse.network import checkpoint
from mossfuse.physics.psf import gaussian_psf
from mossfuse.protocol import Observation
from mossfuse.training.loop import Patches, Recipe
from mossfuse.training.muon import Muon

TINY = {
    **method.METHODS[0].train_params, **method.METHODS[0].presets["smoke"],
    "steps": 12, "patch": 16, "save_every": 5, "ema": 0.5, "held_out": 1,
}  # fmt: skip


@pytest.fixture
def pairs(make_pair):
    """Blind pairs of 32 x 32 pixels at ratio 8: the methods know the phase, never PSF or SRF."""
    blind = [make_pair(rows=32, cols=32, bands=6, seed=seed)[0] for seed in range(2)]
    return [replace(pair, sensor=pair.sensor.restricted_to({"phase"})) for pair in blind]


def train(pairs, path, seed=0, **settings):
    return method.train(pairs, seed=seed, device="cpu", path=path, resume=True, **{**TINY, **settings})


def interrupt_after(steps, monkeypatch):
    """Let training's loop be broken off like by Ctrl-C after so many steps."""

    def broken(iterable, *_, **__):
        for done, item in enumerate(iterable):
            if done == steps:
                raise KeyboardInterrupt
            yield item

    monkeypatch.setattr(mossfuse.training.loop, "track", broken)


def test_same_seed_gives_same_bytes_and_another_seed_others(pairs, tmp_path):
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        train(pairs, tmp_path / name, seed=seed)
    a, b, c = ((tmp_path / name).read_bytes() for name in "abc")
    assert a == b
    assert a != c
    first, other = (checkpoint.load(tmp_path / name)[0].state_dict() for name in "ac")
    assert not torch.equal(first["encoder_msi.embed.weight"], other["encoder_msi.embed.weight"])


@pytest.mark.parametrize(("stop", "operators"), [(4, "fitted"), (7, "fitted"), (10, "learned")])
def test_interrupted_and_resumed_equals_uninterrupted(pairs, tmp_path, monkeypatch, stop, operators):
    history = train(pairs, tmp_path / "whole.pt", operators=operators)
    with monkeypatch.context() as patch:
        interrupt_after(stop, patch)
        with pytest.raises(KeyboardInterrupt):
            train(pairs, tmp_path / "parts.pt", operators=operators)
    assert not (tmp_path / "parts.pt").exists()
    assert partial_path(tmp_path / "parts.pt").exists() == (stop >= 5)
    with monkeypatch.context() as patch:
        taken = []
        patch.setattr(mossfuse.training.loop, "track", lambda steps, *_, **__: taken.extend(steps) or taken)
        assert train(pairs, tmp_path / "parts.pt", operators=operators) == history
    assert taken == list(range(stop // 5 * 5, 12))
    assert (tmp_path / "whole.pt").read_bytes() == (tmp_path / "parts.pt").read_bytes()
    assert not partial_path(tmp_path / "parts.pt").exists()


def test_state_of_another_training_is_not_continued(pairs, tmp_path, monkeypatch, caplog):
    with monkeypatch.context() as patch:
        interrupt_after(7, patch)
        with pytest.raises(KeyboardInterrupt):
            train(pairs, tmp_path / "w.pt", seed=1)
    train(pairs, tmp_path / "w.pt", seed=2)
    assert "starting again" in caplog.text
    train(pairs, tmp_path / "fresh.pt", seed=2)
    assert (tmp_path / "w.pt").read_bytes() == (tmp_path / "fresh.pt").read_bytes()


def test_truths_change_nothing(pairs, tmp_path):
    train(pairs, tmp_path / "without.pt")
    truths = [np.full((32, 32, 6), np.nan, np.float32)] * 2
    method.train(pairs, seed=0, device="cpu", path=tmp_path / "with.pt", truths=truths, **TINY)
    assert (tmp_path / "without.pt").read_bytes() == (tmp_path / "with.pt").read_bytes()


def test_fitted_operators_are_right_and_stay_frozen(pairs, make_pair, tmp_path):
    train(pairs, tmp_path / "w.pt")
    fusion = method.fuse(pairs[0], checkpoint=tmp_path / "w.pt")
    np.testing.assert_allclose(fusion.psf_hat, gaussian_psf(7, 2.0), atol=1e-4)
    srf = make_pair(rows=32, cols=32, bands=6)[0].sensor.srf
    np.testing.assert_allclose(fusion.srf_hat, srf, atol=5e-3)


def test_learned_operators_move(pairs, tmp_path):
    train(pairs, tmp_path / "w.pt", operators="learned", loss="paper")
    network, _ = checkpoint.load(tmp_path / "w.pt")
    assert (network.blind.factor.diagonal() - 5).abs().min() > 1e-4
    assert network.blind.raw_srf.std() > 1e-4
    assert network.config["decoders"]


def test_training_history_is_observable_and_complete(pairs, tmp_path):
    history = train(pairs, tmp_path / "w.pt", steps=45)
    assert history["step"] == [20, 40, 45]
    losses = {"loss", "decomposition", "hsi_cycle", "msi_cycle", "blind", "held_out"}
    assert set(history) == {"step", "learning_rate", *losses}
    for step in range(3):
        terms = [history[name][step] for name in ("decomposition", "hsi_cycle", "msi_cycle")]
        assert history["loss"][step] == pytest.approx(0.1 * terms[0] + terms[1] + terms[2], rel=1e-4)
    _, facts = checkpoint.load(tmp_path / "w.pt")
    assert (facts["training"]["steps"], facts["training"]["seed"], facts["training"]["pairs"]) == (45, 0, 2)
    np.testing.assert_array_equal(facts["wavelengths"], pairs[0].wavelengths)


def test_diverging_training_is_one_clear_error(pairs, tmp_path):
    with pytest.raises(MossFuseError, match="diverged before step 20.*lower learning_rate"):
        train(
            [replace(pairs[0], msi=np.full_like(pairs[0].msi, np.inf)), pairs[1]],
            tmp_path / "w.pt",
            steps=40,
            operators="learned",
        )
    assert not (tmp_path / "w.pt").exists()


def test_short_training_explains_the_pair_better(pairs, tmp_path):
    history = train(pairs, tmp_path / "w.pt", steps=100)
    assert history["msi_cycle"][-1] < 0.5 * history["msi_cycle"][0]
    assert history["hsi_cycle"][-1] < 0.5 * history["hsi_cycle"][0]


def test_patches_are_aligned_pairs(make_pair):
    low = np.arange(6 * 5, dtype=np.float32).reshape(6, 5, 1)
    pair = Observation(hsi=low, msi=np.repeat(np.repeat(low, 4, 0), 4, 1), ratio=4)
    patches, generator = Patches([pair], 8, "cpu"), torch.Generator().manual_seed(0)
    corners = set()
    for _ in range(60):
        msi, hsi = patches.draw(3, generator)
        assert msi.shape == (3, 1, 8, 8) and hsi.shape == (3, 1, 2, 2)
        assert torch.equal(msi[:, :, ::4, ::4], hsi)
        corners.update(hsi[:, 0, 0, 0].int().tolist())
    assert corners == {5 * row + col for row in range(5) for col in range(4)}


def test_warm_up_then_cosine():
    recipe = Recipe(**{**TINY, "steps": 100, "warmup": 20, "final_rate": 0.1})
    pace = [recipe.pace(step) for step in range(101)]
    np.testing.assert_allclose(pace[:20], np.arange(1, 21) / 20)
    assert pace[20] == 1.0 and pace[60] == pytest.approx(0.55) and pace[100] == pytest.approx(0.1)


def test_muon_updates_are_orthogonal_and_of_adams_size():
    generator = torch.Generator().manual_seed(0)
    parameters = [torch.nn.Parameter(torch.zeros(shape)) for shape in ((12, 40), (12, 40), (60, 2, 3, 3), (16, 64))]
    optimiser = Muon(parameters, lr=1.0)
    for p in parameters:
        p.grad = torch.randn(p.shape, generator=generator) * torch.logspace(0, -1, len(p)).reshape(
            -1, *[1] * (p.ndim - 1)
        )
    optimiser.step()
    for p in parameters:
        update = -p.detach().flatten(1)
        singular = torch.linalg.svdvals(update) / (0.2 * max(update.shape) ** 0.5)
        assert 0.5 < singular.min() and singular.max() < 1.3
        assert (update * p.grad.flatten(1)).sum() > 0
        assert update.square().mean().sqrt() == pytest.approx(0.2, rel=0.2)


def test_every_parameter_has_one_optimiser_and_matrices_have_muon(pairs):
    recipe = Recipe(**TINY)
    network = mossfuse.training.loop.new_network(pairs, recipe, mossfuse.training.loop.geometry_of(pairs[0]), 0)
    (adam, slow), (muon, fast) = mossfuse.training.loop.make_optimisers(network, recipe)
    ids = [id(p) for optimiser in (adam, muon) for p in optimiser.param_groups[0]["params"]]
    assert sorted(ids) == sorted(id(p) for name, p in network.named_parameters() if not name.startswith("blind."))
    with_muon = ids[len(adam.param_groups[0]["params"]) :]
    assert {id(network.decoder_hr.merge.weight), id(network.encoder_hsi.embed.weight)} <= set(with_muon)
    assert id(network.decoder_hr.aggregate_spatial.attention.complement.weight) not in with_muon
    assert (slow, fast) == (recipe.learning_rate, recipe.matrix_rate)
    assert len(mossfuse.training.loop.make_optimisers(network, replace(recipe, matrix_rate=0.0))) == 1


def test_wide_psf_trains_on_the_inside_of_patches(make_pair, tmp_path):
    """A PSF wider than a block needs neighbours that a patch lacks; those low-resolution pixels are left out."""
    from mossfuse.physics.sampling import BlurSample
    from mossfuse.training.loop import protruding_blocks

    pair, truth = make_pair(rows=64, cols=64, bands=6)
    sensor = replace(pair.sensor, psf=None, srf=None, psf_shape=(17, 17))
    wide = replace(pair, hsi=BlurSample(gaussian_psf(17, 3.0), (3, 3), 8, truth.shape)(truth), sensor=sensor)
    geometry = mossfuse.training.loop.geometry_of(wide)
    patches = Patches([wide], 32, "cpu")
    blocks = protruding_blocks(geometry, patches)
    assert blocks == ((1, 1), (1, 1))
    network = mossfuse.training.loop.new_network([wide], Recipe(**TINY), geometry, 0)
    msi, hsi = patches.draw(2, torch.Generator().manual_seed(0))
    terms = mossfuse.training.loop.loss_terms(network(msi, hsi), msi, hsi, geometry, blocks)
    assert terms["blind"] < 1e-5
    with pytest.raises(MossFuseError, match="larger 'patch'"):
        train([wide], tmp_path / "w.pt", patch=16)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"patch": 20}, "multiple of the ratio 8"),
        ({"patch": 64}, "smallest side 32"),
        ({"loss": "papre"}, "unknown loss 'papre'"),
        ({"operators": "known"}, "unknown operators 'known'"),
        ({"steps": 0}, "positive steps"),
    ],
)
def test_unusable_settings_are_one_clear_error(pairs, tmp_path, settings, words):
    with pytest.raises(MossFuseError, match=words) as error:
        train(pairs, tmp_path / "w.pt", **settings)
    assert "\n" not in str(error.value)
    assert not list(tmp_path.iterdir())


def test_pairs_of_different_sensors_are_refused(pairs, make_pair, tmp_path):
    with pytest.raises(MossFuseError, match="must agree in bands, ratio"):
        train([*pairs, make_pair(rows=32, cols=32, bands=5)[0]], tmp_path / "w.pt")
    with pytest.raises(MossFuseError, match="at least one pair"):
        train([], tmp_path / "w.pt")


def test_fuse_refuses_what_the_checkpoint_was_not_trained_for(pairs, make_pair, tmp_path):
    train(pairs, tmp_path / "w.pt", steps=1)
    with pytest.raises(MossFuseError, match="6 HSI bands, 3 MSI bands and ratio 8"):
        method.fuse(make_pair(rows=32, cols=32, bands=5)[0], checkpoint=tmp_path / "w.pt")
    with pytest.raises(MossFuseError, match="crop them to match"):
        method.fuse(replace(pairs[0], hsi=pairs[0].hsi[:3]), checkpoint=tmp_path / "w.pt")
    with pytest.raises(MossFuseError, match="needs a checkpoint"):
        method.fuse(pairs[0])
    with pytest.raises(MossFuseError, match="does not exist"):
        method.fuse(pairs[0], checkpoint=tmp_path / "nowhere.pt")


def test_fuse_sees_a_checkpoint_that_was_written_again(pairs, tmp_path):
    cubes = []
    for seed in (0, 1):
        train(pairs, tmp_path / "w.pt", seed=seed, steps=1)
        cubes.append(method.fuse(pairs[0], checkpoint=tmp_path / "w.pt").cube)
    assert cubes[0].shape == (32, 32, 6) and cubes[0].dtype == np.float32
    assert not np.array_equal(*cubes)


def test_method_defaults_are_a_whole_recipe_and_presets_name_nothing_else():
    trained, released = method.METHODS
    assert set(trained.train_params) == set(inspect.signature(Recipe).parameters)
    for preset in trained.presets.values():
        Recipe(**{**trained.train_params, **preset})
        assert set(preset) <= set(trained.train_params)
    assert (released.trains, released.weights, trained.knows) == ("none", "mossfuse-cave-x32", {"phase"})


def test_specification_imports_neither_torch_nor_scipy():
    code = "import sys, mossfuse.methods.mossfuse; print({'torch', 'scipy'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"
