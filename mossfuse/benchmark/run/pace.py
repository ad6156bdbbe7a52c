"""Keep Snakemake from doing work that is of no use here and grows with the number of jobs: while it plans, and in the scheduler of local runs.

With its rate limit (100 jobs a second by default, which no local run reaches) every look at what waits plans another one a second later, for ever: each
finished job adds one more such chain, and a run ends only when the last of them is due. At every look the scheduler also asks the disk for the size of
every input of every job that waits, though these files are finished; and its default way of choosing writes a linear programme of every job that waits
or is left, and starts a solver (mossfuse.benchmark.run.selection chooses instead).

While it plans, it takes apart the signature of every function of a rule again for every job; and it asks every job for its environment of conda, for
which it computes all parameters of the job, also where no environment is made.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from types import FunctionType
from typing import Any

from mossfuse.benchmark.run.selection import Selector

OWN = "snakemake.scheduling."  # where Snakemake's own ways of choosing are, one of which is the default


def pace(scheduler: Any) -> None:
    """Take the rate limit from the JobScheduler of a local run, and let it look up and weigh each job once."""
    scheduler.job_rate_limiter = None
    sizes: dict[Any, int | None] = scheduler._input_sizes

    async def update_input_sizes(jobs: Iterable[Any]) -> None:
        for path in {path for job in jobs for path in job.input if path not in sizes}:
            sizes[path] = await path.size() if await path.exists() else None

    scheduler.update_input_sizes = update_input_sizes
    if type(scheduler._scheduler).__module__.startswith(OWN):  # another plugin that was asked for keeps its say
        scheduler.job_selector = Selector(scheduler)


def pace_planning(workflow: Any) -> None:
    """Let the workflow know the signatures of its functions, and leave out environments of conda where none are made."""
    from snakemake.common import overwrite_function_params
    from snakemake.dag import DAG
    from snakemake.settings.types import DeploymentMethod

    for rule in workflow.rules:
        for function in functions_of(rule):
            overwrite_function_params(function, inspect.signature(function).parameters)
    if DeploymentMethod.CONDA not in workflow.deployment_settings.deployment_method:
        DAG.update_conda_envs = lambda dag: None


def functions_of(rule: Any) -> Iterator[FunctionType]:
    """Yield the functions with which a rule finds its inputs, parameters, resources and priority."""
    for item in (*rule.input, *rule.params, *rule.resources.values(), rule.priority):
        held = getattr(item, "_file", item)
        function = getattr(held, "callable", None) or held
        if isinstance(function, FunctionType):
            yield function
