"""What a local run takes from Snakemake's scheduler: looks that add up with the jobs, and sizes that were looked up before."""

import asyncio
from types import SimpleNamespace

import pytest

from mossfuse.benchmark.run.pace import pace, pace_planning


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
