"""Baselines that are trained with ground truth: the sizes of their papers, and the traps of their codes."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from baselines.lso.network import LatentOperatorNet, LatentSolver
from baselines.mimo_sst.network import CrossAttention, ThreeScaleNet
from baselines.srlf_net.network import SelectiveRelearning, Stage, large_factors, strided
from baselines.srlf_net.scan import recurrence
from baselines.srlf_net.selection import refined, share_of, similarity
from baselines.srlf_net.tiles import in_tiles
from baselines.ssr_net import in_ascending_order
from baselines.ssr_net.network import OverwritingNet, overwritten
from helpers.deep_runs import seen_by, trained
from mossfuse.devices import parameter_count
from mossfuse.errors import MossFuseError
from mossfuse.methods import find_method

# The papers' tables: SSR-NET 27 k (three layers of 31 x 31 x 9 + 31 make 26 k); LSO 1.94 M; MIMO-SST 4.98 M with modules that
# no computation uses; SRLF-Net 1.33 M, of which the description accounts for 1.10 M.
COUNTS = {
    OverwritingNet: 26_040,
    LatentOperatorNet: 1_942_679,
    ThreeScaleNet: 1_648_799,
    SelectiveRelearning: 1_101_582,
}
LEARNING = {"ssr-net": 1e-2, "lso": 3e-3, "mimo-sst": 4e-3, "srlf-net": 1e-2}  # name -> step size


@pytest.mark.parametrize("network", COUNTS)
def test_number_of_learned_values_is_the_described_network_s(network):
    with torch.device("meta"):
        assert parameter_count(network(31, 3, 8)) == COUNTS[network]


@pytest.mark.parametrize("name", LEARNING)
def test_training_lowers_the_loss_and_its_weights_refuse_another_ratio(name, make_pair, tmp_path):
    pairs, truths = zip(*(make_pair(rows=32, cols=32, seed=seed) for seed in (1, 2)), strict=True)
    history = trained(name, pairs, truths, tmp_path / "w.pt", steps=40, learning_rate=LEARNING[name])
    assert history["loss"][-1] < 0.8 * history["loss"][0]
    method, module = find_method(name)
    other, _ = make_pair(rows=32, cols=32, ratio=4)
    with pytest.raises(MossFuseError, match="ratio 8"):
        module.fuse(seen_by(method, other), seed=0, device="cpu", checkpoint=str(tmp_path / "w.pt"), **method.params)


def test_msi_bands_overwrite_hsi_bands_in_ascending_order_of_wavelength(make_pair):
    pair, _ = make_pair(rows=16, cols=16)  # its responses descend, as CAVE's R, G, B do
    assert np.array_equal(in_ascending_order(pair).msi, pair.msi[..., ::-1])
    assert overwritten(31, 3) == [0, 15, 30] and overwritten(31, 1) == [30]
    with pytest.raises(MossFuseError, match="needs the srf"):
        in_ascending_order(replace(pair, sensor=replace(pair.sensor, srf=None)))


def test_overwritten_bands_reach_the_first_layer():
    network, seen = OverwritingNet(31, 3, 4), []
    network.fusion.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    hsi, msi = torch.rand(1, 31, 2, 2), torch.rand(1, 3, 8, 8)
    network(hsi, msi)
    assert torch.equal(seen[0][:, [0, 15, 30]], msi)
    assert torch.allclose(seen[0][:, 7].mean(), hsi[:, 7].mean(), atol=1e-6)


def test_latent_tokens_add_the_series_to_its_own_argument():
    solver = LatentSolver(8)
    torch.nn.init.zeros_(solver.weights)
    tokens = torch.randn(2, 8, 8, 1)
    assert torch.allclose(solver.advance(tokens), torch.pi * torch.sigmoid(tokens))
    torch.nn.init.ones_(solver.weights)
    s = torch.pi * torch.sigmoid(tokens)
    k = torch.arange(1, 25)
    expected = s + (torch.sin(k * torch.pi * s) + torch.cos(k * torch.pi * s)).sum(-1, keepdim=True)
    assert torch.allclose(solver.advance(tokens), expected, atol=1e-4)


def test_patches_of_a_latent_solver_do_not_see_each_other():
    solver, image = LatentSolver(16), torch.rand(1, 16, 8, 12)
    changed = image.clone()
    changed[:, :, 4:, 8:] += 1  # one patch of six
    difference = (solver(image) - solver(changed)).abs().amax((0, 1)) > 0
    assert difference[4:, 8:].all() and difference.sum() == 16


def test_attention_of_the_msi_runs_over_its_channels_with_the_hsi_s_key_as_query():
    cross, (x, y) = CrossAttention(6), torch.rand(2, 1, 6, 4, 5)
    query_x, _, _ = cross.parts(x)
    _, key_y, value_y = cross.parts(y)
    weights = torch.einsum("ncp,ndp->ncd", key_y, query_x).softmax(2)
    expected = x + cross.project(torch.einsum("ncd,ndp->ncp", weights, value_y).reshape(x.shape))
    assert torch.allclose(cross(x, y)[0], expected + cross.forth(cross.norm_2(expected)), atol=1e-6)


def test_three_scales_are_full_half_and_quarter_size():
    network = ThreeScaleNet(5, 2, 3, width=8)
    found = network.scales(torch.rand(1, 5, 3, 5), torch.rand(1, 2, 9, 15))
    assert [tuple(z.shape[2:]) for z in found] == [(9, 15), (5, 8), (3, 4)]


def test_recurrence_in_pieces_is_the_one_step_by_step():
    decay, drive = torch.rand(2, 19, 3)
    state, expected = torch.zeros(3), []
    for a, b in zip(decay, drive, strict=True):
        state = a * state + b
        expected.append(state)
    assert torch.allclose(recurrence(decay, drive), torch.stack(expected), atol=1e-6)


def test_only_the_worst_pixels_are_refined():
    image, badness = torch.rand(2, 5, 4, 4), torch.rand(2, 4, 4)
    changed = (refined(image, badness, 3, torch.ones_like) != image).any(1)
    for where, bad in zip(changed, badness, strict=True):
        assert where.sum() == 3 and bad[where].min() > bad[~where].max()
    assert refined(image, badness, 0, torch.ones_like) is image


def test_share_of_refined_pixels_follows_from_the_similarity():
    image = torch.rand(1, 3, 8, 8)
    assert share_of(similarity(image, image)) == pytest.approx(0, abs=1e-6)
    assert share_of(torch.zeros(1, 8, 8)) == pytest.approx(0.3)
    assert share_of(-torch.ones(1, 8, 8)) == pytest.approx(0.6) and share_of(torch.full((1, 8, 8), 1.1)) == 0


@pytest.mark.parametrize(("ratio", "strides"), [(8, [4, 2]), (32, [4, 4, 2]), (5, [5]), (12, [4, 3]), (1, [])])
def test_strides_of_a_stage_end_at_the_size_of_the_hsi(ratio, strides):
    assert large_factors(ratio) == strides
    image = torch.rand(1, 2, 2 * ratio, 3 * ratio)
    for factor in strides:
        image = strided(2, factor)(image)
    assert image.shape == (1, 2, 2, 3)


def test_stage_asks_the_known_sensor_before_each_refinement():
    asked = []

    class Seen:
        def colours(self, cube):
            asked.append(tuple(cube.shape))
            return cube[:, :2]

        def blur(self, cube):
            asked.append(tuple(cube.shape))
            return cube[:, :, ::4, ::4]

    stage = Stage(6, 2, 4, state=2)
    assert stage(torch.rand(1, 6, 8, 8), torch.rand(1, 6, 2, 2), torch.rand(1, 2, 8, 8), Seen()).shape == (1, 6, 8, 8)
    assert asked == [(1, 6, 8, 8)] * 2


def test_overlapping_tiles_of_a_pointwise_function_give_its_image():
    hsi, msi = torch.rand(1, 3, 5, 7), torch.rand(1, 3, 20, 28)
    found = in_tiles(lambda low, high: 2 * high, hsi, msi, ratio=4, side=8, batch=3)
    assert torch.allclose(found, 2 * msi)


def test_dropout_of_an_interrupted_training_is_that_of_an_uninterrupted_one(make_pair, tmp_path, monkeypatch):
    import mossfuse.fitting.dataset_training as crop_training

    pair, truth = make_pair(rows=16, cols=16)

    def cut_short(steps, description, total=None):
        yield from list(steps)[:3]
        raise KeyboardInterrupt

    trained("srlf-net", [pair], [truth], tmp_path / "whole.pt", steps=4, save_every=2)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(crop_training, "track", cut_short)
        trained("srlf-net", [pair], [truth], tmp_path / "cut.pt", steps=4, save_every=2)
    trained("srlf-net", [pair], [truth], tmp_path / "cut.pt", resume=True, steps=4, save_every=2)
    whole, cut = (torch.load(tmp_path / f"{name}.pt", weights_only=True)["state_dict"] for name in ("whole", "cut"))
    assert all(torch.equal(whole[key], cut[key]) for key in whole)


def test_pairs_of_two_sensors_are_refused(make_pair, tmp_path):
    pairs, truths = zip(*(make_pair(rows=16, cols=16, sigma=sigma) for sigma in (1.0, 2.0)), strict=True)
    with pytest.raises(MossFuseError, match="that of pair 1 differs"):
        trained("srlf-net", pairs, truths, tmp_path / "w.pt")
