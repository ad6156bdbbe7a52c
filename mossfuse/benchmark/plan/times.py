"""How long the methods of a grid take, from what was measured: results on this machine, and tables of the repository."""

from __future__ import annotations

import csv
import json
import math
import statistics
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mossfuse.benchmark.plan.cells import Cell, Training
from mossfuse.benchmark.plan.costs import cost_of
from mossfuse.benchmark.plan.grid import Grid
from mossfuse.benchmark.plan.jobs import Job
from mossfuse.benchmark.plan.paths import Paths
from mossfuse.benchmark.plan.shapes import scene_shape

EVIDENCE = Path(__file__).resolve().parents[3] / "docs" / "evidence"


@dataclass
class Times:
    """Seconds of rows on one kind of device ('cpu' or 'cuda'), by place and for each value of the cube."""

    at: dict[tuple[str, ...], list[float]] = field(default_factory=dict)
    per_value: dict[str, list[float]] = field(default_factory=dict)

    def add(self, place: tuple[str, ...], seconds: float, values: int | None) -> None:
        """Add the seconds of one run; place: dataset, degradation and row."""
        self.at.setdefault(place, []).append(seconds)
        if values:
            self.per_value.setdefault(place[-1], []).append(seconds / values)

    def of(self, place: tuple[str, ...], values: int | None) -> float | None:
        """Return the median at that place, else the row's seconds elsewhere for as many values, else None."""
        if place in self.at:
            return statistics.median(self.at[place])
        if values and place[-1] in self.per_value:
            return values * statistics.median(self.per_value[place[-1]])
        return None


@dataclass
class Effort:
    """CPU and GPU hours that a run takes, of the jobs that are left; ``unknown``: what was never measured -> jobs."""

    cpu_h: float = 0.0
    gpu_h: float = 0.0
    unknown: dict[str, int] = field(default_factory=dict)


def effort(grid: Grid, paths: Paths, jobs: list[Job], *, gpus: int = 0, here: Path = Path()) -> Effort:
    """Return the effort of the jobs whose product does not exist. here: folder in which finished runs are looked for."""
    times = measured_times(grid, paths, here)
    out = Effort()
    for job in jobs:
        if job.product.exists():
            continue
        out.cpu_h += (cost_of(job, grid, "cpu_s") or 0.0) / 3600
        if not isinstance(job.about, (Cell, Training)) or job.rule not in (
            "fuse",
            "fuse_with_iterates",
            "time",
            "train",
        ):
            continue
        row = grid.rows[job.about.method]
        if row.method is None:
            continue
        device = "cuda" if gpus and row.method.gpu else "cpu"
        shape = scene_shape(grid, job.about.dataset)
        place = (job.about.dataset, job.about.degradation, row.name)
        kind = f"{'training' if job.rule == 'train' else 'fusing'} {device}"
        seconds = times.get(kind, Times()).of(place, None if shape is None or job.rule == "train" else math.prod(shape))
        if seconds is None:
            what = f"{'training of ' if job.rule == 'train' else ''}{row.name}"
            out.unknown[what] = out.unknown.get(what, 0) + 1
            continue
        hours = seconds * (calls(grid, seconds) if job.rule == "time" else 1) / 3600
        if device == "cuda":
            out.gpu_h += hours
        else:
            out.cpu_h += hours
    return out


def calls(grid: Grid, seconds: float) -> int:
    """Return how often the clock calls a method: to warm up, and as often as repeats and budget allow."""
    timing = grid.config["timing"]
    return 1 + min(timing["repeats"], max(1, int(timing["budget_s"] / max(seconds, 1e-9))))


def measured_times(grid: Grid, paths: Paths, here: Path) -> dict[str, Times]:
    """Return 'fusing cpu', 'fusing cuda', 'training cpu', ... -> Times, of rows with the parameters that the grid gives them."""
    found: dict[str, Times] = {}
    for kind, place, seconds, values in (*records(grid, paths, here), *evidence(grid)):
        found.setdefault(kind, Times()).add(place, seconds, values)
    return found


def records(grid: Grid, paths: Paths, here: Path) -> Iterator[tuple[str, tuple[str, ...], float, int | None]]:
    """Yield (kind, place, seconds, values) of the runs and trainings that stand in the results of ``here``."""
    folders = dict.fromkeys([paths.results, here / "results", *sorted(here.glob("runs/*/results"))])
    for folder in folders:
        checkpoints = paths.checkpoints if folder == paths.results else folder.parent / "checkpoints"
        own = Paths(results=folder, checkpoints=checkpoints)
        runs = [(files.run, "fusing") for _, files in own.cells_with("run")]
        for path, what in (*runs, *((files.record, "training") for _, files in own.trainings())):
            record = read(path)
            row = grid.rows.get(record.get("method", ""))
            wanted = None if row is None else row.params if what == "fusing" else row.train
            if record.get("status") != "ok" or record.get("params") != wanted or "cpu_seconds" not in record:
                continue
            device = record["device"]
            place = (record["dataset"], record["degradation"], record["method"])
            yield (
                f"{what} {device}",
                place,
                record["cpu_seconds" if device == "cpu" else "seconds"],
                values_of(grid, place),
            )


def evidence(grid: Grid) -> Iterator[tuple[str, tuple[str, ...], float, int | None]]:
    """Yield the same of the tables of times that the repository holds."""
    for path in sorted(EVIDENCE.glob(f"*/{Paths().timing.name}")):
        with open(path, newline="", encoding="utf-8") as stream:
            for row in csv.DictReader(stream):
                if row.get("median_s") and row["method"] in grid.rows:
                    place = (row["dataset"], row["degradation"], row["method"])
                    seconds = row["cpu_s"] if row["device"] == "cpu" else row["median_s"]
                    yield f"fusing {row['device']}", place, float(seconds), values_of(grid, place)


def values_of(grid: Grid, place: tuple[str, ...]) -> int | None:
    """Return the values of a cube of a dataset; None where the grid does not have it or its shape is not known."""
    if all(block.label != place[0] for block in grid.blocks):
        from mossfuse.datasets import catalogue

        entry = catalogue().entries.get(place[0])
        return math.prod(entry[0].shape) if entry and entry[0].shape else None
    shape = scene_shape(grid, place[0])
    return None if shape is None else math.prod(shape)


def read(path: Path) -> dict[str, Any]:
    """Return a record; an empty one where the file is damaged, because a plan needs no single record."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        return {}
