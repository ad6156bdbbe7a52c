"""What code each job of the workflow depends on.

The harness (everything between the files of a job and the function that it calls) counts by name: an edit of the clock
fuses nothing again. Methods, datasets, SRFs, PSF families and metrics count by file, with what they import.
docs/reruns.md shows what an edit runs again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mossfuse.benchmark.plan.digest import ROOT, Code, code_of_project, files_digest
from mossfuse.degradations.gaps import has_gaps
from mossfuse.methods import find_method, split_suffix

if TYPE_CHECKING:
    from mossfuse.benchmark.plan.grid import Grid, Row

PACKAGE = ROOT / "mossfuse"
CHILD = "mossfuse.benchmark.run.child"
CUBES = tuple(f"mossfuse.files.mat.{name}" for name in ("holds", "read", "shapes", "write"))
MASKED = "_masked"
UNDER_MASKS = ("degrade", "score", "curve", "draw_cell", "draw_pair")
# The functions that a job runs: the verb, what its child process runs, and the format of its files.
ROOTS: dict[str, tuple[str, ...]] = {
    "prepare": ("mossfuse.cli.bench.data.prepare", *CUBES),
    "degrade": ("mossfuse.cli.bench.data.degrade", *CUBES),
    "real_pair": ("mossfuse.cli.bench.real_pairs.real_pair", *CUBES),
    "train": ("mossfuse.cli.bench.training.train", f"{CHILD}.main", f"{CHILD}.train", *CUBES),
    "fuse": ("mossfuse.cli.bench.cells.fuse", f"{CHILD}.main", f"{CHILD}.fuse", *CUBES),
    "take": ("mossfuse.cli.bench.external.take", *CUBES),
    "time": ("mossfuse.cli.bench.cells.time", f"{CHILD}.main", f"{CHILD}.clock"),
    "score": ("mossfuse.cli.bench.scores.score", *CUBES),
    "curve": ("mossfuse.cli.bench.scores.curve", *CUBES),
    "draw_cell": ("mossfuse.cli.bench.pictures.draw_cell", *CUBES),
    "draw_pair": ("mossfuse.cli.bench.pictures.draw_pair", *CUBES),
    # the same jobs where a degradation leaves pixels unmeasured
    **{f"{job}{MASKED}": (f"mossfuse.cli.bench.gaps.{job}{MASKED}", *CUBES) for job in UNDER_MASKS},
}
# What these functions use and what changes no cube, score or picture: what is planned arrives as a parameter of the job,
# files as inputs; the rest writes records, looks things up by name, or belongs to the row.
NOT_THE_HARNESS: tuple[str, ...] = (
    "mossfuse.benchmark.plan",
    "mossfuse.cli.bench.job",
    f"{CHILD}.TASKS",
    "mossfuse.benchmark.run.origin",
    "mossfuse.benchmark.run.provenance",
    "mossfuse.benchmark.run.records",
    "mossfuse.benchmark.run.training.count_seconds",
    "mossfuse.benchmark.data.prepare.refresh_record",
    "mossfuse.datasets",
    "mossfuse.degradations.names",
    "mossfuse.degradations.effects.KIND",
    "mossfuse.degradations.psfs.KIND",
    "mossfuse.degradations.responses.KIND",
    "mossfuse.degradations.spelling",
    "mossfuse.methods",
    "mossfuse.metrics.catalogue.KIND",
    "mossfuse.preprocess",
    "mossfuse.refine",
)
# Hashes that only go into a record; the noise of a pair depends on one.
RECORDED: dict[str, tuple[str, ...]] = dict.fromkeys(
    ("train", "fuse", "take", "time"), ("mossfuse.files.hashing", "mossfuse.benchmark.data.pairs.pair_sha256")
)


class CoveredCode:
    """The digests of the code behind the jobs of a grid."""

    def __init__(self, grid: Grid, code: Code | None = None) -> None:
        self.grid = grid
        self.code = code or code_of_project()
        self.metrics_of = cache(self.compute_metrics)

    def harness(self, job: str) -> str:
        """Return the digest of the code between the files of a job and what it calls."""
        return self.code.of_parts(ROOTS[job], NOT_THE_HARNESS + RECORDED.get(job, ()))

    def harness_of(self, row: str) -> str:
        """Return the digest of the code around a cell: cubes made elsewhere are taken, the others run."""
        return self.harness("fuse" if self.grid.rows[row].external is None else "take")

    def harness_under(self, job: str, degradation: str) -> str:
        """Return the digest of the code around a job: where a degradation leaves pixels unmeasured, other code runs it."""
        return self.harness(job + (MASKED if has_gaps(self.grid.degradations[degradation]) else ""))

    def dataset(self, label: str) -> str:
        """Return the digest of a dataset."""
        return self.code.of_file(str(self.grid.block_of(label).module.__file__))

    def sensor(self, degradation: str) -> str:
        """Return the digests of the files that define the SRF and the PSF family of a degradation."""
        from mossfuse.degradations import files_behind

        skip = ("mossfuse.degradations.spelling",)
        return "-".join(self.code.of_file(path, skip) for path in files_behind(self.grid.degradations[degradation]))

    def row(self, name: str) -> str:
        """Return the digest of the code of a row: its method and, where it has them, the step before it and the refinement."""
        row = self.grid.rows[name]
        if row.external is not None:
            return "none"
        assert row.module is not None
        further = [PACKAGE / "preprocess.py"] if row.prefix else []
        further += [PACKAGE / "refine.py"] if row.suffix else []
        runs = getattr(row.module, "runs", None)
        if runs is not None:  # a refinement has parameters of its own; what runs is named in those of its base
            params = self.grid.rows[split_suffix(name)[0]].params
            further += [Path(str(find_method(other)[1].__file__)) for other in runs(params)]
        return "-".join(self.code.of_file(path) for path in (Path(str(row.module.__file__)), *further))

    def metrics(self, conventions: Iterable[str]) -> str:
        """Return the digests of the metrics that these conventions contain."""
        return self.metrics_of(tuple(conventions))

    def compute_metrics(self, conventions: tuple[str, ...]) -> str:
        """Return what ``metrics`` returns."""
        from mossfuse.metrics.catalogue import metric_files

        return "-".join(self.code.of_file(path) for path in metric_files(conventions))

    def tables(self) -> str:
        """Return the digest of the code that gathers the tables."""
        return self.code.of_file(PACKAGE / "benchmark/results/collect.py")

    def report(self) -> str:
        """Return the digests of the code of the report, and of its pages and styles."""
        folder = PACKAGE / "benchmark/report"
        return f"{self.code.of_file(folder / 'build.py')}-{files_digest(folder)}"


def degradation_settings(degradation: Any) -> str:
    """Return what decides a pair besides its scene, as JSON: every field of a Degradation but its name and note."""
    values = {f.name: getattr(degradation, f.name) for f in fields(degradation) if f.name not in ("name", "note")}
    return json.dumps(
        {**values, "psf": dict(degradation.psf), "effects": [dict(e) for e in degradation.effects]}, sort_keys=True
    )


def row_settings(row: Row) -> str:
    """Return what decides the bytes of a cell besides its inputs, as JSON: parameters, weights, and what the row is given."""
    settings: dict[str, Any] = {"params": row.params, "weights": row.weights, "knows": sorted(row.knows)}
    if row.prefix:
        settings["prefix"] = row.prefix
    if row.external is not None:
        settings["external"] = {key: row.external.get(key) for key in ("pattern", "key")}
        settings["external"] |= {key: row.external[key] for key in ("white",) if key in row.external}
    if row.iterates:
        settings["iterates"] = row.iterates
    return json.dumps(settings, sort_keys=True)


def training_settings(row: Row) -> str:
    """Return the parameters of a row's training and what it is given, as JSON."""
    return json.dumps({"train": row.train, "knows": sorted(row.knows)}, sort_keys=True)


def timing_settings(settings: dict[str, Any]) -> str:
    """Return how a cell is timed, as JSON; which cells are timed is a matter of the grid."""
    timing = settings["timing"]
    return json.dumps(
        {"repeats": timing["repeats"], "budget_s": timing["budget_s"], "threads": settings["threads"]["fuse"]}
    )
