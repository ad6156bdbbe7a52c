"""Every configuration that ships can be read, and every name in it exists."""

import pytest

from helpers.repository import ROOT
from mossfuse.benchmark.plan.grid import Grid
from mossfuse.benchmark.plan.settings import read_settings

FILES = [ROOT / "config.yaml", *sorted((ROOT / "config").glob("*.yaml"))]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_configuration_resolves_to_cells(path):
    grid = Grid(read_settings(path))
    assert grid.cells()


def test_no_two_configurations_write_into_one_folder():
    folders = [read_settings(path)["results"] for path in FILES]
    assert len(set(folders)) == len(folders)
