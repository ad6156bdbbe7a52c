"""`from mossfuse import fuse`: units, what is known and what is estimated, refusals in one sentence."""

import logging
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from helpers.repository import ROOT
from mossfuse import fuse
from mossfuse.errors import MossFuseError
from mossfuse.methods import find_method
from mossfuse.metrics import consistency
from mossfuse.pair import work as api
from mossfuse.pair.assemble import assemble
from mossfuse.pair.geometry import move_into_block
from mossfuse.pair.reading import read_psf, read_srf
from mossfuse.physics.psf import box_psf, gaussian_psf
from mossfuse.physics.residuals import Residuals
from mossfuse.physics.sampling import BlurSample
from mossfuse.protocol import Fusion


@pytest.fixture(scope="module")
def pair(make_pair):
    return make_pair(rows=48, cols=64)


def counts(image, white=65535):
    return np.round(image * white).astype(np.uint16)


def refused(match, *args, **kwargs):
    with pytest.raises(MossFuseError, match=match) as caught:
        assemble(*args, **kwargs)
    assert "\n" not in str(caught.value)


def test_default_is_the_blind_method_and_says_so(pair, caplog):
    observation, truth = pair
    caplog.set_level(logging.INFO)
    fusion = fuse(observation.hsi, observation.msi)
    assert fusion.notes["method"] == "nsgp" and "the best blind method of the benchmark" in caplog.text
    seen = replace(observation, sensor=observation.sensor.restricted_to({"phase"}))
    assert np.array_equal(fusion.cube, find_method("nsgp")[1].fuse(seen).cube)
    assert fusion.notes["residual_hsi_rms"] < 1e-5 and fusion.psf_hat.shape == (7, 7)


def test_cube_comes_in_the_units_of_the_hsi(pair):
    observation, _ = pair
    as_counts = fuse(counts(observation.hsi), counts(observation.msi), method="bicubic-msi", srf=observation.sensor.srf)
    as_floats = fuse(observation.hsi, observation.msi, method="bicubic-msi", srf=observation.sensor.srf)
    assert as_counts.cube.dtype == np.float32 and as_counts.notes["white_hsi"] == 65535
    np.testing.assert_allclose(as_counts.cube / 65535, as_floats.cube, atol=1e-4)


@pytest.mark.parametrize(
    ("largest", "dtype", "white"),
    [(200, np.uint8, 255), (4000, np.uint16, 4095), (62000, np.uint16, 65535), (0.9, float, 1.0), (1.4, float, 1.4 / 1.4),
     (9000.0, float, 9000.0), (0.02, float, 0.02)],
)  # fmt: skip
def test_white_level_of_usual_files(largest, dtype, white):
    image = np.linspace(0, largest, 4 * 4 * 5).reshape(4, 4, 5).astype(dtype)
    msi = np.repeat(np.repeat(image[..., :3], 2, 0), 2, 1)
    assert assemble(image, msi, phase=0).white == pytest.approx((white, white))


def test_images_in_different_units_are_brought_to_one_brightness(pair, caplog):
    observation, _ = pair
    same = fuse(observation.hsi, observation.msi, method="gsa")
    other = fuse(observation.hsi, counts(observation.msi, 3000), method="gsa")
    assert "different units" in caplog.text
    assert np.abs(same.cube - other.cube).max() < 5e-3
    np.testing.assert_allclose(other.srf_hat.sum(1), 3000 * same.srf_hat.sum(1), rtol=2e-2)


@pytest.mark.parametrize("white", [65535, 3000])
def test_gain_of_other_units_is_found_where_the_srf_is_known(pair, white):
    observation, _ = pair
    msi = counts(observation.msi, white)
    found = assemble(observation.hsi, msi, srf=observation.sensor.srf)
    assert found.white[1] == pytest.approx(white, rel=5e-4) and found.white[0] == 1  # the means alone: 1 %
    np.testing.assert_allclose(found.observation.msi * found.white[1], msi, rtol=1e-5)
    fusion = fuse(observation.hsi, msi, srf=observation.sensor.srf)
    assert fusion.notes["method"] == "nsgp-known" and "unseen" not in fusion.notes
    assert assemble(observation.hsi, msi, srf=observation.sensor.srf, white=(1, white)).white == (1, white)


def test_known_srf_is_used_in_either_orientation(pair, caplog):
    observation, _ = pair
    caplog.set_level(logging.INFO)
    srf = observation.sensor.srf
    fusions = [fuse(observation.hsi, observation.msi, srf=s) for s in (srf, srf.T, 7 * srf)]
    assert fusions[0].notes["method"] == "nsgp-known" and "with the given SRF" in caplog.text
    assert "divided by its sum" in caplog.text
    for fusion in fusions:
        np.testing.assert_allclose(fusion.srf_hat, srf, atol=1e-12)
        np.testing.assert_allclose(fusion.cube, fusions[0].cube, atol=1e-5)
        assert fusion.notes["srf_source"] == "given" and fusion.notes["psf_source"] == "estimated by nsgp-known"


@pytest.mark.parametrize("method", ["hysure", "r-fuse", "ridge-dc", "gsa", "bicubic+sdc"])
def test_what_a_method_needs_and_is_not_given_is_estimated(pair, method):
    observation, truth = pair
    fusion = fuse(observation.hsi, observation.msi, method=method)
    assert fusion.cube.shape == truth.shape and np.isfinite(fusion.cube).all()
    assert fusion.notes["method"] == method and np.isfinite(fusion.notes["residual_msi_rms"])


def test_geometry_of_whole_block_averages_is_found(pair):
    _, truth = pair
    srf = pair[0].sensor.srf
    hsi = BlurSample(box_psf(8), (3, 3), 8, truth.shape)(truth)
    sensor = assemble(hsi, truth @ srf.T.astype(np.float32)).observation.sensor
    assert sensor.psf_shape == (8, 8) and sensor.phase == (3, 3)


def test_phase_outside_the_block_is_told_from_inside():
    for size in range(1, 9):
        for phase in range(-4, 9):
            (rows, _), (place, _) = move_into_block((size, size), (phase, phase), 4)
            first, start = phase - (size - 1) // 2, place - (rows - 1) // 2
            assert 0 <= place < 4 and start <= first and start + rows >= first + size


def test_agreement_by_tiles_equals_the_metric(pair):
    observation, truth = pair
    psf = gaussian_psf((15, 11), (3.0, 2.0), 30)  # not separable, reaches into the neighbours
    sensor = replace(observation.sensor, psf=psf, psf_shape=psf.shape, phase=(5, 2))
    cube = truth + np.random.default_rng(0).normal(0, 0.02, truth.shape).astype(np.float32)
    residuals = Residuals(observation, sensor)
    for rows in (slice(0, 20), slice(20, 48)):
        for cols in (slice(0, 33), slice(33, 64)):
            residuals.add(rows, cols, cube[rows, cols])
    expected = consistency(cube, replace(observation, sensor=sensor))
    assert residuals.summary() == pytest.approx(expected, rel=1e-6)


def test_averaged_draws_are_averaged_tile_by_tile(pair):
    observation, _ = pair
    nsgp = find_method("nsgp")[1]
    seen = replace(observation, sensor=observation.sensor.restricted_to({"phase"}))
    singles = [nsgp.fuse(seen, seed=seed, setting="fast").cube for seed in (2, 3)]
    np.testing.assert_allclose(nsgp.fuse(seen, seed=1, draws=2, setting="fast").cube, np.mean(singles, 0), atol=1e-6)


def test_exchanged_and_misfitting_images_are_told_apart(pair):
    hsi, msi = pair[0].hsi, pair[0].msi
    refused(r"looks like the MSI and .* like the HSI; swap them", msi, hsi)
    refused("bands on the first axis", hsi.transpose(2, 0, 1), msi.transpose(2, 0, 1))
    refused(r"the MSI \(3x48x64\) has its bands on the first axis", hsi, msi.transpose(2, 0, 1))
    refused("rows and cols swapped", hsi.transpose(1, 0, 2), msi)
    refused("same number of pixels", np.repeat(np.repeat(hsi, 8, 0), 8, 1), msi)
    refused(r"7\.833 times the rows and 8 times the cols .* crop the MSI to 42x56", hsi, msi[:47])
    refused("has a single band", hsi[..., 0], msi[..., 0])
    refused("ratio 4 does not fit.*use 8", hsi, msi, ratio=4)
    refused("no fewer pixels", msi, hsi[..., :2])
    refused("has shape 64; an image has rows", hsi[0, :, 0].repeat(8), msi)


def test_values_that_are_no_measurements_are_refused(pair):
    hsi, msi = pair[0].hsi, pair[0].msi
    for value, match in ((np.nan, "1 NaN or infinite values of"), (-9999, "no-data pixels")):
        bad = msi.copy()
        bad[3, 4, 1] = value
        refused(match, hsi, bad)
    refused("is 0 everywhere", np.zeros_like(hsi), msi)
    refused("type complex64", hsi.astype(np.complex64), msi)
    refused("white 0 is not possible", hsi, msi, white=0)


def test_wrong_srf_and_psf_are_refused(pair, caplog):
    hsi, msi, srf = pair[0].hsi, pair[0].msi, pair[0].sensor.srf
    refused(r"3x28 .* 3x31 .*: 3 HSI bands are missing", hsi, msi, srf=srf[:, :28])
    refused("1 MSI bands are missing", hsi, msi, srf=srf[:2])
    refused("is 76x5 and this pair needs", hsi, msi, srf=np.ones((76, 5)))
    refused("MSI band 2 is zero", hsi, msi, srf=srf * [[1], [0], [1]])
    refused("goes down to", hsi, msi, srf=srf - 0.02)
    refused("negative weights", hsi, msi, psf=-np.eye(3))
    refused("larger than the MSI", hsi, msi, psf_size=49)
    refused("phase 8,0 lies outside the block; use rows and cols from 0 to 7", hsi, msi, phase=(8, 0))
    assemble(hsi, msi, srf=srf[::-1], phase=3)
    assert "check the order of its bands" in caplog.text


def test_srf_table_is_brought_to_the_bands(tmp_path):
    at = np.arange(380.0, 721, 5)
    curves = np.exp(-0.5 * ((at[:, None] - [600, 500]) / 25) ** 2)
    np.savetxt(tmp_path / "a.csv", np.column_stack([at, curves]), delimiter=",", header="nm,red,green", comments="")
    bands = np.arange(400.0, 701, 10)
    srf = read_srf(tmp_path / "a.csv", bands)
    np.testing.assert_allclose(srf, np.exp(-0.5 * ((bands - [[600], [500]]) / 25) ** 2), atol=1e-6)
    assert (read_srf(tmp_path / "a.csv", np.array([300.0, 600.0]))[:, 0] == 0).all()  # the curves have faded there
    np.savetxt(tmp_path / "b.csv", np.column_stack([at, curves])[at >= 500], delimiter=";")
    with pytest.raises(MossFuseError, match="known from 500 to 720 nm .* bands below that"):
        read_srf(tmp_path / "b.csv", bands)
    with pytest.raises(MossFuseError, match="the HSI's file has none"):
        read_srf(tmp_path / "a.csv")
    (tmp_path / "c.csv").write_text("not numbers\n1,2\n3\n", encoding="utf-8")
    with pytest.raises(MossFuseError, match="not a table of numbers"):
        read_srf(tmp_path / "c.csv")
    np.savez(tmp_path / "d.npz", psf=np.ones((3, 3)), srf=np.ones((2, 9)), phase=[1, 2])
    assert read_psf(tmp_path / "d.npz")[1] == (1, 2) and read_psf(f"{tmp_path / 'd.npz'}:psf")[1] == (1, 2)
    assert read_srf(tmp_path / "d.npz").shape == (2, 9)


@pytest.mark.parametrize(
    ("method", "weights", "match"),
    [
        ("mossfuse", None, "needs weights: name a file, 'released' or 'fit'"),
        ("nsgp", "fit", "learns nothing beforehand"),
        ("mossfuse-released", "fit", "use 'mossfuse'"),
        (None, "nowhere.pt", "nowhere.pt does not exist"),
        ("nsgq", None, "did you mean nsgp"),
        ("nsgp+sd", None, r"unknown refinement '\+sd'"),
    ],
)
def test_wrong_method_or_weights_are_refused(pair, method, weights, match):
    with pytest.raises(MossFuseError, match=match):
        fuse(pair[0].hsi, pair[0].msi, method=method, weights=weights, phase=3)


def test_file_that_is_no_checkpoint_is_refused(pair, tmp_path):
    (tmp_path / "w.pt").write_text("<html>", encoding="utf-8")
    with pytest.raises(MossFuseError, match="damaged or not a torch file"):
        fuse(pair[0].hsi, pair[0].msi, weights=tmp_path / "w.pt", phase=3)


def test_weights_of_another_geometry_do_not_lend_their_psf(pair, tmp_path, caplog):
    observation, _ = pair
    few = {"dim": 8, "steps": 1, "batch": 1}
    for name, settings in (("here", {"phase": 3}), ("there", {"phase": 5, "psf_size": 5})):
        seen = assemble(observation.hsi, observation.msi, **settings).observation
        api.prepare(seen, weights="fit", save_weights=tmp_path / f"{name}.pt", params=few, device="cpu")
    fusion = fuse(observation.hsi, observation.msi, weights=tmp_path / "here.pt", phase=3)
    assert fusion.notes["psf_source"] == "estimated by mossfuse" and "trained where" not in caplog.text
    fusion = fuse(observation.hsi, observation.msi, weights=tmp_path / "there.pt", phase=3)
    assert (
        fusion.notes["psf_source"] == "estimated from the pair"
        and "trained where the PSF has 5x5 pixels" in caplog.text
    )
    assert fusion.psf_hat.shape == (7, 7) and fusion.notes["phase"] == (3, 3)


@pytest.mark.parametrize(("size", "blocks"), [(15, 2), (17, 4), (49, 6)])
def test_patch_for_a_fit_is_wider_than_the_psf(make_pair, size, blocks):
    pair, _ = make_pair(rows=160, cols=160, ratio=16)
    seen = assemble(pair.hsi, pair.msi, phase=7, psf_size=size).observation
    assert api.patch_for([seen], 32) == 16 * blocks


def test_absent_gpu_is_one_sentence(pair, monkeypatch):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(MossFuseError, match="no CUDA device"):
        fuse(pair[0].hsi, pair[0].msi, device="cuda", phase=3)


def test_fit_trains_on_the_pair_and_its_weights_serve_again(pair, tmp_path, monkeypatch):
    observation, _ = pair
    monkeypatch.setattr(api, "FIT", {**api.FIT, "dim": 8, "steps": 6, "batch": 1})
    path = tmp_path / "w.pt"
    seen = assemble(observation.hsi, observation.msi).observation
    work = api.prepare(seen, weights="fit", save_weights=path)
    fitted = np.concatenate([values for _, values in work.tiles])
    assert work.name == "mossfuse" and np.isfinite(fitted).all()
    assert np.array_equal(fuse(observation.hsi, observation.msi, weights=path).cube, fitted)


def test_fit_is_the_training_of_the_default_grid_at_twice_its_length():
    import yaml

    train = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))["methods"]["mossfuse"]["train"]
    assert {**train, "steps": 2 * train["steps"]} == {**api.FIT, "patch": api.FIT_PATCH}


@pytest.mark.parametrize(
    ("spoil", "match"),
    [
        (lambda cube: Fusion(cube=np.full_like(cube, np.nan)), "the method returned NaN values in"),
        (lambda cube: Fusion(cube=cube[:-1]), "a cube of shape"),
        (lambda cube: None, "returned None instead of a Fusion"),
        (lambda cube: Fusion(cube=cube, history=[{"loss": 1}]), "history"),
    ],
)
def test_unusable_result_of_a_method_is_one_sentence_with_its_name(pair, monkeypatch, spoil, match):
    observation, truth = pair
    monkeypatch.setattr(find_method("bicubic")[1], "fuse", lambda *_, **__: spoil(truth))
    with pytest.raises(
        MossFuseError, match=f"'bicubic' cannot be used on this pair: .*{match}.*; choose another method"
    ) as caught:
        fuse(observation.hsi, observation.msi, method="bicubic")
    assert "\n" not in str(caught.value)


def test_tiles_that_are_not_finite_are_refused(pair, monkeypatch):
    observation, truth = pair
    whole = slice(0, truth.shape[0]), slice(0, truth.shape[1])
    monkeypatch.setattr(
        find_method("nsgp")[1], "fuse_tiles", lambda *_, **__: ({}, iter([(whole, np.full_like(truth, np.inf))]))
    )
    with pytest.raises(MossFuseError, match="'nsgp' returned NaN or infinite values"):
        fuse(observation.hsi, observation.msi, method="nsgp")


def test_importing_the_package_imports_no_torch():
    code = "import sys, mossfuse.pair.assemble, mossfuse.pair.work; assert 'torch' not in sys.modules and 'scipy' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.slow
@pytest.mark.real_data
def test_released_weights_reach_their_quality_through_the_api(mirror_file):
    """CAVE balloons (half size) at ratio 32: the authors' weights beat interpolation by far."""
    from mossfuse.files import read_array
    from mossfuse.metrics import score

    mirror_file("CAVE_32_model.pth")
    truth = read_array(mirror_file("CAVE_256/balloons_ms.mat"), "Omsi") / np.float32(65535)
    srf = read_array(mirror_file("srf/MossFuse_resp.mat"), "resp")
    srf = srf / srf.sum(1, keepdims=True)
    hsi = BlurSample(gaussian_psf(31, 2.0), (15, 15), 32, truth.shape)(truth)
    msi = truth @ srf.T.astype(np.float32)
    psnr = {
        weights: score(truth, fuse(hsi, msi, weights=weights, method=method).cube, 32)["psnr"]
        for weights, method in (("released", "mossfuse"), (None, "bicubic"))
    }
    assert psnr["released"] > psnr[None] + 5


@pytest.mark.real_data
def test_pair_of_real_cameras_explains_itself(mirror_file):
    """TianGong-1 pair made by other people: block averages at ratio 12, found without being given."""
    from mossfuse.files import read_array

    folder = mirror_file("simulated_pairs/tiangong1_m2unet/lr_hsi.mat").parent
    fusion = fuse(read_array(folder / "lr_hsi.mat"), read_array(folder / "hr_msi.mat"))
    assert fusion.psf_hat.shape == (12, 12) and fusion.notes["phase"] == (5, 5) and fusion.notes["residual"] < 1e-5
