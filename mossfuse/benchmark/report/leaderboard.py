"""A leaderboard as plain data for the templates: rows, filters, caption, and what shows on hover or tap."""

from mossfuse.benchmark.report import style
from mossfuse.benchmark.report.board import marks
from mossfuse.benchmark.report.published import published_lines
from mossfuse.benchmark.report.tiers import ALPHA, tier_name
from mossfuse.benchmark.results.collect import ALONE
from mossfuse.benchmark.results.intervals import SMALLEST

FACTS = (
    ("knows", "Sensor knowledge"), ("blind", "Blind"), ("trained_on", "Trained on"), ("budget", "Budget"), ("licence", "Licence"),
)  # fmt: skip
LONGEST_LICENCE = 30


def leaderboard_context(results, board, compared=None):
    """Return a leaderboard for the macro: board, anchor, rows, filters, caption. compared: published_comparison of it, or None."""
    rows = board_rows(results, board, compared)
    return {
        "board": board, "anchor": f"board-{style.slug(board.dataset, board.degradation, board.convention)}", "rows": rows,
        "filters": filters(rows), "caption": caption(board), "tiered": bool(board.table["tier"].any()),
        "exports": style.slug(board.dataset, board.degradation, board.convention),
    }  # fmt: skip


def filters(rows):
    """Return (fact, label, values) of every fact in which the rows differ."""
    found = [(fact, label, sorted({row[fact] for row in rows})) for fact, label in FACTS]
    found += [("tier", "Tier", sorted({row["tier"] for row in rows if row["tier"]}))]
    return [entry for entry in found if len(entry[2]) > 1]


def board_rows(results, board, compared=None):
    """Return the leaderboard for the template: texts, sort keys, marks, and explanations."""
    marked = {m: marks(board.table, m) for m in board.metrics}
    papers = published_lines(results, board, compared) if compared is not None else {}
    rows, before = [], None
    for k, row in board.table.iterrows():
        cells = [
            {
                "text": style.number(m, row[m]), "median": style.number(m, row[f"{m}_median"]), "sort": sort_key(row[m]),
                "mark": marked[m][k], "interval": style.interval(m, row[f"{m}_low"], row[f"{m}_high"]),
                "spreads": style.spreads(m, row[f"{m}_lattice"], row[f"{m}_draw"]),
                "paper": papers.get((row["method"], m)),
            }
            for m in board.metrics
        ]  # fmt: skip
        times = [time_cell(board, row, number) for number in range(len(board.clocks))]
        tier = tier_name(row["tier"])
        rows.append(
            {
                **row[["method", "title", "knows", "blind", "trained_on", "budget", "standing", "why", "scenes", "failed", "seen",
                       "weights", "tuned"]].to_dict(),
                "licence": short_licence(row["licence"]), "licence_text": row["licence"], "steps": style.count(row["steps"] or float("nan")),
                "rank": style.count(row["rank"]), "rank_sort": sort_key(row["rank"]), "cells": cells, "times": times,
                "tier": tier, "tier_starts": bool(tier) and before not in (None, tier),
                "parameters": style.count(row["parameters"]), "parameters_sort": sort_key(row["parameters"]),
                "train": style.seconds(row["train_s"]), "train_sort": sort_key(row["train_s"]), "of": len(board.scenes),
                "train_cpu": style.seconds(row["train_cpu_s"]),
            }
        )  # fmt: skip
        before = tier or before
    return rows


def short_licence(text):
    """Return the first words of a licence's text, up to its first bracket, semicolon or comma."""
    text = text.strip()
    for stop in ("(", ";", ","):
        text = text.partition(stop)[0].strip()
    return (
        text
        if len(text) <= LONGEST_LICENCE
        else f"{text[:LONGEST_LICENCE].rsplit(' ', 1)[0]} …"
        if text
        else "not stated"
    )


def time_cell(board, row, number):
    """Return text, sort key and explanation of a warm time: first call, spread, memory, timed scenes and device."""
    clock, value = board.clocks[number], row[f"time_{number}"]
    cell = {"text": style.seconds(value), "sort": sort_key(value), "why": ""}
    if value != value:
        return cell
    memory = row[f"memory_{number}"]
    parts = [
        f"Median of warm calls: {style.seconds(value)} s, interquartile range {style.seconds(row[f'spread_{number}'])} s",
        f"First call of a new process: {style.seconds(row[f'cold_{number}'])} s",
        f"Peak memory: {style.count(memory)} MiB" if memory == memory else "",
        f"Timed on {', '.join(clock.scenes[:3])}{f' and {len(clock.scenes) - 3} more' if len(clock.scenes) > 3 else ''} ({len(clock.scenes)} of {len(board.scenes) + len(board.seen_scenes)} scenes)",
        f"Device: {clock.title}",
    ]
    return cell | {"why": "\n".join(part for part in parts if part)}


def caption(board):
    """Return the sentences below a leaderboard: what the values are, over what, and what their marks mean."""
    n, seeds = len(board.scenes), sorted({int(s) for s in board.table["seeds"] if s})
    many = [
        f"{count} {words}"
        for count, words in ((board.lattices, "sampling lattices"), (board.draws, "draws of the noise"))
        if count > 1
    ]
    over = f"{n} scene{'s' if n != 1 else ''}"
    if seeds:
        shown = str(seeds[0]) if len(seeds) == 1 else f"{seeds[0]} to {seeds[-1]}"
        over += f" ({shown} seed{'s' if seeds[-1] != 1 else ''}{''.join(f', {text}' for text in many)})"
    text = [f"Mean over {over}; the median is one choice above."]
    if n >= SMALLEST:
        text.append("Below it: 95 % bootstrap-t interval of the mean over scenes.")
    elif n > 1:
        text.append(f"No interval: none covers what it claims below {SMALLEST} scenes.")
    if many:
        text.append(
            f"±: standard deviation over {' and over '.join(many)}, which are replicates and no further scenes."
        )
    text.append("Bold: best; underlined: second best; “–”: not ranked, with the reason below the name.")
    return text + [tier_sentence(board), *map(clock_text, board.clocks)]


def tier_sentence(board):
    """Return what the tiers of a leaderboard mean, or why it has none."""
    if board.table["tier"].any():
        tests = int(board.pairs["tests"].min())
        return (
            f"Tier: no method differs significantly from the first of its tier (two-sided Wilcoxon signed-rank test over "
            f"scenes, Holm-corrected over {tests} pairs, α = {ALPHA:g})."
        )
    n = len(board.scenes)
    return (
        f"No tiers: {n} scene{'s are' if n != 1 else ' is'} too few for the test to tell methods apart."
        if len(board.ranked) > 1
        else ""
    )


def clock_text(clock):
    """Return a sentence on what the times of a clock are: the device, the scenes, and what ran beside it."""
    places = ", ".join(clock.scenes[:4]) + (f" and {len(clock.scenes) - 4} more" if len(clock.scenes) > 4 else "")
    text = (
        f"Run time on {clock.title}: median of the calls after one warm-up, mean over {len(clock.scenes)} "
        f"scene{'s' if len(clock.scenes) != 1 else ''} ({places}), nothing planned beside it; hover or tap for the first call, spread, "
        "memory and device"
    )
    if clock.others > ALONE:
        text += (
            f"; other programs kept up to {clock.others:.1f} processors busy meanwhile, so these times are upper bounds"
        )
    return f"{text}."


def sort_key(value):
    """Return a number for the sorting script; empty (always last) where there is none."""
    return "" if value is None or value != value else f"{value:.10g}"
