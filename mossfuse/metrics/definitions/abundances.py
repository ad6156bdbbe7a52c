"""Linear unmixing of the fused cube: abundances by fully constrained least squares (Heinz and Chang, TGRS 2001).

Endmembers are fixed, those of the scene, so that the fused cube alone decides. Cubes are float64 (rows, cols, bands).
"""

from itertools import combinations

import numpy as np

from mossfuse.errors import MossFuseError
from mossfuse.metrics.sharing import shared
from mossfuse.metrics.specification import Column, Metric, without_ratio

MOST = 8  # endmembers: every set of them is tried, 2^K - 1
ROUNDING = 1e-12  # an abundance this far below zero is zero


def abundance_rmse(x: np.ndarray, y: np.ndarray, endmembers: np.ndarray, abundances: np.ndarray) -> float:
    """Return the RMSE between the estimate's abundances and the published ones.

    endmembers: (bands, K); abundances: (rows, cols, K). The reference itself does not reach 0: published abundances are not
    those of this solver.
    """
    if abundances.shape != (*x.shape[:2], endmembers.shape[1]):
        raise MossFuseError(
            f"the scene's abundances have shape {abundances.shape}; they must be (rows, cols, endmembers)"
        )
    return rms(unmix(y, endmembers) - abundances)


def abundance_shift(x: np.ndarray, y: np.ndarray, endmembers: np.ndarray) -> float:
    """Return the RMSE between the abundances of the estimate and of the reference, both with the same endmembers (bands, K)."""
    return rms(unmix(y, endmembers) - unmix(x, endmembers))


def rms(difference: np.ndarray) -> float:
    """Return the root mean square."""
    return float(np.sqrt((difference**2).mean()))


@shared
def unmix(cube: np.ndarray, endmembers: np.ndarray) -> np.ndarray:
    """Return the abundances (rows, cols, K) that minimise |pixel - E a|, with a >= 0 and sum(a) = 1.

    Exact: the minimum is the smallest of the equality-constrained solutions without a negative abundance, over every set of
    endmembers. endmembers: (bands, K) of full rank, K <= 8. Raises MossFuseError for any other matrix.
    """
    bands, count = endmembers.shape
    if bands != cube.shape[2] or count > MOST or np.linalg.matrix_rank(endmembers) < count:
        raise MossFuseError(
            f"unmixing needs at most {MOST} independent endmembers of {cube.shape[2]} bands, not a matrix of shape {endmembers.shape}"
        )
    gram, projected = endmembers.T @ endmembers, cube.reshape(-1, bands) @ endmembers
    best, least = np.zeros_like(projected), np.full(len(projected), np.inf)
    for size in range(1, count + 1):
        for chosen in map(list, combinations(range(count), size)):
            inverse = np.linalg.inv(gram[np.ix_(chosen, chosen)])
            share = inverse.sum(1) / inverse.sum()
            free = projected[:, chosen] @ inverse
            a = free + (1 - free.sum(1, keepdims=True)) * share
            cost = np.einsum("ij,ij->i", a @ gram[np.ix_(chosen, chosen)] - 2 * projected[:, chosen], a)
            better = (a.min(1) >= -ROUNDING) & (cost < least)
            least[better] = cost[better]
            best[better] = 0
            best[np.ix_(better, chosen)] = a[better]
    return best.reshape(*cube.shape[:2], count)


def column(name: str, title: str, order: int) -> Column:
    """Return a Column of abundance errors."""
    return Column(name, title, "", "lower", decimals=4, tie=1e-3, range=(0, 1), order=order, shown="table")


METRICS = (
    Metric(
        "abundances.published",
        column("abundance_rmse", "abundance RMSE", 96),
        without_ratio(abundance_rmse),
        "RMSE of FCLS(y, E) - published abundances",
        "Heinz and Chang 2001",
        ("std1",),
        exact=False,
        needs=("endmembers", "abundances"),
    ),
    Metric(
        "abundances.reference",
        column("abundance_shift", "abundance shift", 97),
        without_ratio(abundance_shift),
        "RMSE of FCLS(y, E) - FCLS(x, E)",
        "Heinz and Chang 2001",
        ("std1",),
        needs=("endmembers",),
    ),
)
