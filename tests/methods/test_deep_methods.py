"""What the deep baselines promise: the authors' sizes, losses that fall, checkpoints, geometry."""

from dataclasses import replace
from functools import partial

import pytest
import torch

import mossfuse.fitting.stages as fit_module
from baselines.daem.network import DaemNetwork
from baselines.dbsr.network import SkipUNet
from baselines.gdd.network import GuidedDecoder
from baselines.miae.network import UnfoldedAutoencoder
from baselines.shared.spectral_mlp import SpectralMLP
from baselines.shared.spectral_transformer import SpectralTransformer
from baselines.shared.two_streams.spectral import SpectralStreams
from baselines.shared.two_streams.unets import GuidedUNet, PlainUNet
from baselines.ual.network import Corrector, ExchangeNet
from baselines.udaln.network import SpectralLadder
from helpers.deep_runs import call, seen_by, trained
from mossfuse.devices import parameter_count
from mossfuse.errors import MossFuseError
from mossfuse.methods import find_method
from mossfuse.physics.psf_geometry import Geometry, geometry_of

NAMES = ("pixel-mlp", "pixel-mlp-blind", "m2u-net", "edip-net", "daem")


COUNTS = {
    "pixel MLP": (lambda: SpectralMLP(3, 31), 23_071),
    "M2U-Net, streams": (lambda: SpectralStreams(3, 31), 17_114),
    "EDIP-Net, streams": (lambda: SpectralStreams(3, 31, interactive=True), 17_114),
    "M2U-Net, U-Net of width 260": (lambda: GuidedUNet(31, 3, 260), 13_947_755),
    "EDIP-Net, U-Nets of width 240": (lambda: torch.nn.ModuleList([PlainUNet(31, 240) for _ in range(2)]), 11_964_086),
    "DAEM, network": (lambda: DaemNetwork(3, 31), 6_530),
}


@pytest.mark.parametrize("name", COUNTS)
def test_parameter_counts_are_the_authors(name):
    build, count = COUNTS[name]
    with torch.device("meta"):
        assert parameter_count(build()) == count


@pytest.mark.parametrize("name", NAMES)
def test_history_holds_losses_that_fall_in_every_stage(make_pair, name, monkeypatch):
    pair, _ = make_pair(rows=64, cols=64, ratio=8)
    monkeypatch.setattr(fit_module, "fit", partial(fit_module.fit, log_every=4))
    history = call(name, pair, preset="smoke").history
    assert len({len(column) for column in history.values()}) == 1
    for stage in dict.fromkeys(history["stage"]):
        losses = [v for v, s in zip(history["loss"], history["stage"], strict=True) if s == stage]
        if len(losses) > 2:  # the few steps of a smoke run's U-Net say nothing
            assert losses[-1] < losses[0], stage


def test_unknown_options_are_refused_in_one_sentence(make_pair):
    pair, _ = make_pair()
    with pytest.raises(MossFuseError, match="sensor, block"):
        call("m2u-net", pair, preset="smoke", support="circle")


@pytest.mark.parametrize(
    ("network", "count"),
    [
        (lambda: SpectralLadder(3, 31), 1195),
        (lambda: UnfoldedAutoencoder(31, 3), 76240),
        (lambda: GuidedDecoder(31, 3), 245151),
        (lambda: ExchangeNet(31, 3), 7097695),
        (lambda: Corrector(31), 43400),
        (lambda: SpectralTransformer(3, 31, 31, 3), 1619625),
    ],
)
def test_parameter_counts_are_the_public_codes(network, count):
    assert parameter_count(network()) == count


@pytest.mark.parametrize("shape", [(5, 7), (16, 24), (9, 33)])
def test_networks_that_halve_the_image_keep_any_size(shape):
    image = torch.rand(1, 4, *shape)
    assert SpectralTransformer(4, 6, 8, 1)(image).shape == (1, 6, *shape)
    assert SkipUNet(4, 8)(image).shape == image.shape


@pytest.mark.parametrize(
    ("name", "changes"),
    [("gdd", {}), ("miae", {}), ("mst", {}), ("dbsr", {"learning_rate": 1e-2}), ("cucanet", {})],
)
def test_a_few_steps_already_lower_the_observable_loss(name, changes, make_pair, monkeypatch):
    pair, _ = make_pair()
    method, module = find_method(name)
    params = {**method.params, **method.presets["smoke"], **changes}
    monkeypatch.setattr(fit_module, "fit", partial(fit_module.fit, log_every=5))
    fusion = module.fuse(seen_by(method, pair), seed=0, device="cpu", **params)
    last_stage = fusion.history["stage"][-1]
    losses = [
        v for v, stage in zip(fusion.history["loss"], fusion.history["stage"], strict=True) if stage == last_stage
    ]
    assert losses[-1] < 0.8 * losses[0]
    assert fusion.notes["parameters"] > 0 and fusion.notes["iterations"] > 0


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("mst-rgb", {"steps": 30, "learning_rate": 1e-2}),
        ("mhf-net", {"steps": 40, "learning_rate": 2e-3}),
        ("ual", {"steps": 60, "train_rate": 2e-3}),
        ("mst-dataset", {"steps": 40, "learning_rate": 4e-3}),
    ],
)
def test_training_lowers_the_loss(name, changes, make_pair, tmp_path):
    pairs, truths = zip(*(make_pair(rows=32, cols=32, seed=seed) for seed in (1, 2)), strict=True)
    history = trained(name, pairs, truths, tmp_path / "w.pt", **changes)
    assert history["loss"][-1] < 0.8 * history["loss"][0]


@pytest.mark.parametrize("name", ["mst-dataset", "daem-pretrained"])
def test_weights_of_another_geometry_do_not_lend_their_psf(name, make_pair, tmp_path, caplog):
    pair, _ = make_pair(rows=32, cols=32)
    trained(name, [pair, make_pair(rows=32, cols=32, seed=1)[0]], None, tmp_path / "w.pt")
    method, module = find_method(name)
    params = {**method.params, **{k: v for k, v in method.presets["smoke"].items() if k in method.params}}
    fuse = lambda seen: module.fuse(seen, seed=0, device="cpu", checkpoint=tmp_path / "w.pt", **params)  # noqa: E731
    assert fuse(seen_by(method, pair)).psf_hat is not None and not caplog.text
    seen = seen_by(method, replace(pair, sensor=replace(pair.sensor, phase=(5, 3))))
    assert fuse(seen).psf_hat is None and "7x7 and 5,3: their PSF is not this pair's" in caplog.text


@pytest.mark.parametrize("name", ["mhf-net", "mst-dataset"])
def test_interrupted_training_resumes_to_the_same_bytes(name, make_pair, tmp_path, monkeypatch):
    pairs, truths = zip(*(make_pair(rows=32, cols=32, seed=seed) for seed in (1, 2)), strict=True)
    trained(name, pairs, truths, tmp_path / "whole.pt", steps=6, save_every=3)

    import mossfuse.fitting.dataset_training as crop_training

    def cut_short(steps, description, total=None):
        for step in steps:
            if step == 4:
                raise KeyboardInterrupt
            yield step

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(crop_training, "track", cut_short)
        trained(name, pairs, truths, tmp_path / "cut.pt", steps=6, save_every=3)
    assert not (tmp_path / "cut.pt").exists()
    trained(name, pairs, truths, tmp_path / "cut.pt", resume=True, steps=6, save_every=3)
    whole, cut = (torch.load(tmp_path / f"{which}.pt", weights_only=True)["state_dict"] for which in ("whole", "cut"))
    assert all(torch.equal(whole[key], cut[key]) for key in whole)


@pytest.mark.parametrize("name", ["ual", "mhf-net", "mst-rgb"])
def test_supervised_training_needs_a_truth_of_the_right_shape(name, make_pair, tmp_path):
    pair, truth = make_pair(rows=32, cols=32)
    for truths in (None, [truth[:16]]):
        with pytest.raises(MossFuseError, match="truth"):
            trained(name, [pair], truths, tmp_path / "w.pt")


@pytest.mark.parametrize("name", ["ual", "mhf-net", "mst-rgb", "mst-dataset"])
def test_checkpoints_are_checked_before_use(name, make_pair, tmp_path):
    pair, truth = make_pair(rows=32, cols=32)
    method, module = find_method(name)
    params = {**method.params, **{k: v for k, v in method.presets["smoke"].items() if k in method.params}}
    with pytest.raises(MossFuseError, match="train the method first"):
        module.fuse(seen_by(method, pair), seed=0, device="cpu", **params)
    trained(name, [pair], [truth], tmp_path / "w.pt", steps=1)
    other, _ = make_pair(rows=32, cols=32, bands=20)
    with pytest.raises(MossFuseError, match="bands 31"):
        module.fuse(seen_by(method, other), seed=0, device="cpu", checkpoint=str(tmp_path / "w.pt"), **params)


def test_geometry_comes_from_the_sensor_not_from_the_ratio(make_pair):
    pair, _ = make_pair(rows=32, cols=32)
    moved = replace(pair, sensor=replace(pair.sensor, psf_shape=(5, 5), phase=(1, 6)))
    assert geometry_of(moved) == Geometry((5, 5), (1, 6), "reflect")
    for name in ("udaln", "miae", "dbsr", "cucanet", "mst"):
        method, module = find_method(name)
        params = {**method.params, **method.presets["smoke"]}
        params |= {key: 4 for key in params if key.endswith("steps")}
        fusion = module.fuse(seen_by(method, moved), seed=0, device="cpu", **params)
        assert fusion.psf_hat.shape == (5, 5)
