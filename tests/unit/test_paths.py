"""The map of files: one file spells the result paths, and the map gives the same place for names and for wildcards."""

import ast
import re
from pathlib import Path

import pytest

from helpers.repository import ROOT
from mossfuse.benchmark.plan.cells import Cell, Training
from mossfuse.benchmark.plan.paths import Paths

SPELLINGS = (
    "_pairs", "_scenes/", "fused.mat", "run.json", "train.json", "score.csv", "bands.csv", "estimate.json", "curve.csv",
    "time.json", "weights.pt", "metrics.csv", "metrics.json", "timing.csv", "catalogue.json", "scenes.json", "settings.json", "verdict.txt",
)  # fmt: skip


def strings(path):
    """Return the strings in a file's code: neither docstrings nor comments."""
    if path.suffix != ".py":
        lines = [line.partition("#")[0] for line in path.read_text(encoding="utf-8").splitlines()]
        return [text for line in lines for text in re.findall(r'"([^"]*)"', line)]
    tree = ast.parse(path.read_text(encoding="utf-8"))
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    constants = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in prose]
    return [node.value for node in constants if isinstance(node.value, str)]


def test_one_file_spells_the_result_paths():
    folders = ("mossfuse", "workflow", "docs/measure", "baselines")
    files = [p for folder in folders for p in (ROOT / folder).rglob("*") if p.suffix in (".py", ".smk")]
    files.append(ROOT / "Snakefile")
    found = {
        p.relative_to(ROOT).as_posix(): names
        for p in files
        if p.name != "structure.py"  # it counts the files that spell these names
        and (names := {n for text in strings(p) for n in SPELLINGS if re.search(rf"(?<![a-z]){re.escape(n)}", text)})
    }
    assert list(found) == ["mossfuse/benchmark/plan/paths.py"], found


def test_places_are_those_of_the_documentation():
    paths = Paths.of({"results": "r", "reports": "p", "checkpoints": "c"})
    cell = Cell("cave", "x8", "nsgp", "beads", 3)
    assert paths.of_cell(cell).run == paths.cell(**vars(cell)).run == Path("r/cave/x8/nsgp/beads/seed3/run.json")
    assert paths.pair("cave", "x8", "beads") == Path("r/cave/x8/_pairs/beads.mat")
    assert paths.training("cave", "x8", "mossfuse", 0).weights == Path("c/cave/x8/mossfuse/seed0/weights.pt")
    assert paths.scene("cave", "beads") == Path("data/cave/scenes/beads.mat")
    assert (paths.metrics, paths.report) == (Path("r/metrics.csv"), Path("p/index.html"))
    assert paths.cell_log("fuse", **vars(cell)) == Path("logs/fuse/cave/x8/nsgp/beads/seed3.log")
    assert paths.log("fetch") == Path("logs/fetch.log")


def test_one_label_with_other_options_shares_no_prepared_scene():
    def scene(**options):
        entry = {"dataset": "phantom", "as": "small", "options": options}
        return Paths.of({"results": "r", "reports": "p", "checkpoints": "c", "grid": [entry]}).scene("small", "mosaic")

    assert scene() == Path("data/small/scenes/mosaic.mat")
    assert len({scene(), scene(size=64), scene(size=96), scene(size=64, seed=1)}) == 4
    assert scene(size=64, seed=1) == scene(seed=1, size=64)


@pytest.mark.parametrize("name", ["a", "{dataset}", "*"])
def test_wildcards_and_names_give_one_layout(name):
    cell = Paths().cell(name, name, name, name, name)
    assert cell.cube == Path(f"results/{name}/{name}/{name}/{name}/seed{name}/fused.mat")


def test_cells_and_trainings_on_disk_are_found_with_their_coordinates(tmp_path):
    paths = Paths(results=tmp_path / "r", checkpoints=tmp_path / "c")
    cells = [Cell("cave", "x8", "nsgp", scene, seed) for scene in ("beads", "clay") for seed in (0, 1)]
    for cell in cells:
        paths.of_cell(cell).folder.mkdir(parents=True)
        paths.of_cell(cell).score.touch()
    paths.of_cell(cells[0]).curve.touch()
    assert list(paths.cells_with("score")) == [(cell, paths.of_cell(cell)) for cell in cells]
    assert [cell for cell, _ in paths.cells_with("curve")] == cells[:1]
    training = Training("cave", "x8", "mossfuse", 2)
    files = paths.training(**vars(training))
    files.folder.mkdir(parents=True)
    files.record.touch()
    assert list(paths.trainings()) == [(training, files)]
