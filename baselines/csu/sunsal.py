"""Abundances of known endmembers: constrained least squares by variable splitting.

J. M. Bioucas-Dias, M. A. T. Figueiredo, "Alternating direction algorithms for constrained sparse regression:
application to hyperspectral unmixing" (SUnSAL), WHISPERS 2010. Written from the paper's algorithm 1 and its constrained
variant.
"""

import numpy as np


def estimate_abundances(endmembers, pixels, iterations=500, tolerance=1e-6):
    """Return non-negative abundances (p, n) that sum to one, minimising ||endmembers A - pixels||.

    endmembers: (B, p); pixels: (B, n). The penalty is the mean eigenvalue of the Gram matrix, rebalanced between the
    residuals every ten iterations (the paper's rule); stops when both fall below ``tolerance`` per entry.
    """
    gram, cross = endmembers.T @ endmembers, endmembers.T @ pixels
    count, n = cross.shape
    penalty = max(np.trace(gram) / count, 1e-12)
    v, dual = np.full((count, n), 1 / count), np.zeros((count, n))
    limit = tolerance * np.sqrt(count * n)
    inverse, lift = factor(gram, penalty)
    for i in range(iterations):
        u = inverse @ (cross + penalty * (v + dual))
        u -= lift * (u.sum(0) - 1)
        previous, v = v, np.maximum(u - dual, 0)
        dual -= u - v
        primal, change = np.linalg.norm(u - v), penalty * np.linalg.norm(v - previous)
        if primal <= limit and change <= limit:
            break
        if i % 10 == 9 and not 0.1 * change <= primal <= 10 * change:
            scale = 2.0 if primal > change else 0.5
            penalty, dual = penalty * scale, dual / scale
            inverse, lift = factor(gram, penalty)
    return v


def factor(gram, penalty):
    """Return (gram + penalty)^-1 and the direction that restores the sum of one."""
    inverse = np.linalg.inv(gram + penalty * np.eye(len(gram)))
    column = inverse.sum(1, keepdims=True)
    return inverse, column / column.sum()
