"""What an edit runs again, by the digests themselves: the list of docs/measure/rerun_table.py, nothing missing, nothing in vain."""

from dataclasses import replace

import pytest

from helpers.repository import ROOT
from mossfuse.benchmark.plan.covered import CoveredCode
from mossfuse.benchmark.plan.digest import Code
from mossfuse.benchmark.plan.grid import Grid
from mossfuse.benchmark.plan.settings import check_settings
from mossfuse.benchmark.results.about import catalogue_digest
from mossfuse.discovery import import_as

reruns = import_as("rerun_table", ROOT / "docs/measure/rerun_table.py")
LABEL = reruns.PLACE["as"]


@pytest.fixture(scope="module")
def grid():
    return Grid(check_settings(reruns.CONFIG))


def digests(grid, edits=None):
    """Return job -> the digests of code among its parameters."""
    code = CoveredCode(grid, Code(edits={ROOT / file: text for file, text in (edits or {}).items()}))
    out = {"train mossfuse": (code.row("mossfuse"), code.harness("train")), "collect": (code.tables(),)}
    out |= {"report": (code.report(),), f"draw_pair {reruns.SCENE}": (code.harness("draw_pair"),)}
    for scene in reruns.SCENES:
        out[f"prepare {scene}"] = code.dataset(LABEL), code.harness("prepare")
        out[f"degrade {scene}"] = code.sensor(reruns.DEGRADATION), code.harness("degrade")
    for row in reruns.ROWS:
        out[f"fuse {row}"] = code.row(row), code.harness("fuse")
        out[f"time {row}"] = (code.harness("time"),)
        out[f"score {row}"] = code.harness("score"), code.metrics(["std1"])
        out[f"draw_cell {row}"] = (code.harness("draw_cell"),)
    return out


@pytest.fixture(scope="module")
def before(grid):
    return digests(grid)


@pytest.mark.parametrize("edit", reruns.EDITS, ids=lambda edit: f"{edit.file}:{edit.what or edit.where}")
def test_edit_runs_again_what_it_can_change_and_nothing_else(grid, before, edit):
    after = digests(grid, {edit.file: reruns.edited(edit)})
    changed = {job for job, values in after.items() if values != before[job]}
    assert reruns.with_followers(changed) == reruns.expected(replace(edit, describes=False))


def test_description_changes_the_report_alone(grid):
    name = "bicubic"
    row, block = grid.rows[name], grid.blocks[0]
    first = catalogue_digest(grid)
    for changes in ({"title": "t"}, {"citation": "c"}, {"licence": "l"}, {"note": "n"}, {"code": "u"}):
        other = Grid(grid.config)
        other.rows = {
            **grid.rows,
            name: replace(row, method=replace(row.method, **changes), title=changes.get("title", row.title)),
        }
        assert catalogue_digest(other) != first, changes
    for changes in ({"title": "t"}, {"citation": "c"}, {"terms": "l"}, {"note": "n"}, {"url": "u"}):
        other = Grid(grid.config)
        other.blocks = (replace(block, spec=replace(block.spec, **changes)),)
        assert catalogue_digest(other) != first, changes
