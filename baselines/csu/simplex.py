"""Euclidean projection on the probability simplex."""

import numpy as np


def project_simplex(points, axis=-1, start=None, return_threshold=False):
    """Project every vector on the simplex: non-negative entries that sum to 1 along ``axis``.

    points: any floating array. start: a previous threshold (``points`` without ``axis``) to start from; it only
    saves time when a sequence of nearby points is projected. return_threshold: also return the threshold tau.
    The projection is max(x - tau, 0) with sum 1 (Held, Wolfe, Crowder 1974). tau is the root of a convex, decreasing,
    piecewise linear function, found exactly by Newton's method in at most as many steps as there are entries
    (Michelot 1986); with the ``axis`` first the passes run over contiguous memory.
    """
    x = np.moveaxis(points, axis, 0)
    top = x.max(0)
    lower = top - 1  # the root lies in [max - 1, max)
    tau = lower if start is None else np.clip(start, lower, top - 1 / len(x))
    for _ in range(len(x) + 1):
        positive = x > tau
        count = positive.sum(0)
        total = np.where(positive, x, 0).sum(0)
        step = (total - 1) / count
        done = np.array_equal(step, tau) or np.all(np.abs(step - tau) <= 4 * np.finfo(x.dtype).eps * (1 + np.abs(tau)))
        tau = step.astype(x.dtype, copy=False)
        if done:
            break
    projected = np.moveaxis(np.maximum(x - tau, 0), 0, axis)
    return (projected, tau) if return_threshold else projected
