"""Per-scene optimisation for every learned method: stages of Adam, observable losses, no ground truth.

A stage minimises one loss over its own parameters for a number of steps that is fixed beforehand, and keeps the last
iterate (or an exponential average of the iterates). The best iterate by any measure is never looked for: against a
reference it would be an oracle, and against the observable loss it is the last one up to noise.
"""

import math
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from mossfuse.devices import same_bytes, seeded
from mossfuse.errors import MossFuseError
from mossfuse.fitting.records import History, Iterates
from mossfuse.progress import track

WARM_UP = 3  # steps before one is recorded, so that every buffer exists

GRAPHS = "MOSSFUSE_GRAPHS"  # set to 0, every step is taken on its own

Terms = dict[str, Any]  # scalar tensors by name
Advance = Callable[[int], Terms]


@dataclass(frozen=True)
class Schedule:
    """How many steps a stage takes, and the factor on its step size at a (possibly fractional) 0-based step."""

    steps: int
    factor: Callable[[float], float]


def constant_then_linear(constant: int, decay: int) -> Schedule:
    """Return ``constant`` steps at full size, then ``decay`` steps on a line that would reach 0 one step after the last."""
    return Schedule(constant + decay, lambda step: 1 - max(0.0, step + 1 - constant) / (decay + 1))


def one_cycle(steps: int, rise: float = 0.3, first: float = 1 / 25, last: float = 4e-6) -> Schedule:
    """Return a cosine from ``first`` up to 1 over the share ``rise`` of the steps, then down to ``last`` (Smith and Topin, 2019)."""
    top = max(rise * steps - 1, 1e-9)

    def factor(step: float) -> float:
        start, share = (first, step / top) if step <= top else (last, (steps - 1 - step) / max(steps - 1 - top, 1e-9))
        return start + (1 - start) * 0.5 * (1 - math.cos(math.pi * min(max(share, 0.0), 1.0)))

    return Schedule(steps, factor)


def multistep(steps: int, milestones: Sequence[int] = (), gamma: float = 0.5) -> Schedule:
    """Return a factor ``gamma`` more at every step of ``milestones``; without milestones a constant step size."""
    return Schedule(steps, lambda step: gamma ** sum(step >= milestone for milestone in milestones))


@dataclass(frozen=True)
class Stage:
    """One optimisation.

    params: the parameters, or Adam's groups ({'params': ..., 'lr': ...}). loss(step): a scalar tensor, or a mapping
    name -> scalar tensor whose sum is minimised. project(): called after every step, without gradients.
    adam: further options of Adam (betas, eps, weight_decay). average: decay of an exponential average of the
    parameters that replaces the last iterate; 0: the last iterate. output(): the fused cube (H, W, B) at this moment,
    for saved iterates. time_limit_s: the schedule is run through faster where the steps would take longer than this
    (the result then depends on the machine's speed); None: never. capturable: every step runs the same operations on the
    same tensors, draws nothing at random and reads nothing back, so that it may be recorded as a CUDA graph.
    """

    name: str
    params: Sequence[Any]
    loss: Callable[[int], Any]
    lr: float
    schedule: Schedule
    project: Callable[[], None] | None = None
    adam: Mapping[str, Any] = field(default_factory=dict)
    average: float = 0.0
    output: Callable[[], np.ndarray] | None = None
    time_limit_s: float | None = None
    capturable: bool = False


@dataclass(frozen=True)
class Fitted:
    """history: columns stage, step (over all stages), lr, loss and every named term (NaN in other stages).

    Losses are means since the last logged step, each over the steps that had it. steps, seconds, cpu_seconds: over all stages.
    """

    history: Mapping[str, list]
    steps: int
    seconds: float
    cpu_seconds: float


def fit(
    stages: Iterable[Stage], *, seed: int, device: str = "cpu", log_every: int = 50,
    iterates: Mapping[str, Any] | None = None,
) -> Fitted:  # fmt: skip
    """Run ``stages`` in order and return Fitted; the results are in the stages' parameters.

    stages: may be a generator, so that a stage is made from what the previous one has found.
    seed: of everything random in the losses; the state of torch's global generator is left as it was.
    iterates: None, or {'folder': path, 'every': steps}: cubes of ``Stage.output`` are saved there (see Iterates), for
    curves against a reference.
    On a GPU the steps of capturable stages are recorded once as a CUDA graph and replayed (GRAPHS).
    Raises MossFuseError where a loss stops being finite.
    """
    log, saved = History(log_every), Iterates(**iterates) if iterates else None
    recorded = torch.device(device).type == "cuda" and os.environ.get(GRAPHS) != "0"
    start, cpu = time.perf_counter(), time.process_time()
    with seeded(seed, device), same_bytes(device):
        for stage in stages:
            run_stage(stage, log, saved, recorded and stage.capturable)
    return Fitted(log.columns(), log.steps, time.perf_counter() - start, time.process_time() - cpu)


def run_stage(stage: Stage, log: History, iterates: Iterates | None = None, capture: bool = False) -> None:
    """Run one stage from its first to its last step; raise MossFuseError if it has none."""
    check_lengths(stage)
    optimiser = torch.optim.Adam(stage.params, lr=stage.lr, fused=True, capturable=capture, **stage.adam)
    groups = [(group, group["lr"]) for group in optimiser.param_groups]
    params = [p for group in optimiser.param_groups for p in group["params"]]
    mean = [p.detach().clone() for p in params] if stage.average else None
    steps, done, started = stage.schedule.steps, 0, time.perf_counter()

    def take_step(step: int) -> Terms:
        """Take one step of the optimiser; return the loss and its terms before it."""
        terms = stage.loss(step)
        terms = terms if isinstance(terms, Mapping) else {"loss": terms}
        total: Any = sum(terms.values())
        optimiser.zero_grad(set_to_none=True)
        total.backward()
        optimiser.step()
        with torch.no_grad():
            if stage.project:
                stage.project()
            if mean:
                torch._foreach_lerp_(mean, params, 1 - stage.average)
        return {name: term.detach() for name, term in {"loss": total, **terms}.items()}

    advance: Advance = take_step
    if capture:
        for group in optimiser.param_groups:  # a number would be recorded, a tensor is read at every replay
            group["lr"] = torch.tensor(group["lr"], device=params[0].device)
        advance = record_graph(advance, optimiser)
    for step in track(range(steps), stage.name):
        position = float(step)
        if stage.time_limit_s is not None:
            position = max(position, steps * (time.perf_counter() - started) / stage.time_limit_s)
            if position >= steps:
                break
        factor = stage.schedule.factor(position)
        for group, lr in groups:
            if capture:
                group["lr"].fill_(lr * factor)
            else:
                group["lr"] = lr * factor
        terms = advance(step)
        done = step + 1
        log.add(stage.name, stage.lr * factor, terms, last=done == steps)
        if iterates and stage.output and (done % iterates.every == 0 or done == steps):
            iterates.save(stage.name, stage.output, done, log.steps)
    if iterates and stage.output and 0 < done < steps and done % iterates.every:  # the clock ended it
        iterates.save(stage.name, stage.output, done, log.steps)
    log.flush()
    if mean:
        with torch.no_grad():
            torch._foreach_copy_(params, mean)


def check_lengths(stage: Stage) -> None:
    """Raise MossFuseError for a stage without steps or with an impossible time limit."""
    if stage.schedule.steps < 1:
        raise MossFuseError(f"the stage '{stage.name}' has {stage.schedule.steps} steps; give it at least 1")
    limit = stage.time_limit_s
    if limit is not None and not (isinstance(limit, (int, float)) and limit > 0):
        raise MossFuseError(
            f"the time limit of the stage '{stage.name}' is {limit!r}; give a positive number of seconds"
        )


def record_graph(advance: Advance, optimiser: torch.optim.Optimizer) -> Advance:
    """Return ``advance`` for capturable stages: WARM_UP steps on a side stream, then replays of one recorded step.

    The replays write into the tensors that the recorded step returned.
    """
    side, graph = torch.cuda.Stream(), torch.cuda.CUDAGraph()
    terms: Terms = {}

    def step_of(step: int) -> Terms:
        if step < WARM_UP:
            side.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(side):
                found = advance(step)
            torch.cuda.current_stream().wait_stream(side)
            return found
        if not terms:
            optimiser.zero_grad(set_to_none=True)
            with torch.cuda.graph(graph):
                terms.update(advance(step))
        graph.replay()
        return terms

    return step_of
