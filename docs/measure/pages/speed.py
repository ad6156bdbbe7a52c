"""Tables of speed.md and of the clock's figures, from the scripts that time and from the workflow's clock."""

from __future__ import annotations

from pages.context import Context
from pages.format import markdown
from pages.references import read


def measured(context: Context, name: str, script: str, folder: str = "speed", without: tuple[str, ...] = ()) -> str:
    """Return a table of a folder of docs/evidence as its script wrote it, without the columns named."""
    table, origin = read(context, folder, f"{name}.csv", script)
    table = table.drop(columns=list(without))
    rows = [[str(value) for value in line] for line in table.itertuples(index=False)]
    return f"{markdown(list(table.columns), rows)}\n\n{origin}"


def clock(context: Context, part: str) -> str:
    """Return the clock's figures of a part: seconds of the warm call, of the first one, and peak memory."""
    source = context.part(part)
    timing = source.timing
    timing = timing[timing["median_s"].notna()]
    rows = [
        [
            line.dataset, line.degradation, f"`{line.method}`", str(line.scene), f"{line.median_s:.2f}", f"{line.first_s:.2f}",
            f"{line.cpu_s:.2f}", f"{line.peak_rss_mb:.0f}",
        ]
        for line in timing.itertuples()
    ]  # fmt: skip
    head = ["dataset", "degradation", "method", "scene", "s, warm", "s, first call", "CPU s", "peak MB"]
    other = timing["other_cores"].max() if "other_cores" in timing else float("nan")
    beside = "" if other != other else f"; other work kept at most {other:.2f} processors busy meanwhile"
    words = f"Median of the warm calls, weights in memory before the clock, {int(timing['threads'].iloc[0])} thread (rule `time`){beside}."
    return f"{markdown(head, rows)}\n\n{context.caption(words, source)}"
