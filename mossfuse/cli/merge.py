"""``mossfuse merge``: put the results of several machines together."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path
from typing import Any


def add_verb(verbs: Any) -> None:
    """Add the verb to the top-level parser."""
    parser = verbs.add_parser(
        "merge", help="put finished runs of several machines together",
        description="Put finished runs together: tables, records and pictures in a new folder, and a report of all. A cell that two runs "
        "share must have the same scores, a pair the same pixels, and a row's name one meaning.",
    )  # fmt: skip
    parser.add_argument(
        "runs", metavar="RUN", nargs="+", help="folder of results, or the folder that the run was started in"
    )
    parser.add_argument(
        "-o", "--output", metavar="FOLDER", required=True, help="new folder: results, checkpoints, reports"
    )
    parser.add_argument("--cubes", action="store_true", help="copy fused cubes and weights too (large)")
    parser.set_defaults(run=run)


def run(options: Namespace) -> None:
    """Merge the runs, build the report and say where it is."""
    from mossfuse.benchmark.report.build import build_report
    from mossfuse.benchmark.results.merge import merge
    from mossfuse.benchmark.results.runs import open_run
    from mossfuse.errors import MossFuseError

    if len(options.runs) < 2:
        raise MossFuseError("mossfuse merge needs two runs or more; name their folders of results")
    runs = [open_run(place) for place in options.runs]
    paths = merge(runs, Path(options.output), options.cubes)
    index = build_report(paths.results, paths.checkpoints, paths.data, paths.reports)
    total = len({cell for one in runs for cell in one.cells})
    sys.stdout.write(f"{total} cells of {len(runs)} runs; tables: {paths.metrics.parent}; report: {index}\n")
