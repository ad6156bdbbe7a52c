"""Find metrics: one file per metric in ``definitions``, and in the folders of MOSSFUSE_METRICS.

A file defines ``METRIC`` or ``METRICS`` (mossfuse.metrics.specification.Metric). Each metric declares its column, its unit
and direction, and the conventions that contain it; tables, report and statistics follow from that. A file that cannot be
used is named in a warning, and the others count.
"""

import logging
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any

from mossfuse.discovery import Catalogue, Kind, search
from mossfuse.errors import MossFuseError, suggestion
from mossfuse.metrics.consistency import COLUMNS as CONSISTENCY_COLUMNS
from mossfuse.metrics.conventions import CONVENTIONS, find_convention
from mossfuse.metrics.estimates import COLUMNS as ESTIMATE_COLUMNS
from mossfuse.metrics.specification import Column, Metric

log = logging.getLogger(__name__)


def complaint_about(spec: Any, module: ModuleType) -> str | None:
    """Return what is wrong with a metric's declaration, or None."""
    if not callable(spec.compute):
        return f"compute of '{spec.name}' must be a function of (truth, cube, ratio)"
    for name in spec.conventions:
        if name not in CONVENTIONS:
            hint = suggestion(name, CONVENTIONS, "known conventions")
            return f"'{spec.name}' names the unknown convention '{name}'; {hint}"
    return None


KIND = Kind(
    "metric",
    ("METRIC", "METRICS"),
    (),
    "MOSSFUSE_METRICS",
    lambda: [Path(__file__).resolve().parent / "definitions"],
    complaint_about,
    Metric,
)


@cache
def catalogue() -> Catalogue:
    """Return every metric that can be found, and the files that cannot be used with their reasons.

    A file whose metrics contradict an earlier file's (a column that reads differently, a second definition for one column
    of a convention) counts as unusable as a whole.
    """
    found = search(KIND)
    columns = {column.name: (column, "mossfuse.metrics") for column in (*CONSISTENCY_COLUMNS, *ESTIMATE_COLUMNS)}
    places: dict[tuple[str, str], str] = {}
    for module in dict.fromkeys(module for _, module in found.entries.values()):
        own = [spec for spec, home in found.entries.values() if home is module]
        path = Path(str(module.__file__))
        reason = contradiction(own, columns, places)
        if reason:
            found.broken[path] = f"metric file {path}: {reason}"
            for spec in own:
                del found.entries[spec.name]
            continue
        for spec in own:
            columns[spec.column.name] = (spec.column, str(path))
            places.update({(convention, spec.column.name): spec.name for convention in spec.conventions})
    for reason in found.problems():
        log.warning("%s", reason)
    return found


def contradiction(
    own: list[Metric], columns: Mapping[str, tuple[Column, str]], places: Mapping[tuple[str, str], str]
) -> str | None:
    """Return how the metrics of one file contradict each other or earlier files, or None.

    columns: name -> (Column, its file); places: (convention, column) -> metric, both of the earlier files.
    """
    columns, places = dict(columns), dict(places)
    for spec in own:
        column, home = columns.setdefault(spec.column.name, (spec.column, "this file"))
        if column != spec.column:
            return f"column '{column.name}' is declared differently in {home}; use that Column or another name"
        for convention in spec.conventions:
            other = places.setdefault((convention, column.name), spec.name)
            if other != spec.name:
                return (
                    f"'{spec.name}' and '{other}' both fill the column '{column.name}' of the convention "
                    f"'{convention}'; give one of them a column of its own"
                )
    return None


def find_metric(name: str) -> tuple[Metric, ModuleType]:
    """Return (Metric, module) of a definition such as 'psnr.bandmean_peak1'; raise MossFuseError with the nearest names."""
    return catalogue().find(name)


def all_metrics() -> Mapping[str, Metric]:
    """Return every definition by its name, family after family in the order of their columns."""
    specs = [spec for spec, _ in catalogue().entries.values()]
    first = {spec.family: min(s.column.order for s in specs if s.family == spec.family) for spec in specs}
    return MappingProxyType({spec.name: spec for spec in sorted(specs, key=lambda s: first[s.family])})


@cache
def all_columns() -> Mapping[str, Column]:
    """Return every column of the results by its name, in the order of tables."""
    columns = {spec.column.name: spec.column for spec, _ in catalogue().entries.values()}
    columns |= {column.name: column for column in (*CONSISTENCY_COLUMNS, *ESTIMATE_COLUMNS)}
    return MappingProxyType({column.name: column for column in sorted(columns.values(), key=place_of)})


def find_column(name: str) -> Column:
    """Return a column of the results, such as 'psnr'; raise MossFuseError with the nearest names."""
    columns = all_columns()
    if name not in columns:
        raise MossFuseError(f"unknown metric '{name}'; {suggestion(name, columns, 'known metrics')}")
    return columns[name]


def metrics_of(convention: str) -> dict[str, Metric]:
    """Return column name -> Metric of a convention, in the order of tables.

    Raises MossFuseError for an unknown convention, and where two files define a metric that it contains.
    """
    find_convention(convention)
    names = [name for name, (spec, _) in catalogue().entries.items() if convention in spec.conventions]
    specs = [find_metric(name)[0] for name in names]
    return {spec.column.name: spec for spec in sorted(specs, key=lambda spec: place_of(spec.column))}


def metric_files(conventions: tuple[str, ...] | list[str]) -> list[Path]:
    """Return the files of the metrics that these conventions contain, without repetition."""
    specs = [spec for convention in conventions for spec in metrics_of(convention).values()]
    return list(dict.fromkeys(Path(str(find_metric(spec.name)[1].__file__)) for spec in specs))


def place_of(column: Column) -> tuple[int, str]:
    """Return the key that sorts columns."""
    return column.order, column.name
