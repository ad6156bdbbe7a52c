"""The network against the released code: outputs, features, one training step, with the authors' weights."""

import json
import re
from functools import partial

import numpy as np
import pytest
import torch

from mossfuse.errors import MossFuseError
from mossfuse.methods.mossfuse import fuse
from mossfuse.network import checkpoint
from mossfuse.network import released as released_way
from mossfuse.network.reparameterise import reparameterise
from mossfuse.physics.tensors import to_array
from mossfuse.protocol import Observation
from mossfuse.training.losses import fusion_loss, loss_terms

pytestmark = pytest.mark.real_data

TOLERANCE = {"rtol": 1e-4, "atol": 5e-5}
NAMES = {  # name in the arrays of the released code -> field of Outputs
    "RGB_E0": "shared_msi",
    "RGB_E1": "complementary_msi",
    "HSI_E0": "shared_hsi",
    "HSI_E1": "complementary_hsi",
    "RGB_D": "msi_rebuilt",
    "HSI_D": "hsi_rebuilt",
    "LR_D": "blurred_rebuilt",
    "lr_msi_fhsi": "blurred_from_hsi",
    "lr_msi_fmsi": "blurred_from_msi",
    "HR_HSI": "hr_hsi",
    "hsi_fhsi": "hsi_cycle",
    "msi_fhsi": "msi_cycle",
}
TERMS = {
    "decomp": "decomposition",
    "hsi_cycle": "hsi_cycle",
    "msi_cycle": "msi_cycle",
    "msi_dec": "msi_rebuilt",
    "hsi_dec": "hsi_rebuilt",
    "lr_fhsi": "blurred_from_hsi",
    "lr_fmsi": "blurred_from_msi",
    "blind": "blind",
}


@pytest.fixture(scope="module")
def weights(mirror_file):
    torch.set_num_threads(1)
    return mirror_file("CAVE_32_model.pth")


@pytest.fixture(scope="module")
def network(weights):
    return checkpoint.load(weights)[0]


@pytest.fixture(scope="module")
def arrays(mirror_file):
    return np.load(mirror_file("mossfuse_official.npz"))


def tensor(arrays, name):
    return torch.from_numpy(arrays[name])


def test_every_released_name_has_its_place(network, mirror_file):
    entries = json.loads(mirror_file("state_dict_keys.json").read_text(encoding="utf-8"))
    own = network.state_dict()
    assert sorted(map(checkpoint.translate_name, (e["key"] for e in entries))) == sorted(own)
    for entry in entries:
        ours = own[checkpoint.translate_name(entry["key"])]
        assert ours.squeeze().shape == torch.zeros(entry["shape"]).squeeze().shape, entry["key"]


@pytest.mark.parametrize(("case", "released"), [("rand", False), ("rand", True), ("balloons", False)])
@torch.no_grad()
def test_outputs_and_features_equal_the_released_code(network, arrays, case, released):
    run = partial(released_way.forward, network) if released else network
    out = run(tensor(arrays, f"{case}/MSI"), tensor(arrays, f"{case}/HSI"))
    compared = 0
    for stored in arrays.files:
        match = re.fullmatch(rf"{case}/(\w+?)(?:_s(\d))?", stored)
        if match and match[1] in NAMES:
            step = int(match[2] or 1)
            ours = getattr(out, NAMES[match[1]])[:, :, ::step, ::step]
            np.testing.assert_allclose(ours.numpy(), arrays[stored], **TOLERANCE, err_msg=stored)
            compared += 1
    assert compared == len(NAMES)
    np.testing.assert_allclose(out.psf.numpy(), arrays["psf"], rtol=0, atol=1e-6)
    np.testing.assert_allclose(out.srf.numpy(), arrays["srf"], rtol=0, atol=1e-6)


@torch.no_grad()
def test_single_modules_equal_the_released_code(network, arrays):
    x, y = tensor(arrays, "mod/x"), tensor(arrays, "mod/y")
    msi, hr = network.encoder_msi, network.decoder_hr
    found = {
        "modelE_MSI.encoder_level1.0(x)": msi.base[0](x),
        "modelE_MSI.encoder_level1.0.attn(x)": msi.base[0].attention(x),
        "modelE_MSI.encoder_level1.0.ffn(x)": msi.base[0].feed_forward(x),
        "modelE_MSI.detailFeature.0(x)": msi.complementary[0](x),
        "modelE_MSI.detailFeature.0.dwconv(x)": msi.complementary[0].large_kernel[0](x),
        "modelE_MSI.detailFeature.1(x)": msi.complementary[1](x),
        "modelD_HR.fuse1(x,y)": hr.aggregate_spatial(x, y),
        "modelD_HR.fuse2(x,y)": hr.aggregate_spectral(x, y),
        "modelD_HR(x,y,y,x)": hr(x, y, y, x),
    }
    assert {f"mod/{name}" for name in found} == {n for n in arrays.files if n.startswith("mod/")} - {"mod/x", "mod/y"}
    for name, ours in found.items():
        np.testing.assert_allclose(ours.numpy(), arrays[f"mod/{name}"], **TOLERANCE, err_msg=name)


@torch.no_grad()
def test_folded_network_equals_the_released_code(network, arrays):
    msi, hsi = tensor(arrays, "rand/MSI"), tensor(arrays, "rand/HSI")
    folded = reparameterise(network).fuse_only(msi, hsi)
    np.testing.assert_allclose(folded.numpy(), network.fuse_only(msi, hsi).numpy(), rtol=0, atol=1e-5)
    np.testing.assert_allclose(folded.numpy(), arrays["rand/HR_HSI"], **TOLERANCE)


@pytest.mark.parametrize("variant", ["released", "paper"])
def test_one_training_step_equals_the_released_code(weights, arrays, mirror_file, variant):
    """Loss terms and the gradient norm of every parameter, batch statistics in use; null means no gradient."""
    reference = json.loads(mirror_file("train_step.json").read_text(encoding="utf-8"))
    network = checkpoint.load(weights)[0].train()
    msi, hsi = tensor(arrays, "train/MSI"), tensor(arrays, "train/HSI")
    out = network(msi, hsi)
    np.testing.assert_allclose(out.hr_hsi.detach().numpy()[:, :, ::2, ::2], arrays["train/HR_HSI_s2"], **TOLERANCE)
    terms = loss_terms(out, msi, hsi, network.blind.geometry)
    for name, value in reference["losses"].items():
        assert terms[TERMS[name]].item() == pytest.approx(value, rel=1e-3), name
    total = {"released": "loss1_released", "paper": "loss1_commented_full"}[variant]
    loss = fusion_loss(terms, variant)
    assert loss.item() == pytest.approx(reference[total], rel=1e-3)
    (loss + terms["blind"]).backward()
    norms = reference[{"released": "grad_norm_released", "paper": "grad_norm_commented_full"}[variant]]
    own = dict(network.named_parameters())
    assert len(norms) == len(own)
    for released_name, norm in norms.items():
        gradient = own[checkpoint.translate_name(released_name)].grad
        assert (gradient is None) == (norm is None), released_name
        if norm is not None:
            assert gradient.norm().item() == pytest.approx(norm, rel=1e-3, abs=1e-6), released_name


def test_method_reproduces_the_released_score_of_balloons(weights, arrays, mirror_file):
    msi, hsi = (to_array(tensor(arrays, f"balloons/{name}")) for name in ("MSI", "HSI"))
    fusion = fuse(Observation(hsi=hsi, msi=msi, ratio=32, wavelengths=np.arange(400, 701, 10.0)), checkpoint=weights)
    np.testing.assert_allclose(fusion.cube, to_array(tensor(arrays, "balloons/HR_HSI")), **TOLERANCE)
    truth = arrays["balloons/GT_uint16_HWC"] / 65535
    error = ((np.clip(fusion.cube, 0, 1) - truth) ** 2).mean((0, 1))
    expected = json.loads(mirror_file("fixtures.json").read_text(encoding="utf-8"))["meta"][
        "balloons_metrics_official_Loss_valid"
    ]["psnr"]
    assert (-10 * np.log10(error)).mean() == pytest.approx(expected, abs=1e-3)
    assert fusion.notes == {"parameters": 449_153, "largest_wavelength_difference_nm": 0.0}
    np.testing.assert_allclose(fusion.psf_hat, arrays["psf"], rtol=0, atol=1e-6)
    np.testing.assert_allclose(fusion.srf_hat, arrays["srf"], rtol=0, atol=1e-6)


@pytest.mark.parametrize(("bands", "msi_bands", "ratio"), [(30, 3, 32), (31, 4, 32), (31, 3, 16)])
def test_released_weights_refuse_other_data(weights, bands, msi_bands, ratio):
    pair = Observation(
        np.zeros((2, 2, bands), np.float32), np.zeros((2 * ratio, 2 * ratio, msi_bands), np.float32), ratio
    )
    with pytest.raises(MossFuseError, match="31 HSI bands, 3 MSI bands and ratio 32"):
        fuse(pair, checkpoint=weights)
