"""What a job costs: bytes on disk and CPU seconds of each rule, from a table that was measured, and by the size of its scene.

The table (measured/costs.csv) is made by docs/measure/plan_costs.py. ``units`` of a job are what its cost grows with: the
values of a scene's cube, those of a pair, or the pixels of a picture.
"""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from mossfuse.benchmark.plan.cells import Cell
from mossfuse.benchmark.plan.grid import Grid
from mossfuse.benchmark.plan.jobs import Job, Pair, Scene
from mossfuse.benchmark.plan.shapes import pair_values, scene_shape

TABLE = Path(__file__).parent / "measured" / "costs.csv"
BY_PIXEL = ("draw_cell", "draw_pair", "report")  # pictures have the scene's rows and cols, whatever its bands
SAME_AS = {"fuse_with_iterates": "fuse"}


@dataclass(frozen=True)
class Cost:
    """A cost of ``fixed`` + ``per_unit`` times the units of a job."""

    fixed: float = 0.0
    per_unit: float = 0.0

    def of(self, units: float) -> float:
        """Return the cost of a job with so many units."""
        return self.fixed + self.per_unit * units


@cache
def measured() -> dict[tuple[str, str], Cost]:
    """Return (quantity, rule) -> Cost: quantity 'bytes' (on disk) or 'cpu_s' (the job without the method itself)."""
    with open(TABLE, newline="", encoding="utf-8") as stream:
        return {
            (row["quantity"], row["rule"]): Cost(float(row["fixed"]), float(row["per_unit"]))
            for row in csv.DictReader(stream)
        }


def units_of(job: Job, grid: Grid) -> float | None:
    """Return what the cost of a job grows with; 0 for jobs about the whole grid, None where a scene's shape is not known."""
    if not isinstance(job.about, (Scene, Pair, Cell)):
        return 0
    shape = scene_shape(grid, job.about.dataset)
    if shape is None:
        return None
    if job.rule == "degrade" and isinstance(job.about, Pair):
        return pair_values(grid, job.about.dataset, job.about.degradation)
    return shape[0] * shape[1] if job.rule in BY_PIXEL else math.prod(shape)


def cost_of(job: Job, grid: Grid, quantity: str) -> float | None:
    """Return what a job costs in 'bytes' or 'cpu_s', without the method's own time; None where it is not known."""
    cost = measured().get((quantity, SAME_AS.get(job.rule, job.rule)))
    units = units_of(job, grid)
    return None if cost is None or units is None else cost.of(units)
