"""The table of statistics.md on how often intervals of a mean cover it (docs/measure/coverage.py)."""

from __future__ import annotations

from mossfuse.benchmark.results.intervals import SMALLEST
from pages.context import Context
from pages.format import markdown
from pages.references import read

LEAST, MOST = 93.0, 97.0


def coverage(context: Context) -> str:
    """Return one row per number of values: per cent of samples whose interval covers the mean; those outside 93 to 97 in italics."""
    table, origin = read(context, "coverage", "coverage.csv", "docs/measure/coverage.py --write")
    table = table.assign(n=table["n"].astype(int), coverage=table["coverage"].astype(float))
    kinds = list(dict.fromkeys(zip(table["rule"], table["distribution"], strict=True)))
    kinds.sort(key=lambda kind: table["rule"].unique().tolist().index(kind[0]))
    rows = []
    for n, own in table.groupby("n"):
        found = own.set_index(["rule", "distribution"])["coverage"]
        cells = [f"{found[kind]:.1f}" for kind in kinds]
        cells = [text if LEAST <= float(text) <= MOST else f"*{text}*" for text in cells]
        rows.append([f"{n}", *cells, "bootstrap-t" if int(str(n)) >= SMALLEST else "none"])
    return f"{markdown(['n', *(', '.join(kind) for kind in kinds), 'shown'], rows)}\n\n{origin}"
