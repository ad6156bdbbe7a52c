"""Convex weights of cubes that agree with both images, from what each was worth one scale further down.

For weights w on the simplex the mean squared error of the mixed cube is (Krogh and Vedelsby, NIPS 1994)

    E(w) = sum_i w_i v_i - 1/2 sum_ij w_i w_j d_ij,

v_i the members' own errors and d_ij = mean (X_i - X_j)^2. Every d_ij is known from the cubes themselves, without the truth.
Only v_i - v_1 has to be estimated (mossfuse.stacking.correlation), as a share of d_i1:
a_i = (v_i - v_1) / d_i1 is -1 where member 1 adds nothing, 1 where member i adds nothing, 0 where both are as good.
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np

PRIOR = 1.0  # of a_i without evidence: a member adds nothing to the first
TINY = np.finfo(float).tiny


@dataclass(frozen=True)
class Evidence:
    """excess: (members,) a_i as the weights take it; measured: (members,) what the pair said, NaN where it said nothing."""

    excess: np.ndarray
    measured: np.ndarray


def no_evidence(members: int) -> Evidence:
    """Return what is assumed of so many members where the pair leaves nothing to learn from: none but the first adds anything."""
    excess = np.full(members, PRIOR)
    excess[0] = 0
    return Evidence(excess, np.full(members, np.nan))


def best_weights(excess: np.ndarray, apart: np.ndarray) -> np.ndarray:
    """Return the weights (members,) on the simplex that minimise E.

    excess: (members,) a_i; apart: (members, members) d_ij. Every subset of members is tried, so the minimum is exact.
    """
    members = len(apart)
    value = excess * apart[0]
    best, weights = np.inf, np.eye(members)[0]
    for count in range(1, members + 1):
        for chosen in map(list, combinations(range(members), count)):
            system = np.ones((count + 1, count + 1))
            system[:count, :count] = -apart[np.ix_(chosen, chosen)]
            system[count, count] = 0
            scale = max(apart.max(), TINY)
            system[:count, :count] /= scale
            w = np.linalg.lstsq(system, np.append(-value[chosen] / scale, 1.0), rcond=1e-10)[0][:count]
            if w.min() < 0 or abs(w.sum() - 1) > 1e-6:
                continue
            full = np.zeros(members)
            full[chosen] = w
            energy = full @ value - full @ apart @ full / 2
            if energy < best - 1e-12 * scale:
                best, weights = energy, full
    return weights
