"""What the steps share: the configuration of a job, its cell, its device, its log, and the line it prints."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mossfuse.errors import MossFuseError, suggestion

if TYPE_CHECKING:
    from mossfuse.benchmark.plan.cells import Cell
    from mossfuse.benchmark.plan.grid import Grid
    from mossfuse.benchmark.plan.paths import Paths


@dataclass(frozen=True)
class Job:
    """A checked configuration, its grid and its map of files."""

    settings: dict[str, Any]
    grid: Grid
    paths: Paths

    @property
    def mirrors(self) -> list[Path]:
        """Folders that are searched before any download."""
        from mossfuse.remote.download import mirror_folders

        return mirror_folders(self.settings["mirrors"])

    @property
    def closed(self) -> tuple[Path, ...]:
        """Where a method may open nothing but what it is handed: folders with scenes and with what is made from them, a user's own images."""
        own = [getattr(block.module, "own_files", lambda **options: ())(**block.options) for block in self.grid.blocks]
        return *self.paths.trees, *self.mirrors, *(path for paths in own for path in paths)


def load(options) -> Job:
    """Read the configuration, once for a job; from here on the process ends when the workflow that started it ends."""
    known: Job | None = getattr(options, "job", None)
    if known is not None:
        return known
    from mossfuse.benchmark.plan.grid import Grid
    from mossfuse.benchmark.plan.paths import Paths
    from mossfuse.benchmark.plan.settings import default_configuration, read_settings
    from mossfuse.benchmark.run.isolation import follow_workflow

    follow_workflow()
    settings = read_settings(options.settings or os.environ.get("MOSSFUSE_SETTINGS") or default_configuration())
    options.job = Job(settings, Grid(settings), Paths.of(settings))
    return options.job


def parse_cell(text: str, grid: Grid) -> Cell:
    """Return the Cell of 'DATASET/DEGRADATION/METHOD/SCENE/seedN'; raise MossFuseError unless the grid runs it."""
    from mossfuse.benchmark.plan.cells import Cell

    parts = text.split("/")
    if len(parts) != 5 or not parts[4].startswith("seed") or not parts[4][4:].isdigit():
        raise MossFuseError(f"cell '{text}' is not of the form DATASET/DEGRADATION/METHOD/SCENE/seedN")
    if parts[2] not in grid.rows:
        hint = suggestion(parts[2], grid.rows, "it has")
        raise MossFuseError(f"cell '{text}': the configuration has no row '{parts[2]}'; {hint}")
    cell = Cell(*parts[:4], int(parts[4][4:]))
    if cell not in grid.runs():
        raise MossFuseError(
            f"cell '{text}' is not in the configuration's grid; check dataset, degradation, scene and seed"
        )
    return cell


def degradation_of(name: str, grid: Grid):
    """Return the Degradation of that name; raise MossFuseError unless the grid has it."""
    if name not in grid.degradations:
        hint = suggestion(name, grid.degradations, "it has")
        raise MossFuseError(f"the configuration has no degradation '{name}'; {hint}")
    return grid.degradations[name]


def device_of(options) -> str:
    """Return 'cpu' without a GPU for this job, else 'auto' and claim one: a share of it for a fusion, all of it for other work."""
    from mossfuse.benchmark.run.gpu_lock import claim_gpu, fits_per_gpu

    if not options.gpu:
        return "cpu"
    claim_gpu(fits=fits_per_gpu() if getattr(options, "step", None) == "fuse" else 1)
    return "auto"


def start_log(options) -> str | None:
    """Create the job's log, empty, and return its path; None where the job has none."""
    if options.log:
        Path(options.log).parent.mkdir(parents=True, exist_ok=True)
        Path(options.log).write_bytes(b"")
    return options.log


def say(record, place: str, success: str) -> None:
    """Print one line for the user: ``success``, or the reason of the failure."""
    from mossfuse.benchmark.results.remedy import with_remedy

    line = success if record["status"] == "ok" else f"FAILED: {with_remedy(record)}"
    sys.stderr.write(f"{place}: {line}\n")
