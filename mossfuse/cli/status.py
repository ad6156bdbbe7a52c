"""``mossfuse status``: how far a run is."""

from __future__ import annotations

import sys
import time
from argparse import Namespace
from pathlib import Path
from typing import Any

LOCKS = Path(".snakemake/locks")
SHOWN = 20  # failures


def add_verb(verbs: Any) -> None:
    """Add the verb to the top-level parser."""
    from mossfuse.cli.plan import add_configuration

    parser = verbs.add_parser(
        "status", help="say how far a run is: finished, failed, left, time",
        description="Say how far a run of the benchmark is, from its files; also while it runs, in the folder that it runs in.",
    )  # fmt: skip
    add_configuration(parser)
    parser.set_defaults(run=run)


def run(options: Namespace) -> None:
    """Write one line for each rule, what failed, and the time."""
    from mossfuse.benchmark.plan.grid import Grid
    from mossfuse.benchmark.plan.jobs import jobs_of
    from mossfuse.benchmark.plan.paths import Paths
    from mossfuse.benchmark.plan.settings import default_configuration, read_settings
    from mossfuse.benchmark.plan.times import effort
    from mossfuse.cli.plan import WIDTH, duration

    settings = read_settings(options.config or default_configuration())
    grid, paths = Grid(settings), Paths.of(settings)
    jobs = jobs_of(grid, paths)
    finished = [job for job in jobs if job.product.exists()]
    failures = [text for job in jobs if (text := reason(job))]
    running = LOCKS.is_dir() and any(LOCKS.iterdir())
    state = "running, or interrupted without a chance to say so" if running else "not running"
    lines = [("state", f"{state}: {len(finished)} of {len(jobs)} jobs finished, {len(failures)} failed")]
    for rule in dict.fromkeys(job.rule for job in jobs):
        own = [job for job in jobs if job.rule == rule]
        count = sum(job.product.exists() for job in own)
        if count < len(own):
            lines.append(("left", f"{rule}: {len(own) - count} of {len(own)}"))
    lines += [("failed", text) for text in failures[:SHOWN]]
    if len(failures) > SHOWN:
        lines.append(("", f"and {len(failures) - SHOWN} more"))
    if paths.settings.exists():
        start = paths.settings.stat().st_mtime
        recent = [job for job in finished if job.product.stat().st_mtime >= start]
        last = max((job.product.stat().st_mtime for job in recent), default=start)
        took = (time.time() if running else last) - start
        lines.append(("time", f"{duration(took / 3600)} since the start, {len(recent)} jobs finished in it"))
        left = len(jobs) - len(finished)
        if running and recent and left:
            lines.append(
                ("", f"at this rate {duration(took / 3600 * left / len(recent))} for the {left} that are left")
            )
    work = effort(grid, paths, jobs)
    if work.cpu_h and len(finished) < len(jobs):
        at_least = "at least " if work.unknown else ""
        lines.append(("", f"measured before: {at_least}{duration(work.cpu_h)} of CPU for what is left"))
    sys.stdout.write("".join(f"{label:{WIDTH}}{text}\n" for label, text in lines))


def reason(job: Any) -> str:
    """Return 'place: reason' of a run or training that failed, '' for every other job."""
    from mossfuse.benchmark.plan.times import read
    from mossfuse.benchmark.results.remedy import with_remedy

    if job.rule not in ("fuse", "fuse_with_iterates", "train") or not job.product.exists():
        return ""
    record = read(job.product)
    return f"{job.about.name}: {with_remedy(record)}" if record.get("status") == "failed" else ""
