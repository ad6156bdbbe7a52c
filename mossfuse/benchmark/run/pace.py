"""Keep Snakemake's scheduler from doing work that grows with the number of jobs, in local runs.

With its rate limit (100 jobs a second by default, which no local run reaches) every look at what waits plans another one a second later, for ever: each
finished job adds one more such chain, and a run ends only when the last of them is due. At every look the scheduler also asks the disk for the size of
every input of every job that waits, though these files are finished.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def pace(scheduler: Any) -> None:
    """Take the rate limit from the JobScheduler of a local run, and let it look up the size of each input once."""
    scheduler.job_rate_limiter = None
    sizes: dict[Any, int | None] = scheduler._input_sizes

    async def update_input_sizes(jobs: Iterable[Any]) -> None:
        for path in {path for job in jobs for path in job.input if path not in sizes}:
            sizes[path] = await path.size() if await path.exists() else None

    scheduler.update_input_sizes = update_input_sizes
