"""The jobs of a configuration, by rule of the workflow, each with the file that says it is done.

Snakemake alone knows whether a finished job is out of date; this list is for the plan of a run and for its state.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mossfuse.benchmark.plan.cells import Cell, Training
from mossfuse.benchmark.plan.grid import Grid
from mossfuse.benchmark.plan.paths import Paths


@dataclass(frozen=True)
class Scene:
    """A scene of the dataset with this label."""

    dataset: str
    scene: str


@dataclass(frozen=True)
class Pair:
    """A degraded pair."""

    dataset: str
    degradation: str
    scene: str


@dataclass(frozen=True)
class Job:
    """One job: its rule, the file that exists when it is done, and what it is about (None: the whole grid)."""

    rule: str
    product: Path
    about: Scene | Pair | Cell | Training | str | None = None


def jobs_of(grid: Grid, paths: Paths) -> list[Job]:
    """Return every job of a run in empty folders, in the order in which the workflow lists its rules."""
    scenes = [Scene(label, scene) for label, names in grid.scenes_to_prepare().items() for scene in names]
    runs, cells = grid.runs(), grid.cells()
    pairs = dict.fromkeys(Pair(c.dataset, c.degradation, c.scene) for c in runs)
    for training in grid.trainings():
        for scene in grid.block_of(training.dataset).train_scenes:
            pairs[Pair(training.dataset, training.degradation, scene)] = None
    shown = [Pair(label, degradation, scene) for (label, _, scene), degradation in grid.shown_replicates().items()]
    weights = {row.weights: None for row in grid.rows.values() if row.weights and not Path(row.weights).suffix}
    jobs = [Job("fetch", paths.fetched(s.dataset, s.scene)) for s in scenes[:1]]
    jobs += [Job("prepare", paths.scene(s.dataset, s.scene), s) for s in scenes]
    jobs += [Job("scenes", paths.scenes)]
    jobs += [Job("degrade", paths.pair(p.dataset, p.degradation, p.scene), p) for p in pairs]
    jobs += [Job("registry_file", paths.registry_file(name), name) for name in weights]
    jobs += [Job("train", paths.training(**vars(t)).record, t) for t in grid.trainings()]
    for cell in runs:
        rule = "fuse_with_iterates" if grid.rows[cell.method].iterates else "fuse"
        jobs.append(Job(rule, paths.of_cell(cell).run, cell))
    jobs += [Job("time", paths.of_cell(cell).time, cell) for cell in grid.clocked_cells()]
    jobs += [Job("score", paths.of_cell(cell).score, cell) for cell in cells]
    jobs += [Job("curve", paths.of_cell(cell).curve, cell) for cell in grid.traced_cells()]
    jobs += [Job("draw_cell", paths.of_cell(cell).view, cell) for cell in grid.shown_cells()]
    jobs += [Job("draw_pair", paths.scene_view(p.dataset, p.degradation, p.scene), p) for p in shown]
    jobs += [Job("collect", paths.metrics), Job("report", paths.report), Job("verdict", paths.verdict)]
    return jobs
