"""What a cell is made from, as its record holds it: enough to compute the cell again from the record alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mossfuse.benchmark.plan.covered import CoveredCode
from mossfuse.preprocess import split_prefix

if TYPE_CHECKING:
    from mossfuse.benchmark.plan.cells import Cell
    from mossfuse.benchmark.plan.grid import Grid, Row


def describe_origin(grid: Grid, cell: Cell, row_code: str | None = None, harness: str | None = None) -> dict[str, Any]:
    """Return {'code': digests of the row and of the harness, 'configuration': that of the cell alone}.

    row_code, harness: the digests where they are known; computing them reads the code.
    """
    covered = CoveredCode(grid)
    code = {"row": row_code or covered.row(cell.method), "harness": harness or covered.harness_of(cell.method)}
    return {"code": code, "configuration": cell_configuration(grid, cell)}


def cell_configuration(grid: Grid, cell: Cell) -> dict[str, Any]:
    """Return a configuration of this cell alone, every parameter written out: presets and defaults may change."""
    row, block, settings = grid.rows[cell.method], grid.block_of(cell.dataset), grid.config
    entry = {
        "dataset": block.dataset,
        "as": block.label,
        "options": dict(block.options),
        "scenes": [cell.scene],
        "train_scenes": list(block.train_scenes),
        "degradations": [cell.degradation],
        "methods": [cell.method],
        "seeds": [cell.seed],
    }
    if block.label == block.dataset:
        del entry["as"]
    if row.external is not None:
        rows: dict[str, Any] = {"methods": {}, "external": {cell.method: dict(row.external)}}
    else:
        rows = {"methods": {split_prefix(row.base)[1]: settings_of(grid.rows[row.base])}}
        if row.suffix:
            rows["methods"][cell.method] = {"params": dict(row.params)}
    return {
        "grid": [{key: value for key, value in entry.items() if value or key == "seeds"}],
        **rows,
        "conventions": list(settings["conventions"]),
        "timing": {"scenes": "none"},
        "threads": dict(settings["threads"]),
        "limits": dict(settings["limits"]),
    }


def settings_of(row: Row) -> Mapping[str, Any]:
    """Return the settings of a method's row under ``methods:``."""
    assert row.method is not None
    found = {
        "method": row.method.name,
        "params": dict(row.params),
        "train": dict(row.train),
        "weights": row.weights,
        "iterates": row.iterates,
        "given": None if row.given is None else sorted(row.given) or "nothing",
    }
    return {key: value for key, value in found.items() if value is not None}
