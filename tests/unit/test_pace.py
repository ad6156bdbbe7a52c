"""What a local run takes from Snakemake's scheduler: looks that add up with the jobs, and sizes that were looked up before."""

import asyncio
import threading
from types import SimpleNamespace

import pytest

from mossfuse.benchmark.run.pace import OWN, pace, pace_planning
from mossfuse.benchmark.run.selection import Selector


class Input(str):
    """A file as Snakemake hands it over, which counts how often its size is asked for."""

    asked: list[str] = []

    async def exists(self):
        return self != "gone"

    async def size(self):
        self.asked.append(self)
        return len(self)


def test_size_of_an_input_is_looked_up_once_and_no_limit_plans_further_looks():
    scheduler = SimpleNamespace(job_rate_limiter=object(), _input_sizes={}, _scheduler=object(), job_selector=None)
    pace(scheduler)
    assert scheduler.job_rate_limiter is None and scheduler.job_selector is None  # a plugin of others keeps its say
    first, second = (
        SimpleNamespace(input=[Input("pair"), Input("gone")]),
        SimpleNamespace(input=[Input("pair"), Input("truth")]),
    )
    asyncio.run(scheduler.update_input_sizes([first]))
    asyncio.run(scheduler.update_input_sizes([first, second]))
    assert scheduler._input_sizes == {"pair": 4, "gone": None, "truth": 5}
    assert Input.asked == ["pair", "truth"]


def test_names_that_are_replaced_are_those_of_the_scheduler():
    import snakemake.api  # noqa: F401 - the modules import each other, and this is where to begin
    from snakemake.scheduling.greedy import Scheduler as Greedy
    from snakemake.scheduling.job_scheduler import JobScheduler
    from snakemake.scheduling.milp import Scheduler as Ilp

    assert asyncio.iscoroutinefunction(JobScheduler.update_input_sizes)
    own = {"job_rate_limiter", "_input_sizes", "_scheduler", "_lock", "resources", "workflow"}
    assert own <= {*JobScheduler.__init__.__code__.co_names}
    assert {"job_selector", "validate_job", "update_available_resources"} <= {*vars(JobScheduler)}
    assert Greedy.__module__.startswith(OWN) and Ilp.__module__.startswith(OWN)


class Waiting(SimpleNamespace):
    """A job that waits: its needs, and how often it is weighed."""

    __hash__ = object.__hash__

    def __init__(self, jobid, priority=0, **needs):
        super().__init__(jobid=jobid, priority=priority, input=[], scheduler_resources={"_cores": 1, **needs})


def test_jobs_are_chosen_by_priority_within_what_is_free_and_weighed_once():
    validated = []

    def take(jobs):
        for name in scheduler.resources:
            scheduler.resources[name] -= sum(job.scheduler_resources.get(name, 0) for job in jobs)

    async def sizes(jobs):
        validated.append(len(jobs))

    scheduler = SimpleNamespace(
        resources={"_cores": 2, "gpu": 1}, _lock=threading.Lock(), validate_job=lambda job: None, _input_sizes={},
        update_available_resources=take, update_input_sizes=sizes, workflow=SimpleNamespace(async_run=asyncio.run),
    )  # fmt: skip
    select = Selector(scheduler)
    first, second = Waiting(1, gpu=1), Waiting(2, priority=5, gpu=1)
    third, whole = Waiting(3), Waiting(4, priority=9)
    whole.scheduler_resources["_cores"] = 3  # more than are free
    assert select({first, second, third, whole}) == [second, third]  # one GPU: the first has to wait
    assert scheduler.resources == {"_cores": 0, "gpu": 0} and select({first, whole}) == []
    scheduler.resources = {"_cores": 2, "gpu": 1}
    assert select({first, whole}) == [first] and validated == [4]


class Rule(SimpleNamespace):
    """A rule as Snakemake holds it."""

    def __init__(self, **parts):
        super().__init__(**{"input": [], "params": [], "resources": {}, "priority": 0, **parts})


@pytest.mark.parametrize("method", ["CONDA", "APPTAINER"])
def test_planning_knows_signatures_and_leaves_environments_out_where_none_are_made(monkeypatch, method):
    import snakemake.api  # noqa: F401 - the modules import each other, and this is where to begin
    from snakemake.common import get_input_function_aux_params
    from snakemake.dag import DAG
    from snakemake.settings.types import DeploymentMethod

    original = DAG.update_conda_envs
    monkeypatch.setattr(DAG, "update_conda_envs", original)  # set back afterwards

    def files(wildcards, input):
        """Return nothing."""

    rule = Rule(
        input=["pair.mat", SimpleNamespace(callable=files)], params=[lambda w: 1], resources={"gpu": lambda w: 1}
    )
    settings = SimpleNamespace(deployment_method={DeploymentMethod[method]})
    pace_planning(SimpleNamespace(rules=[rule], deployment_settings=settings))
    assert (DAG.update_conda_envs is original) == (method == "CONDA")
    monkeypatch.setattr("inspect.signature", lambda *_: pytest.fail("taken apart again"))
    assert get_input_function_aux_params(files, {"input": 1, "output": 2}) == {"input": 1}
    assert get_input_function_aux_params(rule.params[0], {"input": 1}) == {}
    assert get_input_function_aux_params(rule.resources["gpu"], {"input": 1}) == {}
