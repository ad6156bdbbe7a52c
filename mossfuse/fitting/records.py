"""Records of a running fit: its loss history and the intermediate cubes that it saves."""

import math
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mossfuse.errors import MossFuseError


class Iterates:
    """Cubes of a running fit in a folder: STAGE-STEP.npy (step of that stage) and index.csv.

    index.csv: file, stage, step (over all stages), seconds and cpu_seconds of the fit until then, saving not counted.
    """

    def __init__(self, folder: str | Path, every: int) -> None:
        self.folder, self.every = Path(folder), every
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "index.csv").write_text("file,stage,step,seconds,cpu_seconds\n", encoding="utf-8")
        self.start, self.cpu = time.perf_counter(), time.process_time()

    def save(self, stage: str, output: Callable[[], np.ndarray], step: int, total: int) -> None:
        """Save the cube ``output()`` after ``step`` steps of the stage of that name, ``total`` over all stages."""
        seconds, cpu = time.perf_counter() - self.start, time.process_time() - self.cpu
        name = f"{stage}-{step:06d}.npy"
        with torch.no_grad():
            np.save(self.folder / name, output())
        with open(self.folder / "index.csv", "a", encoding="utf-8") as index:
            index.write(f"{name},{stage},{total},{seconds:.3f},{cpu:.3f}\n")
        self.start, self.cpu = time.perf_counter() - seconds, time.process_time() - cpu


class History:
    """Means of the loss terms, in rows of one per ``every`` steps and one at the end of each stage."""

    def __init__(self, every: int) -> None:
        self.every, self.steps = every, 0
        self.rows: list[dict[str, Any]] = []
        self._clear()

    def _clear(self) -> None:
        self.count, self.stage, self.lr = 0, "", 0.0
        self.sums: dict[str, Any] = {}
        self.counts: dict[str, int] = {}

    def add(self, stage: str, lr: float, terms: Mapping[str, Any], last: bool) -> None:
        """Add the terms of one step; last: of its stage."""
        self.steps, self.count, self.stage, self.lr = self.steps + 1, self.count + 1, stage, lr
        for name, value in terms.items():
            self.sums[name] = self.sums.get(name, 0.0) + value.detach()
            self.counts[name] = self.counts.get(name, 0) + 1
        if self.count == self.every or last:
            self.flush()

    def flush(self) -> None:
        """Close the row; the only place that waits for a device."""
        if not self.count:
            return
        means = {name: float(value) / self.counts[name] for name, value in self.sums.items()}
        if not math.isfinite(means["loss"]):
            raise MossFuseError(
                f"the loss of the stage '{self.stage}' is no longer finite at step {self.steps}; lower its learning rate"
            )
        self.rows.append({"stage": self.stage, "step": self.steps, "lr": self.lr, **means})
        self._clear()

    def columns(self) -> dict[str, list]:
        """Return the history as columns by name, NaN where a stage has no such term."""
        names = dict.fromkeys(name for row in self.rows for name in row)
        return {name: [row.get(name, math.nan) for row in self.rows] for name in names}
