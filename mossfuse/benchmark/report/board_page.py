"""The page of one board: leaderboard, published values, every scene, further metrics, the other conventions."""

from mossfuse.benchmark.report import style
from mossfuse.benchmark.report.leaderboard import leaderboard_context
from mossfuse.benchmark.report.more import more_context
from mossfuse.benchmark.report.scenes import scenes_of
from mossfuse.benchmark.results.statistics import scene_values


def board_page(board):
    """Return the file of a board's page."""
    return f"boards/{style.slug(board.dataset, board.degradation)}.html"


def places(results, boards):
    """Return the boards as a grid: data sets, degradations, and whether at least half of the grid was run."""
    datasets = list(dict.fromkeys(b.dataset for b in boards))
    degradations = list(dict.fromkeys(b.degradation for b in boards))
    return {
        "datasets": datasets,
        "degradations": degradations,
        "grid": 2 * len(boards) >= len(datasets) * len(degradations) and len(degradations) <= 8,
    }


def board_cells(results, boards):
    """Return (dataset, degradation) -> page, leader and its leading value, for the navigation."""
    out = {}
    for board in boards:
        cell = {"page": board_page(board), "dataset": board.dataset, "degradation": board.degradation}
        if board.ranked.empty:
            cell |= {"leader": "no method ranked", "value": ""}
        else:
            first = board.ranked.iloc[0]
            cell |= {"leader": first["method"], "value": style.with_unit(board.metrics[0], first[board.metrics[0]])}
        out[board.dataset, board.degradation] = cell
    return out


def other_conventions(results, boards, number):
    """Return the leaderboards of the same board under the other conventions."""
    others = [boards[c][number] for c in results.conventions[1:]]
    return [leaderboard_context(results, board) for board in others if board.metrics]


def scene_matrix(results, board):
    """Return every scene's value of every method: {'metrics', 'scenes', 'tables', 'left_out'}; seen and failed cells are marked.

    tables: metric -> rows {'method', 'title', 'cells'}, a cell being (text, seen, tuned, failed).
    """
    rows, scenes = results.board(board.dataset, board.degradation), scenes_of(results, board)
    seen = set(rows.loc[rows["seen_in_training"], ["method", "scene"]].itertuples(index=False, name=None))
    failed = set(rows.loc[rows["status"] != "ok", ["method", "scene"]].itertuples(index=False, name=None))
    tuned = {method: set(results.tuned_on(method, board.dataset)) for method in board.table["method"]}
    tables = {}
    for metric in board.metrics:
        table = scene_values(rows, board.convention, metric, include_seen=True)
        values = table.set_index(["method", "scene"])["value"].to_dict()
        tables[metric] = [
            {
                "method": method,
                "title": results.title(method),
                "cells": [
                    (
                        style.number(metric, values.get((method, s))),
                        (method, s) in seen,
                        s in tuned[method],
                        (method, s) in failed,
                    )
                    for s in scenes
                ],
            }
            for method in board.table["method"]
        ]
    return {"metrics": board.metrics, "scenes": scenes, "tables": tables, "left_out": set(board.seen_scenes)}


def published_rows(compared):
    """Return the table of published, authors' and own values as texts."""
    return [
        {**row, **{k: style.number(row["metric"], row[k]) for k in ("published", "authors", "ours")},
         **{k: style.number(row["metric"], row[k], sign=True) for k in ("gap_authors", "gap_ours")}}
        for row in compared.to_dict("records")
    ]  # fmt: skip


def board_context(results, boards, figures, number, part):
    """Return the context of a board's page; part: what the front page shows of it."""
    board = part["board"]
    return {
        "active": part["page"], "page_title": f"{board.dataset} · {board.degradation}", **part, "figures": figures[board.slug],
        "others": other_conventions(results, boards, number), "matrix": scene_matrix(results, board),
        "more": more_context(results, board), "published": published_rows(part["compared"]),
    }  # fmt: skip
