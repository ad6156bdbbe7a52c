"""The signed-rank test of paired differences, exact for any ties: for a difference, and for practical equivalence."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np


def wilcoxon(d: Sequence[float] | np.ndarray) -> float:
    """Return the two-sided p of Wilcoxon's signed-rank test; differences of zero are left out (1 if all are)."""
    d = np.asarray(d, float)
    if not d.size or np.isnan(d).any():
        return math.nan
    return min(1.0, 2 * min(tails(d)))


def equivalence(d: Sequence[float] | np.ndarray, margins: Sequence[float] | np.ndarray) -> float:
    """Return the p of two one-sided signed-rank tests (TOST; Schuirmann 1987): small where all |d| stay below ``margins``.

    margins: one positive number per pair. The larger of the two p values: of d <= -margin and of d >= margin.
    """
    d, margins = np.asarray(d, float), np.asarray(margins, float)
    if not d.size or np.isnan(d).any() or np.isnan(margins).any():
        return math.nan
    return max(tails(d + margins)[1], tails(d - margins)[0])


def tails(d: np.ndarray) -> tuple[float, float]:
    """Return the probabilities of a sum of positive ranks at most, and at least, as large as that of ``d``; (1, 1) if all are 0.

    The null distribution is that of random signs over the observed (mid-)ranks, by dynamic programming.
    """
    from scipy.stats import rankdata

    d = d[d != 0]
    doubled = np.rint(2 * rankdata(np.abs(d))).astype(int)  # mid-ranks are halves; doubled they are whole
    chance = np.zeros(doubled.sum() + 1)
    chance[0] = 1.0
    for rank in doubled:
        shifted = np.zeros_like(chance)
        shifted[rank:] = chance[: len(chance) - rank]
        chance = (chance + shifted) / 2
    positive = int(doubled[d > 0].sum())
    return min(1.0, float(chance[: positive + 1].sum())), min(1.0, float(chance[positive:].sum()))


def smallest_p(n: int) -> float:
    """Return the smallest two-sided p that n differences other than zero can give, 2^(1-n): 0.0625 for five."""
    return min(1.0, 2.0 ** (1 - n)) if n else math.nan


def holm(p_values: Sequence[float]) -> np.ndarray:
    """Return Holm's step-down adjusted p values, in the order given; NaN stays NaN and is not counted."""
    p = np.asarray(p_values, float)
    out = np.full(p.shape, np.nan)
    order = [i for i in np.argsort(p, kind="stable") if not np.isnan(p[i])]
    largest = 0.0
    for place, i in enumerate(order):
        largest = max(largest, min(1.0, (len(order) - place) * p[i]))
        out[i] = largest
    return out
