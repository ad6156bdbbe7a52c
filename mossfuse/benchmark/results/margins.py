"""Margins of practical equivalence, as the configuration states them: a number in the metric's unit, or a percentage."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Margin:
    """A difference too small to matter. size: in the metric's unit, or the share of the reference's value where relative."""

    size: float
    relative: bool = False

    def at(self, reference: np.ndarray) -> np.ndarray:
        """Return the margin of every scene, in the metric's unit. reference: values of the row compared with."""
        return self.size * np.abs(reference) if self.relative else np.full(reference.shape, self.size)

    def __str__(self) -> str:
        return f"{100 * self.size:g} %" if self.relative else f"{self.size:g}"


def read_margin(written: float | str) -> Margin:
    """Return the Margin that a configuration writes as 0.1 or '2 %'."""
    if isinstance(written, str):
        return Margin(float(written.rstrip(" %")) / 100, relative=True)
    return Margin(float(written))
