"""Choose the next jobs of a local run in a time that hardly grows with the jobs that wait.

Snakemake's schedulers weigh every waiting job again whenever one ends, and one of them every job that is left. Here a job's place among the others is
found once, when it is first seen to be ready: priority first, then the bytes of inputs that go afterwards, then those of all inputs, as Snakemake's greedy
scheduler has it; equal ones in the order of their numbers.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

Place = tuple[float, float, float, int]


class Selector:
    """The ``job_selector`` of a JobScheduler without a limit of its rate."""

    def __init__(self, scheduler: Any) -> None:
        self.scheduler = scheduler
        self.places: dict[Any, Place] = {}

    def __call__(self, jobs: Iterable[Any]) -> list[Any]:
        """Return the jobs to start now, and take their resources; none where every core is taken."""
        scheduler = self.scheduler
        new = [job for job in jobs if job not in self.places]
        for job in new:
            scheduler.validate_job(job)
        if new:
            scheduler.workflow.async_run(scheduler.update_input_sizes(new))
        for job in new:
            self.places[job] = self.place(job)
        with scheduler._lock:
            chosen = self.choose(sorted(jobs, key=self.places.__getitem__))
            scheduler.update_available_resources(chosen)
        return chosen

    def place(self, job: Any) -> Place:
        """Return the place of a job: the smallest comes first."""
        sizes = [(self.scheduler._input_sizes.get(path) or 0, path.is_flagged("temp")) for path in job.input]
        temporary = sum(size for size, goes in sizes if goes)
        return -job.priority, -temporary, -sum(size for size, _ in sizes), job.jobid

    def choose(self, jobs: Iterable[Any]) -> list[Any]:
        """Return those of the jobs, in their order, that fit into what is free of every resource."""
        free = dict(self.scheduler.resources)
        chosen = []
        for job in jobs:
            if free["_cores"] <= 0:
                break
            needs = job.scheduler_resources
            if all(needs.get(name, 0) <= left for name, left in free.items()):
                free = {name: left - needs.get(name, 0) for name, left in free.items()}
                chosen.append(job)
        return chosen
