"""How much disk a run needs, from the table of measured costs; and whether the disk has it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mossfuse.benchmark.plan.cells import Cell
from mossfuse.benchmark.plan.costs import cost_of, measured
from mossfuse.benchmark.plan.downloads import Download, downloads
from mossfuse.benchmark.plan.grid import Grid
from mossfuse.benchmark.plan.jobs import Job, Pair, jobs_of
from mossfuse.benchmark.plan.paths import Paths
from mossfuse.errors import MossFuseError
from mossfuse.remote.download import mirror_folders

KINDS = {
    "prepare": "scenes",
    "degrade": "pairs",
    "fuse": "cubes",
    "fuse_with_iterates": "cubes",
    "draw_cell": "pictures",
    "draw_pair": "pictures",
    "report": "report",
}
COPIES = 2  # of the pictures in a report: the report, and the copy that Snakemake owns
FUSING = ("fuse", "fuse_with_iterates")
COMING = "downloads"
PASSING = "cubes in use for a while"


@dataclass
class Need:
    """Bytes of one kind of files: of the whole run, and of the jobs that are left; jobs whose size is not known."""

    total: float = 0.0
    left: float = 0.0
    unknown: int = 0


def disk_need(grid: Grid, jobs: Sequence[Job], missing: Sequence[Download] = ()) -> dict[str, Need]:
    """Return kind of files -> Need. missing: what has still to be downloaded; files of unknown size are not counted.

    A cube that ``keep_cubes`` removes leaves its record; while the run is on, some of these cubes are there together (PASSING).
    """
    needs: dict[str, Need] = {}
    kept = kept_degradations(grid)
    for job in jobs:
        need = needs.setdefault(KINDS.get(job.rule, "records"), Need())
        size = report_bytes(grid, jobs) if job.rule == "report" else cost_of(job, grid, "bytes")
        if size is not None and is_removed(job, kept):
            size = measured()["bytes", "fuse"].fixed
        if size is None:
            need.unknown += 1
            continue
        need.total += size
        need.left += 0 if job.product.exists() else size
    if any(is_removed(job, kept) for job in jobs):
        needs[PASSING] = passing_cubes(grid, jobs, kept)
    coming = sum(item.file.size + item.unpacked for item in missing if item.file and item.file.urls and item.file.size)
    if coming:
        needs[COMING] = Need(coming, coming)
    return needs


def kept_degradations(grid: Grid) -> frozenset[str]:
    """Return the degradations whose fused cubes stay on the disk, as ``keep_cubes`` asks (workflow/rules/fuse.smk)."""
    names = {"all": grid.degradations, "report": grid.shown_replicates().values(), "none": ()}
    return frozenset(names[grid.config["keep_cubes"]])


def is_removed(job: Job, kept: frozenset[str]) -> bool:
    """Return whether a job makes a cube that goes once everything that reads it is finished."""
    return job.rule in FUSING and isinstance(job.about, Cell) and job.about.degradation not in kept


def passing_cubes(grid: Grid, jobs: Sequence[Job], kept: frozenset[str]) -> Need:
    """Return the Need of the removed cubes that are on the disk at one time.

    Those that wait for the clock, which takes turns, and those that a refinement starts from are counted in full; of the others two
    for each processor, because what reads such a cube runs before new ones are made (reading_importance in the workflow).
    """
    patient = {job.about for job in jobs if job.rule == "time"}
    patient |= {grid.base_cell(cell) for cell in grid.cells() if grid.rows[cell.method].suffix}
    sizes: dict[bool, list[tuple[float, bool]]] = {True: [], False: []}
    left: set[object] = {job.about for job in jobs if not job.product.exists()}
    for job in jobs:
        size = cost_of(job, grid, "bytes") if is_removed(job, kept) else None
        if size is not None:
            size -= measured()["bytes", "fuse"].fixed
            sizes[job.about in patient].append((size, job.about in left))
    passing = 2 * (os.cpu_count() or 1)

    def most(found: list[float]) -> float:
        return sum(sorted(found, reverse=True)[:passing])

    return Need(
        total=sum(size for size, _ in sizes[True]) + most([size for size, _ in sizes[False]]),
        left=sum(size for size, wanted in sizes[True] if wanted) + most([s for s, wanted in sizes[False] if wanted]),
    )


def report_bytes(grid: Grid, jobs: Iterable[Job]) -> float:
    """Return the bytes of the report: its pages, and the pictures of one seed of every row and of every scene."""
    shown: dict[Pair | tuple[str, ...], float] = {}
    for job in jobs:
        if job.rule == "draw_cell" and isinstance(job.about, Cell):
            cell = job.about
            shown[cell.dataset, cell.degradation, cell.method, cell.scene] = cost_of(job, grid, "bytes") or 0
        elif job.rule == "draw_pair" and isinstance(job.about, Pair):
            page = Job("report", job.product, job.about)
            shown[job.about] = (cost_of(job, grid, "bytes") or 0) + (cost_of(page, grid, "bytes") or 0)
    return COPIES * sum(shown.values())


def free_bytes(path: Path) -> int:
    """Return the free bytes of the disk on which ``path`` is or will be."""
    return shutil.disk_usage(existing(path)).free


def existing(path: Path) -> Path:
    """Return the path itself or the nearest folder above it that exists."""
    place = path.absolute()
    return next(folder for folder in (place, *place.parents) if folder.exists())


def disks(grid: Grid, paths: Paths, jobs: Sequence[Job], missing: Sequence[Download] = ()) -> list[tuple[Path, float]]:
    """Return (folder, bytes that are still to be written there), one folder for each disk. missing: as for ``disk_need``."""
    roots = {"scenes": paths.data, COMING: paths.data, "report": paths.reports}
    found: dict[int, tuple[Path, float]] = {}
    for kind, need in disk_need(grid, jobs, missing).items():
        place = existing(roots.get(kind, paths.results))
        device = os.stat(place).st_dev
        first, before = found.get(device, (place, 0.0))
        found[device] = first, before + need.left
    return list(found.values())


def require_disk(grid: Grid, paths: Paths) -> None:
    """Raise MossFuseError where a disk has less room than the rest of the run needs."""
    missing = downloads(grid, paths, mirror_folders(grid.config["mirrors"]))
    for folder, needed in disks(grid, paths, jobs_of(grid, paths), missing):
        free = free_bytes(folder)
        if needed > free:
            raise MossFuseError(
                f"the run needs about {needed / 1e9:.2g} GB more and {free / 1e9:.2g} GB are free in {folder}; free some "
                "space, name folders on another disk (results, reports, checkpoints), or make the grid smaller"
            )
