"""Every pair of methods over the same scenes: wins, ties, losses, mean difference and a rank effect size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from mossfuse.benchmark.results.statistics import differences, direction
from mossfuse.metrics import find_column


@dataclass(frozen=True)
class PairMatrix:
    """Comparisons of the row's method with the column's, (methods, methods) each.

    scenes: that both finished; wins, ties, losses: of the row's method, a tie closer than ``tie``; difference: mean of row minus
    column in the metric's unit; effect: matched-pairs rank-biserial correlation (Kerby, 2014), 1 where the row's method is better
    on every scene, -1 where it is worse, NaN where no scene differs.
    """

    methods: list[str]
    tie: float
    scenes: np.ndarray
    wins: np.ndarray
    ties: np.ndarray
    losses: np.ndarray
    difference: np.ndarray
    effect: np.ndarray


def pair_matrix(values: pd.DataFrame, metric: str, methods: list[str]) -> PairMatrix:
    """Return the PairMatrix of ``methods``. values: rows of ``scene_values`` of one board and metric."""
    column = find_column(metric)
    wide = values.pivot(index="scene", columns="method", values="value").reindex(columns=methods)
    table = wide.to_numpy(dtype=float)
    d = differences(table[:, :, None], table[:, None, :])
    known = ~np.isnan(table)
    both = known[:, :, None] & known[:, None, :]
    better = np.where(both, direction(column) * d, np.nan)
    with np.errstate(invalid="ignore"):
        wins, losses = (better > column.tie).sum(0), (better < -column.tie).sum(0)
    scenes = both.sum(0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(both, d, 0).sum(0) / np.where(scenes, scenes, np.nan)
    effect = rank_biserial(better)
    return PairMatrix(methods, column.tie, scenes, wins, scenes - wins - losses, losses, mean, effect)


def rank_biserial(d: np.ndarray) -> np.ndarray:
    """Return the rank-biserial correlation over the first axis: (R+ - R-) / (R+ + R-) of the signed ranks, zeros and NaN left out."""
    from scipy.stats import rankdata

    size = np.where(np.isnan(d) | (d == 0), -1.0, np.abs(d))
    left_out = (size < 0).sum(0)
    ranks = np.where(size < 0, 0.0, rankdata(size, axis=0) - left_out)
    with np.errstate(invalid="ignore"):
        signed = np.where(d > 0, ranks, 0).sum(0) - np.where(d < 0, ranks, 0).sum(0)
    return signed / np.where(ranks.sum(0) > 0, ranks.sum(0), np.nan)
