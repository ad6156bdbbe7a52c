"""Leaderboards as CSV and Markdown, and our numbers beside published ones."""

import json

import pandas as pd

from mossfuse.benchmark.report.board import marks
from mossfuse.benchmark.report.style import (
    LEGEND,
    arrow,
    count,
    interval,
    metric_title,
    metric_unit,
    number,
    seconds,
)
from mossfuse.benchmark.results.statistics import summary
from mossfuse.metrics import all_columns


def to_csv(board):
    """Return every number of the leaderboard with ten significant digits; time columns carry their clock's name.

    _lattice, _draw: standard deviations of a mean over replicates, where there are several.
    """
    kinds = {"time": "time_s", "spread": "time_spread_s", "cold": "cold_start_s", "memory": "peak_mb"}
    names = {
        f"{kind}_{k}": f"{name} {clock.title}" for k, clock in enumerate(board.clocks) for kind, name in kinds.items()
    }
    front = ["rank", "tier", "method", "title", "knows", "blind", "trained_on", "budget", "licence", "standing", "why"]
    front += ["scenes", "failed", "seeds"]
    ends = ["", "_median", "_low", "_high"]
    ends += [f"_{factor}" for factor, count in (("lattice", board.lattices), ("draw", board.draws)) if count > 1]
    scores = [f"{m}{end}" for m in board.metrics for end in ends]
    table = board.table[[*front, *scores, *names, "parameters", "train_s", "train_cpu_s"]].rename(columns=names)
    table = table.assign(rank=table["rank"].astype("Int64"), convention=board.convention)
    return table.to_csv(index=False, float_format="%.10g", lineterminator="\n")


def format_rows(board):
    """Return the leaderboard as text: header, and rows of (text, mark)."""
    header = ["Rank", "Method", "Given", "Trained on"]
    header += [f"{metric_title(m)} {f'({metric_unit(m)}) ' if metric_unit(m) else ''}{arrow(m)}" for m in board.metrics]
    header += [f"Time (s), {c.title}" for c in board.clocks] + ["Parameters", "Scenes"]
    marked = {m: marks(board.table, m) for m in board.metrics}
    rows = []
    for k, row in board.table.iterrows():
        cells = [(count(row["rank"]), ""), (row["title"], ""), (row["knows"], ""), (row["trained_on"], "")]
        cells += [(number(m, row[m]), marked[m][k]) for m in board.metrics]
        cells += [(seconds(row[f"time_{c}"]), "") for c in range(len(board.clocks))]
        cells += [(count(row["parameters"]), ""), (f"{row['scenes']}/{len(board.scenes)}", "")]
        rows.append(cells)
    return header, rows


def to_markdown(board):
    """Return a pipe table: best bold, second underlined, 95 % intervals of the means in brackets."""
    header, rows = format_rows(board)
    wrap = {"best": "**{}**", "second": "<u>{}</u>", "": "{}"}
    lines = [
        "| " + " | ".join(header) + " |",
        "|" + "|".join(" --- " if k < 4 and k else " ---: " for k in range(len(header))) + "|",
    ]
    for (_, row), cells in zip(board.table.iterrows(), rows, strict=True):
        texts = [wrap[mark].format(text.replace("|", "\\|")) for text, mark in cells]
        for k, metric in enumerate(board.metrics):
            ends = interval(metric, row[f"{metric}_low"], row[f"{metric}_high"])
            texts[4 + k] += f" [{ends}]" if ends else ""
        lines.append("| " + " | ".join(texts) + " |")
    return f"{caption(board)}\n\n" + "\n".join(lines) + "\n"


def caption(board):
    scenes = len(board.scenes)
    many = [
        f", {n} {words}"
        for n, words in ((board.lattices, "sampling lattices"), (board.draws, "draws of the noise"))
        if n > 1
    ]
    return (
        f"{board.dataset}, {board.degradation}: mean over {scenes} scene{'s' if scenes != 1 else ''}{''.join(many)}, metrics by the "
        f"convention {board.convention}; best bold, second underlined; rows without a rank are not comparable."
        f"{''.join(f' {sentence}.' for sentence in signs(board))}"
    )


def signs(board):
    """Return what the signs behind the titles of a leaderboard mean, where there are any."""
    return [
        f"{sign} {text}" for sign, text in LEGEND.items() if board.table["title"].str.contains(sign, regex=False).any()
    ]


def published_comparison(results, board):
    """Return published, authors'-weights and own numbers of the same paper side by side.

    One row per own row, published entry and metric: method, title, metric, convention, setting, source, published, authors,
    ours, gap_authors, gap_ours (ours minus published), is_authors (the row is the authors' weights themselves), authors_method,
    paper_convention and note of the entry ('' where it has none). Rows belong together where they cite the same paper and numbers; a
    published entry is listed where its data set and its ratio are this board's.
    """
    names = list(board.table["method"])
    counted = results.board(board.dataset, board.degradation)
    counted = counted[counted["scene"].isin(board.scenes)]
    families = {}
    for name in names:
        about = results.about(name)
        if about.get("weights") != "external" and not about.get("refines"):
            key = (about.get("citation") or name, json.dumps(about.get("published", [])))
            families.setdefault(key, []).append(name)
    rows = []
    for family in families.values():
        entries = [p for n in family for p in results.about(n).get("published", []) if fits(p, results, board)]
        entries = [p for k, p in enumerate(entries) if p not in entries[:k]]
        authors = [n for n in family if results.about(n).get("weights") == "authors"]
        own = [n for n in family if n not in authors]
        if not entries and not (authors and own):
            continue
        wanted = list(dict.fromkeys(m for p in entries for m in p["metrics"] if m in all_columns()))
        wanted = wanted or board.metrics[:1]
        for convention in results.conventions:
            for metric in wanted:
                means = summary(counted, convention, metric).set_index("method")["mean"]
                for name in own or authors:
                    for entry in [p for p in entries if metric in p["metrics"]] or [None]:
                        rows.append(comparison_row(results, name, authors, means, metric, convention, entry))
    columns = [
        "method",
        "title",
        "metric",
        "convention",
        "setting",
        "source",
        "published",
        "authors",
        "ours",
        "gap_authors",
        "gap_ours",
        "is_authors",
        "authors_method",
        "paper_convention",
        "note",
    ]
    table = pd.DataFrame(rows, columns=columns)
    return table[table[["published", "authors", "ours"]].notna().sum(axis=1) > 1].reset_index(drop=True)


def comparison_row(results, name, authors, means, metric, convention, entry):
    printed_value = float(entry["metrics"][metric]) if entry else float("nan")
    by_authors = means.get(authors[0], float("nan")) if authors else float("nan")
    ours = means.get(name, float("nan")) if name not in authors else float("nan")
    return {
        "method": name, "title": results.title(name), "metric": metric, "convention": convention,
        "setting": entry["setting"] if entry else "", "source": entry["source"] if entry else "",
        "published": printed_value, "authors": by_authors, "ours": ours,
        "gap_authors": by_authors - printed_value, "gap_ours": ours - printed_value, "is_authors": name in authors,
        "authors_method": authors[0] if authors else "",
        "paper_convention": (entry or {}).get("convention") or "", "note": (entry or {}).get("note") or "",
    }  # fmt: skip


def fits(published, results, board):
    """Return whether a published entry names this board's data set (no reduced copy) and ratio, without noise or shift."""
    own = results.catalogue["datasets"].get(board.dataset, {}).get("dataset", board.dataset)
    degradation = results.catalogue["degradations"].get(next(iter(board.shown.values())), {})
    disturbed = any(degradation.get(key) is not None for key in ("snr_hsi", "snr_msi")) or any(
        degradation.get("shift", ())
    )
    same_ratio = published.get("ratio") is not None and published["ratio"] == degradation.get("ratio")
    return published["dataset"].lower() == own.lower() and same_ratio and not disturbed
