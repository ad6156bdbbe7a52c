"""Baselines that learn a prior from the pair itself: SDP, ARGS-Diff and SpectraMorph, and what their papers fix."""

import numpy as np
import pytest
import torch

from baselines.args_diff import sampling
from baselines.args_diff.spatial import SpatialDenoiser
from baselines.args_diff.spectral import SpectralDenoiser
from baselines.sdp import diffusion
from baselines.sdp.diffusion import LEVELS, NoisePredictor, noisy, prior_error
from baselines.spectramorph import replicated
from baselines.spectramorph.nmf import factorise
from helpers.deep_runs import call, rmse
from mossfuse.devices import parameter_count
from mossfuse.errors import MossFuseError


def test_spectramorph_has_the_paper_s_number_of_learned_values(make_pair):
    pair, _ = make_pair(rows=16, cols=16, msi_bands=4)
    notes = call("spectramorph", pair, steps=1, factor_steps=1, hidden=1024, endmembers=4).notes
    assert notes["endmembers"] == 4  # four LR pixels have no more
    pair, _ = make_pair(rows=32, cols=32, msi_bands=4)
    assert call("spectramorph", pair, steps=1, factor_steps=1).notes["parameters"] == 12_295


def test_spectra_of_spectramorph_come_from_the_pair_and_the_fit_finds_them(make_pair):
    pair, truth = make_pair()
    plain, coarse = (
        call("spectramorph", pair, steps=300, hidden=64, factor_steps=200, coarse=coarse) for coarse in (False, True)
    )
    assert plain.history["loss"][-1] < 0.2 * plain.history["loss"][0]
    assert rmse(plain.cube, truth) < 0.03
    assert coarse.notes["parameters"] == plain.notes["parameters"] + 31 * 64


def test_factorisation_is_non_negative_and_finds_a_product():
    rng = np.random.default_rng(0)
    pixels = rng.random((60, 4)) @ rng.random((4, 20))
    left, right = factorise(pixels, 4, 2000)
    assert left.min() >= 0 and right.min() >= 0
    assert np.abs(left @ right - pixels).max() < 0.02 * pixels.max()
    assert [a.tobytes() for a in factorise(pixels, 4, 50)] == [a.tobytes() for a in factorise(pixels, 4, 50)]


def test_replication_takes_the_nearest_pixel():
    image = np.arange(6.0).reshape(2, 3, 1)
    assert np.array_equal(replicated(image, (4, 6))[..., 0], np.kron(image[..., 0], np.ones((2, 2))))


def test_noise_predictor_of_sdp_sees_single_spectra_again_in_every_later_layer():
    bands, width = 31, 512
    predictor = NoisePredictor(bands, width).eval()
    layers = bands * width + 3 * (width + bands) * width + (width + bands) * bands + 4 * width + bands
    time = 64 * bands + bands + bands * bands + bands
    assert parameter_count(predictor) == layers + time + 4 * (bands * width + width) + 4 * 2 * width
    spectra, levels = torch.rand(5, bands), torch.full((5,), 300)
    changed = spectra.clone()
    changed[2] += 1
    with torch.no_grad():
        differing = (predictor(changed, levels) != predictor(spectra, levels)).any(1)
    assert differing.tolist() == [False, False, True, False, False]


def test_noise_of_sdp_runs_from_almost_none_to_almost_all():
    clean, noise = torch.rand(2, 3), torch.randn(2, 3)
    assert torch.allclose(noisy(clean, torch.tensor([0, 0]), noise), clean, atol=0.05)
    assert torch.allclose(noisy(clean, torch.tensor([LEVELS - 1] * 2), noise), noise, atol=0.01)


def test_prior_of_a_large_image_is_summed_in_pieces_with_the_same_gradient(monkeypatch):
    predictor, found = NoisePredictor(6, 8).eval().requires_grad_(False), []
    for chunk in (100, 3):
        monkeypatch.setattr(diffusion, "CHUNK", chunk)
        torch.manual_seed(1)
        spectra = torch.full((7, 6), 0.4, requires_grad=True)
        error = prior_error(predictor, spectra, 100)
        error.backward()
        found.append((error.detach(), spectra.grad))
    assert torch.allclose(found[0][0], found[1][0]) and torch.allclose(found[0][1], found[1][1], atol=1e-6)


def test_fit_of_sdp_visits_the_levels_in_descending_order(make_pair, monkeypatch):
    pair, _ = make_pair(rows=16, cols=16)
    visited = []

    def record(predictor, spectra, level):
        visited.append(level)
        return spectra.sum() * 0

    monkeypatch.setattr(diffusion, "prior_error", record)
    call("sdp", pair, preset="smoke", levels=4, repeats=2)
    assert visited == [999, 999, 749, 749, 499, 499, 249, 249]


def test_each_fit_of_sdp_lowers_its_loss(make_pair):
    pair, _ = make_pair(rows=16, cols=16)
    history = call("sdp", pair, preset="smoke", prior_steps=100, levels=60).history
    for stage in ("operators", "prior", "cube"):
        losses = [loss for loss, name in zip(history["loss"], history["stage"], strict=True) if name == stage]
        assert losses[-1] < losses[0], stage


def test_schedule_of_args_diff_ends_at_1_and_at_a_thousandth():
    shares = sampling.kept_shares()
    assert shares[0] == 1 and shares[-1] == pytest.approx(1e-3) and (shares.diff() < 0).all()


def test_ddim_to_a_clean_level_gives_the_clean_factor_and_back_the_same():
    x, clean = torch.randn(2, 4), torch.rand(2, 4)
    assert torch.allclose(sampling.ddim(x, clean, 0.3, 1.0), clean)
    assert torch.allclose(sampling.ddim(x, clean, 0.3, 0.3), x, atol=1e-6)


def test_first_normalised_gradient_is_its_sign():
    gradient = torch.tensor([2.0, -0.01, 30.0])
    assert torch.allclose(sampling.Direction().of(gradient), gradient.sign(), atol=1e-5)


@pytest.mark.parametrize(("bands", "hidden", "code"), [(48, 128, 30), (103, 256, 60), (128, 256, 60), (176, 400, 100)])
def test_spectral_network_of_args_diff_has_the_sizes_of_the_paper_s_scenes(bands, hidden, code):
    network = SpectralDenoiser(bands)
    widths = [layer.out_features for layer in network.layers if isinstance(layer, torch.nn.Linear)]
    assert widths == [hidden, 2 * hidden, hidden, bands] and network.code.embedding_dim == code
    assert isinstance(network.layers[1], torch.nn.ReLU6)


def test_spatial_network_of_args_diff_keeps_any_size_and_starts_at_zero():
    network = SpatialDenoiser(3, 4)
    found = network(torch.rand(2, 3, 9, 13), torch.tensor([0, 999]))
    assert found.shape == (2, 3, 9, 13) and not found.any()


def test_sampling_of_args_diff_comes_nearer_to_the_pair(make_pair):
    pair, _ = make_pair(rows=16, cols=16)
    far, near = (
        call("args-diff", pair, preset="smoke", operator_steps=300, samples=30, guidance=guidance).notes[
            "last_residual"
        ]
        for guidance in (1e-9, 0.05)
    )
    assert near < 0.5 * far


def test_spectramorph_needs_the_srf_and_light(make_pair):
    from dataclasses import replace

    from mossfuse.methods import find_method

    pair, _ = make_pair(rows=16, cols=16)
    method, module = find_method("spectramorph")
    for wrong, words in (
        (replace(pair, sensor=replace(pair.sensor, srf=None)), "needs to know the srf"),
        (replace(pair, hsi=0 * pair.hsi), "zero everywhere"),
    ):
        with pytest.raises(MossFuseError, match=words):
            module.fuse(wrong, seed=0, device="cpu", **method.params)
