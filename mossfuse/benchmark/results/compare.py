"""Compare two finished runs: which cells both have, which scores changed, and by how much in the mean."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mossfuse.benchmark.plan.cells import Cell
from mossfuse.benchmark.results.intervals import interval_of_mean
from mossfuse.benchmark.results.runs import FinishedRun
from mossfuse.benchmark.results.signed_rank import wilcoxon

Score = tuple[str, str]  # (convention, metric)


@dataclass(frozen=True)
class Change:
    """One row, metric and board of two runs, over the cells that both finished.

    first, second: means over the cells; difference: second minus first; low, high: 95 % interval of the mean difference over scenes, NaN for
    few scenes; p: Wilcoxon signed rank over scenes, not corrected; changed: cells whose value differs; largest: largest change of a cell.
    """

    dataset: str
    board: str
    method: str
    convention: str
    metric: str
    cells: int
    scenes: int
    changed: int
    first: float
    second: float
    difference: float
    low: float
    high: float
    p: float
    largest: float


@dataclass(frozen=True)
class Comparison:
    """Two runs side by side.

    only_first, only_second: cells that one of them lacks; repixeled: cells whose pair has other pixels, which are not compared; reasons: cell ->
    what differs in its record (code, versions, device); statuses: cells that failed in one run alone; changes: one Change for each row, metric and board.
    """

    only_first: list[Cell]
    only_second: list[Cell]
    repixeled: list[Cell]
    statuses: dict[Cell, tuple[str, str]]
    reasons: dict[Cell, list[str]]
    changes: list[Change]

    @property
    def equal(self) -> bool:
        """Whether both runs have the same cells with the same values."""
        return not (self.only_first or self.only_second or self.repixeled or self.statuses) and not any(
            c.changed for c in self.changes
        )


def compare(first: FinishedRun, second: FinishedRun) -> Comparison:
    """Return the Comparison of two runs."""
    both = [cell for cell in first.cells if cell in second.cells]
    repixeled = [c for c in both if pixels(first, c) != pixels(second, c)]
    other = set(repixeled)
    same = [cell for cell in both if cell not in other]
    states = {cell: (first.cells[cell][0]["status"], second.cells[cell][0]["status"]) for cell in same}
    statuses = {cell: pair for cell, pair in states.items() if pair[0] != pair[1]}
    changes = list(changes_of(first, second, [cell for cell in same if states[cell] == ("ok", "ok")]))
    return Comparison(
        only_first=[c for c in first.cells if c not in second.cells],
        only_second=[c for c in second.cells if c not in first.cells],
        repixeled=repixeled,
        statuses=statuses,
        reasons={cell: found for cell in same if (found := differing(first.record(cell), second.record(cell)))},
        changes=changes,
    )


def pixels(run: FinishedRun, cell: Cell) -> str:
    """Return the hash of the pair that a cell's method read."""
    return run.cells[cell][0]["pair_sha256"]


def changes_of(first: FinishedRun, second: FinishedRun, cells: list[Cell]) -> Iterator[Change]:
    """Yield a Change for each board, row, convention and metric that both runs have, in the order of the first run."""
    groups: dict[tuple[str, str, str], list[Cell]] = {}
    for cell in cells:
        groups.setdefault((cell.dataset, first.cells[cell][0]["board"], cell.method), []).append(cell)
    for (dataset, board, method), own in groups.items():
        values = [(cell.scene, values_of(first, cell), values_of(second, cell)) for cell in own]
        for score in values[0][1]:
            pairs = [(scene, a[score], b[score]) for scene, a, b in values if score in a and score in b]
            if pairs:
                yield change(dataset, board, method, score, pairs)


def values_of(run: FinishedRun, cell: Cell) -> dict[Score, float]:
    """Return (convention, metric) -> value of a cell."""
    rows = run.cells[cell]
    return {(row["convention"], row["metric"]): float(row["value"]) for row in rows if row["value"] != ""}


def change(dataset: str, board: str, method: str, score: Score, pairs: list[tuple[str, float, float]]) -> Change:
    """Return the Change of one metric; replicates and seeds of a scene are averaged before the interval and the test."""
    import numpy as np

    by_scene: dict[str, list[float]] = {}
    for scene, a, b in pairs:
        by_scene.setdefault(scene, []).append(0.0 if a == b else b - a)
    differences = np.array([np.mean(values) for values in by_scene.values()])
    low, high = interval_of_mean(differences)
    return Change(
        dataset, board, method, *score, cells=len(pairs), scenes=len(by_scene), changed=sum(a != b for _, a, b in pairs),
        first=math.fsum(a for _, a, _ in pairs) / len(pairs), second=math.fsum(b for _, _, b in pairs) / len(pairs),
        difference=float(differences.mean()), low=float(low), high=float(high), p=float(wilcoxon(differences)),
        largest=max((0.0 if a == b else b - a for _, a, b in pairs), key=abs),
    )  # fmt: skip


def differing(first: dict[str, Any], second: dict[str, Any]) -> list[str]:
    """Return what two records of one cell do not share, of what may change its cube."""
    found = []
    for part, name in (("row", "code of the method"), ("harness", "code of the harness")):
        if (first.get("code") or {}).get(part) != (second.get("code") or {}).get(part):
            found.append(name)
    for key, name in (("device_name", "device"), ("threads", "threads"), ("blas", "BLAS"), ("output", "cube")):
        if first.get(key) != second.get(key):
            found.append(name)
    versions = first.get("versions") or {}, second.get("versions") or {}
    found += [
        f"version of {name}"
        for name in sorted({*versions[0], *versions[1]})
        if versions[0].get(name) != versions[1].get(name)
    ]
    return found
