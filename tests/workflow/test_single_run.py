"""`mossfuse bench run METHOD SCENE`: one method on one scene, scored, without touching the results of a grid."""

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from helpers.repository import ROOT
from mossfuse.__main__ import main
from mossfuse.benchmark.plan.grid import Grid
from mossfuse.benchmark.plan.paths import Paths
from mossfuse.benchmark.plan.settings import default_configuration, read_settings
from mossfuse.benchmark.run.single import single_settings
from mossfuse.discovery import import_as
from mossfuse.errors import MossFuseError
from mossfuse.training.loop import find_iterates

SMOKE = ["--config", str(ROOT / "config" / "smoke.yaml"), "--gpu", "0"]
BROKEN = """
from mossfuse.protocol import Method
METHOD = Method(name="forgetful", title="Forgetful", citation="-", licence="-")
def fuse(observation, *, seed, device, checkpoint=None):
    pass
"""


def bench_run(folder, *arguments, **environment):
    command = [sys.executable, "-m", "mossfuse", "bench", "run", *arguments]
    variables = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    return subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True)


def test_method_with_a_refinement_is_run_and_scored_in_an_empty_folder(tmp_path):
    done = bench_run(tmp_path, "bicubic+sdc", "mosaic", *SMOKE, "--set", "subspace=4")
    assert done.returncode == 0, done.stderr
    cell = tmp_path / "runs/single/phantom-64/x8-gauss7s2-nikond5100/bicubic+sdc/mosaic/seed0"
    with open(cell / "score.csv", newline="", encoding="utf-8") as stream:
        psnr = {row["convention"]: row["value"] for row in csv.DictReader(stream) if row["metric"] == "psnr"}
    assert psnr.keys() == {"std1", "moss"}
    for convention, value in psnr.items():
        assert f"{convention:17}psnr {float(value):.4g}" in done.stdout
    assert str((cell / "fused.mat").relative_to(tmp_path)) in done.stdout
    assert [p.name for p in tmp_path.iterdir()] == ["runs"]


def test_method_that_returns_nothing_is_one_sentence(tmp_path):
    (tmp_path / "forgetful.py").write_text(BROKEN, encoding="utf-8")
    done = bench_run(tmp_path, "forgetful", "mosaic", *SMOKE, "-o", "out", MOSSFUSE_BASELINES=str(tmp_path))
    assert done.returncode == 2 and done.stderr.count("\n") == 1, done.stderr
    assert "returned None instead of a Fusion; end fuse with `return Fusion(cube=...)`" in done.stderr
    assert "its output is in out/logs/run/" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (["mossfuse", "mosaic"], "trained on a dataset first; add --train to train it now on 5 scenes"),
        (["nspg", "mosaic"], "unknown method 'nspg'; did you mean nsgp"),
        (["nsgp", "mosiac"], "no scene 'mosiac'; did you mean mosaic"),
        (["nsgp", "mosaic", "--dataset", "phantm"], "unknown dataset 'phantm'; did you mean phantom"),
        (["nsgp", "mosaic", "--degradation", "x8-gauss7s2-nikond510"], "did you mean x8-gauss7s2-nikond5100"),
        (["nsgp", "mosaic", "--set", "drawz=3"], "no parameter 'drawz'; did you mean"),
        (["nsgp", "mosaic", "--set", "drawz"], "--set drawz sets nothing"),
        (["nsgp", "mosaic", "--preset", "fst"], "has no preset 'fst'"),
        (
            ["nsgp", "mosaic", *SMOKE[:2], "--dataset", "cave"],
            "dataset 'cave' has no scene 'mosaic'",
        ),
    ],
)
def test_wrong_name_is_one_sentence_and_nothing_is_written(tmp_path, monkeypatch, capsys, arguments, match):
    monkeypatch.chdir(tmp_path)
    assert main(["bench", "run", *arguments]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and match in error, error
    assert not list(tmp_path.iterdir())


def test_defaults_are_those_of_the_default_grid_in_any_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    settings = single_settings("nsgp", "mosaic", read_settings(default_configuration()))
    default = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    assert [settings["grid"][0][key] for key in ("dataset", "options", "degradations")] == [
        default["grid"][0][key] for key in ("dataset", "options", "degradations")
    ]
    assert settings["conventions"] == default["conventions"]


def test_settings_reach_the_row_that_has_them():
    config = {"grid": [{"dataset": "phantom", "degradations": ["x8-gauss7s2-nikond5100"], "methods": ["a"]}],
              "methods": {"a": {"method": "mossfuse", "train": {"dim": 8}}, "b": {"method": "nsgp"}}, "external": {},
              "conventions": ["std1"], "threads": {}, "limits": {}, "mirrors": []}  # fmt: skip
    found = single_settings("a+sdc", "mosaic", config, changes={"steps": 3, "subspace": 4})["methods"]
    assert found == {"a": {"method": "mossfuse", "train": {"dim": 8, "steps": 3}}, "a+sdc": {"params": {"subspace": 4}}}


def test_cubes_made_elsewhere_cannot_be_run():
    config = {"grid": [{"dataset": "phantom", "degradations": ["x8-gauss7s2-nikond5100"], "methods": ["mine"]}],
              "methods": {}, "external": {"mine": {"pattern": "{scene}.mat", "title": "Mine"}}}  # fmt: skip
    with pytest.raises(MossFuseError, match="cubes made elsewhere, which cannot be run"):
        single_settings("mine", "mosaic", config)


@pytest.mark.slow
def test_method_is_trained_first_where_that_is_asked_for(tmp_path):
    changes = {"steps": 4, "keep_every": 2}
    options = [f"--set={key}={value}" for key, value in changes.items()]
    done = bench_run(tmp_path, "mossfuse", "mosaic", *SMOKE, "--train", *options)
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "runs" / "single"
    record = next(folder.glob("checkpoints/*/*/mossfuse/seed0/train.json"))
    text = record.read_text(encoding="utf-8")
    assert '"steps": 4' in text and '"dim": 8' in text and '"globes"' in text
    assert list(find_iterates(record.with_name("weights.pt"))) == [2, 4]

    # The curve of these weights.
    curves = import_as("variant_curves", ROOT / "docs" / "measure" / "variant_curves.py")
    settings = single_settings("mossfuse", "mosaic", read_settings(Path(SMOKE[1])), changes=changes)
    grid = Grid(settings)
    paths = Paths(folder, folder / "report", folder / "checkpoints", folder / "data")
    rows = list(curves.scores(grid, paths, grid.blocks[0]))
    assert [(row["method"], row["step"]) for row in rows] == [("bicubic", 0), ("mossfuse", 2), ("mossfuse", 4)]
    assert rows[0]["psnr"] > 15 and rows[1]["psnr"] != rows[2]["psnr"]
