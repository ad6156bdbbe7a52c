"""Finished runs of the benchmark as read back from their folders: for merging them and for comparing two of them."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from mossfuse.benchmark.plan.cells import Cell
from mossfuse.benchmark.plan.paths import Paths
from mossfuse.benchmark.results.layout import METRIC_COLUMNS, TIMING_COLUMNS, check_version
from mossfuse.errors import MossFuseError
from mossfuse.files.atomic import read_json
from mossfuse.files.hashing import sha256_of


@dataclass(frozen=True)
class FinishedRun:
    """A run whose tables have been collected. name: what the user called it; paths: the map of its files."""

    name: str
    paths: Paths

    @cached_property
    def catalogue(self) -> dict[str, Any]:
        """Titles, settings and versions behind the tables; raise MossFuseError for tables of another layout or edited ones."""
        found: dict[str, Any] = read_json(self.paths.catalogue)
        check_version(found, self.paths.catalogue)
        for name, known in found.get("tables", {}).items():
            table = self.paths.catalogue.with_name(name)
            if not table.exists() or sha256_of(table) != known:
                raise MossFuseError(f"{table} is damaged or was edited since it was collected; collect the run again")
        return found

    @cached_property
    def cells(self) -> dict[Cell, list[dict[str, str]]]:
        """Return the rows of metrics.csv by cell, in their order."""
        found: dict[Cell, list[dict[str, str]]] = {}
        for row in read_rows(self.paths.metrics, METRIC_COLUMNS):
            found.setdefault(cell_of(row), []).append(row)
        return found

    @cached_property
    def timing(self) -> dict[Cell, dict[str, str]]:
        """Return the rows of timing.csv by cell."""
        return {cell_of(row): row for row in read_rows(self.paths.timing, TIMING_COLUMNS)}

    @cached_property
    def settings(self) -> dict[str, Any]:
        """The configuration of the run."""
        return dict(self.catalogue["config"])

    def record(self, cell: Cell) -> dict[str, Any]:
        """Return the record of a cell's run; empty where the folder lacks it."""
        path = self.paths.of_cell(cell).run
        return read_json(path) if path.is_file() else {}

    def origins(self) -> Iterator[dict[str, Any]]:
        """Yield commit, device and number of cells for each combination of commit and device in this run."""
        counts: dict[tuple[str, str], int] = {}
        for cell in self.cells:
            record = self.record(cell)
            place = (str(record.get("commit", "")), str(record.get("device_name", "")))
            counts[place] = counts.get(place, 0) + 1
        for (commit, device), count in counts.items():
            yield {"commit": commit, "device": device, "cells": count}


def open_run(place: str | Path) -> FinishedRun:
    """Return the run at ``place``: its folder of results, or the folder that it ran in.

    Raises MossFuseError where there are no collected tables.
    """
    folder = Path(place).expanduser()
    results = next((f for f in (folder, folder / "results") if Paths(f).catalogue.is_file()), None)
    if results is None:
        raise MossFuseError(
            f"{place} holds no finished run (no {Paths().catalogue.name} in it or in its folder results); name the folder of results, "
            "or finish the run first (snakemake --cores all)"
        )
    config = read_json(Paths(results).catalogue).get("config", {})
    base = base_of(results, Path(config.get("results", "results")))
    checkpoints = base / config.get("checkpoints", "checkpoints")
    return FinishedRun(str(place), Paths(results, base / config.get("reports", "reports"), checkpoints, base / "data"))


def base_of(results: Path, configured: Path) -> Path:
    """Return the folder that the run was started in: ``results`` without the configured folder at its end, else its parent."""
    resolved, tail = results.resolve(), configured.parts
    if not configured.is_absolute() and resolved.parts[-len(tail) :] == tail:
        return Path(*resolved.parts[: -len(tail)])
    return resolved.parent


def cell_of(row: dict[str, str]) -> Cell:
    """Return the cell of a row of a table."""
    return Cell(row["dataset"], row["degradation"], row["method"], row["scene"], int(row["seed"]))


def read_rows(path: Path, columns: tuple[str, ...]) -> list[dict[str, str]]:
    """Return the rows of a table; raise MossFuseError where it is missing, cut short or has other columns."""
    if not path.is_file():
        raise MossFuseError(f"{path} does not exist; finish the run first (snakemake --cores all)")
    damaged = f"{path} is damaged or of another version; collect the run again (mossfuse bench collect)"
    try:
        with open(path, newline="", encoding="utf-8") as stream:
            reader = csv.DictReader(stream)
            rows = list(reader)
            whole = tuple(reader.fieldnames or ()) == columns
    except (UnicodeDecodeError, csv.Error) as error:
        raise MossFuseError(damaged) from error
    if not whole or any(None in row or None in row.values() or not row["seed"].isdecimal() for row in rows):
        raise MossFuseError(damaged)
    return rows
