"""What the pages beside the scenes show, as plain data for the templates."""

import json
from pathlib import Path

import numpy as np

from mossfuse.benchmark.pictures.maps import ANGLE, ERROR
from mossfuse.benchmark.report import style
from mossfuse.benchmark.report.board import TRAINED_ON, marks
from mossfuse.benchmark.report.comparisons import reference_of, settings_of
from mossfuse.benchmark.report.conditions import mixed_conditions
from mossfuse.benchmark.report.drawing import counted_rows, default_rows
from mossfuse.benchmark.report.facts import run_facts
from mossfuse.benchmark.report.findings import findings
from mossfuse.benchmark.report.more import more_context
from mossfuse.benchmark.report.scenes import page_name, scenes_of
from mossfuse.benchmark.report.tables import published_comparison, signs
from mossfuse.benchmark.results.collect import ALONE
from mossfuse.benchmark.results.intervals import SMALLEST
from mossfuse.benchmark.results.margins import read_margin
from mossfuse.benchmark.results.statistics import critical_difference, scene_values, spread_over, summary
from mossfuse.metrics import all_columns, describe
from mossfuse.protocol import describe_knowledge

PAGES = (
    ("index.html", "Leaderboards"), ("statistics.html", "Statistics"), ("methods.html", "Methods"),
    ("failures.html", "Failures"), ("data.html", "Data"), ("conventions.html", "Conventions"),
    ("provenance.html", "Provenance"), ("exports.html", "Exports"),
)  # fmt: skip
FORMATS = ("csv", "md", "tex")


def common(results, boards, colours):
    """Return what every page needs: navigation, colours, scales, titles."""
    return {
        "pages": PAGES, "colours": colours, "failure_count": len(failed_cells(results)) + len(failed_trainings(results)),
        "catalogue": results.catalogue, "methods": results.methods, "boards": boards,
        "titles": {m: results.title(m) for m in results.methods},
        "dataset_titles": {d: results.catalogue["datasets"].get(d, {}).get("title") or d for d, _ in results.boards},

        "scales": {
            "error": scale_context(ERROR), "sam": scale_context(ANGLE),
            "errors": scale_context(ERROR) | {"title": "Absolute error in this band"},
        }, "page_name": page_name,
        "metrics": all_columns(), "conventions": results.conventions, "signs": signs,
    }  # fmt: skip


def scale_context(scale):
    """Return a colour bar: gradient stops, ticks with their places, and tables for the filter that colours grey pictures."""
    palette = scale.palette()
    stops = [f"rgb({r},{g},{b})" for r, g, b in palette[:: 255 // 15]]
    tables = [" ".join(f"{v / 255:.4f}" for v in palette[:: 255 // 51, k]) for k in range(3)]
    ticks = [(f"{100 * scale.position(t):.2f}", f"{t:g}{scale.unit}") for t in scale.ticks]
    return {
        "title": scale.title,
        "gradient": ", ".join(stops),
        "ticks": ticks,
        "tables": tables,
        "low": scale.low,
        "high": scale.high,
        "unit": scale.unit,
    }


def all_pages(results, boards, figures, site):
    """Yield (file, template, context); the exports page last, when every file is known."""
    leading = boards[results.conventions[0]]
    yield "index.html", "index.html", index_context(results, boards, figures)
    yield "statistics.html", "statistics.html", statistics_context(results, leading, figures)
    yield (
        "methods.html",
        "methods.html",
        page("methods.html", entries=[method_entry(results, m) for m in results.methods]),
    )
    yield (
        "failures.html",
        "failures.html",
        page(
            "failures.html",
            cells=failed_cells(results),
            trainings=failed_trainings(results),
            clocks=failed_clocks(results),
        ),
    )
    yield (
        "data.html",
        "data.html",
        page("data.html", datasets=[data_entry(results, d) for d in results.catalogue["datasets"]]),
    )
    yield "conventions.html", "conventions.html", conventions_context(results)
    yield "provenance.html", "provenance.html", provenance_context(results, boards)
    names = sorted(n for n in site.files if n.startswith(("exports/", "figures/")))
    files = [(name, (site.out / name).stat().st_size) for name in names]
    yield "exports.html", "exports.html", page("exports.html", files=files)


def page(name, **context):
    return {"active": name, "page_title": dict(PAGES)[name], **context}


def index_context(results, boards, figures):
    leading = boards[results.conventions[0]]
    cells = results.metrics[["dataset", "degradation", "method", "scene", "seed", "status"]].drop_duplicates()
    facts = {
        "Datasets": cells["dataset"].nunique(),
        "Degradations": results.metrics["board"].nunique(),
        "Methods": len(results.methods),
        "Scenes": len(cells[["dataset", "scene"]].drop_duplicates()),
        "Cells": len(cells),
        "Failed": int((cells["status"] != "ok").sum()),
    }
    sections = []
    for number, board in enumerate(leading):
        others = [boards[c][number] for c in results.conventions[1:]]
        sections.append(
            {
                "board": board, "rows": board_rows(board), "findings": findings(results, board),
                "figures": figures[board.slug], "others": [(b, board_rows(b)) for b in others if b.metrics],
                "published": published_rows(results, board), "matrix": scene_matrix(results, board),
                "scenes": scenes_of(results, board), "text": degradation_of(results, board), "more": more_context(results, board),
                "conditions": mixed_conditions(results, board),
                "clocks": [clock_text(c) for c in board.clocks], "exports": style.slug(board.dataset, board.degradation, board.convention),
            }
        )  # fmt: skip
    return page("index.html", sections=sections, facts=facts, commits=commits(results))


def clock_text(clock):
    """Return a sentence on what a clock's columns hold: the device, the scenes, and what ran beside it."""
    scenes = f"{len(clock.scenes)} scene{'s' if len(clock.scenes) != 1 else ''} ({', '.join(clock.scenes)})"
    text = f"{clock.title}, median of warm calls, mean over {scenes}, weights in memory, nothing planned beside it"
    if not clock.others > ALONE:
        return text
    return f"{text}; other programs kept up to {clock.others:.1f} processors busy meanwhile, so these times are upper bounds"


def degradation_of(results, board):
    """Return a board's degradation in one line, with the replicates that its means run over."""
    entries = results.catalogue["degradations"]
    shown = next(iter(board.shown.values()))
    text = style.degradation_text(entries.get(shown, {}))
    many = [
        f"{count} {words}"
        for count, words in ((board.lattices, "sampling lattices"), (board.draws, "draws of the noise"))
        if count > 1
    ]
    return f"{text} · mean over {' and '.join(many)}, the first one is shown" if many else text


def board_rows(board):
    """Return the leaderboard for the template: texts, sort keys and marks."""
    marked = {m: marks(board.table, m) for m in board.metrics}
    rows = []
    for k, row in board.table.iterrows():
        cells = [
            {
                "text": style.number(m, row[m]), "sort": sort_key(row[m]), "mark": marked[m][k],
                "interval": style.interval(m, row[f"{m}_low"], row[f"{m}_high"]),
                "spreads": style.spreads(m, row[f"{m}_lattice"], row[f"{m}_draw"]),
            }
            for m in board.metrics
        ]  # fmt: skip
        times = [
            (show(row[f"{kind}_{k}"]), sort_key(row[f"{kind}_{k}"]))
            for k in range(len(board.clocks))
            for kind, show in (("time", style.seconds), ("cold", style.seconds), ("memory", style.count))
        ]
        rows.append(
            {
                **row[["method", "title", "knows", "trained_on", "standing", "scenes", "failed", "seen", "weights", "tuned"]].to_dict(),
                "rank": style.count(row["rank"]), "rank_sort": sort_key(row["rank"]), "cells": cells, "times": times,
                "parameters": style.count(row["parameters"]), "parameters_sort": sort_key(row["parameters"]),
                "train": style.seconds(row["train_s"]), "train_sort": sort_key(row["train_s"]), "of": len(board.scenes),
                "train_cpu": style.seconds(row["train_cpu_s"]),
            }
        )  # fmt: skip
    return rows


def sort_key(value):
    """Return a number for the sorting script; empty (always last) where there is none."""
    return "" if value is None or value != value else f"{value:.10g}"


def scene_matrix(results, board):
    """Return every scene's value of every method: {'metrics', 'scenes', 'rows'}; seen and failed cells are marked as such."""
    rows, scenes = results.board(board.dataset, board.degradation), scenes_of(results, board)
    values = {}
    for metric in board.metrics:
        table = scene_values(rows, board.convention, metric, include_seen=True)
        values[metric] = table.set_index(["method", "scene"])["value"].to_dict()
    seen = set(rows.loc[rows["seen_in_training"], ["method", "scene"]].itertuples(index=False, name=None))
    failed = set(rows.loc[rows["status"] != "ok", ["method", "scene"]].itertuples(index=False, name=None))
    body = []
    for method in board.table["method"]:
        cells, tuned = [], results.tuned_on(method, board.dataset)
        for scene in scenes:
            key = (method, scene)
            texts = {m: style.number(m, values[m].get(key)) for m in board.metrics}
            keys = {m: sort_key(values[m].get(key)) for m in board.metrics}
            cells.append(
                {"texts": texts, "keys": keys, "seen": key in seen, "failed": key in failed, "tuned": scene in tuned}
            )
        body.append({"method": method, "title": results.title(method), "cells": cells})
    return {"metrics": board.metrics, "scenes": scenes, "rows": body, "left_out": set(board.seen_scenes)}


def published_rows(results, board):
    return [
        {**row, **{k: style.number(row["metric"], row[k]) for k in ("published", "authors", "ours")},
         **{k: style.number(row["metric"], row[k], sign=True) for k in ("gap_authors", "gap_ours")}}
        for row in published_comparison(results, board).to_dict("records")
    ]  # fmt: skip


def statistics_context(results, boards, figures):
    sections = []
    for board in boards:
        everyone = counted_rows(results, board)
        families = default_rows(results, list(board.ranked["method"]))
        ranked = everyone[everyone["method"].isin(families)]
        comparisons = [(metric, board.tests_of(metric).to_dict("records")) for metric in board.compared]
        comparisons = [(metric, pairs) for metric, pairs in comparisons if pairs]
        spreads = [
            (words, metric, row)
            for factor, words in (("seed", "seeds"), ("lattice", "sampling lattices"), ("draw", "draws of the noise"))
            for metric in board.metrics
            for row in spread_over(factor, everyone, board.convention, metric).to_dict("records")
        ]
        ranks = (
            critical_difference(ranked, board.convention, board.metrics[0]).to_dict("records") if board.metrics else []
        )
        sections.append(
            {
                "board": board, "comparisons": comparisons, "spreads": spreads, "ranks": ranks, "figures": figures[board.slug],
                "consistency": extra_means(everyone, "consistency"), "estimates": extra_means(without_given_parts(results, everyone), "estimate"),
                "text": degradation_of(results, board),
            }
        )  # fmt: skip
    tests = max((row["tests"] for s in sections for _, pairs in s["comparisons"] for row in pairs), default=0)
    return page(
        "statistics.html", sections=sections, reference=reference_of(results), tests=tests, smallest=SMALLEST,
        margins={m: str(read_margin(size)) for m, size in settings_of(results)["margins"].items()},
    )  # fmt: skip


def without_given_parts(results, rows):
    """Return the rows without the 'estimates' of what a method was given, which say nothing about the method."""
    known = [not results.estimates(m, k.partition("_")[0]) for m, k in zip(rows["method"], rows["metric"], strict=True)]
    return rows[~(np.array(known, bool) & (rows["convention"] == "estimate"))]


def extra_means(rows, convention):
    """Return (metrics, [(method, {metric: text})]) of a group that does not rank: means over the counted scenes."""
    present = set(rows.loc[rows["convention"] == convention, "metric"])
    names = [m for m in all_columns() if m in present]
    means = {m: summary(rows, convention, m).set_index("method")["mean"] for m in names}
    methods = [m for m in dict.fromkeys(rows["method"]) if any(m in series.index for series in means.values())]
    return names, [(m, {n: short(means[n].get(m)) for n in names}) for m in methods]


def short(value):
    """Return a value with three significant digits."""
    return "–" if value is None or value != value else f"{value:.3g}".replace("-", "−")


def method_entry(results, name):
    about = results.about(name)
    weights = results.metrics.loc[results.metrics["method"] == name, "weights"].iloc[0]
    shown = {
        "citation": "",
        "licence": "",
        "note": "",
        "code": "",
        "params": {},
        "train": {},
        "knows": [],
        "published": [],
    }
    shown |= {k: v for k, v in about.items() if v is not None}
    return {
        **shown,
        "name": name,
        "title": results.title(name),
        "knows": describe_knowledge(shown["knows"]),
        "trained_on": TRAINED_ON.get(weights, weights),
        "weights": weights,
        "runs": run_facts(results, name),
    }


def failed_cells(results):
    """Return one row per failed cell, in the order of the results."""
    rows = results.metrics[results.metrics["status"] != "ok"]
    return rows[["dataset", "degradation", "method", "scene", "seed", "reason"]].drop_duplicates().to_dict("records")


def failed_clocks(results):
    """Return the timings that failed although the cell itself succeeded."""
    timing = results.timing
    if "reason" not in timing:
        return []
    rows = timing[timing["median_s"].isna() & (timing["reason"] != "")]
    broken = {(c["dataset"], c["degradation"], c["method"], c["scene"]) for c in failed_cells(results)}
    return [
        r for r in rows.to_dict("records") if (r["dataset"], r["degradation"], r["method"], r["scene"]) not in broken
    ]


def failed_trainings(results):
    return [r for r in results.trainings.values() if r["status"] != "ok"]


def data_entry(results, name):
    about = results.catalogue["datasets"][name]
    scenes = results.fetched.get(name, {})
    files = [
        {
            "scene": scene,
            "source": record.get("source", ""),
            "verified": record.get("verified"),
            "file": file,
            "sha256": digest,
        }
        for scene, record in scenes.items()
        for file, digest in (record.get("sha256") or {"": ""}).items()
    ]
    return {"name": name, **about, "files": files, "recorded": [f for f in files if f["verified"] is False]}


def conventions_context(results):
    words = describe() | results.catalogue.get("conventions", {})
    used = [
        *results.conventions,
        *(c for c in ("consistency", "estimate") if (results.metrics["convention"] == c).any()),
    ]
    present = set(results.metrics["metric"])
    shown = [column for name, column in all_columns().items() if name in present]
    return page("conventions.html", used=[(c, words.get(c, "")) for c in used], shown=shown)


def provenance_context(results, boards):
    leading = boards[results.conventions[0]]
    mixed = [(f"{b.dataset}, {b.degradation}", text) for b in leading if (text := mixed_conditions(results, b))]
    runs = [{"cell": cell, **record} for cell, record in results.runs.items()]
    versions = {}
    for run in runs:
        for package, version in (run.get("versions") or {}).items():
            versions.setdefault(package, {}).setdefault(version or "not installed", None)
    devices = dict.fromkeys(f"{r.get('device', '')}: {r['device_name']}" for r in runs if r.get("device_name"))
    config = json.dumps(without_places(results.catalogue.get("config", {})), indent=2, sort_keys=True)
    return page(
        "provenance.html", runs=runs, commits=commits(results), devices=list(devices), config=config, mixed=mixed,
        versions={k: ", ".join(v) for k, v in sorted(versions.items())}, trainings=results.trainings,
    )  # fmt: skip


def without_places(config):
    """Return the configuration without the folders of the machine it ran on: mirrors, and the path of external cubes."""
    external = {
        k: {**v, "pattern": Path(v["pattern"]).name} if "pattern" in v else v
        for k, v in config.get("external", {}).items()
    }
    return {**{k: v for k, v in config.items() if k != "mirrors"}, "external": external}


def commits(results):
    """Return [(commit, dirty)] of all runs, without repetition."""
    records = [*results.runs.values(), *results.trainings.values()]
    return list(dict.fromkeys((r.get("commit"), r.get("dirty")) for r in records if r.get("commit")))
