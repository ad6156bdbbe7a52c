"""Pixel MLP, M2U-Net, EDIP-Net, DAEM: sizes of the authors' networks, learned operators, and what the methods reach."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
import torch.nn.functional as F

import mossfuse.fitting.stages as fit_module
from baselines.daem.network import Daem, DaemNetwork
from baselines.shared.spectral_mlp import SpectralMLP
from baselines.shared.two_streams.spectral import SpectralStreams
from baselines.shared.two_streams.unets import GuidedUNet, PlainUNet, enlarge_axis
from mossfuse.devices import parameter_count, seeded
from mossfuse.errors import MossFuseError
from mossfuse.fitting.operators import LearnedOperator, TwoPaths, blind_step
from mossfuse.fitting.stages import constant_then_linear, fit
from mossfuse.methods import find_method
from mossfuse.metrics import score
from mossfuse.physics.psf import gaussian_psf
from mossfuse.physics.psf_geometry import around, official_geometry, own_block
from mossfuse.physics.sampling import BlurSample, operator_of
from mossfuse.protocol import Observation, Sensor

NAMES = ("pixel-mlp", "pixel-mlp-blind", "m2u-net", "edip-net", "daem")
COUNTS = {
    "pixel MLP": (lambda: SpectralMLP(3, 31), 23_071),
    "M2U-Net, streams": (lambda: SpectralStreams(3, 31), 17_114),
    "EDIP-Net, streams": (lambda: SpectralStreams(3, 31, interactive=True), 17_114),
    "M2U-Net, U-Net of width 260": (lambda: GuidedUNet(31, 3, 260), 13_947_755),
    "EDIP-Net, U-Nets of width 240": (lambda: torch.nn.ModuleList([PlainUNet(31, 240) for _ in range(2)]), 11_964_086),
    "DAEM, network": (lambda: DaemNetwork(3, 31), 6_530),
}


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)
    torch.manual_seed(0)


def call(name, pair, seed=0, preset="", **params):
    """fuse with what the method knows; params over the preset over the defaults."""
    method, module = find_method(name)
    chosen = {k: v for k, v in method.presets.get(preset, {}).items() if k in method.params}
    seen = replace(pair, sensor=pair.sensor.restricted_to(method.knows))
    return module.fuse(seen, seed=seed, device="cpu", **{**method.params, **chosen, **params})


@pytest.mark.parametrize("name", COUNTS)
def test_parameter_counts_are_the_authors(name):
    build, count = COUNTS[name]
    with torch.device("meta"):
        assert parameter_count(build()) == count


def test_daem_has_6558_parameters_with_its_operator(make_pair):
    pair, _ = make_pair()
    assert parameter_count(DaemNetwork(3, 31), LearnedOperator(pair, psf="gaussian", srf="mixture")) == 6558


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


@pytest.mark.parametrize(
    ("size", "phase", "wanted"), [(8, (3, 3), (0, 0)), (7, (3, 3), (5, 2)), (8, (3, 3), (3, 3)), (3, (1, 1), (7, 7))]
)
def test_a_psf_seen_from_another_pixel_is_the_same_operator(size, phase, wanted):
    image = np.random.default_rng(0).random((48, 40, 2))
    psf = gaussian_psf(size, 1.5)
    moved = around(psf, phase, wanted)
    expected = BlurSample(psf, phase, 8, image.shape)(image)
    np.testing.assert_allclose(BlurSample(moved, wanted, 8, image.shape)(image), expected, atol=1e-12)


def test_authors_support_reports_its_psf_around_the_sampled_pixel(make_pair):
    pair, _ = make_pair(rows=64, cols=64, ratio=8)
    moved = replace(pair, sensor=replace(pair.sensor, phase=(5, 2)))
    fusion = call("m2u-net", moved, preset="smoke", support="block", detail_steps=0)
    rows, cols = fusion.psf_hat.shape
    held = [np.flatnonzero(fusion.psf_hat.sum(axis)) for axis in (1, 0)]
    assert [h[0] + p - (k - 1) // 2 for h, p, k in zip(held, (5, 2), (rows, cols), strict=True)] == [0, 0]


@pytest.mark.parametrize("ratio", [4, 8, 32])
def test_the_own_block_holds_every_pixel_of_the_official_psf(ratio):
    (rows, _), (row, _), _ = own_block(ratio)
    size, phase = official_geometry(ratio)
    start, first = row - (rows - 1) // 2, phase - (size - 1) // 2
    assert start <= first and first + size <= start + rows


def test_members_and_streams_of_m2u_do_not_see_each_other():
    streams = SpectralStreams(3, 31, members=2)
    x = torch.rand(4, 5, 3, requires_grad=True)
    streams(x)[1].sum().backward()
    assert (x.grad[1] != 0).any() and not x.grad[[0, 2, 3]].any()


def test_streams_of_edip_see_their_partner_alone():
    streams = SpectralStreams(3, 31, members=2, interactive=True)
    x = torch.rand(4, 5, 3, requires_grad=True)
    streams(x)[1].sum().backward()
    assert (x.grad[1] != 0).any() and (x.grad[3] != 0).any() and not x.grad[[0, 2]].any()


@pytest.mark.parametrize("size", [(16, 24), (18, 13)])
def test_u_nets_start_from_the_identity_unless_faithful(size):
    cube, msi = torch.rand(1, 7, *size), torch.rand(1, 2, *size)
    assert torch.equal(GuidedUNet(7, 2, 10)(cube, msi), cube)
    assert torch.equal(PlainUNet(7, 10)(cube), cube)
    faithful = GuidedUNet(7, 2, 10, residual=False)(cube, msi)
    assert faithful.shape == cube.shape and (faithful - cube).abs().max() > 0.1
    assert faithful.min() > 0 and faithful.max() < 1


def test_enlarging_is_bilinear_interpolation():
    image = torch.rand(1, 2, 5, 7)
    twice = enlarge_axis(enlarge_axis(image, 2, 10), 3, 14)
    assert torch.allclose(twice, F.interpolate(image, scale_factor=2, mode="bilinear"), atol=1e-6)


def test_an_image_too_small_for_the_u_net_is_refused():
    with pytest.raises(MossFuseError, match="at least 8x8"):
        PlainUNet(7, 10)(torch.rand(1, 7, 4, 16))


def test_daems_two_losses_move_their_own_half_alone(make_pair):
    pair, _ = make_pair()
    operator = LearnedOperator(pair, psf="gaussian", srf="mixture")
    model = Daem(DaemNetwork(3, 31), operator, TwoPaths(pair, operator))
    model.network_loss().backward()
    assert all(p.grad is None for p in operator.parameters()) and all(
        p.grad is not None for p in model.network.parameters()
    )
    model.zero_grad(set_to_none=True)
    sum(model.operator_loss(torch.tensor([0, 5])).values()).backward()
    assert all(p.grad is not None for p in operator.parameters()) and all(
        p.grad is None for p in model.network.parameters()
    )


def test_interrupted_pretraining_of_daem_ends_in_the_same_weights(make_pair, tmp_path, monkeypatch):
    method, module = find_method("daem-pretrained")
    pairs = [make_pair(seed=s)[0] for s in (1, 2)]
    params = {**method.train_params, **{k: v for k, v in method.presets["smoke"].items() if k in method.train_params}}
    params |= {"train_steps": 20, "save_every": 8}

    def weights(path, **options):
        module.train(pairs, seed=4, device="cpu", path=str(path), **options, **params)
        return torch.load(path, weights_only=True)["state_dict"]

    whole = weights(tmp_path / "whole.pt")
    calls, original = [], Daem.network_loss

    def interrupted(self, *args):
        calls.append(1)
        if len(calls) == 14:
            raise KeyboardInterrupt
        return original(self, *args)

    monkeypatch.setattr(Daem, "network_loss", interrupted)
    with pytest.raises(KeyboardInterrupt):
        weights(tmp_path / "cut.pt")
    monkeypatch.setattr(Daem, "network_loss", original)
    resumed = weights(tmp_path / "cut.pt", resume=True)
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)


def test_stage_three_brings_m2u_closer_to_both_images(make_pair):
    pair, _ = make_pair(rows=64, cols=64, ratio=8)
    history = call("m2u-net", pair, preset="smoke", detail_steps=30).history
    start = [n for n, stage in enumerate(history["stage"]) if stage == "detail"]
    fusion = call("m2u-net", pair, preset="smoke", detail_steps=1)
    first = next(v for n, v in enumerate(fusion.history["loss"]) if fusion.history["stage"][n] == "detail")
    assert history["loss"][start[-1]] < first


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


@pytest.fixture(scope="session")
def balloons(mirror_file):
    """CAVE balloons at half size, and its official x32 pair with everything known."""
    from scipy.io import loadmat

    from mossfuse.degradations import degrade, find_degradation

    cube = (loadmat(mirror_file("CAVE_256/balloons_ms.mat"))["Omsi"] / 65535).astype(np.float32)
    responses = loadmat(mirror_file("srf/MossFuse_resp.mat"))
    srf = next(v for k, v in responses.items() if not k.startswith("_"))
    srf = srf if srf.shape[0] == 3 else srf.T
    return cube, degrade(cube, find_degradation("x32-gauss31s2-nikond700"), srf, scene="balloons")


def scores(balloons, name, seeds, **params):
    cube, pair = balloons
    rows = [score(cube, call(name, pair, seed, **params).cube, 32, "std1") for seed in seeds]
    return [row["psnr"] for row in rows], [row["sam"] for row in rows]


@pytest.mark.slow
@pytest.mark.real_data
def test_pixel_mlp_on_balloons_is_the_strong_cheap_peer(balloons):
    psnr, sam = scores(balloons, "pixel-mlp", (0, 1, 2))
    assert np.mean(psnr) >= 43.8 and min(psnr) >= 43.4
    assert np.mean(sam) <= 3.0


@pytest.mark.slow
@pytest.mark.real_data
def test_blind_pixel_mlp_loses_nothing_against_the_known_srf(balloons):
    psnr, _ = scores(balloons, "pixel-mlp-blind", (0,))
    assert psnr[0] >= 43.8


@pytest.mark.slow
@pytest.mark.real_data
@pytest.mark.parametrize("name, floor", [("m2u-net", 42.0), ("edip-net", 40.0)])
def test_spectral_stages_on_balloons(balloons, name, floor):
    psnr, _ = scores(balloons, name, (0,), detail_steps=0)
    assert psnr[0] >= floor


@pytest.mark.slow
@pytest.mark.real_data
def test_daem_without_pretraining_reaches_40_db_on_balloons(balloons):
    psnr, _ = scores(balloons, "daem", (0,))
    assert psnr[0] >= 40.0


def test_unknown_options_are_refused_in_one_sentence(make_pair):
    pair, _ = make_pair()
    with pytest.raises(MossFuseError, match="sensor, block"):
        call("m2u-net", pair, preset="smoke", support="circle")
    blind = Observation(pair.hsi, pair.msi, pair.ratio, Sensor())
    with pytest.raises(MossFuseError, match="needs the SRF, or the sampling phase"):
        call("pixel-mlp", blind, preset="smoke")


def test_seeded_networks_are_equal():
    with seeded(3):
        first = DaemNetwork(3, 31).state_dict()
    with seeded(3):
        second = DaemNetwork(3, 31).state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)
