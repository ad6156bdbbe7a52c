"""Pixels that were not measured: no method sees their values, no score counts them, no picture shows an error there."""

import csv
import math
from argparse import Namespace
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from mossfuse.benchmark.data.masked_pair import fill_gaps
from mossfuse.benchmark.data.pairs import pair_sha256, read_pair
from mossfuse.benchmark.plan.cells import Cell
from mossfuse.benchmark.plan.covered import CoveredCode
from mossfuse.benchmark.plan.grid import Grid
from mossfuse.benchmark.plan.paths import Paths
from mossfuse.benchmark.plan.settings import check_settings
from mossfuse.benchmark.report.degradation import degradation_text
from mossfuse.benchmark.results.score_masked import masked_residuals, masked_scores
from mossfuse.benchmark.run.reproduce import reproduce
from mossfuse.benchmark.run.single import run_single
from mossfuse.cli.bench import gaps, scores
from mossfuse.cli.bench.job import Job
from mossfuse.datasets import find_dataset
from mossfuse.degradations import degrade, find_degradation
from mossfuse.degradations.effects.veiling_clouds import veil
from mossfuse.degradations.gaps import measured_in_both, measured_pixels
from mossfuse.degradations.replicates import replicate_of
from mossfuse.errors import MossFuseError
from mossfuse.files import read_cube
from mossfuse.files.atomic import read_json
from mossfuse.metrics.consistency import consistency
from mossfuse.pair.masked_scores import score_measured
from mossfuse.physics.draft import Draft

TWO_DATES = find_degradation("x4-gauss5s1-nikond5100-cloudmask0.1x0.2")
MASKED = "x8-gauss7s2-nikond5100-cloudmask0.1"
WAVELENGTHS = np.arange(400.0, 701, 60)


@pytest.fixture(scope="module")
def scene():
    """(64, 64, 6) of a phantom."""
    return np.ascontiguousarray(find_dataset("phantom")[1].read("mosaic", None, (), size=64, seed=0)[0][..., ::6])


@pytest.fixture(scope="module")
def seen(scene):
    """The pair of two dates as it was measured: NaN under the clouds."""
    srf = np.exp(-0.5 * ((WAVELENGTHS - np.array([[600.0], [530], [460]])) / 40) ** 2)
    return degrade(scene, TWO_DATES, srf / srf.sum(1, keepdims=True), wavelengths=WAVELENGTHS)


@pytest.fixture(scope="module")
def masks(scene):
    return measured_pixels(scene, TWO_DATES)


@pytest.fixture(scope="module")
def filled(seen, masks):
    """The pair that methods are given."""
    return fill_gaps(seen, *masks)


@pytest.fixture(scope="module")
def measured(scene):
    return measured_in_both(scene, TWO_DATES)


# What a method gets.


def test_values_under_clouds_are_gone_before_anything_is_filled(scene, seen, masks):
    low, high = masks
    assert np.array_equal(np.isnan(seen.hsi).any(2), ~low) and np.array_equal(np.isnan(seen.msi).any(2), ~high)
    draft = Draft(TWO_DATES, scene, (), np.empty((0, 0)), hsi=poisoned(seen.hsi, low), msi=poisoned(seen.msi, high))
    after = veil(draft, (0.1, 0.2))
    np.testing.assert_array_equal(after.hsi, seen.hsi)
    np.testing.assert_array_equal(after.msi, seen.msi)


def test_filled_pair_holds_nothing_of_what_clouds_cover_nor_of_the_recorded_sensor(seen, masks, filled):
    low, high = masks
    unknown = replace(seen.sensor, psf=None, psf_shape=None, phase=None, srf=None)
    again = fill_gaps(
        replace(seen, hsi=poisoned(seen.hsi, low), msi=poisoned(seen.msi, high), sensor=unknown), low, high
    )
    assert again.hsi.tobytes() == filled.hsi.tobytes() and again.msi.tobytes() == filled.msi.tobytes()
    assert np.isfinite(filled.hsi).all() and np.isfinite(filled.msi).all()
    np.testing.assert_array_equal(filled.hsi[low], seen.hsi[low])
    np.testing.assert_array_equal(filled.msi[high], seen.msi[high])


def poisoned(image, marks):
    return np.where(marks[..., None], image, np.float32(7))


def test_draw_of_the_noise_draws_the_clouds_and_is_a_replicate(scene):
    other = find_degradation(f"{TWO_DATES.name}-noise1")
    assert replicate_of(other).base == TWO_DATES.name
    first, second = (measured_pixels(scene, degradation) for degradation in (TWO_DATES, other))
    assert all(
        (one != two).any() and abs(int(one.sum()) - int(two.sum())) <= 40
        for one, two in zip(first, second, strict=True)
    )


# What is scored.


def test_cube_that_is_wrong_under_the_mask_alone_scores_as_the_perfect_one(scene, measured, masks, filled):
    wrong = np.where(measured[..., None], scene, 1 - scene)
    facts = {"wavelengths": WAVELENGTHS, "anomalies": (np.arange(64 * 64).reshape(64, 64) % 7 == 0).astype(float)}
    perfect, found = (masked_scores(scene, cube, measured, 4, ("std1", "u8"), facts) for cube in (scene, wrong))
    assert found == perfect and found["std1"].values["psnr"] == math.inf and "rx_auc" in found["std1"].values
    assert max(masked_residuals(scene, filled, *masks).values()) < 1e-6
    assert max(consistency(scene, filled).values()) > 1e-3


def test_scores_are_those_of_mossfuse_score_and_of_slow_loops(scene, measured):
    cube = np.clip(scene + 0.05 * np.random.default_rng(1).standard_normal(scene.shape), 0.01, 1).astype(np.float32)
    facts = {"wavelengths": WAVELENGTHS}
    for convention, own in masked_scores(scene, cube, measured, 4, ("std1", "moss"), facts).items():
        known = score_measured(scene, cube, measured, 4, convention, facts).scores
        assert own.values == pytest.approx(known.values) and own.reasons == known.reasons
        if convention == "std1":
            assert own.values["psnr"] == pytest.approx(slow_psnr(scene, cube, measured), abs=1e-6)
            assert own.values["sam"] == pytest.approx(slow_sam(scene, cube, measured), abs=1e-6)


def slow_psnr(truth, cube, measured):
    places = [(i, j) for i, j in np.ndindex(measured.shape) if measured[i, j]]
    mse = [
        math.fsum((float(truth[i, j, b]) - float(cube[i, j, b])) ** 2 for i, j in places) / len(places)
        for b in range(truth.shape[2])
    ]
    return math.fsum(-10 * math.log10(value) for value in mse) / len(mse)


def slow_sam(truth, cube, measured):
    angles = []
    for i, j in np.ndindex(measured.shape):
        if measured[i, j]:
            x, y = truth[i, j].astype(float).tolist(), cube[i, j].astype(float).tolist()
            dot = math.fsum(a * b for a, b in zip(x, y, strict=True))
            norms = math.sqrt(math.fsum(a * a for a in x) * math.fsum(b * b for b in y))
            angles.append(math.degrees(math.acos(min(1, dot / norms))))
    return math.fsum(angles) / len(angles)


# A cell through the real commands.


@pytest.fixture(scope="module")
def cell(tmp_path_factory):
    """A finished cell of bicubic on a tiny phantom: its job, its name, its files and its scores."""
    folder = tmp_path_factory.mktemp("masked")
    entry = {
        "dataset": "phantom", "as": "phantom-64", "options": {"size": 64, "seed": 0}, "scenes": ["mosaic"],
        "degradations": [MASKED], "methods": ["bicubic"], "seeds": [0],
    }  # fmt: skip
    settings = check_settings({"grid": [entry], "conventions": ["std1", "moss"], "timing": {"scenes": "none"}})
    paths = Paths(folder / "results", folder / "reports", folder / "checkpoints", folder / "data")
    job, name = Job(settings, Grid(settings), paths), Cell("phantom-64", MASKED, "bicubic", "mosaic", 0)
    files, record, found = run_single(settings, paths, device="cpu")
    return job, name, files, record, found


def test_cell_is_scored_drawn_and_reproduced(cell, tmp_path, monkeypatch):
    job, name, files, record, found = cell
    scene = read_cube(job.paths.scene(name.dataset, name.scene))[0]
    degradation = job.grid.degradations[MASKED]
    low, high = measured_pixels(scene, degradation)
    both = measured_in_both(scene, degradation)
    pair = read_pair(job.paths.pair(name.dataset, MASKED, name.scene))
    assert record["pair"]["sha256"] == pair_sha256(pair) and np.isfinite(pair.hsi).all()
    cube = read_cube(files.cube)[0]
    values = {(convention, metric): value for convention, metric, value in found}
    assert values["std1", "psnr"] == pytest.approx(slow_psnr(scene, np.clip(cube, 0, 1), both), abs=1e-4)
    with open(files.bands, newline="", encoding="utf-8") as stream:
        bands = [float(row["psnr"]) for row in csv.DictReader(stream)]
    assert np.mean(bands) == pytest.approx(values["std1", "psnr"], abs=1e-4)

    options = Namespace(job=job, cell=name.name, dataset=name.dataset, degradation=MASKED, scene=name.scene)
    before = files.score.read_bytes()
    gaps.score(options)
    assert files.score.read_bytes() == before
    gaps.draw_cell(options)
    gaps.draw_pair(options)
    view = job.paths.scene_view(name.dataset, MASKED, name.scene)
    for path, mask in (
        (files.view / "error.webp", both),
        (files.view / "sam.webp", both),
        (files.view / "colour.webp", both),
        (view / "hsi.webp", low),
        (view / "msi.webp", high),
    ):
        alpha = np.asarray(Image.open(path).convert("RGBA"))[..., 3]
        assert np.array_equal(alpha == 255, mask) and np.array_equal(alpha == 0, ~mask)
    assert read_json(view / "view.json")["gaps"]["either"] == round(1 - both.mean(), 4)
    with pytest.raises(MossFuseError, match="leaves pixels unmeasured, where no limit is defined"):
        scores.limits(options)

    again = reproduce(files.run, tmp_path, device="cpu")
    assert again.equal and all(entry.equal for entry in again.entries)


def test_masked_cells_run_other_code_and_leave_the_digests_of_all_others_alone(cell):
    covered = CoveredCode(cell[0].grid)
    for job in ("degrade", "score", "curve", "draw_cell", "draw_pair"):
        assert covered.harness_under(job, MASKED) == covered.harness(f"{job}_masked") != covered.harness(job)


def test_report_says_what_clouds_hide():
    entry = {"effects": [{"effect": "veiling-clouds", "share": [0.1, 0.3]}]}
    assert "Clouds over 10 % of the HSI and, on another date, 30 % of the MSI, filled" in degradation_text(entry)
    entry["effects"][0]["share"] = 0.05
    assert "Clouds over 5 % of both images" in degradation_text(entry)
