"""``mossfuse plan``: what a comparison takes, before anything starts."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections import Counter
from typing import Any

WIDTH = 11  # of the column of labels
SHOWN = 12  # rows that were never measured


def add_verb(verbs: Any) -> None:
    """Add the verb to the top-level parser."""
    parser = verbs.add_parser(
        "plan", help="say what a comparison takes: jobs, downloads, disk, hours",
        description="Say what a run of the benchmark takes before it starts: jobs of each rule, downloads with their terms and sizes, disk, "
        "CPU and GPU hours as far as they were measured. Exit status 1 where the disk is too small.",
    )  # fmt: skip
    add_configuration(parser)
    parser.set_defaults(run=run)


def add_configuration(parser: Any) -> None:
    """Add the configuration, as a positional argument."""
    parser.add_argument(
        "config", metavar="CONFIG", nargs="?", help="configuration (default: config.yaml, or the default grid)"
    )


def run(options: Namespace) -> int:
    """Write the plan; return 1 where a disk is too small."""
    from mossfuse.benchmark.plan.disk import disk_need, disks, free_bytes
    from mossfuse.benchmark.plan.download_lines import described, size
    from mossfuse.benchmark.plan.downloads import downloads
    from mossfuse.benchmark.plan.grid import Grid
    from mossfuse.benchmark.plan.jobs import jobs_of
    from mossfuse.benchmark.plan.paths import Paths
    from mossfuse.benchmark.plan.settings import default_configuration, read_settings
    from mossfuse.benchmark.plan.times import effort
    from mossfuse.benchmark.run.gpu_lock import visible_gpus
    from mossfuse.remote.download import mirror_folders

    path = options.config or default_configuration()
    settings = read_settings(path)
    grid, paths = Grid(settings), Paths.of(settings)
    jobs, gpus = jobs_of(grid, paths), len(visible_gpus())
    counts, done = Counter(job.rule for job in jobs), sum(job.product.exists() for job in jobs)
    lines = [("plan", f"{path}: {len(jobs)} jobs, of which {done} have their results already")]
    lines.append(("jobs", ", ".join(f"{rule} {count}" for rule, count in counts.items())))
    missing = downloads(grid, paths, mirror_folders(settings["mirrors"]))
    lines += [("download", text) for text in described(missing)]
    needs = disk_need(grid, jobs, missing)
    parts = ", ".join(f"{kind} {size(need.total)}" for kind, need in needs.items() if need.total)
    lines.append(("disk", f"{size(sum(need.total for need in needs.values()))} in all: {parts}"))
    unknown = sum(need.unknown for need in needs.values())
    if unknown:
        jobs_ = "1 job" if unknown == 1 else f"{unknown} jobs"
        lines.append(
            ("", f"not counted, because not known: the files of {jobs_} (trained weights, scenes of no fixed shape)")
        )
    if any(item.file is not None and item.file.size is None for item in missing):
        lines.append(
            ("", "not counted, because not known: archives to download, and the scenes that are taken out of them")
        )
    short = False
    for folder, needed in disks(grid, paths, jobs, missing):
        free = free_bytes(folder)
        short |= needed > free
        verdict = "TOO SMALL" if needed > free else "enough"
        lines.append(("", f"still to be written: {size(needed)}; free in {folder}: {size(free)}: {verdict}"))
    work = effort(grid, paths, jobs, gpus=gpus)
    hours = f"{duration(work.cpu_h)} of CPU" + (f", {duration(work.gpu_h)} of GPU" if gpus else "")
    at_least = "at least " if work.unknown else ""
    lines.append(("time", f"{at_least}{hours}, for what is left and was measured before"))
    if work.unknown:
        rows = sorted(work.unknown.items(), key=lambda item: -item[1])
        listing = ", ".join(f"{what} ({count})" for what, count in rows[:SHOWN])
        more = f" and {len(rows) - SHOWN} more rows" if len(rows) > SHOWN else ""
        lines.append(("", f"unknown, never measured{' on a GPU' if gpus else ''}: {listing}{more}"))
    sys.stdout.write("".join(f"{label:{WIDTH}}{text}\n" for label, text in lines))
    return int(short)


def duration(hours: float) -> str:
    """Return hours as text: 2.5 h, 12 min, 30 s."""
    if hours >= 1:
        return f"{hours:.3g} h"
    return f"{60 * hours:.2g} min" if hours >= 1 / 60 else f"{3600 * hours:.2g} s"
