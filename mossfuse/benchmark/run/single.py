"""Run one method on one scene, outside any grid, with the functions that the workflow's rules use."""

from __future__ import annotations

import csv
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mossfuse.benchmark.plan.cells import Cell
from mossfuse.benchmark.plan.grid import Grid
from mossfuse.benchmark.plan.paths import Paths
from mossfuse.benchmark.plan.settings import check_settings
from mossfuse.degradations.gaps import has_gaps
from mossfuse.errors import MossFuseError
from mossfuse.methods import find_method, split_suffix
from mossfuse.preprocess import split_prefix
from mossfuse.protocol import Degradation

log = logging.getLogger("mossfuse")
EMPTY: Mapping[str, Any] = {}


def single_settings(
    method: str,
    scene: str,
    config: Mapping[str, Any],
    *,
    dataset: str | None = None,
    degradation: str | None = None,
    seed: int = 0,
    changes: Mapping[str, Any] = EMPTY,
    preset: str | None = None,
) -> dict[str, Any]:
    """Return a configuration with one cell: ``method`` on ``scene``.

    config: a checked configuration that gives the dataset's options and the settings of the method. dataset: its name in
    ``config``, or another dataset with its own default options; dataset and degradation default to the first ones of
    ``config``. changes: parameters of fuse or train by name. Raise MossFuseError for an unknown name.
    """
    entry = find_entry(config, dataset)
    rows = config["methods"]
    base, suffix = split_suffix(method)
    if config["external"].keys() & {method, base, split_prefix(base)[1]}:
        raise MossFuseError(f"'{method}' is a set of cubes made elsewhere, which cannot be run; name a method")
    own = split_prefix(base)[1]
    kept = {name: dict(rows[name]) for name in (own, base, method) if name in rows}
    if preset is not None:
        kept.setdefault(own, {})["preset"] = preset
    for key, value in changes.items():
        row, part = place_of(key, method, own, suffix, kept.get(own, {}))
        settings = kept.setdefault(row, {})
        settings[part] = {**settings.get(part, {}), key: value}
    entry |= {
        "scenes": [scene],
        "degradations": [degradation or entry["degradations"][0]],
        "methods": [method],
        "seeds": [seed],
    }
    rest = {key: config[key] for key in ("conventions", "threads", "limits", "mirrors")}
    return check_settings({**rest, "grid": [entry], "methods": kept, "timing": {"scenes": "none"}}, "the run")


def find_entry(config: Mapping[str, Any], dataset: str | None) -> dict[str, Any]:
    """Return the first grid entry, or the first one of a dataset; a new one where ``config`` does not name the dataset."""
    first = config["grid"][0]
    labelled = (entry for entry in config["grid"] if dataset in (None, entry.get("as", entry["dataset"])))
    return dict(next(labelled, {"dataset": dataset, "degradations": first["degradations"]}))


def place_of(key: str, method: str, base: str, suffix: str | None, settings: Mapping[str, Any]) -> tuple[str, str]:
    """Return (row, 'params' or 'train') that a parameter belongs to: the refinement's, the method's, or its training's."""
    from mossfuse.refine import DEFAULTS

    if suffix and key in DEFAULTS:
        return method, "params"
    spec, _ = find_method(settings.get("method", base))
    return base, "train" if key in spec.train_params and key not in spec.params else "params"


def run_single(settings: Mapping[str, Any], paths: Paths, *, train=False, device="auto", mirrors=(), log_file=None):
    """Run and score the cell of ``single_settings`` below ``paths``; return (its files, its record, its scores).

    train: whether a method that is trained on a dataset may be trained now. scores: (convention, metric, value) of the
    table that the rule ``score`` writes. Raise MossFuseError where the method, or what it depends on, fails.
    """
    from mossfuse.benchmark.run.cell import run_cell
    from mossfuse.benchmark.run.origin import describe_origin

    grid = Grid(settings)
    (cell,) = grid.cells()
    check_training(grid, cell, train)
    make_pairs(grid, cell, paths, mirrors)
    if log_file:
        Path(log_file).parent.mkdir(parents=True, exist_ok=True)
        Path(log_file).write_bytes(b"")
    checkpoint = find_checkpoint(grid, cell, paths, settings, device, mirrors, log_file)
    base = None
    for current in reversed(grid.runs()):  # the base of a refinement first
        record = run_cell(
            current,
            grid.rows[current.method],
            files=paths.of_cell(current),
            pair=paths.pair(current.dataset, current.degradation, current.scene),
            closed=closed_to_methods(paths, mirrors),
            origin=describe_origin(grid, current),
            checkpoint=checkpoint,
            base=base if grid.rows[current.method].suffix else None,
            device=device,
            threads=settings["threads"]["fuse"],
            limit_s=settings["limits"]["fuse_s"],
            log=log_file,
        )
        if record["status"] != "ok":
            raise MossFuseError(f"{current.name} failed: {record['reason']}{see(log_file)}")
        base = paths.of_cell(current).cube
    files = paths.of_cell(cell)
    score_under(
        grid.degradations[cell.degradation],
        files=files,
        pair=paths.pair(cell.dataset, cell.degradation, cell.scene),
        truth=paths.scene(cell.dataset, cell.scene),
        conventions=settings["conventions"],
    )
    with open(files.score, newline="", encoding="utf-8") as stream:
        rows = [row for row in csv.DictReader(stream) if row["value"]]
    scores = [(row["convention"], row["metric"], float(row["value"])) for row in rows]
    return files, record, scores


def score_under(degradation: Degradation, **job: Any) -> None:
    """Score a cell as the workflow does under this degradation."""
    from mossfuse.benchmark.results.score_cell import score_cell
    from mossfuse.benchmark.results.score_masked import score_masked_cell

    if has_gaps(degradation):
        score_masked_cell(**job, degradation=degradation)
    else:
        score_cell(**job)


def check_training(grid: Grid, cell: Cell, train: bool) -> None:
    """Raise MossFuseError where the method has to be trained first and ``train`` does not allow it."""
    row, scenes = grid.rows[cell.method], grid.block_of(cell.dataset).train_scenes
    if row.trained_here and not train:
        raise MossFuseError(
            f"method '{row.method.name}' is trained on a dataset first; add --train to train it now on "
            f"{len(scenes)} scenes ({', '.join(scenes[:3])}{', ...' if len(scenes) > 3 else ''})"
        )
    if row.trained_here and not scenes:
        raise MossFuseError(f"dataset '{cell.dataset}' has no training scenes; list train_scenes in a configuration")


def make_pairs(grid: Grid, cell: Cell, paths: Paths, mirrors, scenes: Sequence[str] | None = None) -> None:
    """Fetch, prepare and degrade scenes; None: the cell's, and the training scenes where the method is trained."""
    from mossfuse.benchmark.data.make_pair import make_pair
    from mossfuse.benchmark.data.masked_pair import make_masked_pair
    from mossfuse.benchmark.data.prepare import fetch_dataset, prepare_scene

    block, folder = grid.block_of(cell.dataset), paths.dataset(cell.dataset).folder
    degradation = grid.degradations[cell.degradation]
    make = make_masked_pair if has_gaps(degradation) else make_pair
    # Raw files that the workflow has fetched already are used where they are.
    fetched = Paths().dataset(cell.dataset).folder
    mirrors = [*mirrors, fetched / "raw", fetched]
    scenes = grid.scenes_to_prepare()[cell.dataset] if scenes is None else scenes
    fetch_dataset(block.dataset, scenes, folder, mirrors)
    for scene in scenes:
        prepare_scene(block.dataset, scene, folder, mirrors, **block.options)
        make(
            degradation,
            truth=paths.scene(cell.dataset, scene),
            path=paths.pair(cell.dataset, cell.degradation, scene),
            scene=scene,
            mirrors=mirrors,
        )


def find_checkpoint(grid: Grid, cell: Cell, paths: Paths, settings, device, mirrors, log_file) -> Path | str | None:
    """Return the weights that the method needs: trained now, given, or from the registry; None where it needs none."""
    from mossfuse.benchmark.run.training import train_row
    from mossfuse.remote.registry import obtain_file

    row = grid.rows[cell.method]
    if row.weights:
        return row.weights if Path(row.weights).suffix else obtain_file(row.weights, mirrors).path
    for training in grid.trainings():
        scenes = grid.block_of(training.dataset).train_scenes
        log.info("training %s on %d scenes", training.name, len(scenes))
        files = paths.training(**vars(training))
        record = train_row(
            training,
            grid.rows[training.method],
            files=files,
            pairs=[paths.pair(training.dataset, training.degradation, scene) for scene in scenes],
            truths=[paths.scene(training.dataset, s) for s in scenes] if row.method.trains == "supervised" else [],
            scenes=scenes,
            closed=closed_to_methods(paths, mirrors),
            device=device,
            threads=settings["threads"]["train"],
            limit_s=settings["limits"]["train_s"],
            log=log_file,
        )
        if record["status"] != "ok":
            raise MossFuseError(f"training {training.name} failed: {record['reason']}{see(log_file)}")
        return files.weights
    return None


def closed_to_methods(paths: Paths, mirrors) -> tuple[Path, ...]:
    """Return the folders of which a method may open nothing: of this run, of the grid in this folder, and the mirrors."""
    return *paths.trees, *Paths().trees, *map(Path, mirrors)


def see(log_file) -> str:
    """Return where the method's own output is, as the end of a message."""
    return f"; its output is in {log_file}" if log_file else ""
