"""Dictionaries for sparse coding with very few atoms per signal.

M. Aharon, M. Elad, A. Bruckstein, "K-SVD", IEEE TSP 54(11), 2006, in the approximate form of R. Rubinstein,
M. Zibulevsky, M. Elad, technical report CS-2008-08, Technion, 2008. Written from the papers.
"""

import numpy as np


def ksvd(signals, count, rng, sparsity=2, iterations=20):
    """Learn unit-norm atoms (d, count) for signals (d, n), each coded by ``sparsity`` atoms.

    Starts from random signals (random directions where there are too few non-zero ones). rng: numpy Generator.
    """
    from mossfuse.progress import track

    signals = np.asarray(signals, np.float64)
    norms = np.linalg.norm(signals, axis=0)
    live = np.flatnonzero(norms > 1e-9 * max(norms.max(), 1e-30))
    chosen = rng.permutation(live)[:count]
    atoms = np.hstack([signals[:, chosen] / norms[chosen], rng.standard_normal((len(signals), count - len(chosen)))])
    atoms /= np.linalg.norm(atoms, axis=0)
    for _ in track(range(iterations), "K-SVD"):
        codes = matching_pursuit(signals, atoms, sparsity)
        residual = signals - atoms @ codes
        for k in range(count):
            users = np.flatnonzero(codes[k])
            if len(users) == 0:
                continue
            local = residual[:, users] + np.outer(atoms[:, k], codes[k, users])
            atom = local @ codes[k, users]
            norm = np.linalg.norm(atom)
            if norm <= 1e-30:
                continue
            atoms[:, k] = atom / norm
            codes[k, users] = atoms[:, k] @ local
            residual[:, users] = local - np.outer(atoms[:, k], codes[k, users])
    return atoms


def matching_pursuit(signals, atoms, sparsity):
    """Return codes (count, n) by orthogonal matching pursuit, all signals at once; atoms of unit norm."""
    count, n = atoms.shape[1], signals.shape[1]
    gram, cross = atoms.T @ atoms, atoms.T @ signals
    support = np.zeros((n, 0), int)
    codes, columns = np.zeros((count, n)), np.arange(n)[:, None]
    for _ in range(min(sparsity, count)):
        correlation = np.abs(cross - gram @ codes)
        correlation[support, columns] = -1
        support = np.hstack([support, correlation.argmax(0)[:, None]])
        local = gram[support[:, :, None], support[:, None, :]] + 1e-10 * np.eye(support.shape[1])
        values = np.linalg.solve(local, cross[support, columns][..., None])[..., 0]
        codes = np.zeros((count, n))
        codes[support, columns] = values
    return codes
