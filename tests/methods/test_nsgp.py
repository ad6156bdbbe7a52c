"""Closed-form methods: nsgp, ridge, regression + injection, bicubic-msi."""

from dataclasses import replace

import numpy as np
import pytest

from baselines import bicubic_msi, regression_injection
from helpers.pairs import noisy, psnr_sam, residuals
from mossfuse.errors import MossFuseError
from mossfuse.estimation.regression import affine_apply, affine_fit
from mossfuse.estimation.sensor import estimate_sensor
from mossfuse.methods import nsgp, ridge
from mossfuse.nsgp.defaults import choose_settings
from mossfuse.nsgp.features import FeatureSettings, draw_features
from mossfuse.nsgp.model import blur_features, fit_model, predict, predict_tiles
from mossfuse.nsgp.ridge_weights import choose_ridge, decompose
from mossfuse.physics.psf import gaussian_psf
from mossfuse.physics.sampling import BlurSample

SMALL = FeatureSettings(count=32, position=(20, 500), absolute=0.5, chroma=2.0, dark=0.05)


def blind(pair):
    return replace(pair, sensor=pair.sensor.restricted_to({"phase"}))


@pytest.mark.parametrize(
    "rows, cols, ratio, msi_bands, bands",
    [
        (64, 64, 8, 3, 31),
        (65, 40, 5, 4, 31),
        (16, 64, 8, 1, 31),
        (36, 36, 3, 9, 31),
        (32, 32, 8, 13, 20),
        (32, 32, 4, 8, 200),
    ],
)
def test_nsgp_agrees_with_both_images_for_any_shape(make_pair, rows, cols, ratio, msi_bands, bands):
    pair, _ = make_pair(rows=rows, cols=cols, ratio=ratio, msi_bands=msi_bands, bands=bands)
    known = nsgp.fuse(pair, setting="fast")
    assert max(residuals(known.cube, pair)) < 1e-5
    estimated = nsgp.fuse(blind(pair), setting="fast")
    told = replace(pair, sensor=replace(pair.sensor, psf=estimated.psf_hat, srf=estimated.srf_hat))
    assert residuals(estimated.cube, told)[0] < 1e-5


def test_nsgp_needs_not_even_the_phase(make_pair):
    pair, truth = make_pair()
    fusion = nsgp.fuse(replace(pair, sensor=pair.sensor.restricted_to(set())), setting="fast")
    assert psnr_sam(truth, fusion.cube)[0] > psnr_sam(truth, bicubic_msi.fuse(pair).cube)[0]


@pytest.mark.parametrize("noise", [0.0, 0.02])
@pytest.mark.parametrize("image", ["constant", "dark band", "saturated band", "black"])
def test_degenerate_images_stay_finite(make_pair, image, noise):
    pair, _ = make_pair(rows=32, cols=32)
    hsi, msi = pair.hsi.copy(), pair.msi.copy()
    if image == "constant":
        hsi[:], msi[:] = 0.3, 0.3
    elif image == "black":
        hsi[:], msi[:] = 0, 0
    else:
        hsi[..., 5] = msi[..., 1] = 0.0 if image == "dark band" else 1.0
    rng = np.random.default_rng(0)
    hsi, msi = (a + noise * rng.standard_normal(a.shape).astype(np.float32) for a in (hsi, msi))
    seen = replace(pair, hsi=hsi, msi=msi)
    assert np.isfinite(nsgp.fuse(blind(seen), setting="fast").cube).all()
    for consistent in (False, True):
        assert np.isfinite(ridge.fuse(seen, consistent=consistent).cube).all()
    assert np.isfinite(bicubic_msi.fuse(seen).cube).all() and np.isfinite(regression_injection.fuse(seen).cube).all()


def test_same_seed_gives_same_bytes_and_another_seed_does_not(make_pair):
    pair = blind(make_pair()[0])
    first, again, other = (nsgp.fuse(pair, seed=s, setting="fast").cube for s in (3, 3, 4))
    assert first.tobytes() == again.tobytes() != other.tobytes()


def test_hard_form_takes_a_noisy_pair_at_its_word_and_the_soft_one_does_not(make_pair):
    pair = noisy(make_pair()[0], 30, 35)
    hard, soft = (nsgp.fuse(pair, setting="fast", hard=hard).cube for hard in (True, False))
    assert residuals(hard, pair)[0] < 1e-5 and residuals(soft, pair)[0] > 1e-3


def test_mean_of_draws_is_the_mean_and_keeps_the_constraints(make_pair):
    pair, _ = make_pair()
    mean = nsgp.fuse(pair, seed=1, draws=2, setting="fast").cube
    single = [nsgp.fuse(pair, seed=s, setting="fast").cube for s in (2, 3)]
    np.testing.assert_allclose(mean, np.mean(single, 0), atol=1e-6)
    assert max(residuals(mean, pair)) < 1e-5


def test_tiles_cover_the_cube_once_and_do_not_depend_on_their_size(make_pair):
    pair, _ = make_pair(rows=64, cols=80)
    model = fit_model(pair, estimate_sensor(pair)[0], SMALL, ridge=1e-2, length=0.4)
    whole = predict(model)
    cover = np.zeros(whole.shape[:2])
    for (rows, cols), values in predict_tiles(model, tile=(24, 50)):
        cover[rows, cols] += 1
        np.testing.assert_allclose(values, whole[rows, cols], atol=1e-5)
    assert (cover == 1).all()


def test_method_that_is_told_psf_and_srf_uses_them(make_pair):
    pair, _ = make_pair()
    wrong = replace(pair.sensor, psf=gaussian_psf(7, 1.0))
    assert np.array_equal(nsgp.fuse(replace(pair, sensor=wrong)).psf_hat, wrong.psf)


@pytest.mark.parametrize("border", ["reflect", "wrap", "zero"])
@pytest.mark.parametrize("psf, phase", [(gaussian_psf(7, 2), (3, 3)), (gaussian_psf(13, (4, 1.5), 20), (2, 5))])
def test_blurred_features_are_the_features_blurred(make_pair, psf, phase, border):
    import torch

    msi = make_pair()[0].msi
    features = draw_features(SMALL, msi, seed=0)
    operator = BlurSample(psf, phase, 8, msi.shape, border)
    place = torch.arange(64, dtype=torch.float32)
    dense = features(place, place, torch.from_numpy(msi), features.buffer(64 * 64, "cpu")).reshape(64, 64, -1).numpy()
    direct = operator(dense.astype(np.float64)).reshape(64, -1)
    np.testing.assert_allclose(blur_features(features, msi, operator), direct, atol=2e-5)


@pytest.mark.parametrize("shape", [(40, 12), (12, 40)])
def test_ridge_through_the_spectrum_solves_the_normal_equations(shape):
    rng = np.random.default_rng(0)
    design, targets, weight = rng.standard_normal(shape), rng.standard_normal((shape[0], 3)), np.array([0.1, 1.0, 10.0])
    spectrum = decompose(design)
    weights = spectrum.weights(targets, weight)
    for k in range(3):
        direct = np.linalg.solve(design.T @ design + weight[k] * np.eye(shape[1]), design.T @ targets[:, k])
        np.testing.assert_allclose(weights[:, k], direct, atol=1e-9)
    fitted, freedom = spectrum.fitted(targets, weight)
    np.testing.assert_allclose(fitted, design @ weights, atol=1e-9)
    hat = design @ np.linalg.inv(design.T @ design + np.eye(shape[1])) @ design.T
    assert np.isclose(freedom[1], np.trace(hat))


def test_ridge_of_pure_noise_is_heavy_and_of_a_clean_signal_light():
    rng = np.random.default_rng(0)
    design = rng.standard_normal((200, 20))
    signal, noise = design @ rng.standard_normal(20), rng.standard_normal(200)
    light, heavy = choose_ridge(decompose(design), np.stack([signal + 0.01 * noise, noise], 1), 1e-2, 1.0)
    assert heavy > 100 * light


def test_affine_regression_recovers_an_affine_map(make_pair):
    msi = make_pair(msi_bands=4)[0].msi
    slope, offset = np.random.default_rng(0).standard_normal((4, 6)), np.arange(6.0)
    found = affine_fit(msi, msi.astype(np.float64) @ slope + offset)
    np.testing.assert_allclose(affine_apply(msi.astype(np.float64), *found), msi @ slope + offset, atol=1e-4)


def test_settings_grow_with_the_ratio_and_need_no_known_ratio():
    for name in ("best", "fast"):
        lengths = [choose_settings(name, ratio)["settings"].position for ratio in (2, 3, 5, 8, 12, 16, 32, 64)]
        assert all(0 < low < high for low, high in lengths)
        lows, highs = zip(*lengths, strict=True)
        assert list(lows) == sorted(set(lows)) and highs[-1] > highs[0]
    with pytest.raises(MossFuseError, match="unknown setting 'bset' of nsgp; use best or fast"):
        choose_settings("bset", 8)


@pytest.mark.real_data
@pytest.mark.parametrize(
    "fuse, params, psnr, sam",
    [
        (bicubic_msi.fuse, {}, 43.75, 3.68),
        (ridge.fuse, {"consistent": True}, 43.89, 3.67),
        (regression_injection.fuse, {}, 43.8, 3.64),
    ],
    ids=["bicubic-msi", "ridge-dc", "regression-injection"],
)
def test_simple_baselines_have_their_documented_quality(balloons_x32, fuse, params, psnr, sam):
    pair, truth, _ = balloons_x32
    np.testing.assert_allclose(psnr_sam(truth, fuse(pair, **params).cube), (psnr, sam), atol=0.05)


@pytest.mark.real_data
@pytest.mark.parametrize("setting", ["best", "fast"])
def test_blind_nsgp_has_its_documented_quality_on_a_real_scene(balloons_x32, setting):
    pair, truth, _ = balloons_x32
    scores = np.array([psnr_sam(truth, nsgp.fuse(blind(pair), seed=s, setting=setting).cube) for s in range(2)])
    assert scores[:, 0].mean() > 45.7 and scores[:, 1].mean() < 2.5


@pytest.mark.real_data
def test_blind_nsgp_equals_the_informed_one_on_a_noise_free_real_pair(balloons_x32):
    pair, truth, _ = balloons_x32
    cubes = [nsgp.fuse(p, setting="fast").cube for p in (blind(pair), pair)]
    scores = [psnr_sam(truth, cube) for cube in cubes]
    assert abs(scores[0][0] - scores[1][0]) < 0.1
    assert max(residuals(cubes[1], pair)) < 1e-5 and max(residuals(cubes[0], pair)) < 1e-4


@pytest.mark.real_data
def test_blind_nsgp_holds_under_noise(balloons_x32):
    pair, truth, _ = balloons_x32
    scores = np.array(
        [psnr_sam(truth, nsgp.fuse(noisy(blind(pair), 30, 35, seed), seed=seed).cube) for seed in range(3)]
    )
    assert scores[:, 0].mean() > 43.5 and scores[:, 1].mean() < 4.2
