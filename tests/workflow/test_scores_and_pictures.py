"""Scores and pictures are planned apart: an edit of one side never repeats the other, on a copy of the code."""

import shutil

import pytest

from helpers.repository import ROOT
from helpers.snakemake_runs import planned, run, small_grid, table
from mossfuse.benchmark.plan.covered import CoveredCode
from mossfuse.benchmark.plan.digest import Code
from mossfuse.benchmark.plan.grid import Grid
from mossfuse.benchmark.plan.settings import check_settings
from mossfuse.discovery import import_as

in_function = import_as("rerun_table", ROOT / "docs/measure/rerun_table.py").in_function
CELL = "results/phantom-64/x8-gauss7s2-nikond5100/bicubic/mosaic/seed0"
TARGETS = ("results/metrics.csv", f"{CELL}/view")
CONFIG = small_grid(["bicubic"])
MEAN_ERROR = """
import numpy as np
from mossfuse.metrics.specification import Column, Metric
def mean_error(truth, cube, ratio):
    return float(np.abs(truth - cube).mean())
METRIC = Metric("mae", Column("mae", "MAE", better="lower"), mean_error, "mean |x - y|", conventions=("std1",))
"""


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """A copy of the code, which tests may edit, and beside it a folder in which one cell has been scored and drawn."""
    code = tmp_path_factory.mktemp("code")
    for name in ("mossfuse", "baselines", "workflow", "config"):
        shutil.copytree(ROOT / name, code / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copyfile(ROOT / "Snakefile", code / "Snakefile")
    folder = tmp_path_factory.mktemp("run")
    status, output = run(folder, CONFIG, *TARGETS, snakefile=code / "Snakefile")
    assert status == 0, output
    return code, folder


def jobs_after(copy, *edited, environment=None):
    """Return the planned jobs once a statement was added to functions 'FILE:NAME' of the copy, which is restored."""
    code, folder = copy
    functions = {code / file: function for file, _, function in (place.partition(":") for place in edited)}
    before = {path: path.read_text(encoding="utf-8") for path in functions}
    try:
        for path, function in functions.items():
            path.write_text(in_function(before[path], function, "EDITED = 1"), encoding="utf-8")
        return planned(folder, CONFIG, *TARGETS, snakefile=code / "Snakefile", environment=environment)
    finally:
        for path, text in before.items():
            path.write_text(text, encoding="utf-8")


# The first two together: no convention of this configuration contains the one, and how files are found changes no score and no table.
NEITHER = ("mossfuse/metrics/definitions/scc.py:edges", "mossfuse/discovery.py:search")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("edited", "jobs"),
    [
        (NEITHER, {}),
        (["mossfuse/benchmark/pictures/maps.py:levels"], {"draw_cell": 1}),
        (["mossfuse/colour.py:composite_bands"], {"draw_cell": 1}),
        (["mossfuse/metrics/definitions/rmse.py:rmse"], {"score": 1, "collect": 1}),
        (["mossfuse/benchmark/results/score_cell.py:score_cell"], {"score": 1, "collect": 1}),
    ],
    ids=["neither", "levels", "composite_bands", "rmse", "score_cell"],
)
def test_edit_repeats_its_own_side_alone(copy, edited, jobs):
    assert jobs_after(copy, *edited) == jobs


@pytest.mark.slow
def test_metric_added_in_a_file_is_scored_without_another_edit(copy, tmp_path):
    (tmp_path / "mae.py").write_text(MEAN_ERROR, encoding="utf-8")
    (tmp_path / "broken.py").write_text("METRIC = 1 / 0", encoding="utf-8")
    environment = {"MOSSFUSE_METRICS": str(tmp_path)}
    assert jobs_after(copy, environment=environment) == {"score": 1, "collect": 1}
    code, folder = copy
    again = folder.with_name("with-mae")
    shutil.copytree(folder, again)
    status, output = run(again, CONFIG, "results/metrics.csv", snakefile=code / "Snakefile", environment=environment)
    assert status == 0, output
    scores = {row["metric"]: float(row["value"]) for row in table(again) if row["convention"] == "std1"}
    assert list(scores)[-1] == "mae" and 0 < scores["mae"] <= scores["rmse"]
    assert scores == {r["metric"]: float(r["value"]) for r in table(folder) if r["convention"] == "std1"} | {
        "mae": scores["mae"]
    }


@pytest.mark.slow
def test_measured_spectra_count_for_pictures_and_colour_differences_and_for_no_other_score(copy):
    code, _ = copy

    def digests():
        covered = CoveredCode(Grid(check_settings(CONFIG)), Code(root=code))
        definitions = (code / f"mossfuse/metrics/definitions/{name}.py" for name in ("rmse", "delta_e"))
        return covered.harness("score"), covered.harness("draw_cell"), *map(covered.code.of_file, definitions)

    before = digests()
    table = code / "mossfuse" / "spectra" / "spectra.csv"
    table.write_text(table.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    after = digests()
    assert [old != new for old, new in zip(before, after, strict=True)] == [False, True, False, True]
