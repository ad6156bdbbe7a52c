"""Metrics beside the leaderboard: edges, colour, anomalies and abundances, each against a slow independent calculation."""

import logging

import numpy as np
import pytest

from mossfuse.errors import MossFuseError
from mossfuse.metrics import all_metrics, metrics_of, score, score_all
from mossfuse.metrics.definitions.abundances import abundance_rmse, abundance_shift, unmix
from mossfuse.metrics.definitions.anomalies import area_under_curve, rx, rx_auc
from mossfuse.metrics.definitions.edges import edge_pixels, rmse_edges, rmse_flat
from mossfuse.metrics.definitions.psnr import psnr_bandmean, psnr_min
from mossfuse.metrics.definitions.sam import sam_lit, sam_map, sam_p95

RANDOM = np.random.default_rng(7)
TRUTH = np.clip(np.cumsum(RANDOM.normal(0, 0.05, (34, 36, 6)), 0) + 0.4, 0.02, 0.98)
CUBE = np.clip(TRUTH + RANDOM.normal(0, 0.03, TRUTH.shape), 0, 1)


def test_dark_bands_leave_psnr_as_they_leave_ergas():
    dark, kept = TRUTH.copy(), [0, 1, 3, 4, 5]
    dark[..., 2] = 0
    for cube in (CUBE, np.where(np.arange(6) == 2, 0, CUBE)):  # the estimate of the dark band may be dark as well
        assert psnr_bandmean(dark, cube) == pytest.approx(psnr_bandmean(TRUTH[..., kept], cube[..., kept]))
        assert np.isfinite(psnr_min(dark, cube))
    reasons = score_all(0 * TRUTH, CUBE, 4, ("std1",))["std1"].reasons
    assert "every band of the reference has mean zero" in reasons["psnr"]


def test_worst_band_and_angles_of_lit_pixels():
    truth = TRUTH.copy()
    truth[:3] *= 0.05  # dark, so not lit: their angles are large and leave both figures
    angles = sam_map(truth, CUBE)[3:].ravel()
    assert sam_lit(truth, CUBE) == pytest.approx(angles[truth[3:].mean(-1).ravel() > 0.05].mean())
    assert sam_p95(truth, CUBE) == pytest.approx(np.percentile(angles[truth[3:].mean(-1).ravel() > 0.05], 95))
    errors = [np.mean((truth[..., b] - CUBE[..., b]) ** 2) for b in range(6)]
    assert psnr_min(truth, CUBE) == pytest.approx(-10 * np.log10(max(errors)))
    with pytest.raises(MossFuseError, match="no pixel of the reference has a mean above"):
        sam_lit(0.05 * truth, CUBE)


def test_edges_are_the_tenth_of_the_pixels_with_the_largest_gradient_of_the_reference():
    power = sum(g**2 for b in range(6) for g in np.gradient(TRUTH[..., b]))
    edges = edge_pixels(TRUTH)
    assert abs(edges.sum() - power.size / 10) <= 1 and power[edges].min() > power[~edges].max()
    assert rmse_edges(TRUTH, CUBE) == pytest.approx(np.sqrt(np.mean((TRUTH - CUBE)[edges] ** 2)))
    assert rmse_flat(TRUTH, CUBE) == pytest.approx(np.sqrt(np.mean((TRUTH - CUBE)[~edges] ** 2)))
    with pytest.raises(MossFuseError, match="no pixel of the reference has a larger gradient"):
        rmse_edges(np.full_like(TRUTH, 0.5), CUBE)


@pytest.mark.parametrize("illuminant", ["D65", "A"])
def test_colour_difference_equals_colour_science(illuminant):
    import colour

    nm = np.arange(400, 701, 10)
    truth, cube = (
        np.clip(RANDOM.uniform(0.1, 0.7, (5, 4, 1)) + RANDOM.normal(0, s, (5, 4, 31)), 0, 1) for s in (0.1, 0.2)
    )
    shape = colour.SpectralShape(400, 700, 10)
    observer = colour.MSDS_CMFS["CIE 1931 2 Degree Standard Observer"].copy().align(shape).values
    light = colour.SDS_ILLUMINANTS[illuminant].copy().align(shape).values
    weights = observer * light[:, None]
    white = weights.sum(0) / weights[:, 1].sum()
    exposure = np.percentile(truth @ weights[:, 1] / weights[:, 1].sum(), 99.5)
    point = colour.XYZ_to_xy(white)
    first, second = (colour.XYZ_to_Lab(c @ weights / weights[:, 1].sum() / exposure, point) for c in (truth, cube))
    found = all_metrics()[f"delta_e.{illuminant.lower()}"].compute(truth, cube, 4, wavelengths=nm)
    assert found == pytest.approx(colour.delta_E(first, second, method="CIE 2000").mean(), rel=2e-3)


def test_bands_outside_the_visible_have_no_colour_difference_and_say_so():
    found = score_all(TRUTH, CUBE, 4, ("std1",), {"wavelengths": np.linspace(560, 700, 6)})["std1"]
    assert "do not cover the visible range" in found.reasons["delta_e_d65"] and "delta_e_d65" not in found.values
    assert "psnr" in found.values


def test_anomaly_detector_is_the_mahalanobis_distance_and_its_area_counts_pairs():
    from scipy.spatial.distance import mahalanobis

    pixels = CUBE.reshape(-1, 6)
    inverse = np.linalg.inv(np.cov(pixels.T, bias=True) + 1e-5 * np.eye(6))
    distances = rx(CUBE, 1e-5).ravel()
    for k in (0, 17, 400):
        assert distances[k] == pytest.approx(mahalanobis(pixels[k], pixels.mean(0), inverse) ** 2)
    scores, truth = np.array([3.0, 1, 2, 2, 5, 0]), np.array([1, 0, 1, 0, 0, 0], bool)
    pairs = [(a > b) + 0.5 * (a == b) for a in scores[truth] for b in scores[~truth]]
    assert area_under_curve(scores, truth) == pytest.approx(np.mean(pairs))


def test_smoothing_that_removes_the_anomalies_lowers_their_area_under_the_curve():
    from scipy.ndimage import uniform_filter

    scene, anomalies = np.full((30, 30, 6), 0.4) + RANDOM.normal(0, 0.01, (30, 30, 6)), np.zeros((30, 30), bool)
    anomalies[5::10, 5::10] = True
    scene[anomalies] += np.array([0.1, -0.1, 0.1, -0.1, 0.1, -0.1])
    assert rx_auc(scene, scene, anomalies) > 0.99 > rx_auc(scene, uniform_filter(scene, (5, 5, 0)), anomalies)
    low_rank = scene @ np.diag([1, 1, 0, 0, 0, 0.0])  # a covariance without an inverse
    assert 0 <= rx_auc(scene, low_rank, anomalies) <= 1
    for wrong in (anomalies[:20], 0 * anomalies):
        with pytest.raises(MossFuseError, match="map of anomalies"):
            rx_auc(scene, scene, wrong)


def test_unmixing_is_constrained_least_squares():
    from scipy.optimize import nnls

    endmembers = RANDOM.uniform(0, 1, (12, 4))
    pixels = RANDOM.dirichlet([0.5] * 4, 40) @ endmembers.T + RANDOM.normal(0, 0.1, (40, 12))
    found = unmix(pixels.reshape(8, 5, 12), endmembers).reshape(40, 4)
    assert found.min() >= -1e-9 and np.allclose(found.sum(1), 1) and (found == 0).any()
    heavy = 1e4  # the sum as one more, very heavy equation
    for pixel, own in zip(pixels, found, strict=True):
        other, _ = nnls(np.vstack([endmembers, heavy * np.ones(4)]), np.append(pixel, heavy))
        np.testing.assert_allclose(own, other, atol=1e-6)
    with pytest.raises(MossFuseError, match="independent endmembers of 12 bands"):
        unmix(pixels.reshape(8, 5, 12), endmembers[:, [0, 0]])


def test_abundances_of_an_exact_mixture_are_found_and_of_a_wrong_cube_are_not():
    endmembers, abundances = RANDOM.uniform(0, 1, (6, 3)), RANDOM.dirichlet([1] * 3, (34, 36))
    scene = abundances @ endmembers.T
    assert abundance_rmse(scene, scene, endmembers, abundances) == pytest.approx(0, abs=1e-9)
    assert abundance_shift(scene, scene, endmembers) == 0
    assert abundance_rmse(scene, CUBE, endmembers, abundances) == pytest.approx(
        abundance_shift(scene, CUBE, endmembers)
    )


def test_image_too_small_for_one_metric_still_has_the_others(caplog):
    with caplog.at_level(logging.WARNING):
        values = score(TRUTH[:9], CUBE[:9], 4)
    whole = score(TRUTH, CUBE, 4)
    assert list(values) == list(whole) and np.isnan(values["ssim"])
    assert [name for name, value in values.items() if np.isnan(value)] == ["ssim"]
    assert caplog.messages == [score_all(TRUTH[:9], CUBE[:9], 4, ("std1",))["std1"].reasons["ssim"]]
    assert "at least 11x11" in caplog.text


def test_metric_whose_labels_the_scene_lacks_has_neither_value_nor_reason():
    found = score_all(TRUTH, CUBE, 4, ("std1",))["std1"]
    assert {"rx_auc", "abundance_rmse", "delta_e_a"}.isdisjoint({**found.values, **found.reasons})
    assert {"rx_auc", "abundance_rmse", "delta_e_a"} <= set(metrics_of("std1"))


def test_scores_of_several_conventions_at_once_are_those_of_each_alone():
    names = ("std1", "moss", "classical-table", "u8")
    facts = {"anomalies": TRUTH[..., 0] > np.percentile(TRUTH[..., 0], 95)}
    together = score_all(TRUTH, CUBE, 4, names, facts)
    for name in names:
        assert together[name].values == score(TRUTH, CUBE, 4, name, facts)
    alone = {n: m.compute(TRUTH, np.clip(CUBE, 0, 1), 4) for n, m in metrics_of("std1").items() if not m.needs}
    assert alone == {n: together["std1"].values[n] for n in alone}
    assert list(score_all(TRUTH, CUBE, 4, ("std1",), columns=("psnr", "sam"))["std1"].values) == ["psnr", "sam"]
