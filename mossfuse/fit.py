"""Per-scene optimisation for every learned method: stages of Adam, observable losses, no ground truth.

A stage minimises one loss over its own parameters for a number of steps that is fixed beforehand, and keeps the last
iterate (or an exponential average of the iterates). The best iterate by any measure is never looked for: against a
reference it would be an oracle, and against the observable loss it is the last one up to noise.
"""

import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mossfuse.errors import MossFuseError
from mossfuse.progress import track

PRECISIONS = ("float32", "bfloat16")


@dataclass(frozen=True)
class Schedule:
    """How many steps a stage takes, and the factor on its step size at a (possibly fractional) 0-based step."""

    steps: int
    factor: Callable[[float], float]


def constant_then_linear(constant, decay):
    """``constant`` steps at full size, then ``decay`` steps on a line that would reach 0 one step after the last."""
    return Schedule(constant + decay, lambda step: 1 - max(0.0, step + 1 - constant) / (decay + 1))


def one_cycle(steps, rise=0.3, first=1 / 25, last=4e-6):
    """Cosine from ``first`` up to 1 over the share ``rise`` of the steps, then down to ``last`` (Smith and Topin, 2019)."""
    top = max(rise * steps - 1, 1e-9)

    def factor(step):
        start, share = (first, step / top) if step <= top else (last, (steps - 1 - step) / max(steps - 1 - top, 1e-9))
        return start + (1 - start) * 0.5 * (1 - math.cos(math.pi * min(max(share, 0.0), 1.0)))

    return Schedule(steps, factor)


def multistep(steps, milestones=(), gamma=0.5):
    """A factor ``gamma`` more at every step of ``milestones``; without milestones a constant step size."""
    return Schedule(steps, lambda step: gamma ** sum(step >= milestone for milestone in milestones))


@dataclass(frozen=True)
class Stage:
    """One optimisation.

    params: the parameters, or Adam's groups ({'params': ..., 'lr': ...}). loss(step): a scalar tensor, or a mapping
    name -> scalar tensor whose sum is minimised. project(): called after every step, without gradients.
    adam: further options of Adam (betas, eps, weight_decay). average: decay of an exponential average of the
    parameters that replaces the last iterate; 0: the last iterate. output(): the fused cube (H, W, B) at this moment,
    for saved iterates. time_limit_s: the schedule is run through faster where the steps would take longer than this
    (the result then depends on the machine's speed); None: never.
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


@dataclass(frozen=True)
class Fitted:
    """history: columns stage, step (over all stages), lr, loss and every named term (NaN in other stages).

    Losses are means since the last logged step. steps, seconds, cpu_seconds: over all stages.
    """

    history: Mapping[str, list]
    steps: int
    seconds: float
    cpu_seconds: float


def fit(stages: Iterable[Stage], *, seed, device="cpu", log_every=50, iterates=None):
    """Run ``stages`` in order and return Fitted; the results are in the stages' parameters.

    stages: may be a generator, so that a stage is made from what the one before has found.
    seed: of everything random in the losses; the state of torch's global generator is left as it was.
    iterates: None, or {'folder': path, 'every': steps}: cubes of ``Stage.output`` are saved there as STAGE-STEP.npy
    (step of that stage), for curves against a reference that are drawn elsewhere.
    Raises MossFuseError where a loss stops being finite.
    """
    log = History(log_every)
    start, cpu = time.perf_counter(), time.process_time()
    with seeded(seed, device):
        for stage in stages:
            run_stage(stage, log, iterates)
    return Fitted(log.columns(), log.steps, time.perf_counter() - start, time.process_time() - cpu)


def run_stage(stage, log, iterates):
    """One stage from its first to its last step."""
    optimiser = torch.optim.Adam(stage.params, lr=stage.lr, fused=True, **stage.adam)
    groups = [(group, group["lr"]) for group in optimiser.param_groups]
    params = [p for group in optimiser.param_groups for p in group["params"]]
    mean = [p.detach().clone() for p in params] if stage.average else None
    steps, done, started = stage.schedule.steps, 0, time.perf_counter()
    for step in track(range(steps), stage.name):
        position = float(step)
        if stage.time_limit_s is not None:
            position = max(position, steps * (time.perf_counter() - started) / stage.time_limit_s)
            if position >= steps:
                break
        factor = stage.schedule.factor(position)
        for group, lr in groups:
            group["lr"] = lr * factor
        terms = stage.loss(step)
        terms = terms if isinstance(terms, Mapping) else {"loss": terms}
        total = sum(terms.values())
        optimiser.zero_grad(set_to_none=True)
        total.backward()
        optimiser.step()
        done = step + 1
        with torch.no_grad():
            if stage.project:
                stage.project()
            if mean:
                torch._foreach_lerp_(mean, params, 1 - stage.average)
        log.add(stage.name, stage.lr * factor, {"loss": total, **terms}, last=done == steps)
        if iterates and stage.output and (done % iterates["every"] == 0 or done == steps):
            save_iterate(iterates["folder"], stage, done)
    log.flush()
    if mean:
        with torch.no_grad():
            torch._foreach_copy_(params, mean)


def save_iterate(folder, stage, step):
    Path(folder).mkdir(parents=True, exist_ok=True)
    with torch.no_grad():
        np.save(Path(folder, f"{stage.name}-{step:06d}.npy"), stage.output())


class History:
    """Means of the loss terms, in rows of one per ``every`` steps and one at the end of each stage."""

    def __init__(self, every):
        self.every, self.steps, self.rows = every, 0, []
        self._clear()

    def _clear(self):
        self.count, self.sums, self.stage, self.lr = 0, {}, "", 0.0

    def add(self, stage, lr, terms, last):
        self.steps, self.count, self.stage, self.lr = self.steps + 1, self.count + 1, stage, lr
        for name, value in terms.items():
            self.sums[name] = self.sums.get(name, 0.0) + value.detach()
        if self.count == self.every or last:
            self.flush()

    def flush(self):
        """Close the row; the only place where a device is waited for."""
        if not self.count:
            return
        means = {name: float(value) / self.count for name, value in self.sums.items()}
        if not math.isfinite(means["loss"]):
            raise MossFuseError(
                f"the loss of the stage '{self.stage}' is no longer finite at step {self.steps}; lower its learning rate"
            )
        self.rows.append({"stage": self.stage, "step": self.steps, "lr": self.lr, **means})
        self._clear()

    def columns(self):
        names = dict.fromkeys(name for row in self.rows for name in row)
        return {name: [row.get(name, math.nan) for row in self.rows] for name in names}


@contextmanager
def seeded(seed, device="cpu"):
    """Everything random inside follows ``seed``, cuDNN is deterministic and full float32; restored afterwards."""
    device = torch.device(device)
    devices = [device.index or 0] if device.type == "cuda" else []
    precise = torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False)
    with torch.random.fork_rng(devices=devices), precise:
        torch.manual_seed(seed)
        yield


def mixed(precision, device):
    """Context in which convolutions and matrix products run in ``precision``: 'float32' (no change) or 'bfloat16'."""
    if precision not in PRECISIONS:
        raise MossFuseError(f"unknown precision '{precision}'; choose one of {', '.join(PRECISIONS)}")
    return torch.autocast(torch.device(device).type, dtype=torch.bfloat16, enabled=precision == "bfloat16")


def parameter_count(*modules):
    """Number of learned values, frozen ones included."""
    return sum(p.numel() for module in modules for p in module.parameters())
