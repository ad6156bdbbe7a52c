"""Every configuration that ships can be read, and every name in it exists."""

import json
import subprocess
import sys

import pytest

from helpers.repository import ROOT
from mossfuse.benchmark.plan.grid import Grid
from mossfuse.benchmark.plan.settings import read_settings
from mossfuse.errors import MossFuseError

FILES = [ROOT / "config.yaml", *sorted((ROOT / "config").glob("*.yaml"))]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_configuration_resolves_to_cells(path):
    grid = Grid(read_settings(path))
    assert grid.cells()


def test_no_two_configurations_write_into_one_folder():
    folders = [read_settings(path)["results"] for path in FILES]
    assert len(set(folders)) == len(folders)


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
