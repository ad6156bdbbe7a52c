"""What the pages beside the scenes show, as plain data for the templates."""

import numpy as np

from mossfuse.benchmark.pictures.maps import ANGLE, ERROR
from mossfuse.benchmark.report import style
from mossfuse.benchmark.report.board import TRAINED_ON, blindness, budget, knowledge
from mossfuse.benchmark.report.board_page import board_cells, board_context, board_page, places
from mossfuse.benchmark.report.comparisons import reference_of, settings_of
from mossfuse.benchmark.report.conditions import mixed_conditions
from mossfuse.benchmark.report.convention_words import words_of
from mossfuse.benchmark.report.degradation import degradation_of
from mossfuse.benchmark.report.drawing import counted_rows, default_rows
from mossfuse.benchmark.report.facts import run_facts
from mossfuse.benchmark.report.findings import findings
from mossfuse.benchmark.report.glossary import TERMS, explained, term
from mossfuse.benchmark.report.leaderboard import leaderboard_context, tier_sentence
from mossfuse.benchmark.report.provenance import commits, provenance_context
from mossfuse.benchmark.report.scenes import page_name, scene_picture, scenes_of
from mossfuse.benchmark.report.tables import published_comparison, signs
from mossfuse.benchmark.report.tiers import tier_rows
from mossfuse.benchmark.results.intervals import SMALLEST
from mossfuse.benchmark.results.margins import read_margin
from mossfuse.benchmark.results.statistics import critical_difference, spread_over, summary
from mossfuse.metrics import all_columns, describe

PAGES = (
    ("index.html", "Leaderboards"), ("across.html", "Across"), ("statistics.html", "Statistics"), ("methods.html", "Methods"),
    ("paper.html", "Paper"), ("failures.html", "Failures"), ("data.html", "Data"), ("sensors.html", "Sensors"),
    ("conventions.html", "Conventions"), ("provenance.html", "Provenance"), ("exports.html", "Exports"),
)  # fmt: skip
INLINE = 3  # boards whose leaderboards stand on the front page; with more, it shows the leaders and leads to the boards' pages


def common(results, boards):
    """Return what every page needs: navigation, looks, scales, titles."""
    looks = style.looks(results.methods)
    return {
        "pages": PAGES, "looks": looks, "colours": {name: look.colour for name, look in looks.items()},
        "places": places(results, boards), "board_cells": board_cells(results, boards), "term": term, "terms": TERMS, "explained": explained,
        "scene_picture": scene_picture, "failure_count": len(failed_cells(results)) + len(failed_trainings(results)),
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


def all_pages(results, boards, figures, sensors, site):
    """Yield (file, template, context); the exports page last, when every file is known."""
    leading = boards[results.conventions[0]]
    index = index_context(results, boards, figures)
    yield "index.html", "index.html", index
    for number, part in enumerate(index["sections"]):
        yield part["page"], "board.html", board_context(results, boards, figures, number, part)
    yield "statistics.html", "statistics.html", statistics_context(results, leading, figures)
    yield (
        "methods.html",
        "methods.html",
        page(
            "methods.html",
            entries=[method_entry(results, m) for m in results.methods],
            toc=[(m, results.title(m)) for m in results.methods],
        ),
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
        page(
            "data.html",
            datasets=[data_entry(results, d) for d in results.catalogue["datasets"]],
            toc=[(d, about.get("title") or d) for d, about in results.catalogue["datasets"].items()],
        ),
    )
    yield "sensors.html", "sensors.html", page("sensors.html", **sensors)
    yield "conventions.html", "conventions.html", conventions_context(results)
    yield "provenance.html", "provenance.html", page("provenance.html", **provenance_context(results, leading))
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
        "Runs (method × scene × seed)": len(cells),
        "Failed": int((cells["status"] != "ok").sum()),
    }
    return page(
        "index.html",
        facts=facts,
        commits=commits(results),
        sections=[section(results, b) | {"figures": figures[b.slug]} for b in leading],
        inline=INLINE,
    )


def section(results, board):
    """Return what the front page and the board's own page both show of a board."""
    compared = published_comparison(results, board)
    return {
        "board": board, "page": board_page(board), "findings": findings(results, board), "text": degradation_of(results, board),
        "leaderboard": leaderboard_context(results, board, compared), "conditions": mixed_conditions(results, board),
        "scenes": scenes_of(results, board), "compared": compared,
    }  # fmt: skip


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
                "text": degradation_of(results, board), "tiers": tier_rows(board), "tier_sentence": tier_sentence(board),
            }
        )  # fmt: skip
    tests = max((row["tests"] for s in sections for _, pairs in s["comparisons"] for row in pairs), default=0)
    return page(
        "statistics.html", toc=[(style.slug(b.dataset, b.degradation), f"{b.dataset} · {b.degradation}") for b in boards], sections=sections, reference=reference_of(results), tests=tests, smallest=SMALLEST,
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
        "knows": knowledge(about, weights),
        "blind": blindness(about, weights),
        "budget": budget(about, weights),
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
    return page("conventions.html", used=[(c, words_of(c, words.get(c, ""))) for c in used], shown=shown)
