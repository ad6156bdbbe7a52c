"""Convex weights of cubes that agree with both images, from what each was worth one scale further down.

For weights w on the simplex the mean squared error of the mixed cube is (Krogh and Vedelsby, NIPS 1994)

    E(w) = sum_i w_i v_i - 1/2 sum_ij w_i w_j d_ij,

v_i the members' own errors and d_ij = mean (X_i - X_j)^2. Every d_ij is known from the cubes themselves, without the truth.
Only v_i - v_1 has to be estimated, and as a share of d_i1 it carries over from the reduced pair:
a_i = (v_i - v_1) / d_i1 is -1 where member 1 adds nothing, 1 where member i adds nothing, 0 where both are as good.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

PRIOR = 1.0  # of a_i without evidence: a member adds nothing to the first, as on the tuning scenes where a stack lost
KERNEL_PRIOR = 0.8  # the same for nsgp with the others' components, which is closer to nsgp
SPREAD = 0.35  # standard deviation of a_i about its prior
TRANSFER = 0.5  # standard deviation of a_i on the reduced pair about that on the pair itself
OWN_SPREAD = 0.25  # standard deviation of a component's a_i about that of all components together
LIMIT = 1.5  # |a_i| beyond which nothing changes
BLOCKS = 4  # the reduced image is cut in BLOCKS x BLOCKS parts, whose differences give the standard errors
TINY = np.finfo(float).tiny


@dataclass(frozen=True)
class Evidence:
    """excess: (members, components + 1), a_i of every component, the last for all that the components leave.

    measured, error: (members,) of all components together before shrinking, and its standard error; shared: (members,) what follows
    from how far members err together (mossfuse.stacking.correlation); NaN where nothing was measured.
    """

    excess: np.ndarray
    measured: np.ndarray
    error: np.ndarray
    shared: np.ndarray


def no_evidence(priors: Sequence[float], components: int) -> Evidence:
    """Return what is assumed where the pair leaves nothing to learn from; priors: of a_i, one per member."""
    members = len(priors)
    excess = np.tile(np.asarray(priors, np.float64)[:, None], components + 1)
    excess[0] = 0
    return Evidence(excess, *np.full((3, members), np.nan))


def learn(errors: np.ndarray, basis: np.ndarray, priors: Sequence[float]) -> Evidence:
    """Return the Evidence of the members' errors on the reduced pair, (members, h, w, B); basis: (B, components);
    priors: of a_i, one per member.

    Each a_i is the posterior mean under a normal prior: that of all components together about the member's
    prior, that of a component about the former.
    """
    members, components = len(errors), basis.shape[1]
    found = no_evidence(priors, components)
    parts = np.concatenate([errors @ basis, errors - errors @ basis @ basis.T], -1)
    groups = [slice(k, k + 1) for k in range(components)] + [slice(components, None)]
    for i in range(1, members):
        first, own, apart = parts[0] ** 2, parts[i] ** 2, (parts[i] - parts[0]) ** 2
        found.measured[i], found.error[i] = share((own - first).sum(-1), apart.sum(-1))
        together = shrink(found.measured[i], found.error[i], priors[i], SPREAD)
        together = within(together, first.sum(), own.sum(), apart.sum())
        for k, group in enumerate(groups):
            a, b, d = first[..., group], own[..., group], apart[..., group]
            value = shrink(*share((b - a).sum(-1), d.sum(-1)), together, OWN_SPREAD)
            found.excess[i, k] = within(value, a.sum(), b.sum(), d.sum())
    return found


def within(value: float, first: float, own: float, apart: float) -> float:
    """Return a_i within what errors that are not negatively correlated allow: 1 - 2 v_1 / d_i1 to 2 v_i / d_i1 - 1.

    Cubes that are farther apart than their errors are large cannot be equally good; without the bounds a prior would mix in a cube
    that is far off.
    """
    if apart <= TINY:
        return value
    return float(np.clip(value, *sorted((1 - 2 * first / apart, 2 * own / apart - 1))))


def share(gain: np.ndarray, apart: np.ndarray) -> tuple[float, float]:
    """Return (sum of gain / sum of apart, its standard error from blocks of the image); maps (h, w)."""
    total = apart.sum()
    if total <= TINY:
        return 0.0, np.inf
    value = gain.sum() / total
    blocks = [
        (part.sum(), other.sum())
        for rows, others in zip(np.array_split(gain, BLOCKS), np.array_split(apart, BLOCKS), strict=True)
        for part, other in zip(np.array_split(rows, BLOCKS, 1), np.array_split(others, BLOCKS, 1), strict=True)
    ]
    left = np.array([part - value * other for part, other in blocks])
    return float(np.clip(value, -LIMIT, LIMIT)), float(np.sqrt((left**2).sum() * len(left) / (len(left) - 1)) / total)


def shrink(value: float, error: float, prior: float, spread: float) -> float:
    """Return the posterior mean of a quantity measured with a standard error, under a normal prior."""
    weight = spread**2 / (spread**2 + error**2 + TRANSFER**2)
    return weight * value + (1 - weight) * prior


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
