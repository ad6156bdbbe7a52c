"""The tables of a sweep: curves with their intervals, robustness, and the regret of the default against the blind rows."""

import csv
import sys

import pytest
import yaml

from helpers.repository import ROOT

sys.path.insert(0, str(ROOT / "docs" / "measure"))
import robustness

VALUES = {  # step -> method -> PSNR of two scenes
    robustness.BASE: {"nsgp": (40, 42), "bicubic": (38, 39), "nsgp-known": (50, 50)},
    f"{robustness.BASE}-shift1x1": {"nsgp": (30, 30), "bicubic": (31, 30.5), "nsgp-known": (50, 50)},
    f"{robustness.BASE}-shift2x2": {"nsgp": (20, 24), "bicubic": (20, 20), "nsgp-known": (50, 50)},
}


@pytest.fixture
def results(tmp_path):
    with open(tmp_path / "metrics.csv", "w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(("dataset", "degradation", "method", "scene", "seed", "convention", "metric", "value"))
        for step, methods in VALUES.items():
            for method, values in methods.items():
                for scene, psnr in zip("ab", values, strict=True):
                    writer.writerow(("phantom", step, method, scene, 0, "std1", "psnr", psnr))
                    writer.writerow(("phantom", step, method, scene, 0, "std1", "sam", 100 / psnr))
    return tmp_path


def test_regret_is_the_distance_to_the_best_blind_row_of_each_cell(results, capsys):
    assert robustness.main([str(results), "--csv", str(results / "regret.csv")]) == 0
    rows = list(csv.DictReader((results / "regret.csv").open(encoding="utf-8")))
    found = {(row["degradation"].rpartition("-")[2], row["scene"]): row for row in rows}
    assert (
        len(rows) == 6
        and float(found["shift1x1", "a"]["regret_db"]) == 1
        and found["shift1x1", "a"]["best"] == "bicubic"
    )
    assert float(found["shift1x1", "b"]["regret_db"]) == 0.5 and float(found["shift2x2", "b"]["regret_db"]) == 0
    assert float(found["shift1x1", "a"]["regret_sam_share"]) == pytest.approx(31 / 30 - 1, rel=1e-4)
    assert float(found["shift2x2", "b"]["behind_db"]) == 26 and found["shift2x2", "b"]["ahead"] == "nsgp-known"
    said = capsys.readouterr().out
    assert "2 of 6 cells exceed 0.1 dB" in said
    assert "Worst cell: a under `x8-gauss7s2-nikond5100-shift1x1`, `nsgp` 1.00 dB below `bicubic`" in said
    shift = "| `x8-gauss7s2-nikond5100-shift1x1` | `nsgp` | 2 | 2 | 0.75 | 1.00 (`bicubic`, a) | 3.3 % (`bicubic`, a) | 20.00 (`nsgp-known`, a) |"
    assert shift in said


def test_robustness_is_the_mean_loss_from_the_base(results, capsys):
    robustness.main([str(results)])
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| `nsgp` | nothing |")]
    assert f"| {(41 + 30 + 22) / 3 - 41:+.2f} |" in line and "| 41.00 / 2.44 | 30.00 / 3.33 | 22.00 / 4.58 |" in line


def test_interval_of_the_robustness_is_over_scenes_and_not_between_them():
    steps = robustness.SWEEPS["shift"][1]
    values = {step: [start - loss for start in (30, 40, 50)] for step, loss in zip(steps, range(5), strict=True)}
    assert robustness.interval(robustness.scores(values, robustness.BASE), "+.2f") == "-2.00 ± 0.00"
    assert robustness.interval(values[robustness.BASE]) == f"40.00 ± {4.303 * 10 / 3**0.5:.2f}"


def test_steps_are_called_by_what_differs():
    assert robustness.labels(robustness.SWEEPS["noise"][1]) == ["none", "snr50", "snr40", "snr30", "snr20"]
    assert robustness.labels(robustness.SWEEPS["ratio"][1]) == ["x4", "x8", "x16", "x32"]


def test_default_follows_from_the_pair():
    assert (robustness.default_of(robustness.BASE), robustness.default_of(robustness.PAN)) == ("nsgp", "stack")
    assert robustness.default_row(robustness.BASE, {"nsgp", "nsgp-given-nothing"}) == "nsgp-given-nothing"
    assert robustness.given(["nsgp-given-nothing", "ridge-dc"]) == {"nsgp-given-nothing": "", "ridge-dc": "PSF, SRF"}


def test_cell_of_an_interrupted_run_without_a_decisive_row_does_not_count():
    whole, partial = ("phantom", robustness.BASE, "a"), ("phantom", robustness.BASE, "b")
    rows = [("psnr", whole, "nsgp", 40.0), ("psnr", whole, "gsa", 30.0), ("psnr", partial, "nsgp", 40.0)]
    assert robustness.complete(robustness.gather(rows)) == [whole]


def test_every_step_of_a_sweep_is_in_the_configuration():
    grid = yaml.safe_load((ROOT / "config/evidence/sweeps.yaml").read_text(encoding="utf-8"))["grid"]
    named = {degradation for entry in grid for degradation in entry["degradations"]}
    assert named == {step for _, steps in robustness.SWEEPS.values() for step in steps}


def test_results_without_the_default_are_one_sentence(results, capsys):
    assert robustness.main([str(results), "--default", "hysure"]) == 1
    assert "has no cell of 'hysure'" in capsys.readouterr().err
