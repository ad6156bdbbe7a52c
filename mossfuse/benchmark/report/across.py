"""What the page Across shows, as one script for each board: quality against cost, conventions, pairs, sweeps, curves."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pandas as pd

from mossfuse.benchmark.report import figures, style
from mossfuse.benchmark.report.board import Board
from mossfuse.benchmark.report.drawing import Drawn, counted_rows, histories, save_figure
from mossfuse.benchmark.report.load import Results
from mossfuse.benchmark.report.scenes import page_name, thinned
from mossfuse.benchmark.report.sweeps import find_sweeps
from mossfuse.benchmark.results.effects import pair_matrix
from mossfuse.benchmark.results.statistics import scene_means, summary
from mossfuse.metrics import all_columns, metrics_of
from mossfuse.metrics.conventions import CONVENTIONS

PREPARED = {"clip": "estimate clipped to [0, 1]", "none": "not clipped", "u8": "both cubes rounded to 8 bit"}
COSTS = (("parameters", "Learned parameters"), ("flops", "FLOPs of one fusion"), ("train_s", "Training time (s)"),
         ("train_cpu_s", "Training time, CPU (s)"))  # fmt: skip
CLOCKED = (("time", "Run time, warm (s)"), ("cold", "Run time, first call (s)"), ("memory", "Memory (MiB)"))
RATES = ("lr", "learning_rate")


def script_name(board: Board) -> str:
    """Return the file of a board's script."""
    return f"across/{style.slug(board.dataset, board.degradation)}.js"


def write_across(site: Any, results: Results, boards: dict[str, list[Board]], looks: dict[str, Any]) -> dict[str, Any]:
    """Write the script of every board and return the context of the page. boards: convention -> its boards."""
    leading = boards[results.conventions[0]]
    for number, board in enumerate(leading):
        others = {convention: boards[convention][number] for convention in results.conventions}
        content = board_content(results, board, others, looks)
        text = json.dumps(content, separators=(",", ":"), allow_nan=False)
        site.text(script_name(board), f"(window.mossfuseAcross ||= {{}})[{json.dumps(board.slug)}] = {text};\n")
    sweeps = [sweep_content(sweep) for sweep in find_sweeps(results, leading)]
    titles = {method: results.title(method) for method in results.methods}
    drawn = [draw_sweep(site, number, sweep, looks, titles) for number, sweep in enumerate(sweeps) if sweep["metrics"]]
    listed = [
        {"slug": b.slug, "script": script_name(b), "title": f"{b.dataset} · {b.degradation}", "dataset": b.dataset} for b in leading
    ]  # fmt: skip
    return {
        "active": "across.html",
        "page_title": "Across",
        "data": {"boards": listed, "sweeps": sweeps},
        "drawn": drawn,
    }


def board_content(results: Results, board: Board, others: dict[str, Board], looks: dict[str, Any]) -> dict[str, Any]:
    """Return everything the page shows of one board."""
    methods = [
        {"name": row["method"], "title": row["title"], "colour": looks[row["method"]].colour, "dash": looks[row["method"]].dash,
         "shape": looks[row["method"]].shape, "rank": finite(row["rank"]), "knows": row["knows"], "trained_on": row["trained_on"],
         "standing": row["standing"]}
        for row in board.table.to_dict("records")
    ]  # fmt: skip
    names = sorted(
        {name for other in others.values() for name in values_of(results, other)}, key=list(all_columns()).index
    )
    columns = all_columns()
    values = {convention: values_of(results, other) for convention, other in others.items()}
    return {
        "slug": board.slug, "scenes": len(board.scenes), "methods": methods, "conventions": list(others),
        "metrics": [
            {"name": n, "title": columns[n].title, "unit": style.metric_unit(n), "better": columns[n].better,
             "decimals": columns[n].decimals} for n in names
        ],
        "values": values, "reasons": {c: reasons(board.convention, c, names) for c in others if c != board.convention},
        "costs": costs_of(results, board), "missing_costs": missing_costs(results, board),
        "limits": limits_of(results, board),
        "pairs": {metric: pairs_of(results, board, metric) for metric in board.compared},
        "estimates": estimates_of(results, board), "curves": curves_of(results, board),
        "pages": {scene: page_name(board, scene) for scene in board.scenes[:1]},
    }  # fmt: skip


def values_of(results: Results, board: Board) -> dict[str, dict[str, list[float | None | str]]]:
    """Return metric -> method -> [mean, low, high] over the counted scenes, under the board's convention.

    Metrics of every kind that have a better direction; infinity is 'inf'.
    """
    rows = counted_rows(results, board)
    present = set(rows.loc[rows["convention"] == board.convention, "metric"])
    out: dict[str, dict[str, list[float | None | str]]] = {}
    for name, column in all_columns().items():
        if name not in present or not column.better:
            continue
        if name in board.metrics:
            table = board.table.set_index("method")
            found = {
                m: (table.at[m, name], table.at[m, f"{name}_low"], table.at[m, f"{name}_high"]) for m in table.index
            }
        else:
            means = summary_of_means(rows, board.convention, name)
            found = {m: (mean, math.nan, math.nan) for m, mean in means.items()}
        out[name] = {m: [finite(v) for v in three] for m, three in found.items() if three[0] == three[0]}
    return out


def summary_of_means(rows: pd.DataFrame, convention: str, metric: str) -> dict[str, float]:
    """Return method -> mean over scenes, without intervals."""
    with np.errstate(invalid="ignore"):
        return dict(scene_means(rows, convention, metric).groupby("method").mean())


def finite(value: float | None) -> float | None | str:
    """Return a number for JSON with seven digits: None for NaN, 'inf' or '-inf' for infinity."""
    if value is None or value != value:
        return None
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    return float(f"{value:.7g}")


def reasons(first: str, second: str, names: list[str]) -> dict[str, str]:
    """Return metric -> why its value under the second convention differs from that under the first: both definitions."""
    if first not in CONVENTIONS or second not in CONVENTIONS:
        return {}
    one, two = metrics_of(first), metrics_of(second)
    prepared = [PREPARED[CONVENTIONS[c].prepare] for c in (first, second)]
    out = {}
    for name in names:
        if name not in one or name not in two:
            continue
        parts = []
        if one[name].formula != two[name].formula:
            parts.append(f"{first}: {one[name].formula}; {second}: {two[name].formula}")
        if prepared[0] != prepared[1]:
            parts.append(f"{first}: {prepared[0]}; {second}: {prepared[1]}")
        out[name] = ". ".join(parts) or "same definition"
    return out


def limits_of(results: Results, board: Board) -> dict[str, dict[str, dict[str, float | None | str]]]:
    """Return convention -> metric -> limit -> mean over the counted scenes of what no method passes; {} where none was scored.

    Limits are computed by ``mossfuse bench limits`` after a run (mossfuse.benchmark.results.limits).
    """
    path = results.paths.limits
    if not path.exists() or path.stat().st_size == 0:
        return {}
    table = pd.read_csv(path)
    places = results.replicates(board.dataset, board.degradation)
    own = table[
        (table["dataset"] == board.dataset) & table["degradation"].isin(places) & table["scene"].isin(board.scenes)
    ]
    out: dict[str, dict[str, dict[str, float | None | str]]] = {}
    means = own.groupby(["convention", "metric", "limit", "scene"], sort=False)["value"].mean()
    for (convention, metric, limit), value in (
        means.groupby(["convention", "metric", "limit"], sort=False).mean().items()
    ):
        out.setdefault(convention, {}).setdefault(metric, {})[limit] = finite(value)
    return out


def costs_of(results: Results, board: Board) -> list[dict[str, Any]]:
    """Return what a fusion costs: name, title and values per method, of every quantity that at least one method has."""
    table = board.table.set_index("method")
    entries = [
        (f"{kind}_{k}", title + (f", {clock.title}" if len(board.clocks) > 1 else ""), table[f"{kind}_{k}"])
        for k, clock in enumerate(board.clocks)
        for kind, title in CLOCKED
    ]
    own = results.timing[(results.timing["dataset"] == board.dataset) & (results.timing["board"] == board.degradation)]
    flops = own.groupby("method")["flops"].mean() if len(own) else pd.Series(dtype=float)
    entries += [(name, title, flops if name == "flops" else table[name]) for name, title in COSTS]
    found = [
        {"name": name, "title": title, "values": {m: finite(v) for m, v in series.items() if v == v and v > 0}}
        for name, title, series in entries
    ]
    return [entry for entry in found if entry["values"]]


def missing_costs(results: Results, board: Board) -> str:
    """Return a sentence on the quantities that no timed run has recorded; empty where all are there."""
    have = {entry["name"] for entry in costs_of(results, board)}
    words = [title for name, title in COSTS if name not in have and name != "train_cpu_s"]
    words += [] if board.clocks else ["Run time", "Memory"]
    return f"Not recorded in this run: {', '.join(words)}." if words else ""


def pairs_of(results: Results, board: Board, metric: str) -> dict[str, Any]:
    """Return wins, ties, losses, mean differences, effect sizes and corrected p (of the leading metric) of the ranked rows."""
    methods = list(board.ranked["method"])
    values = scene_means(counted_rows(results, board, ranked=True), board.convention, metric).reset_index()
    if values.empty:
        return {"methods": [], "tie": 0}
    found = pair_matrix(values, metric, methods)
    out: dict[str, Any] = {
        "methods": methods, "tie": found.tie, "scenes": found.scenes.tolist(), "wins": found.wins.tolist(),
        "ties": found.ties.tolist(), "losses": found.losses.tolist(),
        "difference": [[finite(v) for v in row] for row in found.difference],
        "effect": [[None if v != v else round(float(v), 3) for v in row] for row in found.effect],
    }  # fmt: skip
    if metric == board.metrics[0] and len(board.pairs):
        known = {(r.method, r.other): r.p_holm for r in board.pairs.itertuples()}
        both = known | {(b, a): p for (a, b), p in known.items()}
        out["p"] = [[style.p_value(both.get((a, b), math.nan)) for b in methods] for a in methods]
    return out


def estimates_of(results: Results, board: Board) -> dict[str, Any]:
    """Return the errors of estimated PSF and SRF: metrics, and per method [mean, low, high] over the counted scenes."""
    rows = counted_rows(results, board)
    rows = rows[rows["convention"] == "estimate"]
    present, columns = set(rows["metric"]), all_columns()
    names = [name for name in columns if name in present]
    out: dict[str, dict[str, Any]] = {}
    for name in names:
        for row in summary(rows, "estimate", name).to_dict("records"):
            if results.estimates(row["method"], name.partition("_")[0]):
                three = [finite(row[key]) for key in ("mean", "ci_low", "ci_high")]
                out.setdefault(row["method"], {})[name] = three
    return {
        "metrics": [{"name": n, "title": columns[n].title, "unit": style.metric_unit(n)} for n in names], "values": out,
    }  # fmt: skip


def curves_of(results: Results, board: Board) -> list[dict[str, Any]]:
    """Return the losses that methods log while they train or fit: title, and lines of (term, steps, values)."""
    out = []
    for title, tables in histories(results, board).items():
        lines = []
        for number, table in enumerate(tables[:4]):
            short = thinned(table)
            terms = [c for c in short.select_dtypes("number").columns if c not in ("step", *RATES)]
            for term in [t for t in terms if (short[t] > 0).any()][:9]:
                values = [float(f"{v:.4g}") if np.isfinite(v) and v > 0 else None for v in short[term]]
                lines.append({"term": term, "run": number, "steps": short["step"].tolist(), "values": values})
        if lines:
            out.append({"title": title, "lines": lines})
    return out


def draw_sweep(site: Any, number: int, sweep: dict[str, Any], looks: dict[str, Any], titles: dict[str, str]) -> Drawn:
    """Draw a sweep in its first metric and save the figure."""
    metric = sweep["metrics"][0]
    figure = figures.sweep_curves(sweep["levels"], sweep["values"][metric], looks, titles, sweep["label"], metric)
    caption = f"{style.metric_title(metric)} on {sweep['dataset']} over {sweep['label']}; shaded: 95 % intervals, where there are enough scenes."
    return save_figure(site, "sweep", f"sweep--{number + 1}--{style.slug(sweep['dataset'], metric)}", figure, caption)


def sweep_content(sweep: Any) -> dict[str, Any]:
    """Return a sweep for the page: levels, and per metric and method [mean, low, high] at every level (None: not ranked there)."""
    metrics = [m for m in sweep.boards[0].metrics if all(m in board.metrics for board in sweep.boards)]
    tables = [board.table.set_index("method") for board in sweep.boards]
    methods = list(dict.fromkeys(m for table in tables for m in table.index))
    values = {
        metric: {
            m: [
                [finite(t.at[m, f"{metric}{end}"]) for end in ("", "_low", "_high")] if m in t.index and t.at[m, "rank"] == t.at[m, "rank"] else None
                for t in tables
            ]
            for m in methods
        }
        for metric in metrics
    }  # fmt: skip
    return {
        "dataset": sweep.dataset, "label": sweep.label, "levels": sweep.levels, "boards": [b.slug for b in sweep.boards],
        "metrics": metrics, "values": values,
    }  # fmt: skip
