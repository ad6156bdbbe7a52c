"""The record of a cell holds a configuration that gives the same row again."""

import json

import pytest

from mossfuse.benchmark.plan.cells import Cell
from mossfuse.benchmark.plan.covered import row_settings, training_settings
from mossfuse.benchmark.plan.grid import Grid
from mossfuse.benchmark.plan.settings import check_settings
from mossfuse.benchmark.run.origin import cell_configuration

CONFIG = {
    "grid": [
        {
            "dataset": "phantom",
            "as": "small",
            "options": {"size": 64},
            "scenes": ["mosaic", "spools"],
            "degradations": ["x8-gauss7s2-nikond5100", "x8-gauss7s2-nikond5100-snr35-40"],
            "methods": ["bicubic", "nsgp+softdc", "own", "denoised+cnmf", "denoised+cnmf+dc", "mossfuse+sdc", "told"],
            "seeds": [0, 3],
        }
    ],
    "methods": {
        "own": {"method": "pixel-mlp", "preset": "smoke", "iterates": 40},
        "nsgp": {"params": {"setting": "fast"}},
        "nsgp+softdc": {"params": {"length": 0.5}},
        "mossfuse": {"preset": "smoke"},
        "told": {"method": "nsgp", "given": "nothing"},
    },
    "threads": {"fuse": 2},
}


@pytest.mark.parametrize("name", CONFIG["grid"][0]["methods"])
def test_configuration_of_a_cell_gives_its_row_again(name):
    grid = Grid(check_settings(CONFIG))
    cell = Cell("small", "x8-gauss7s2-nikond5100-snr35-40", name, "spools", 3)
    alone = Grid(check_settings(json.loads(json.dumps(cell_configuration(grid, cell)))))
    assert cell in alone.cells() or (cell.method == "bicubic" and alone.cells() != [])
    assert alone.block_of("small").options == grid.block_of("small").options
    for row in {name, grid.rows[name].base}:
        assert row_settings(alone.rows[row]) == row_settings(grid.rows[row])
        assert training_settings(alone.rows[row]) == training_settings(grid.rows[row])
    assert alone.config["threads"] == {"fuse": 2, "train": 1} and "preset" not in json.dumps(alone.config)
