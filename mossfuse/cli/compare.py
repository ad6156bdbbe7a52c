"""``mossfuse compare``: which scores of two runs differ, and by how much."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

SHOWN = 20  # changes on the terminal


def add_verb(verbs: Any) -> None:
    """Add the verb to the top-level parser."""
    parser = verbs.add_parser(
        "compare", help="compare two finished runs, score by score",
        description="Compare two finished runs: the cells that both have on the same pixels, the scores that changed, the mean differences "
        "with intervals over scenes, and what differs in the records (code, versions, device).",
    )  # fmt: skip
    parser.add_argument("first", metavar="FIRST", help="folder of results, or the folder that the run was started in")
    parser.add_argument("second", metavar="SECOND", help="the run to compare it with")
    parser.add_argument(
        "-o", "--output", metavar="FOLDER", help="write comparison.html and comparison.csv into this folder"
    )
    parser.set_defaults(run=run)


def run(options: Namespace) -> None:
    """Print what changed; write the page and the table where a folder is named."""
    from mossfuse.benchmark.report.comparison_page import grouped, shown, write_comparison
    from mossfuse.benchmark.results.compare import compare
    from mossfuse.benchmark.results.runs import open_run

    found = compare(open_run(options.first), open_run(options.second))
    changed = [c for c in found.changes if c.changed]
    for change in sorted(changed, key=lambda c: -abs(c.difference))[:SHOWN]:
        text = shown(change)
        interval = f" ({text['interval']})" if text["interval"] else ""
        sys.stdout.write(
            f"{text['place']}, {change.method}: {text['metric']} ({change.convention}) {text['first']} -> {text['second']}, "
            f"{text['difference']}{interval}, {text['cells']} cells\n"
        )
    if len(changed) > SHOWN:
        sys.stdout.write(f"and {len(changed) - SHOWN} more means that changed\n")
    for cells, text in (
        (found.only_first, "in the first run alone"),
        (found.only_second, "in the second run alone"),
        (found.repixeled, "fused from other pixels, not compared"),
        (list(found.statuses), "failed in one run alone"),
    ):
        if cells:
            sys.stdout.write(f"{len(cells)} cells {text}, for example {cells[0].name}\n")
    for reason, count in grouped(found.reasons):
        sys.stdout.write(f"{reason} differs in {count} cells\n")
    equal = sum(not c.changed for c in found.changes)
    sys.stdout.write(
        "the two runs are equal\n"
        if found.equal
        else f"{equal} of {len(found.changes)} means are equal in every cell\n"
    )
    if options.output:
        sys.stdout.write(f"page: {write_comparison(found, options.first, options.second, Path(options.output))}\n")
