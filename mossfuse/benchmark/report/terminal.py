"""The leaderboards and what failed, as tables for a terminal: what `mossfuse bench show` and `python3 run.py` end with."""

from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from mossfuse.benchmark.report.board import marks
from mossfuse.benchmark.report.style import arrow, count, metric_title, metric_unit, number, seconds

SHOWN = 4  # scores in a table, so that it fits a terminal of 80 columns
STYLES = {"best": "bold", "second": "underline", "": ""}


def show_boards(console: Console, boards: list[Any], failures: list[tuple[str, str]]) -> None:
    """Print one table for each Board, and the failures (cell, reason) in full."""
    for board in boards:
        scenes = f"{len(board.scenes)} scene{'s' * (len(board.scenes) != 1)}"
        heading = f"{board.dataset}, {board.degradation}: means of {scenes}, convention {board.convention}"
        console.print(Text(heading, "bold"))
        console.print(leaderboard(board), Text(""), sep="\n")
    if failures:
        heading = f"{len(failures)} failed; the next run tries only these again"
        console.print(Text(heading, "bold red"))
        for cell, reason in failures:
            console.print(Text(f"{cell}: {reason}"))
        console.print()


def leaderboard(board: Any) -> Table:
    """Return a Board as a table: rank, method, the first SHOWN scores and the time on the first clock."""
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column("", justify="right")
    table.add_column("method", overflow="fold")
    metrics = board.metrics[:SHOWN]
    for metric in metrics:
        table.add_column(f"{metric_title(metric)} {arrow(metric)}\n{metric_unit(metric)}", justify="right")
    if board.clocks:
        table.add_column("time\ns", justify="right")
    marked = {metric: marks(board.table, metric) for metric in metrics}
    for k, row in board.table.iterrows():
        scores = [Text(number(metric, row[metric]), STYLES[marked[metric][k]]) for metric in metrics]
        times = [seconds(row["time_0"])] if board.clocks else []
        note = "" if row["standing"] == "ranked" else f" ({row['standing']})"
        table.add_row(count(row["rank"]), f"{row['method']}{note}", *scores, *times)
    return table
