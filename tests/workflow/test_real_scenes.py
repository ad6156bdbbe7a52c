"""Real CAVE scenes at ratio 32 through the workflow: the released weights and the closed forms give the known figures."""

import csv

import pytest
import yaml

from helpers.repository import ROOT
from helpers.snakemake_runs import run

# Official checkpoint scored by the official code (Loss_valid) on the same pairs.
RELEASED = {
    "cave-half": {
        "psnr": 40.1866,
        "rmse": 0.011052,
        "ssim": 0.98867,
        "sam": 4.5834,
        "ergas": 0.24874,
        "uqi_sewar": 0.98620,
    },
    "cave": {"psnr": 38.6140, "sam": 7.5355, "ssim": 0.98070},
}
TOLERANCE = {"psnr": 1e-3, "sam": 1e-3}
CLOSED_FORM = {
    ("cave-half", "bicubic-msi"): 43.75,
    ("cave", "bicubic-msi"): 43.22,
    ("cave-half", "ridge-dc"): 43.89,
    ("cave", "ridge-dc"): 43.22,
}


@pytest.fixture(scope="module")
def table(built_once, mirror_file):
    for name in (
        "CAVE/chart_and_stuffed_toy_ms",
        "CAVE_256/balloons_ms.mat",
        "CAVE_32_model.pth",
        "srf/MossFuse_resp.mat",
    ):
        mirror_file(name)
    grid = yaml.safe_load((ROOT / "config" / "evidence" / "real.yaml").read_text(encoding="utf-8"))["grid"]
    parts = {"moss": ["mossfuse-released"], "std1": ["bicubic-msi", "ridge-dc"]}

    def build(folder):
        for convention, methods in parts.items():
            entries = [{**entry, "methods": methods} for entry in grid]
            part = {"name": convention, "grid": entries, "conventions": [convention], "timing": {"scenes": "none"}}
            (folder / f"{convention}.yaml").write_text(yaml.safe_dump(part), encoding="utf-8")
        files = [str(folder / f"{convention}.yaml") for convention in parts]
        code, output = run(folder, {"name": "real", "parts": files}, "results/metrics.csv")
        assert code == 0, output

    with open(built_once("real-scenes", build) / "results" / "metrics.csv", newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def value(table, dataset, method, convention, metric):
    keys = {"dataset": dataset, "method": method, "convention": convention, "metric": metric}
    (row,) = [r for r in table if all(r[k] == v for k, v in keys.items())]
    return float(row["value"])


@pytest.mark.slow
@pytest.mark.real_data
@pytest.mark.parametrize(("dataset", "metric"), [(d, m) for d, figures in RELEASED.items() for m in figures])
def test_released_weights_reproduce_the_official_figures(table, dataset, metric):
    found = value(table, dataset, "mossfuse-released", "moss", metric)
    assert found == pytest.approx(RELEASED[dataset][metric], abs=TOLERANCE.get(metric, 1e-5))


@pytest.mark.slow
@pytest.mark.real_data
@pytest.mark.parametrize(("dataset", "method"), CLOSED_FORM)
def test_closed_forms_reach_their_known_psnr(table, dataset, method):
    assert value(table, dataset, method, "std1", "psnr") == pytest.approx(CLOSED_FORM[dataset, method], abs=0.1)


@pytest.mark.slow
@pytest.mark.real_data
def test_a_training_scene_of_the_released_weights_is_marked(table):
    marked = {(r["dataset"], r["method"]): r["seen_in_training"] for r in table}
    assert marked["cave", "mossfuse-released"] == "true"
    assert marked["cave", "ridge-dc"] == "false"
    assert marked["cave-half", "mossfuse-released"] == "false"
