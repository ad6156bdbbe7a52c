"""Every configuration that ships can be read, and every name in it exists."""

import json
import subprocess
import sys

import pytest

from helpers.repository import ROOT
from mossfuse.benchmark.plan.grid import Grid
from mossfuse.benchmark.plan.settings import check_settings, read_settings
from mossfuse.errors import MossFuseError

FILES = [ROOT / "config.yaml", *sorted((ROOT / "config").glob("*.yaml"))]
PARTS = sorted((ROOT / "config" / "evidence").glob("*.yaml"))


@pytest.fixture(autouse=True)
def in_the_repository(monkeypatch):
    monkeypatch.chdir(ROOT)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_configuration_resolves_to_cells(path):
    grid = Grid(read_settings(path))
    assert grid.cells()


def test_no_two_configurations_write_into_one_folder():
    folders = [read_settings(path)["results"] for path in FILES]
    assert len(set(folders)) == len(folders)


def test_row_of_the_default_configuration_is_the_same_row_among_all_methods():
    default, every = (Grid(read_settings(ROOT / path)).rows for path in ("config.yaml", "config/all-methods.yaml"))
    assert default["mossfuse"] == every["mossfuse"]


def test_evidence_names_every_part_and_runs_each_cell_of_it_once():
    evidence = read_settings(ROOT / "config/evidence.yaml")
    grid = Grid(evidence)
    assert list(evidence["parts"]) and set(evidence["parts"]) == {path.stem for path in PARTS}
    assert len(grid.cells()) == len(set(grid.cells()))
    for path in PARTS:
        alone = read_settings(path)
        assert alone["name"] == path.stem
        assert {alone[k] for k in ("results", "checkpoints")} == {evidence[k] for k in ("results", "checkpoints")}
        assert set(Grid(alone).cells()) == {cell for cell in grid.cells() if path.stem in grid.parts_of[cell]}


def test_cell_is_scored_under_the_conventions_of_its_parts_alone():
    grid = Grid(read_settings("config/evidence.yaml"))
    of = {name: next(c for c in grid.cells() if grid.parts_of[c] == (name,)) for name in ("real", "classical")}
    assert grid.conventions_of(of["real"]) == ["std1", "moss"]
    assert grid.conventions_of(of["classical"]) == ["classical-table"]


def test_scenes_pairs_cells_and_trainings_run_in_the_order_of_the_parts():
    grid = Grid(read_settings("config/evidence.yaml"))
    first, last = grid.cells_of(grid.blocks[0]), list(grid.cells_of(grid.blocks[-1]))[-1]
    pair = (last.dataset, last.degradation, last.scene)
    for cell in first:
        assert grid.importance[cell.dataset, cell.scene] == len(grid.blocks)  # what is prepared first is fused first
        assert grid.importance[cell.dataset, cell.degradation, cell.method, cell.scene, cell.seed] == len(grid.blocks)
    assert grid.importance[(*pair[:2], last.method, last.scene, last.seed)] == 1
    assert (
        grid.importance[(*pair[:2], last.method, last.seed)] == 1 < grid.importance[pair]
    )  # an earlier part has the pair
    wanted = {(label, scene) for label, scenes in grid.scenes_to_prepare().items() for scene in scenes}
    assert wanted <= set(grid.importance)


PART = """
name: {name}
grid:
  - dataset: phantom
    degradations: [x8-gauss7s2-nikond5100]
    methods: [bicubic, {row}]
methods: {methods}
"""


@pytest.mark.parametrize(
    ("second", "complaint"),
    [
        (
            {"methods": "{mine: {method: nsgp, params: {hard: true}}}", "row": "mine"},
            "a.yaml and .*b.yaml give row 'mine'",
        ),
        ({"methods": "{nsgp: {params: {hard: true}}}", "row": "nsgp"}, "a.yaml and .*b.yaml give row 'nsgp'"),
        ({"name": "a"}, "a.yaml and .*b.yaml have the same name 'a'"),
        ({"name": "b\nthreads: {fuse: 2}"}, "b.yaml and .*both.yaml give 'threads' different values"),
        ({"name": "b\nparts: [c.yaml]"}, "b.yaml: a part has no parts"),
    ],
)
def test_parts_that_disagree_are_refused_in_one_sentence_that_names_both_files(tmp_path, second, complaint):
    first = {"name": "a", "row": "nsgp", "methods": "{mine: {method: nsgp}}"}
    rows = {"a": {**first, "row": "nsgp, mine"}, "b": {"name": "b", "row": "nsgp", "methods": "{}", **second}}
    for name, words in rows.items():
        (tmp_path / f"{name}.yaml").write_text(PART.format(**words), encoding="utf-8")
    both = {"name": "both", "parts": [str(tmp_path / "a.yaml"), str(tmp_path / "b.yaml")]}
    (tmp_path / "both.yaml").write_text(json.dumps(both), encoding="utf-8")
    with pytest.raises(MossFuseError, match=complaint):
        read_settings(tmp_path / "both.yaml")


def test_same_row_with_the_same_settings_in_two_parts_is_one_row(tmp_path):
    words = {"row": "mine", "methods": "{mine: {method: nsgp, params: {hard: true}}}"}
    for name in ("a", "b"):
        (tmp_path / f"{name}.yaml").write_text(PART.format(name=name, **words), encoding="utf-8")
    both = {"name": "both", "parts": [str(tmp_path / "a.yaml"), str(tmp_path / "b.yaml")]}
    (tmp_path / "both.yaml").write_text(json.dumps(both), encoding="utf-8")
    grid = Grid(read_settings(tmp_path / "both.yaml"))
    assert len(grid.cells()) == 8 and set(grid.parts_of.values()) == {("a", "b")}


def test_parts_of_a_shipped_configuration_are_found_from_any_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert read_settings(ROOT / "config" / "sweeps.yaml")["grid"]
    with pytest.raises(MossFuseError, match="away.yaml does not exist here; start in the folder"):
        read_settings("away.yaml")


def test_configuration_without_grid_and_parts_is_refused():
    with pytest.raises(MossFuseError, match="'grid' is missing"):
        check_settings({"name": "empty"}, "the configuration")


def test_effective_configuration_is_read_as_it_was_written_without_a_second_check(tmp_path):
    settings = read_settings(FILES[0])
    (tmp_path / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
    code = (
        "import sys; from mossfuse.benchmark.plan.settings import read_settings; read_settings(sys.argv[1]);"
        "print([m for m in ('yaml', 'jsonschema', 'numpy') if m in sys.modules])"
    )
    call = [sys.executable, "-c", code, str(tmp_path / "settings.json")]
    assert subprocess.run(call, capture_output=True, text=True, check=True).stdout == "[]\n"
    assert read_settings(tmp_path / "settings.json") == settings


def test_json_that_is_not_the_effective_configuration_is_checked(tmp_path):
    (tmp_path / "mine.json").write_text('{"grid": [], "colour": 1}', encoding="utf-8")
    with pytest.raises(MossFuseError, match="colour"):
        read_settings(tmp_path / "mine.json")
