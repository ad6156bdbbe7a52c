"""The coordinates of a result: one run of a method on one pair (a cell), and one training."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Cell:
    """One run of one method on one pair with one seed."""

    dataset: str
    degradation: str
    method: str
    scene: str
    seed: int

    @property
    def name(self) -> str:
        """Return 'DATASET/DEGRADATION/METHOD/SCENE/seedN': its name in messages, and its folder below the results."""
        return f"{self.dataset}/{self.degradation}/{self.method}/{self.scene}/seed{self.seed}"


@dataclass(frozen=True)
class Training:
    """One training of one row on the training scenes of a dataset under one degradation."""

    dataset: str
    degradation: str
    method: str
    seed: int

    @property
    def row(self) -> tuple[str, str, str]:
        """Return (dataset, degradation, method)."""
        return self.dataset, self.degradation, self.method

    @property
    def name(self) -> str:
        """Return 'DATASET/DEGRADATION/METHOD/seedN': its name in messages, and its folder below the checkpoints."""
        return f"{self.dataset}/{self.degradation}/{self.method}/seed{self.seed}"
