"""Deep baselines, second part: UDALN, GDD, MIAE, MST, DBSR, UAL, CUCaNet, MHF-net."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch

import mossfuse.fitting.stages as fit_module
from baselines.cucanet.network import CoupledAutoencoder, mix_weighted
from baselines.dbsr.network import SkipUNet
from baselines.gdd.network import GuidedDecoder
from baselines.mhf_net.network import Down, UnfoldedFusion, Up, large_factors, prime_factors
from baselines.miae.network import UnfoldedAutoencoder
from baselines.shared.padding import pad_reflect
from baselines.shared.spectral_transformer import SpectralTransformer
from baselines.shared.two_scale_loss import TwoScales
from baselines.shared.upsampling import coarsen, upsample
from baselines.ual.network import Corrector, Exchange, ExchangeNet
from baselines.udaln.network import SpectralLadder, ladder
from mossfuse.devices import parameter_count, seeded
from mossfuse.errors import MossFuseError
from mossfuse.fitting.crops import Crops
from mossfuse.methods import find_method
from mossfuse.physics.psf import gaussian_psf
from mossfuse.physics.psf_geometry import Geometry, geometry_of
from mossfuse.physics.sampling import operator_of
from mossfuse.physics.tensors import blur_sample, to_tensor

BLOCK32 = Geometry((32, 32), (15, 15))


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


def test_cucanet_has_a_million_parameters_at_512_pixels_and_ratio_32():
    network = CoupledAutoencoder(31, 3, (16, 16), 32, BLOCK32)
    assert parameter_count(network) + 32 * 32 + 3 * 31 == 1010270


def test_weighted_mixing_equals_mixing_the_stack():
    layer, x, weights = torch.nn.Conv2d(6, 4, 1), torch.rand(1, 3, 5, 5), torch.rand(1, 3, 1, 1)
    torch.testing.assert_close(mix_weighted(layer, x, weights), layer(torch.cat([x, x * weights], 1)))


def test_mhf_net_has_about_three_million_parameters_not_129():
    assert parameter_count(UnfoldedFusion(31, 3, 32, stages=20, rank=12)) == pytest.approx(3.0e6, rel=0.03)


def test_ladder_doubles_the_bands_and_ends_at_the_hsi():
    assert ladder(3, 31) == [3, 6, 12, 24, 31]
    assert ladder(1, 8) == [1, 2, 4, 8]
    assert ladder(4, 5) == [4, 5]
    assert ladder(3, 3) == [3, 3]


def test_padding_is_numpys_reflection_even_of_tiny_images():
    image = torch.arange(2 * 3.0).reshape(1, 1, 2, 3)
    padded = pad_reflect(image, 8, 16)
    assert padded.shape[2:] == (16, 16)
    assert (padded[0, 0].numpy() == np.pad(image[0, 0].numpy(), ((0, 14), (0, 13)), mode="reflect")).all()
    assert pad_reflect(padded, 8) is padded


@pytest.mark.parametrize("shape", [(5, 7), (16, 24), (9, 33)])
def test_networks_that_halve_the_image_keep_any_size(shape):
    image = torch.rand(1, 4, *shape)
    assert SpectralTransformer(4, 6, 8, 1)(image).shape == (1, 6, *shape)
    assert SkipUNet(4, 8)(image).shape == image.shape


@pytest.mark.parametrize("size", [7, 13])
def test_crops_of_high_and_low_images_show_the_same_place(make_pair, size):
    pair, truth = make_pair(rows=64, cols=48)
    psf = torch.from_numpy(gaussian_psf(size, 2.0)).float()
    cube = to_tensor(truth)
    low = blur_sample(cube, psf, (3, 3), 8)
    crops = Crops([((cube,), (low,))], 8, 16, Geometry((size, size), (3, 3)))
    (high,), (seen,) = crops.draw(3, torch.Generator().manual_seed(0))
    again = blur_sample(high, psf, (3, 3), 8)
    torch.testing.assert_close(crops.centre(again), crops.centre(seen), rtol=0, atol=1e-6)
    assert crops.centre(seen).shape[2:] == (2, 2)


def test_a_crop_of_the_whole_scene_has_no_margin(make_pair):
    pair, truth = make_pair(rows=16, cols=40)
    low = to_tensor(pair.hsi)
    crops = Crops([((to_tensor(truth),), (low,))], 8, 64, Geometry((13, 13), (3, 3)))
    assert crops.centre(crops.draw()[1][0]).shape == low.shape


def test_attention_between_channels_does_not_depend_on_the_order_of_pixels():
    from baselines.shared.spectral_transformer import SpectralAttention

    with seeded(0):
        attention = SpectralAttention(8, 2)
        attention.position = torch.nn.Identity()
        image, order = torch.rand(1, 8, 4, 6), torch.randperm(24)
    shuffled = image.flatten(2)[:, :, order].reshape(image.shape)
    expected = attention(image).flatten(2)[:, :, order].reshape(image.shape)
    torch.testing.assert_close(attention(shuffled), expected)


def test_gate_of_the_exchange_decides_between_a_branch_and_its_modulation():
    with seeded(0):
        exchange, features = Exchange(4), [torch.rand(1, 4, 5, 5) for _ in range(3)]
    for gate in exchange.gates:
        torch.nn.init.constant_(gate.bias, 50.0)
    for mixed, feature in zip(exchange(features), features, strict=True):
        torch.testing.assert_close(mixed, feature)


def test_corrector_starts_as_the_identity():
    cube = torch.rand(1, 5, 6, 7)
    assert torch.equal(Corrector(5)(cube), cube)


def test_mhf_way_down_is_a_mean_and_way_up_its_transpose_at_first():
    assert large_factors(32) == [4, 4, 2] and large_factors(8) == [4, 2] and large_factors(5) == [5]
    assert prime_factors(12) == [2, 2, 3] and prime_factors(1) == [1]
    for ratio in (4, 5, 6, 32):
        flat = torch.full((1, 3, 2 * ratio, 3 * ratio), 0.7)
        torch.testing.assert_close(Down(3, ratio)(flat), torch.full((1, 3, 2, 3), 0.7))
    up = Up(3, 2, 8)
    for block in up.blocks.values():
        torch.nn.init.zeros_(block.layers[-1][1].weight)
    raised = up(torch.ones(1, 3, 9, 9), torch.zeros(1, 2, 72, 72))
    assert raised.shape == (1, 3, 72, 72)
    torch.testing.assert_close(raised[:, :, 20:52, 20:52], torch.full((1, 3, 32, 32), 1 / 64))


def test_upsampling_puts_samples_on_their_phase_and_is_linear_between():
    image = torch.arange(4.0).reshape(1, 1, 4, 1) + 10 * torch.arange(3.0)
    up = upsample(image, 4, (1, 3))
    assert up.shape == (1, 1, 16, 12)
    torch.testing.assert_close(up[:, :, 1::4, 3::4], image)
    assert up[0, 0, 3, 3] == 0.5 and up[0, 0, 1, 4] == 2.5 and up[0, 0, 0, 0] == 0
    centred = torch.nn.functional.interpolate(image, scale_factor=5, mode="bilinear", align_corners=False)
    torch.testing.assert_close(upsample(image, 5, (2, 2)), centred)
    assert torch.equal(upsample(image[:, :, :1, :1], 4, (0, 0)), image[:, :, :1, :1].expand(1, 1, 4, 4))


def test_coarse_hsi_is_what_the_ratio_leaves_of_it():
    image = torch.rand(1, 2, 16, 16)
    torch.testing.assert_close(coarsen(image, 32), image.mean((2, 3), keepdim=True).expand_as(image))
    assert coarsen(image, 4).std() > 0


def test_unsupervised_loss_vanishes_for_a_network_that_is_right_at_both_scales(make_pair):
    """A scene without detail: the upsampled HSI is the cube, so the identity must have no error."""
    pair, truth = make_pair(rows=32, cols=32)
    flat = np.full_like(truth, 0.4) * np.linspace(0.5, 1, truth.shape[2], dtype=np.float32)
    flat_pair = replace(pair, hsi=operator_of(pair)(flat), msi=(flat @ pair.sensor.srf.T).astype(np.float32))
    loss = TwoScales([flat_pair], 16, "cpu")
    loss.srf = torch.from_numpy(pair.sensor.srf).float()  # one spectrum does not tell the response
    terms = loss(lambda up, msi: up)
    assert max(float(value) for value in terms.values()) < 1e-5


def test_guard_takes_a_step_back_after_a_jump_of_the_loss():
    from baselines.gdd import Guard

    weight = torch.nn.Parameter(torch.tensor([0.0]))
    guard, seen = Guard([weight]), []
    for loss in (0.5, 0.4, 0.7, 0.4, 0.3):
        guard.see(loss)
        with torch.no_grad():
            weight += 1
            guard.act()
        seen.append(weight.item())
    assert seen == [1, 2, 1, 2, 3] and guard.taken_back == 1


def seen_by(method, pair):
    return replace(pair, sensor=pair.sensor.restricted_to(method.knows))


def rmse(cube, truth):
    return float(np.sqrt(((cube - truth) ** 2).mean()))


def test_udaln_finds_the_cube_of_a_scene_that_three_bands_determine(make_pair):
    from mossfuse.physics.interpolation import upsample_cubic

    pair, truth = make_pair()
    truth = pair.msi @ np.linalg.lstsq(pair.msi.reshape(-1, 3), truth.reshape(-1, 31), rcond=None)[0]
    pair = replace(pair, hsi=operator_of(pair)(truth), msi=(truth @ pair.sensor.srf.T).astype(np.float32))
    method, module = find_method("udaln")
    params = {**method.params, "operator_steps": 800, "spectral_steps": 1500, "joint_steps": 20, "learning_rate": 5e-3}
    cubes = [module.fuse(seen_by(method, pair), seed=seed, device="cpu", **params).cube for seed in (0, 1, 2)]
    errors = sorted(rmse(cube, truth) for cube in cubes)  # one start in three may end in a poor minimum
    assert errors[1] < rmse(upsample_cubic(pair.hsi, pair.msi.shape[:2]), truth) / 3


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


def trained(name, pairs, truths, path, resume=False, **changes):
    method, module = find_method(name)
    params = {**method.train_params, **{k: v for k, v in method.presets["smoke"].items() if k in method.train_params}}
    truths = truths if method.trains == "supervised" else None
    seen = [seen_by(method, pair) for pair in pairs]
    return module.train(
        seen, seed=0, device="cpu", path=str(path), resume=resume, truths=truths, **{**params, **changes}
    )


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


def test_crops_need_a_scene_beyond_the_reach_of_the_psf():
    scenes = [((torch.zeros(1, 3, 8 * n, 8 * n),), (torch.zeros(1, 5, n, n),)) for n in (2, 4)]
    with pytest.raises(MossFuseError, match="reaches over the whole of the smallest scene"):
        Crops(scenes, 8, 16, Geometry((13, 13), (3, 3)))


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


def test_pretrained_method_without_its_checkpoint_is_refused(make_pair):
    method, module = find_method("daem-pretrained")
    with pytest.raises(MossFuseError, match="needs a checkpoint"):
        module.fuse(seen_by(method, make_pair()[0]), seed=0, device="cpu", **method.params)


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


def test_ual_adapts_without_truth(make_pair, tmp_path):
    pair, truth = make_pair(rows=32, cols=32)
    trained("ual", [pair], [truth], tmp_path / "w.pt", steps=20)
    method, module = find_method("ual")
    seen = seen_by(method, pair)
    params = {**method.params, "learning_rate": 1e-3, "psf_rate": 1e-3}
    before, after = (
        module.fuse(seen, seed=0, device="cpu", checkpoint=str(tmp_path / "w.pt"), **{**params, "adapt_steps": steps})
        for steps in (1, 60)
    )
    assert rmse(after.cube @ pair.sensor.srf.T, pair.msi) < 0.7 * rmse(before.cube @ pair.sensor.srf.T, pair.msi)


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


@pytest.mark.slow
@pytest.mark.real_data
def test_udaln_reaches_39_db_on_balloons_at_ratio_32(mirror_file):
    from mossfuse.files import read_array
    from mossfuse.metrics import score
    from mossfuse.physics.psf_geometry import official_geometry
    from mossfuse.physics.sampling import BlurSample
    from mossfuse.protocol import Observation, Sensor

    truth = np.asarray(read_array(mirror_file("CAVE_256/balloons_ms.mat"), key="Omsi"), np.float32) / 65535
    srf = np.asarray(read_array(mirror_file("srf/MossFuse_resp.mat"), key="resp"), np.float64)
    srf = srf / srf.sum(1, keepdims=True)
    size, phase = official_geometry(32)
    psf = gaussian_psf(size, 2.0)
    hsi = BlurSample(psf, (phase, phase), 32, truth.shape)(truth)
    sensor = Sensor(psf_shape=psf.shape, phase=(phase, phase))
    pair = Observation(hsi=hsi, msi=(truth @ srf.T).astype(np.float32), ratio=32, sensor=sensor)
    method, module = find_method("udaln")
    params = {**method.params, "spectral_steps": 10000, "joint_steps": 200}
    cube = module.fuse(pair, seed=2, device="cpu", **params).cube
    assert score(truth, cube, 32, "std1")["psnr"] > 39
