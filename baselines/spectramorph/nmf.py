"""A non-negative factorisation by coordinate descent (Cichocki, Phan 2009), from a start by singular vectors (NNDSVDa)."""

import numpy as np

TOLERANCE = 1e-4  # of the change of all values in an iteration, relative to the first one's
TINY = 1e-12


def factorise(pixels, count, steps):
    """Return (W (n, k), H (k, B)), non-negative, with W H near ``pixels`` (n, B >= 0) in the mean of squares.

    k: ``count``, at most the pixels and the bands. steps: at most; it ends earlier where the values no longer change. Nothing
    is random.
    """
    left, right = start(pixels, min(count, *pixels.shape))
    first = None
    for _ in range(steps):
        change = descend(left, pixels @ right.T, right @ right.T)
        change += descend(right.T, pixels.T @ left, left.T @ left)
        first = first or change
        if change <= TOLERANCE * first:
            break
    return left, right


def descend(factor, cross, gram):
    """Set each column of ``factor`` (n, k) to its best non-negative value, in place; return the sum of the changes."""
    changed = 0.0
    for k in range(factor.shape[1]):
        if gram[k, k] > TINY:
            new = np.maximum(factor[:, k] + (cross[:, k] - factor @ gram[:, k]) / gram[k, k], 0)
            changed += np.abs(new - factor[:, k]).sum()
            factor[:, k] = new
    return changed


def start(pixels, count):
    """Return the larger non-negative part of each leading pair of singular vectors, with zeros replaced by the mean.

    Boutsidis, Gallopoulos, "SVD based initialization", Pattern Recognition 41, 2008 (the variant with the average).
    """
    u, values, vt = np.linalg.svd(pixels, full_matrices=False)
    left, right = np.zeros((len(pixels), count)), np.zeros((count, pixels.shape[1]))
    left[:, 0], right[0] = np.sqrt(values[0]) * np.abs(u[:, 0]), np.sqrt(values[0]) * np.abs(vt[0])
    for k in range(1, count):
        parts = [(np.maximum(sign * u[:, k], 0), np.maximum(sign * vt[k], 0)) for sign in (1, -1)]
        sizes = [np.linalg.norm(a) * np.linalg.norm(b) for a, b in parts]
        (a, b), size = parts[int(np.argmax(sizes))], max(sizes)
        if size > 0:
            left[:, k] = np.sqrt(values[k] * size) * a / np.linalg.norm(a)
            right[k] = np.sqrt(values[k] * size) * b / np.linalg.norm(b)
    left[left < TINY] = right[right < TINY] = pixels.mean()
    return left, right
