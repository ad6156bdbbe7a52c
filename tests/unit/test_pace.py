"""What a local run takes from Snakemake's scheduler: looks that add up with the jobs, and sizes that were looked up before."""

import asyncio
from types import SimpleNamespace

from mossfuse.benchmark.run.pace import pace


class Input(str):
    """A file as Snakemake hands it over, which counts how often its size is asked for."""

    asked: list[str] = []

    async def exists(self):
        return self != "gone"

    async def size(self):
        self.asked.append(self)
        return len(self)


def test_size_of_an_input_is_looked_up_once_and_no_limit_plans_further_looks():
    scheduler = SimpleNamespace(job_rate_limiter=object(), _input_sizes={})
    pace(scheduler)
    assert scheduler.job_rate_limiter is None
    first, second = (
        SimpleNamespace(input=[Input("pair"), Input("gone")]),
        SimpleNamespace(input=[Input("pair"), Input("truth")]),
    )
    asyncio.run(scheduler.update_input_sizes([first]))
    asyncio.run(scheduler.update_input_sizes([first, second]))
    assert scheduler._input_sizes == {"pair": 4, "gone": None, "truth": 5}
    assert Input.asked == ["pair", "truth"]


def test_names_that_are_replaced_are_those_of_the_scheduler():
    from snakemake.scheduling.job_scheduler import JobScheduler

    assert asyncio.iscoroutinefunction(JobScheduler.update_input_sizes)
    assert {"job_rate_limiter", "_input_sizes"} <= {*JobScheduler.__init__.__code__.co_names}
