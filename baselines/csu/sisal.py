"""SISAL: endmembers as the vertices of the smallest simplex that (softly) contains the pixels.

J. M. Bioucas-Dias, "A variable splitting augmented Lagrangian approach to linear spectral unmixing", WHISPERS 2009.
Written from the paper: minimise -log|det Q| + tau ||Q Y||_hinge subject to 1^T Q = 1^T Y^T (Y Y^T)^-1, Q the inverse of
the mixing matrix in the signal subspace, by majorising the log-determinant and splitting the hinge.
"""

import numpy as np

from ..shared.vca import largest_simplex

INNER = 20  # augmented Lagrangian iterations of one convex subproblem


def sisal(pixels, count, rng, tau=1.0, iterations=300):
    """Return endmembers (count, B) of pixels (n, B), started from VCA's largest simplex; count at most min(n, B).

    tau: weight of the soft positivity (the paper's default).
    Where the cloud has fewer dimensions than ``count`` (a constant image), VCA's endmembers are returned.
    """
    pixels = np.asarray(pixels, np.float64)
    start, _ = largest_simplex(pixels, count, rng)
    mean = pixels.mean(0)
    values, vectors = np.linalg.eigh(np.cov(pixels.T, bias=True).reshape(pixels.shape[1], -1))
    if count < 2 or values[-(count - 1)] <= 1e-12 * max(values[-1], 1e-30):
        return start
    axes = vectors[:, ::-1][:, : count - 1]
    direction = mean - axes @ (axes.T @ mean)  # the part of the mean outside the axes carries the affine constant
    norm = np.linalg.norm(direction)
    if norm <= 1e-9 * np.linalg.norm(mean):
        return start
    basis = np.hstack([axes, (direction / norm)[:, None]])
    y = basis.T @ (mean[:, None] + axes @ (axes.T @ (pixels - mean).T))
    vertices = basis.T @ (mean[:, None] + axes @ (axes.T @ (start - mean).T))
    centre = vertices.mean(1, keepdims=True)
    vertices = vertices + count * (vertices - centre)  # widened to contain most pixels
    if np.linalg.cond(vertices) > 1e10:
        return start
    q = smallest_simplex(y, np.linalg.inv(vertices), tau, iterations)
    return (basis @ np.linalg.inv(q)).T


def smallest_simplex(y, q, tau, iterations):
    """Return Q (p, p) of the paper's problem from a feasible start; every step lowers the objective."""
    count, n = y.shape
    sums = np.linalg.solve(y @ y.T, y.sum(1))
    penalty = count * 1000 / n
    inverse = np.linalg.inv(y @ y.T + np.eye(count))
    value = objective(q, y, tau)
    dual = np.zeros((count, n))
    for _ in range(iterations):
        target = q + np.linalg.inv(q).T / penalty
        z, new = q @ y, q
        for _ in range(INNER):
            new = solve_with_column_sums(target + (z + dual) @ y.T, inverse, sums)
            image = new @ y
            z = soft_positive(image - dual, tau / penalty)
            dual -= image - z
        step = 1.0
        while step > 1e-6:
            candidate = q + step * (new - q)
            reached = objective(candidate, y, tau)
            if reached <= value:
                break
            step /= 2
        if step <= 1e-6:
            break
        q, previous, value = candidate, value, reached
        if previous - value < 1e-9 * abs(previous):
            break
    return q


def solve_with_column_sums(right, inverse, sums):
    """Return the argmin of the quadratic with Hessian ``inverse``^-1 (from the right) under column sums ``sums``."""
    free = right @ inverse
    return free + (sums - free.sum(0)) / len(free)


def soft_positive(x, threshold):
    """Apply the proximal operator of ``threshold * max(-x, 0)``: negative values move towards 0."""
    return np.where(x > 0, x, np.minimum(x + threshold, 0))


def objective(q, y, tau):
    """Return -log|det Q| + tau ||Q Y||_hinge; infinity where Q is singular."""
    sign, logdet = np.linalg.slogdet(q)
    return -logdet + tau * np.maximum(-(q @ y), 0).sum() if sign != 0 else np.inf
