"""Say where the cells of one leaderboard were computed under different conditions.

Another device, number of threads, version or BLAS changes floating-point sums, most often in the last digits. It runs no
cell again; each record holds it, and a leaderboard that mixes several says so.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from mossfuse.benchmark.plan.cells import Cell

if TYPE_CHECKING:
    from mossfuse.benchmark.report.board import Board
    from mossfuse.benchmark.report.load import Results

PLACE = ["dataset", "degradation", "method", "scene", "seed"]
PACKAGES = {"python": "Python", "torch": "PyTorch", "numpy": "NumPy", "scipy": "SciPy"}


def mixed_conditions(results: Results, board: Board) -> str:
    """Return one sentence with the conditions that differ between the finished cells of a board; '' where none does."""
    rows = results.board(board.dataset, board.degradation)[PLACE].drop_duplicates()
    runs = [results.runs.get(Cell(*row).name) for row in rows.itertuples(index=False, name=None)]
    found = [conditions_of(run) for run in runs if run and run["status"] == "ok" and run.get("trains") != "external"]
    parts = []
    for name in dict.fromkeys(name for conditions in found for name in conditions):
        counts = Counter(conditions[name] for conditions in found if name in conditions)
        if len(counts) > 1:
            listed = ", ".join(
                f"{value} ({count} {'cell' if count == 1 else 'cells'})" for value, count in counts.most_common()
            )
            parts.append(f"{name} {listed}")
    return f"These cells were computed under different conditions: {'; '.join(parts)}." if parts else ""


def conditions_of(run: dict[str, Any]) -> dict[str, str]:
    """Return the conditions of a run that may change the last digits of its cube, by name."""
    versions = run.get("versions") or {}
    values = {
        "device": run.get("device_name"),
        "threads": run.get("threads"),
        "BLAS": run.get("blas"),
        **{title: versions.get(package) for package, title in PACKAGES.items()},
    }
    return {name: str(value) for name, value in values.items() if value is not None}
