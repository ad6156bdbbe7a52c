"""The page and the table of ``mossfuse compare``: two runs side by side. The page is one file that opens from disk."""

from __future__ import annotations

import csv
import dataclasses
import io
from pathlib import Path
from typing import Any

import jinja2

from mossfuse.benchmark.report import style
from mossfuse.benchmark.results.compare import Change, Comparison
from mossfuse.files.atomic import write_text
from mossfuse.metrics import all_columns

HERE = Path(__file__).resolve().parent
LISTED = 200  # cells in one list of the page


def write_comparison(comparison: Comparison, first: str, second: str, folder: Path) -> Path:
    """Write comparison.html and comparison.csv into ``folder`` and return the page's path; first, second: what the runs are called."""
    folder.mkdir(parents=True, exist_ok=True)
    write_text(folder / "comparison.csv", as_csv(comparison.changes))
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"), autoescape=True, undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip
    css = (HERE / "assets" / "report.css").read_text(encoding="utf-8")
    page = environment.get_template("comparison.html").render(
        css=css, first=first, second=second, comparison=comparison, changes=[shown(c) for c in comparison.changes if c.changed],
        equal=sum(not c.changed for c in comparison.changes), reasons=grouped(comparison.reasons), listed=LISTED,
    )  # fmt: skip
    write_text(folder / "comparison.html", page)
    return folder / "comparison.html"


def as_csv(changes: list[Change]) -> str:
    """Return every change as CSV, one line each."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([field.name for field in dataclasses.fields(Change)])
    writer.writerows([f"{v:.10g}" if isinstance(v, float) else v for v in dataclasses.astuple(c)] for c in changes)
    return stream.getvalue()


def shown(change: Change) -> dict[str, Any]:
    """Return the texts of one change."""
    known = change.metric in all_columns()
    number = (
        (lambda v, sign=False: style.number(change.metric, v, sign))
        if known
        else (lambda v, sign=False: f"{v:+.4g}" if sign else f"{v:.4g}")
    )
    interval = "" if change.low != change.low else f"{number(change.low, True)} to {number(change.high, True)}"
    return {
        "place": f"{change.dataset}, {change.board}", "method": change.method, "convention": change.convention,
        "metric": style.metric_title(change.metric) if known else change.metric, "first": number(change.first), "second": number(change.second),
        "difference": number(change.difference, True), "interval": interval, "p": "" if change.p != change.p else style.p_value(change.p),
        "cells": f"{change.changed} of {change.cells}", "largest": number(change.largest, True),
    }  # fmt: skip


def grouped(reasons: dict[Any, list[str]]) -> list[tuple[str, int]]:
    """Return (what differs in the records, number of cells), most cells first."""
    counts: dict[str, int] = {}
    for found in reasons.values():
        for reason in found:
            counts[reason] = counts.get(reason, 0) + 1
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))
