"""Metrics: hand-computed values, independent implementations, properties, and the official code's figures."""

import json
import re
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from helpers.repository import ROOT
from mossfuse.errors import MossFuseError
from mossfuse.metrics import (
    CONVENTIONS,
    all_columns,
    all_metrics,
    band_psnr,
    consistency,
    describe,
    effects,
    maps,
    metrics_of,
    score,
    score_estimates,
)
from mossfuse.metrics.definitions.cc import cc, cc_pixel_spectral
from mossfuse.metrics.definitions.ergas import ergas, ergas_moss
from mossfuse.metrics.definitions.psnr import psnr_bandmean, psnr_global
from mossfuse.metrics.definitions.q2n import q2n
from mossfuse.metrics.definitions.rmse import rmse
from mossfuse.metrics.definitions.sam import moss_nan_pixels, sam, sam_map
from mossfuse.metrics.definitions.scc import scc_laplace_local8
from mossfuse.metrics.definitions.ssim import ssim_gauss11, ssim_uniform7, ssim_uniform11
from mossfuse.metrics.definitions.uqi import uqi, uqi_sewar
from mossfuse.metrics.squared_errors import psnr_bands
from mossfuse.physics.psf import gaussian_psf
from mossfuse.physics.psf_geometry import around
from mossfuse.protocol import Sensor

SETTINGS = settings(max_examples=40, deadline=None)
DARK_OR_LIT = st.one_of(st.just(0.0), st.floats(2**-16, 1, width=32))  # real cubes hold exact zeros
CUBES = arrays(np.float32, (33, 34, 3), elements=DARK_OR_LIT, fill=DARK_OR_LIT)


def smooth_pair(rows=48, cols=40, bands=5, noise=0.02, seed=0):
    """A textured reference and a noisy estimate in [0.05, 0.95], no zeros."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:rows, 0:cols, 0:bands][:2] / 8.0
    truth = 0.5 + 0.25 * np.sin(x + np.arange(bands)) * np.cos(y * (1 + np.arange(bands) / 9))
    truth += 0.05 * rng.standard_normal(truth.shape)
    return tuple(np.clip(c, 0.05, 0.95) for c in (truth, truth + noise * rng.standard_normal(truth.shape)))


# 2 x 2 x 3, small enough for pencil and paper
HAND_TRUTH = np.array([[[1.0, 0, 0], [0, 1, 0]], [[0, 0, 1], [0, 0, 0]]])
HAND_CUBE = np.array([[[1.0, 1, 0], [0, 0, 0]], [[0, 0, 1], [0.5, 0, 0]]])


def test_hand_computed_cube_gives_the_hand_computed_values():
    # squared errors per band: 0.25, 1 + 1, 0 over four pixels; reference means 1/4 each
    np.testing.assert_allclose(psnr_bands(HAND_TRUTH, HAND_CUBE)[:2], [10 * np.log10(16), 10 * np.log10(2)])
    assert rmse(HAND_TRUTH, HAND_CUBE) == pytest.approx(np.sqrt(2.25 / 12))
    assert psnr_global(HAND_TRUTH, HAND_CUBE) == pytest.approx(10 * np.log10(12 / 2.25))
    relative = np.array([1 / 16, 1 / 2, 0]) * 16
    assert ergas(HAND_TRUTH, HAND_CUBE, 8) == pytest.approx(12.5 * np.sqrt(relative.sum() / 3))
    assert ergas_moss(HAND_TRUTH, HAND_CUBE) == pytest.approx(3.125 * np.sqrt(relative.sum() / 4))
    # angles: 45; 90 (estimate zero); 0; reference zero
    assert sam(HAND_TRUTH, HAND_CUBE) == pytest.approx((45 + 90 + 0) / 3)
    assert sam(HAND_TRUTH, HAND_CUBE, zeros="drop") == pytest.approx(45 / 2)
    assert sam(HAND_TRUTH, HAND_CUBE, zeros="zero") == pytest.approx(45 / 4)
    assert sam(HAND_TRUTH, HAND_CUBE, zeros="ninety") == pytest.approx((45 + 90 + 0 + 90) / 4)
    assert moss_nan_pixels(HAND_TRUTH, HAND_CUBE) == 1
    # Pearson: (1 .. 0 0 0) against (1 0 0 .5); (0 1 0 0) against (1 0 0 0); identical
    assert cc(HAND_TRUTH, HAND_CUBE) == pytest.approx(np.mean([0.625 / np.sqrt(0.75 * 0.6875), -1 / 3, 1]))


def test_identical_band_has_infinite_psnr():
    assert psnr_bands(HAND_TRUTH, HAND_CUBE)[2] == np.inf
    truth, _ = smooth_pair()
    assert score(truth, truth, 4)["psnr"] == np.inf


def test_zero_estimate_counts_ninety_degrees_so_blanking_pixels_cannot_lower_sam():
    truth, cube = smooth_pair()
    blanked = cube.copy()
    blanked[:5] = 0
    assert sam(truth, blanked, zeros="drop") == pytest.approx(sam(truth[5:], cube[5:]))
    assert score(truth, blanked, 4)["sam"] > score(truth, cube, 4)["sam"] + 5
    dark = truth.copy()
    dark[0, 0] = 0
    assert np.isnan(maps(dark, cube).sam[0, 0])
    assert score(dark, cube, 4)["sam"] == pytest.approx(np.nanmean(maps(dark, cube).sam))


def test_ergas_leaves_out_dark_bands_and_refuses_a_dark_cube():
    truth, cube = smooth_pair()
    dark = truth.copy()
    dark[..., 2] = 0
    kept = [0, 1, 3, 4]
    assert ergas(dark, cube, 8) == pytest.approx(ergas(truth[..., kept], cube[..., kept], 8))
    with pytest.raises(MossFuseError, match="mean zero"):
        ergas(0 * truth, cube, 8)


def test_ssim_equals_scikit_image():
    from skimage.metrics import structural_similarity

    truth, cube = smooth_pair()
    options = {"channel_axis": -1, "data_range": 1.0}
    gauss = structural_similarity(truth, cube, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, **options)
    assert ssim_gauss11(truth, cube) == pytest.approx(gauss, abs=1e-10)
    assert ssim_uniform7(truth, cube) == pytest.approx(structural_similarity(truth, cube, **options), abs=1e-10)
    own = np.mean(
        [
            structural_similarity(truth[..., b], cube[..., b], data_range=np.ptp(cube[..., b]))
            for b in range(truth.shape[2])
        ]
    )
    assert all_metrics()["ssim.range_est"].compute(truth, cube, 4) == pytest.approx(own, abs=1e-10)


def test_scores_equal_sewar():
    import sewar

    truth, cube = smooth_pair()
    truth[3, 4] = 0  # sewar drops zero pixels
    assert psnr_global(truth, cube) == pytest.approx(sewar.psnr(truth, cube, MAX=1.0), abs=1e-10)
    assert sam(truth, cube, zeros="drop") == pytest.approx(np.degrees(sewar.sam(truth, cube)), abs=1e-8)
    assert ergas(truth, cube, 8) == pytest.approx(sewar.ergas(truth, cube, r=1 / 8), rel=1e-12)
    assert rmse(truth, cube) == pytest.approx(sewar.rmse(truth, cube), rel=1e-12)
    assert uqi_sewar(truth, cube) == pytest.approx(sewar.uqi(truth, cube), abs=1e-10)
    assert ssim_uniform11(truth, cube) == pytest.approx(sewar.ssim(truth, cube, MAX=1.0)[0], abs=1e-10)
    assert scc_laplace_local8(truth, cube) == pytest.approx(sewar.scc(truth, cube), abs=1e-10)


def test_scores_equal_torchmetrics_on_pairs_without_zero_pixels():
    import torch
    from torchmetrics.functional import image as tm

    truth, cube = smooth_pair()
    x, y = (torch.from_numpy(c.transpose(2, 0, 1).copy())[None] for c in (truth, cube))
    assert np.radians(sam(truth, cube)) == pytest.approx(float(tm.spectral_angle_mapper(y, x)), abs=1e-10)
    wald = float(tm.error_relative_global_dimensionless_synthesis(y, x, ratio=8))
    assert ergas(truth, cube, 8) == pytest.approx(wald, rel=1e-10)
    bands = [float(tm.peak_signal_noise_ratio(y[:, b], x[:, b], data_range=1.0)) for b in range(truth.shape[2])]
    assert psnr_bandmean(truth, cube) == pytest.approx(np.mean(bands), abs=1e-5)
    gauss = float(tm.structural_similarity_index_measure(y, x, data_range=1.0))
    assert ssim_gauss11(truth, cube) == pytest.approx(gauss, abs=1e-4)  # its borders differ


def test_uqi_is_the_wang_bovik_index_of_every_window():
    from numpy.lib.stride_tricks import sliding_window_view

    truth, cube = smooth_pair(rows=20, cols=19, bands=2)
    x, y = (np.moveaxis(sliding_window_view(c, (8, 8), (0, 1)), 2, 0).reshape(2, -1, 64) for c in (truth, cube))
    mx, my = x.mean(-1), y.mean(-1)
    covariance = ((x - mx[..., None]) * (y - my[..., None])).mean(-1)
    q = 4 * covariance * mx * my / ((x.var(-1) + y.var(-1)) * (mx**2 + my**2))
    assert uqi(truth, cube) == pytest.approx(q.mean(), abs=1e-10)
    assert uqi_sewar(truth, cube) > uqi(truth, cube)


def test_uqi_of_flat_windows_is_the_luminance_term_not_rounding_noise():
    flat = np.full((16, 16, 1), 0.3)
    assert uqi(flat, flat) == pytest.approx(1)
    assert uqi(flat, flat / 3) == pytest.approx(2 * 3 / (9 + 1))
    assert uqi(0 * flat, 0 * flat) == 1


def hypercomplex_product(u, v):
    """Doubling product, written down recursively: (a, b)(c, d) = (ac - d* b, a* d* + c b*)."""
    if len(u) == 1:
        return u * v
    half = len(u) // 2
    a, b, c, d = u[:half], u[half:], v[:half], v[half:]
    return np.concatenate(
        [
            hypercomplex_product(a, c) - hypercomplex_product(star(d), b),
            hypercomplex_product(star(a), star(d)) + hypercomplex_product(c, star(b)),
        ]
    )


def star(u):
    return np.concatenate([u[:1], -u[1:]])


@pytest.mark.parametrize("bands", [1, 2, 4, 8])
def test_q2n_equals_the_hypercomplex_definition(bands):
    truth, cube = smooth_pair(rows=32, cols=32, bands=bands)
    x, y = truth.reshape(-1, bands), cube.reshape(-1, bands)
    mean, spread = x.mean(0), x.std(0, ddof=1)
    z, w = ((c - mean) / spread + 1 for c in (x, y))
    n = len(z)
    moment = np.mean([hypercomplex_product(p, star(q)) for p, q in zip(z, w, strict=True)], axis=0)
    covariance = n / (n - 1) * (moment - hypercomplex_product(z.mean(0), star(w.mean(0))))
    power_z, power_w = (z.mean(0) ** 2).sum(), (w.mean(0) ** 2).sum()
    variances = n / (n - 1) * ((z**2).sum(1).mean() + (w**2).sum(1).mean() - power_z - power_w)
    expected = np.linalg.norm(covariance) * 2 / variances * 2 * np.sqrt(power_z * power_w) / (power_z + power_w)
    assert q2n(truth, cube) == pytest.approx(expected, abs=1e-10)


def test_q2n_of_two_bands_is_the_complex_correlation():
    truth, cube = smooth_pair(rows=32, cols=32, bands=2)
    x, y = truth.reshape(-1, 2), cube.reshape(-1, 2)
    z, w = (((c - x.mean(0)) / x.std(0, ddof=1) + 1) @ [1, 1j] for c in (x, y))
    covariance = abs(np.mean(z * w.conj()) - z.mean() * w.mean().conj())
    luminance = 2 * abs(z.mean()) * abs(w.mean()) / (abs(z.mean()) ** 2 + abs(w.mean()) ** 2)
    assert q2n(truth, cube) == pytest.approx(2 * covariance / (z.var() + w.var()) * luminance, abs=1e-10)


def test_q2n_of_identical_cubes_is_one_whatever_the_size_and_the_band_count():
    truth, _ = smooth_pair(rows=50, cols=41, bands=31)
    assert q2n(truth, truth) == pytest.approx(1)


@SETTINGS
@given(CUBES, CUBES)
def test_no_score_is_nan_even_with_zero_pixels(truth, cube):
    truth[0, 0] = (0.5, 0.25, 1)  # at least one spectrum that varies in space and in wavelength
    truth[1, 1:3] = 0
    cube[2, 2:4] = 0
    for name in CONVENTIONS:
        values = score(truth, cube, 8, name)
        assert not np.isnan(list(values.values())).any(), (name, values)


@SETTINGS
@given(CUBES, st.floats(0.01, 1))
def test_sam_of_a_scaled_copy_is_zero(cube, gain):
    cube[0, 0] = 0.5
    assert sam(cube.astype(float), gain * cube.astype(float)) < 1e-5


@SETTINGS
@given(CUBES, CUBES, st.integers(2, 64))
def test_ergas_is_inversely_proportional_to_the_ratio(truth, cube, ratio):
    truth[0, 0] = 0.5
    x, y = truth.astype(float), cube.astype(float)
    assert ratio * ergas(x, y, ratio) == pytest.approx(ergas(x, y, 1))


@SETTINGS
@given(st.integers(0, 2**31), st.floats(1e-4, 0.1), st.floats(1.05, 3))
def test_psnr_falls_as_the_noise_grows(seed, sigma, more):
    truth, _ = smooth_pair(rows=16, cols=16, bands=2)
    noise = np.random.default_rng(seed).standard_normal(truth.shape)
    assert psnr_bandmean(truth, truth + more * sigma * noise) == pytest.approx(
        psnr_bandmean(truth, truth + sigma * noise) - 20 * np.log10(more)
    )


@SETTINGS
@given(CUBES, CUBES)
def test_scores_of_similarity_lie_within_their_bounds(truth, cube):
    truth[0, 0] = (0.5, 0.25, 1)
    x, y = truth.astype(float), cube.astype(float)
    assert psnr_global(x, y) <= psnr_bandmean(x, y) + 1e-9 or psnr_global(x, y) == np.inf
    for value in (uqi(x, y), ssim_gauss11(x, y), ssim_uniform7(x, y)):
        assert -1 - 1e-9 <= value <= 1 + 1e-9
    angle = sam_map(x, y, zeros="ninety")
    assert angle.min() >= 0 and angle.max() <= 90 + 1e-9  # non-negative spectra


@pytest.mark.parametrize("name", CONVENTIONS)
def test_identical_cubes_score_perfectly_under_every_convention(name):
    truth, _ = smooth_pair()
    infinite = dict.fromkeys(("psnr", "psnr_min"), np.inf)
    errors = (
        "sam",
        "sam_rad",
        "sam_nan_pixels",
        "sam_lit",
        "sam_p95",
        "ergas",
        "rmse",
        "rmse_255",
        "rmse_edges",
        "rmse_flat",
    )
    perfect = infinite | dict.fromkeys((*errors, "dd", "dd_255"), 0)
    values = score(truth, truth, 8, name)
    if name == "peak-band":  # M2U-Net's 1e-7 in the denominator keeps even a perfect estimate from 0
        assert 0.01 < values.pop("sam") < 0.05
    if name == "hyperbench":  # its cosine stays below 1, and 1e-8 is added to the product of norms
        assert 0.002 < values.pop("sam") < 0.1
    if name == "imgvision":  # its covariance divides by n - 1, its variances by n
        assert 1 < values.pop("ssim") < 1 + 1 / (truth.shape[0] * truth.shape[1] - 1)
    for metric, value in values.items():
        assert value == pytest.approx(perfect.get(metric, 1), abs=1e-5), metric


def test_estimate_that_is_zero_everywhere_is_ninety_degrees_off_under_every_rule_but_zero():
    truth, cube = smooth_pair()
    truth[0, 0] = 0
    for zeros in ("reference", "drop", "ninety"):
        assert sam(truth, 0 * cube, zeros) == 90
    with pytest.raises(MossFuseError, match="no pixel has a spectrum"):
        sam(0 * truth, cube)


def test_std1_clips_the_estimate_and_classical_table_does_not():
    truth, cube = smooth_pair()
    wild = cube.copy()
    wild[0] += 2
    assert score(truth, wild, 8) == score(truth, np.clip(wild, 0, 1), 8)
    assert score(truth, wild, 8, "classical-table")["psnr"] < score(truth, np.clip(wild, 0, 1), 8)["psnr"] - 3


def test_float32_and_float64_inputs_give_the_same_scores_and_stay_untouched():
    truth, cube = (c.astype(np.float32) for c in smooth_pair())
    before = truth.copy(), cube.copy()
    single = [score(truth, cube, 8, name) for name in CONVENTIONS]
    assert single == [score(truth.astype(float), cube.astype(float), 8, name) for name in CONVENTIONS]
    np.testing.assert_array_equal(truth, before[0])
    np.testing.assert_array_equal(cube, before[1])


def test_maps_are_what_the_scores_are_means_of():
    truth, cube = smooth_pair()
    found, values = maps(truth, cube), score(truth, cube, 8)
    assert found.sam.shape == found.rmse.shape == truth.shape[:2]
    assert np.nanmean(found.sam) == pytest.approx(values["sam"])
    assert np.sqrt((found.rmse**2).mean()) == pytest.approx(values["rmse"])
    assert found.psnr.mean() == pytest.approx(values["psnr"])
    np.testing.assert_array_equal(found.psnr, band_psnr(truth, cube))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_non_finite_cube_is_refused(bad):
    truth, cube = smooth_pair()
    cube[3, 3, 1] = bad
    for call in (lambda: score(truth, cube, 8), lambda: maps(truth, cube)):
        with pytest.raises(MossFuseError, match="fused cube holds 1 NaN or infinite"):
            call()


def test_wrong_shape_and_unknown_convention_are_refused_with_a_remedy():
    truth, cube = smooth_pair()
    with pytest.raises(MossFuseError, match="same .rows, cols, bands"):
        score(truth, cube.transpose(2, 0, 1), 8)
    with pytest.raises(MossFuseError, match="did you mean std1"):
        score(truth, cube, 8, "std2")


def test_pearson_of_a_flat_band_is_left_out_or_zero():
    truth, cube = smooth_pair()
    flat_estimate, flat_truth = cube.copy(), truth.copy()
    flat_estimate[..., 0] = 0.1
    flat_truth[..., 0] = 0.1
    others = cc(truth[..., 1:], cube[..., 1:])
    assert cc(truth, flat_estimate) == pytest.approx(others * 4 / 5)
    assert cc(flat_truth, cube) == pytest.approx(others)
    assert cc_pixel_spectral(truth, 0.5 * truth + 0.1) == pytest.approx(1)


def test_truth_is_consistent_with_its_own_observation_and_an_offset_shows(make_pair):
    pair, truth = make_pair()
    residuals = consistency(truth, pair)
    assert max(residuals.values()) < 1e-6
    moved = consistency(truth + 0.25, pair)
    np.testing.assert_allclose(list(moved.values()), 0.25, atol=1e-6)  # PSF and SRF rows sum to 1


def test_consistency_is_taken_before_clipping(make_pair):
    pair, truth = make_pair()
    assert consistency(truth + 2, pair)["residual_msi_rms"] == pytest.approx(2, abs=1e-6)


def test_consistency_without_the_true_sensor_is_refused(make_pair):
    pair, truth = make_pair()
    blind = replace(pair, sensor=pair.sensor.restricted_to({"phase"}))
    with pytest.raises(MossFuseError, match="true psf, srf"):
        consistency(truth, blind)


def observed(psf, phase, srf):
    return SimpleNamespace(sensor=Sensor(psf=psf, psf_shape=psf.shape, phase=phase, srf=srf))


def test_estimates_equal_to_the_truth_have_no_error_whatever_the_window():
    psf, srf = gaussian_psf(7, 1.5), np.array([[0.5, 0.5, 0], [0, 0.25, 0.75]])
    padded = np.pad(psf, ((2, 2), (4, 4)))
    pair = observed(psf, (3, 3), srf)
    values = score_estimates({"psf_hat": padded, "srf_hat": srf}, pair)
    assert set(values) == {"psf_max_error", "psf_l1", "srf_mean_abs_error", "srf_sam"}
    assert max(values.values()) < 1e-5
    even = np.pad(psf, ((0, 1), (1, 2)))  # even width: the window starts (k - 1) // 2 before the phase
    assert score_estimates({"psf_hat": even}, pair)["psf_l1"] == pytest.approx(0)


def test_shifted_psf_estimate_counts_as_wrong_and_its_own_phase_mends_it():
    psf = gaussian_psf(7, 0.5)
    pair = observed(psf, (3, 3), np.eye(3))
    shifted = np.zeros((9, 9))
    shifted[2:9, 1:8] = psf  # one pixel lower
    wrong = score_estimates({"psf_hat": shifted, "srf_hat": None}, pair)
    assert set(wrong) == {"psf_max_error", "psf_l1"}
    assert wrong["psf_l1"] > 1 and wrong["psf_max_error"] > 0.4
    assert score_estimates({"psf_hat": around(shifted, (2, 3), pair.sensor.phase)}, pair)["psf_l1"] == pytest.approx(0)


def test_srf_errors_are_hand_computed():
    srf = np.array([[1.0, 0], [0, 1]])
    values = score_estimates({"srf_hat": np.array([[0.5, 0.5], [0, 1]])}, observed(gaussian_psf(3, 1), (1, 1), srf))
    assert values == pytest.approx({"srf_mean_abs_error": 0.25, "srf_sam": 22.5})


def test_srf_estimate_of_another_shape_is_refused():
    with pytest.raises(MossFuseError, match="estimated SRF has shape"):
        score_estimates({"srf_hat": np.eye(3)}, observed(gaussian_psf(3, 1), (1, 1), np.eye(2)))


def test_every_convention_column_and_variant_is_named_in_the_documentation():
    text = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
    for name in (*all_metrics(), *describe(), *all_columns()):
        assert f"`{name}`" in text, name


def table_rows(heading):
    """The rows of the table under a heading of docs/metrics.md, as lists of cells."""
    text = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
    lines = text[text.index(f"\n## {heading}\n") :].split("\n## ", 2)[1].splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| `")]
    return [(re.findall(r"`([^`]+)`", row[0]), row) for row in rows]


def test_table_of_conventions_names_every_metric_that_a_convention_contains():
    rows = {names[0]: " ".join(row[1:]) for names, row in table_rows("Conventions")}
    assert set(rows) == set(CONVENTIONS)
    for convention, row in rows.items():
        for column, metric in metrics_of(convention).items():
            assert f"`{metric.name}`" in row or f"`{column}`" in row, (convention, metric.name)


def test_table_of_columns_says_what_the_columns_declare():
    rows = {name: row for names, row in table_rows("Columns of the results") for name in names}
    assert set(rows) == set(all_columns())
    for name, column in all_columns().items():
        _, _, unit, better, tie = rows[name]
        assert better == (column.better or "not ranked"), name
        assert float(tie or 0) == column.tie, name
        assert not column.unit or unit == column.unit, name


def test_effects_lists_every_variant_once():
    table = effects(*smooth_pair(rows=32, cols=32), 8)
    assert list(table["variant"]) == [name for name, metric in all_metrics().items() if not metric.needs]
    assert np.isfinite(table["value"]).all()


@pytest.mark.real_data
def test_moss_reproduces_the_official_figures_of_balloons(mirror_file):
    meta = json.loads(mirror_file("fixtures.json").read_text(encoding="utf-8"))["meta"]
    official = meta["balloons_metrics_official_Loss_valid"]
    found = score(*official_pair(mirror_file), 32, "moss")
    assert found["psnr"] == pytest.approx(official["psnr"], abs=1e-5)
    assert found["rmse"] == pytest.approx(official["rmse"], abs=1e-7)
    assert found["ssim"] == pytest.approx(official["ssim"], abs=1e-6)
    assert found["sam"] == pytest.approx(official["sam"], abs=1e-5)
    assert found["ergas"] == pytest.approx(official["ergas"], abs=1e-6)
    assert found["uqi_sewar"] == pytest.approx(official["uqi"], abs=1e-8)
    assert found["sam_nan_pixels"] == 0


@pytest.mark.real_data
def test_released_psf_and_srf_have_the_published_errors(mirror_file):
    arrays = np.load(mirror_file("mossfuse_official.npz"))
    pair = observed(arrays["true_psf"], (15, 15), arrays["true_srf"])
    values = score_estimates({"psf_hat": arrays["psf"], "srf_hat": arrays["srf"]}, pair)
    assert values["psf_max_error"] == pytest.approx(6.1e-5, abs=5e-7)
    assert values["srf_mean_abs_error"] == pytest.approx(7.6e-4, abs=5e-6)


def official_pair(mirror_file):
    """CAVE balloons at 256 x 256 and the released network's unclipped output, both (256, 256, 31)."""
    arrays = np.load(mirror_file("mossfuse_official.npz"))
    truth = arrays["balloons/GT_uint16_HWC"] / np.float32(65535)
    return truth, arrays["balloons/HR_HSI"][0].transpose(1, 2, 0)
