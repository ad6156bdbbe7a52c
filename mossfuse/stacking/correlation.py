"""What members of a stack are worth, from how far they err together one scale further down.

With v_1 the first member's mean squared error, c_i the mean product of its error and member i's, and d_i1 their cubes' mean squared
difference, a_i = (v_i - v_1) / d_i1 = 1 - 2 (v_1 - c_i) / d_i1 exactly. Of these d_i1 is known here, v_1 follows from nsgp's leave-one-out
errors on the LR pixels here, and only c_i / v_1 is taken from the reduced pair. There cubes are nearer to each other, and members worse or
better, than they are here; how much of their errors they share depends less on the scale.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mossfuse.nsgp.uncertainty import fit_deviation
from mossfuse.stacking.view import View
from mossfuse.stacking.weights import PRIOR

TRUST = 0.5  # of what is found; the rest is the prior, that a member adds nothing to the first
ROWS = 64  # of the image compared at once
TINY = np.finfo(float).tiny


@dataclass(frozen=True)
class Shared:
    """excess: (members,) a_i, halfway between what is found and the prior; measured: what is found, NaN for the first member."""

    excess: np.ndarray
    measured: np.ndarray


def leave_one_out(view: View, *, seed: int, device: str) -> float:
    """Return nsgp's mean squared leave-one-out error on the LR pixels, summed over the bands, without LR's noise."""
    local = fit_deviation(view.clean, view.sensor, unseen=view.unseen, seed=seed, device=device).local
    return float(local.mean((0, 1)).sum())


def learn_together(errors: np.ndarray, cubes: Sequence[np.ndarray], first_error: float) -> Shared:
    """Return what errors (members, h, w, B) on the reduced pair say about the cubes (H, W, B) of the pair itself.

    first_error: mean squared error of the first cube, summed over the bands.
    """
    own = max(float(np.square(errors[0]).sum()), TINY)
    together = np.array([float((errors[0] * error).sum()) / own for error in errors])
    apart = np.array([distance(cubes[0], cube) for cube in cubes])
    found = 1 - 2 * first_error * (1 - np.clip(together, 0, 1)) / np.maximum(apart, TINY)
    excess = TRUST * np.clip(found, -1, 1) + (1 - TRUST) * PRIOR
    excess[0], found[0] = 0, np.nan
    return Shared(excess, found)


def distance(first: np.ndarray, other: np.ndarray) -> float:
    """Return the mean squared difference of two cubes (H, W, B), summed over the bands."""
    parts = (slice(start, start + ROWS) for start in range(0, len(first), ROWS))
    return (
        sum(float(np.square(other[rows] - first[rows], dtype=np.float64).sum()) for rows in parts) / first[..., 0].size
    )
