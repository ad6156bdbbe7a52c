"""Put runs of several machines together: one set of tables and records, with where each cell comes from.

Two runs may hold the same cell only with the same values, and the same pair only with the same pixels. A row's name has one meaning.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mossfuse.benchmark.plan.cells import Cell
from mossfuse.benchmark.plan.paths import CellFiles, Paths, TrainingFiles
from mossfuse.benchmark.results.collect import nested_means
from mossfuse.benchmark.results.layout import METRIC_COLUMNS, TIMING_COLUMNS, VERSION
from mossfuse.benchmark.results.runs import FinishedRun
from mossfuse.errors import MossFuseError
from mossfuse.files.atomic import read_json, write_json, write_rows
from mossfuse.files.hashing import sha256_of

SHARED = ("methods", "datasets", "degradations", "conventions")  # entries of a catalogue whose names have one meaning
LARGE = (CellFiles(Path()).cube.name, TrainingFiles(Path()).weights.name)  # left behind unless cubes are wanted


def merge(runs: Sequence[FinishedRun], folder: Path, cubes: bool = False) -> Paths:
    """Write the merged run below ``folder`` (results, checkpoints, data) and return its Paths.

    cubes: copy fused cubes and weights too. Raises MossFuseError where the runs contradict each other, or the folder is not empty;
    nothing is left half-written.
    """
    if folder.exists() and any(folder.iterdir()):
        raise MossFuseError(f"{folder} is not empty; name a new folder for the merged run")
    owner = owners(runs)
    catalogue = merged_catalogue(runs)
    new = folder.with_name(f".{folder.name}.merging")
    shutil.rmtree(new, ignore_errors=True)
    try:
        paths = Paths(new / "results", new / "reports", new / "checkpoints", new / "data")
        for run in runs:
            copy_records(run, [cell for cell, first in owner.items() if first is run], paths, cubes)
        write_tables(runs, owner, catalogue, paths)
        folder.parent.mkdir(parents=True, exist_ok=True)
        if folder.exists():
            folder.rmdir()
        new.rename(folder)
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return Paths(folder / "results", folder / "reports", folder / "checkpoints", folder / "data")


def owners(runs: Sequence[FinishedRun]) -> dict[Cell, FinishedRun]:
    """Return cell -> the first run that has it; raise MossFuseError where runs differ in a cell's scores or a pair's pixels."""
    owner: dict[Cell, FinishedRun] = {}
    pairs: dict[tuple[str, str, str], tuple[str, FinishedRun]] = {}
    for run in runs:
        for cell, rows in run.cells.items():
            place, pixels = (cell.dataset, cell.degradation, cell.scene), rows[0]["pair_sha256"]
            known, first = pairs.setdefault(place, (pixels, run))
            if known != pixels:
                raise MossFuseError(
                    f"{'/'.join(place)}: {first.name} and {run.name} fused different pixels (pair {known} and {pixels}); their "
                    "scores cannot stand in one table. Make the data and the degradation the same and run one of them again"
                )
            holder = owner.setdefault(cell, run)
            if holder is not run and scores(holder.cells[cell]) != scores(rows):
                raise MossFuseError(
                    f"cell {cell.name} has different scores in {holder.name} and {run.name} (compare them with mossfuse compare); "
                    "leave one of the runs out, or give its row another name"
                )
    return owner


def scores(rows: list[dict[str, str]]) -> list[tuple[str, ...]]:
    """Return what has to agree between two copies of a cell."""
    return sorted(tuple(row[k] for k in ("status", "convention", "metric", "value")) for row in rows)


def merged_catalogue(runs: Sequence[FinishedRun]) -> dict[str, Any]:
    """Return one catalogue; raise MossFuseError where a name means different things in two runs."""
    merged: dict[str, Any] = {key: {} for key in SHARED}
    source: dict[tuple[str, str], FinishedRun] = {}
    for run in runs:
        for key in SHARED:
            for name, entry in run.catalogue.get(key, {}).items():
                first = source.setdefault((key, name), run)
                known = merged[key].get(name, entry)
                merged[key][name] = with_scenes_of_both(known, entry)
                if key != "conventions" and meaning(known) != meaning(entry):
                    changed = ", ".join(sorted(k for k in {*known, *entry} if known.get(k) != entry.get(k)))
                    raise MossFuseError(
                        f"'{name}' under {key} means different things in {first.name} and {run.name} (they differ in {changed}); "
                        "give one of them another name (`as:` for a dataset, a row of its own under `methods:`)"
                    )
    first = runs[0].settings
    names = list(dict.fromkeys(c for run in runs for c in run.settings.get("conventions", ())))
    grid = [entry for run in runs for entry in run.catalogue.get("grid", ())]
    settings = {
        **first,
        "grid": grid,
        "conventions": names,
        "results": "results",
        "reports": "reports",
        "checkpoints": "checkpoints",
    }
    for run in runs[1:]:
        settings["methods"] = {**run.settings.get("methods", {}), **settings.get("methods", {})}
    sources = [{"name": Path(run.name).name, "cells": len(run.cells), "origins": list(run.origins())} for run in runs]
    return {"version": VERSION, **merged, "grid": grid, "config": settings, "merged_from": sources}


def meaning(entry: Any) -> Any:
    """Return an entry without the list of scenes that a run happened to hold."""
    return {k: v for k, v in entry.items() if k not in ("scenes", "tuned_on")} if isinstance(entry, dict) else entry


def with_scenes_of_both(first: Any, second: Any) -> Any:
    """Return the first entry with the scenes of both."""
    if not isinstance(first, dict):
        return first
    merged = dict(first)
    if "scenes" in first:
        merged["scenes"] = list(dict.fromkeys([*first["scenes"], *second.get("scenes", ())]))
    if "tuned_on" in first:
        both = {**second.get("tuned_on", {}), **first["tuned_on"]}
        merged["tuned_on"] = {
            name: list(dict.fromkeys([*first["tuned_on"].get(name, ()), *second.get("tuned_on", {}).get(name, ())]))
            for name in both
        }
    return merged


def copy_records(run: FinishedRun, cells: list[Cell], paths: Paths, cubes: bool) -> None:
    """Copy the files of these cells, of their trainings, pairs and scenes."""
    old = run.paths
    ignored = shutil.ignore_patterns(*(() if cubes else LARGE))
    for cell in cells:
        copy_tree(old.of_cell(cell).folder, paths.of_cell(cell).folder, ignored)
        place = (cell.dataset, cell.degradation, cell.scene)
        copy_tree(old.scene_view(*place), paths.scene_view(*place), ignored)
        copy_file(old.pair_facts(*place), paths.pair_facts(*place))
        copy_file(old.fetched(cell.dataset, cell.scene), paths.fetched(cell.dataset, cell.scene))
    trained = {(cell.dataset, cell.degradation, cell.seed) for cell in cells}
    for training, files in old.trainings():
        if (training.dataset, training.degradation, training.seed) in trained:
            target = paths.checkpoints / files.folder.relative_to(old.checkpoints)
            copy_tree(files.folder, target, ignored)
    if old.scenes.is_file():
        known = read_json(paths.scenes) if paths.scenes.is_file() else {}
        for dataset, records in read_json(old.scenes).items():
            known[dataset] = {**records, **known.get(dataset, {})}
        write_json(paths.scenes, known)


def copy_tree(source: Path, target: Path, ignored: Any) -> None:
    """Copy a folder that exists and is not there yet."""
    if source.is_dir() and not target.exists():
        shutil.copytree(source, target, ignore=ignored)


def copy_file(source: Path, target: Path) -> None:
    """Copy a file that exists and is not there yet."""
    if source.is_file() and not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target)


def write_tables(
    runs: Sequence[FinishedRun], owner: dict[Cell, FinishedRun], catalogue: dict[str, Any], paths: Paths
) -> None:
    """Write metrics.csv, metrics.json, timing.csv and catalogue.json of the merged run."""
    rows = [tuple(row[c] for c in METRIC_COLUMNS) for cell, run in owner.items() for row in run.cells[cell]]
    timing: dict[Cell, dict[str, str]] = {}
    for run in runs:
        for cell, row in run.timing.items():
            timing.setdefault(cell, row)
    write_rows(paths.metrics, METRIC_COLUMNS, rows)
    write_rows(paths.timing, TIMING_COLUMNS, [tuple(row[c] for c in TIMING_COLUMNS) for row in timing.values()])
    write_json(paths.summary, nested_means(rows))
    write_json(paths.settings, catalogue["config"])
    tables = {path.name: sha256_of(path) for path in (paths.metrics, paths.timing)}
    write_json(paths.catalogue, {**catalogue, "tables": tables})
