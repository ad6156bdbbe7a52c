"""The network as a module: sizes, shapes, folding, losses and their gradients, checkpoints. No data needed."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch

from mossfuse.devices import parameter_count
from mossfuse.errors import MossFuseError
from mossfuse.estimation.joint import fit_operators
from mossfuse.files import torch_files
from mossfuse.network import checkpoint
from mossfuse.network.aggregation import Aggregation
from mossfuse.network.architecture import MossFuse, inference_parameter_count
from mossfuse.network.blind import BlindOperators
from mossfuse.network.blocks import TransformerBlock
from mossfuse.network.encoders import enlarge
from mossfuse.network.released import blur_everywhere
from mossfuse.network.reparameterise import reparameterise
from mossfuse.network.unireplknet import UniRepBlock
from mossfuse.physics.psf import gaussian_psf
from mossfuse.physics.psf_geometry import Geometry, geometry_of
from mossfuse.physics.tensors import gaussian_kernel, project_spectra
from mossfuse.training.losses import SELF_SUPERVISED, decomposition, fusion_loss, l1, loss_terms

COUNTS = {  # num_blocks: total, inference, encoder MSI, encoder HSI, decoder MSI, decoder HSI, decoder LR, decoder HR
    1: (585_485, 449_153, 185_800, 158_172, 43_262, 51_182, 41_888, 105_084),
    2: (743_069, 527_945, 212_064, 184_436, 69_526, 77_446, 68_152, 131_348),
    3: (900_653, 606_737, 238_328, 210_700, 95_790, 103_710, 94_416, 157_612),
    4: (1_058_237, 685_529, 264_592, 236_964, 122_054, 129_974, 120_680, 183_876),
}


def small(bands=7, msi_bands=2, ratio=4, **options):
    return MossFuse(bands, msi_bands, ratio, **{"dim": 8, **options})


def inputs(network, low=(4, 5), count=2):
    config = network.config
    generator = torch.Generator().manual_seed(1)
    msi = torch.rand(count, config["msi_bands"], *(n * config["ratio"] for n in low), generator=generator)
    return msi, torch.rand(count, config["bands"], *low, generator=generator)


def shaken(network):
    """Batch statistics, gammas and GRN away from their initial values, as after some training."""
    for name, tensor in network.state_dict().items():
        if tensor.is_floating_point() and not name.startswith("blind"):
            tensor += 0.1 * torch.rand_like(tensor)
    return network


@pytest.mark.parametrize("num_blocks", COUNTS)
def test_parameter_counts_are_the_released_ones(num_blocks):
    with torch.device("meta"):
        network = MossFuse(num_blocks=num_blocks)
    parts = [
        getattr(network, f"{kind}_{name}")
        for kind, name in zip(
            ("encoder", "encoder", "decoder", "decoder", "decoder", "decoder"),
            ("msi", "hsi", "msi", "hsi", "lr", "hr"),
            strict=True,
        )
    ]
    assert (parameter_count(network), inference_parameter_count(network), *map(parameter_count, parts)) == COUNTS[
        num_blocks
    ]
    assert parameter_count(network.blind) == 97


def test_block_parameter_counts():
    assert parameter_count(TransformerBlock(48)) == 26_264
    assert parameter_count(Aggregation(48, "spatial")) == 27_638
    assert parameter_count(Aggregation(48, "spectral")) == 29_510


def test_folding_removes_exactly_the_redundant_parameters():
    folded = reparameterise(MossFuse())
    assert (parameter_count(folded), inference_parameter_count(folded)) == (575_405, 439_073)


@torch.no_grad()
def test_folded_blocks_give_the_same_values():
    network = shaken(small()).eval()
    folded = reparameterise(network)
    assert not any(isinstance(m, UniRepBlock) for m in folded.modules())
    assert any(isinstance(m, UniRepBlock) for m in network.modules())
    msi, hsi = inputs(network)
    expected = network.fuse_only(msi, hsi)
    assert expected.std() > 0.01
    torch.testing.assert_close(folded.fuse_only(msi, hsi), expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("bands", "msi_bands", "ratio", "dim", "num_blocks"),
    [(31, 3, 8, 24, 1), (5, 1, 3, 8, 2), (12, 4, 5, 16, 3), (103, 4, 2, 8, 1)],
)
@torch.no_grad()
def test_any_bands_ratio_width_and_depth(bands, msi_bands, ratio, dim, num_blocks):
    network = MossFuse(bands, msi_bands, ratio, dim=dim, num_blocks=num_blocks).eval()
    msi, hsi = inputs(network, low=(3, 4), count=1)
    out = network(msi, hsi)
    full, low = msi.shape[2:], hsi.shape[2:]
    assert out.hr_hsi.shape == out.hsi_rebuilt.shape == (1, bands, *full)
    assert out.msi_rebuilt.shape == out.blurred_rebuilt.shape == out.msi_cycle.shape == (1, msi_bands, *full)
    assert out.hsi_cycle.shape == (1, bands, *low)
    assert out.blurred_from_hsi.shape == out.blurred_from_msi.shape == (1, msi_bands, *low)
    assert out.shared_msi.shape == out.complementary_hsi.shape == (1, dim, *full)
    assert out.srf.shape == (msi_bands, bands)
    size = ratio if ratio % 2 else ratio - 1
    assert out.psf.shape == (size, size)


@torch.no_grad()
def test_inference_without_decoders_is_bit_equal():
    network = shaken(small()).eval()
    msi, hsi = inputs(network)
    assert torch.equal(network.fuse_only(msi, hsi), network(msi, hsi).hr_hsi)
    lean = small(decoders=False).eval()
    lean.load_state_dict({k: v for k, v in network.state_dict().items() if k in lean.state_dict()})
    out = lean(msi, hsi)
    assert torch.equal(out.hr_hsi, network(msi, hsi).hr_hsi)
    assert (out.msi_rebuilt, out.hsi_rebuilt, out.blurred_rebuilt) == (None, None, None)


def test_width_that_heads_do_not_divide_is_refused():
    with pytest.raises(MossFuseError, match="dim a positive multiple of 8"):
        MossFuse(dim=20)


GEOMETRIES = [
    Geometry((3, 3), (1, 1)),
    Geometry((4, 4), (1, 2)),
    Geometry((9, 7), (2, 1)),
    Geometry((9, 9), (0, 3), "zero"),
]


@pytest.mark.parametrize("geometry", GEOMETRIES, ids=str)
def test_released_stride_one_convolution_equals_the_block_form(geometry):
    blind = BlindOperators(7, 2, 4, geometry)
    blind.set_to(np.array([[0.4, 0.0], [0.1, 0.8]]), np.ones((2, 7)))
    image = torch.rand(2, 2, 16, 20)
    psf = blind.psf()
    assert psf.shape == geometry.size
    torch.testing.assert_close(blur_everywhere(blind, image, psf), blind.blur(image, psf), rtol=1e-5, atol=1e-6)


def test_phase_moves_the_sampled_pixel():
    image = torch.arange(64.0).reshape(1, 1, 8, 8)
    for phase in ((0, 0), (1, 3), (3, 2)):
        blind = BlindOperators(4, 1, 4, Geometry((1, 1), phase))
        torch.testing.assert_close(blind.blur(image, blind.psf()), image[:, :, phase[0] :: 4, phase[1] :: 4])


def test_gaussian_of_factor_one_half_is_sigma_two():
    kernel = gaussian_kernel(torch.eye(2, dtype=torch.float64) / 2, (7, 7))
    np.testing.assert_allclose(kernel.numpy(), gaussian_psf(7, 2.0), atol=1e-12)


def test_upper_corner_of_the_factor_has_no_effect():
    blind = BlindOperators(7, 2, 8, Geometry((7, 7), (3, 3)))
    before = blind.psf()
    with torch.no_grad():
        blind.factor[0, 1] = 3.0
    assert torch.equal(before, blind.psf())


@pytest.mark.parametrize("border", ["reflect", "wrap"])
@pytest.mark.parametrize("size", [7, 11])
def test_blind_fit_finds_psf_and_srf(make_pair, size, border):
    from mossfuse.physics.sampling import BlurSample

    pairs, psf = [], gaussian_psf(size, (2.5, 1.5), 30.0)
    for seed in range(3):
        pair, truth = make_pair(bands=5, ratio=8, seed=seed)
        operator = BlurSample(psf, (3, 3), 8, truth.shape, border)
        sensor = replace(pair.sensor, psf=None, srf=None, psf_shape=psf.shape, border=border)
        pairs.append(replace(pair, hsi=operator(truth), sensor=sensor))
        srf = pair.sensor.srf
    geometry = geometry_of(pairs[0])
    factor, found = fit_operators(pairs, geometry)
    np.testing.assert_allclose(gaussian_kernel(torch.tensor(factor), geometry.size).numpy(), psf, atol=2e-5)
    np.testing.assert_allclose(found, srf, atol=2e-3)


def test_blind_fit_names_a_dark_msi_band(make_pair):
    pair, _ = make_pair()
    dark = replace(pair, msi=pair.msi * np.array([1, 0, 1], np.float32))
    with pytest.raises(MossFuseError, match="MSI band 1"):
        fit_operators([dark], geometry_of(dark))


def test_decomposition_is_zero_information_at_equal_cosines():
    network = small()
    out = network(*inputs(network))
    same = out._replace(shared_msi=out.shared_hsi, complementary_msi=out.shared_hsi, complementary_hsi=out.shared_hsi)
    assert decomposition(same).item() == pytest.approx(np.log(4), abs=1e-5)
    apart = out._replace(
        shared_msi=out.shared_hsi, complementary_msi=-out.shared_hsi, complementary_hsi=-out.shared_hsi
    )
    e = np.e
    assert decomposition(apart).item() == pytest.approx(-np.log(e / (e + 2 / e + e)), abs=1e-5)


def test_hsi_decoder_is_compared_at_the_sampled_pixels():
    network = small(geometry=Geometry((3, 3), (1, 2)))
    msi, hsi = inputs(network)
    out = network(msi, hsi)
    planted = torch.full_like(out.hsi_rebuilt, 9.0)
    planted[:, :, 1::4, 2::4] = hsi
    terms = loss_terms(out._replace(hsi_rebuilt=planted), msi, hsi, network.blind.geometry)
    assert terms["hsi_rebuilt"] == 0


def test_variants_sum_their_terms():
    network = small()
    msi, hsi = inputs(network)
    terms = loss_terms(network(msi, hsi), msi, hsi, network.blind.geometry)
    assert set(terms) == {"decomposition", "hsi_cycle", "msi_cycle", "blind", *SELF_SUPERVISED}
    released = 0.1 * terms["decomposition"] + terms["hsi_cycle"] + terms["msi_cycle"]
    torch.testing.assert_close(fusion_loss(terms, "released"), released)
    torch.testing.assert_close(fusion_loss(terms, "paper"), sum(v for k, v in terms.items() if k != "blind"))


@pytest.mark.parametrize("variant", ["paper", "released"])
def test_one_backward_equals_the_toggled_two(variant):
    """The released script's routing, spelled out on attached operators, against our single backward."""
    network = small()
    msi, hsi = inputs(network)
    toggled = copy.deepcopy(network)

    out = toggled(msi, hsi)
    out = out._replace(
        hsi_cycle=toggled.blind.blur(out.hr_hsi, out.psf), msi_cycle=project_spectra(out.hr_hsi, out.srf)
    )
    terms = loss_terms(out, msi, hsi, toggled.blind.geometry)
    for name, image in (("blurred_from_hsi", out.blurred_from_hsi), ("blurred_from_msi", out.blurred_from_msi)):
        terms[name] = l1(enlarge(image, 4), out.blurred_rebuilt)
    toggled.blind.requires_grad_(False)
    fusion_loss(terms, variant).backward(retain_graph=True)
    toggled.requires_grad_(False)
    toggled.blind.requires_grad_(True)
    terms["blind"].backward()

    terms = loss_terms(network(msi, hsi), msi, hsi, network.blind.geometry)
    (fusion_loss(terms, variant) + terms["blind"]).backward()

    for (name, ours), theirs in zip(network.named_parameters(), toggled.parameters(), strict=True):
        assert (ours.grad is None) == (theirs.grad is None), name
        if ours.grad is not None:
            torch.testing.assert_close(ours.grad, theirs.grad, rtol=1e-5, atol=1e-8, msg=name)
    assert network.blind.factor.grad.norm() > 0


def test_released_loss_leaves_the_self_supervised_decoders_alone():
    network = small()
    msi, hsi = inputs(network)
    fusion_loss(loss_terms(network(msi, hsi), msi, hsi, network.blind.geometry), "released").backward()
    for decoder in (network.decoder_msi, network.decoder_hsi, network.decoder_lr):
        assert all(p.grad is None for p in decoder.parameters())


@torch.no_grad()
def test_checkpoint_round_trip_keeps_bytes_and_facts(tmp_path):
    network = shaken(small(geometry=Geometry((3, 3), (1, 2), "wrap"), decoders=False)).eval()
    checkpoint.save(tmp_path / "a.pt", network, np.arange(7) * 10.0, {"steps": 3})
    again, facts = checkpoint.load(tmp_path / "a.pt")
    assert again.config == network.config
    assert again.blind.geometry == network.blind.geometry
    assert facts == {"wavelengths": [0.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0], "training": {"steps": 3}}
    msi, hsi = inputs(network)
    assert torch.equal(again.fuse_only(msi, hsi), network.fuse_only(msi, hsi))
    assert [p.name for p in tmp_path.iterdir()] == ["a.pt"]


def test_checkpoint_that_cannot_be_finished_leaves_nothing_and_is_one_sentence(tmp_path, monkeypatch):
    path = tmp_path / "w.pt"
    path.write_bytes(b"older")

    def cut_short(content, file):
        file.write(b"half")
        raise RuntimeError("[enforce fail at inline_container.cc:672] unexpected pos")  # torch's words for a full disk

    monkeypatch.setattr(torch, "save", cut_short)
    with pytest.raises(MossFuseError, match="cannot write .*w.pt .*disk is not full") as caught:
        torch_files.write_atomically({}, path)
    assert "\n" not in str(caught.value) and path.read_bytes() == b"older" and list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("damage", ["absent", "truncated", "text", "empty", "foreign", "pickle"])
def test_unusable_checkpoint_is_one_clear_error(tmp_path, damage):
    path = tmp_path / "weights.pt"
    checkpoint.save(path, small())
    if damage == "absent":
        path.unlink()
    elif damage == "truncated":
        path.write_bytes(path.read_bytes()[:5000])
    elif damage == "text":
        path.write_text("404: Not Found", encoding="utf-8")
    elif damage == "empty":
        path.write_bytes(b"")
    elif damage == "foreign":
        torch.save({"weights": torch.zeros(3)}, path)
    elif damage == "pickle":
        torch.save(small(), path)
    with pytest.raises(MossFuseError, match="weights.pt") as error:
        checkpoint.load(path)
    assert "\n" not in str(error.value)


def test_altered_release_is_refused_by_its_hash(tmp_path):
    torch.save({"Model_stage1": {"module.blind.srf": torch.ones(3, 31, 1, 1)}}, tmp_path / "CAVE_32_model.pth")
    with pytest.raises(MossFuseError, match="sha256"):
        checkpoint.load(tmp_path / "CAVE_32_model.pth")


def test_weights_that_do_not_fit_are_named():
    tensors = small().state_dict()
    del tensors["blind.factor"]
    tensors["surplus"] = torch.zeros(1)
    tensors["encoder_msi.embed.weight"] = torch.zeros(8, 5, 3, 3)
    with pytest.raises(MossFuseError, match="blind.factor.*surplus.*encoder_msi.embed.weight"):
        checkpoint.load_by_name(small(), tensors, "file.pt")
