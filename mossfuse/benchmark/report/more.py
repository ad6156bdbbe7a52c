"""The metrics of a convention that no leaderboard shows, and why a metric has no value."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from mossfuse.benchmark.report.board import Board, marks
from mossfuse.benchmark.report.load import Results
from mossfuse.benchmark.report.style import metric_title, number
from mossfuse.benchmark.results.statistics import summary
from mossfuse.metrics import all_columns


def more_metrics(results: Results, board: Board) -> pd.DataFrame:
    """Return the means over the counted scenes of the metrics that the board does not show: method, title, rank, each metric.

    Rows in the order of the board; columns in that of the tables. A metric that has no value on a scene (for every method, as a
    rule) is averaged over the others.
    """
    rows = results.board(board.dataset, board.degradation)
    rows = rows[(rows["convention"] == board.convention) & rows["scene"].isin(board.scenes)]
    present = set(rows["metric"])
    names = [n for n, column in all_columns().items() if column.shown == "table" and column.better and n in present]
    table = board.table[["method", "title", "rank"]].copy()
    for name in names:
        means = summary(rows, board.convention, name).set_index("method")["mean"]
        table[name] = means.reindex(table["method"]).to_numpy(dtype=float)
    return table


def more_context(results: Results, board: Board) -> dict[str, Any]:
    """Return the table of further metrics for the template: metrics, rows of cells, and the reasons of missing values."""
    table = more_metrics(results, board)
    names = [name for name in table.columns if name in all_columns()]
    marked = {name: marks(table, name) for name in names}
    why = missing(results, board)
    rows = []
    for k, row in enumerate(table.to_dict("records")):
        cells = [
            {
                "text": number(name, row[name]),
                "sort": "" if np.isnan(row[name]) else f"{row[name]:.10g}",
                "mark": marked[name][k],
                "why": why.get((name, row["method"]), "") if np.isnan(row[name]) else "",
            }
            for name in names
        ]
        rows.append(
            {"method": row["method"], "title": row["title"], "ranked": row["rank"] == row["rank"], "cells": cells}
        )
    return {"metrics": names, "rows": rows, "missing": missing_lines(results, board)}


def missing_rows(results: Results, board: Board, scene: str | None = None) -> pd.DataFrame:
    """Return the results of the board's finished cells whose metric has no value, with the reason; of one scene or of all."""
    rows = results.board(board.dataset, board.degradation)
    empty = (rows["status"] == "ok") & rows["value"].isna() & (rows["reason"] != "")
    rows = rows[empty & (rows["convention"] == board.convention)]
    return rows if scene is None else rows[rows["scene"] == scene]


def missing(results: Results, board: Board) -> dict[tuple[str, str], str]:
    """Return (metric, method) -> the reasons why it has no value."""
    groups = missing_rows(results, board).groupby(["metric", "method"], sort=False)["reason"]
    return {key: "; ".join(dict.fromkeys(reasons)) for key, reasons in groups}


def missing_lines(results: Results, board: Board, scene: str | None = None) -> list[str]:
    """Return one line for each metric and reason, such as 'SSIM has no value on 2 scenes: it needs at least 11x11 pixels'."""
    lines = []
    for (metric, reason), rows in missing_rows(results, board, scene).groupby(["metric", "reason"], sort=False):
        scenes, methods = list(dict.fromkeys(rows["scene"])), list(dict.fromkeys(rows["method"]))
        where = "" if scene is not None else f" on {len(scenes)} scenes" if len(scenes) > 1 else f" on {scenes[0]}"
        every = set(methods) >= set(board.table["method"])
        who = "" if every else " for " + ", ".join(results.title(m) for m in methods)
        lines.append(f"{metric_title(metric)} has no value{where}{who}: {reason}")
    return lines
