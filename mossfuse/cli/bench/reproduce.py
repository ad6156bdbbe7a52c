"""``mossfuse bench reproduce CELL``: compute a cell again from its record and compare the bytes."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

WIDTH = 20  # of the column of names


def add_reproduce(steps: Any) -> None:
    """Add the verb to the steps of ``mossfuse bench``."""
    step = steps.add_parser(
        "reproduce",
        help="compute a cell again from its record and compare",
        description="Compute a cell again from its record alone, in a temporary folder, and compare every step with the record. "
        "Exit status 0: the cube has the same bytes; 1: it differs.",
    )
    step.add_argument(
        "cell",
        metavar="CELL",
        help="the record of a cell, its folder, or DATASET/DEGRADATION/METHOD/SCENE/seedN of the results",
    )
    step.add_argument("--settings", metavar="FILE", help="configuration that says where the results and mirrors are")
    step.add_argument("--checkpoint", metavar="FILE", help="weights, where they are not where the record says")
    step.add_argument("--gpu", type=int, default=1, help="0: do not use a GPU")
    step.set_defaults(run=reproduce)


def reproduce(options: Namespace) -> int:
    """Print what is equal and what differs; return 0 for equal bytes, else 1."""
    from mossfuse.benchmark.run import reproduce as again
    from mossfuse.cli.bench.job import device_of, load

    job = load(options)
    path = again.find_record(options.cell, job.paths.results)
    with TemporaryDirectory(prefix="mossfuse-reproduce-") as folder:
        found = again.reproduce(
            path,
            Path(folder),
            checkpoint=Path(options.checkpoint) if options.checkpoint else None,
            device=device_of(options),
            mirrors=job.mirrors,
            log=Path(folder, "method.log"),
        )
    lines = [
        f"{entry.name:{WIDTH}}{'equal   ' if entry.equal else 'DIFFERS '}{shown(entry.recorded)}"
        + ("" if entry.equal else f" recorded, {shown(entry.now)} now")
        for entry in found.entries
    ]
    sys.stdout.write("\n".join([found.cell, *lines, verdict(found), ""]))
    return 0 if found.equal else 1


def shown(value: str) -> str:
    """Return a value, a hash shortened."""
    return f"{value[:16]}" if len(value) == 64 else value


def verdict(found: Any) -> str:
    """Return the result as one sentence."""
    if found.equal:
        return "The cube has the same bytes."
    if found.difference is None:
        return "The cube differs; the recorded one is not there to say by how much."
    if found.difference == 0:
        return "The cubes have the same values; what was written beside them (the estimates of PSF or SRF) differs."
    return f"The cube differs: all values agree to {found.digits} decimal digits, the largest difference is {found.difference:.2g}."
