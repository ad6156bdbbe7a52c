"""Non-negative dictionary of spectra with sparse non-negative codes (Dong et al., TIP 2016)."""

import numpy as np

from mossfuse.progress import track


def learn_dictionary(pixels, count, rng, rounds=10, sparsity=1e-3, code_iterations=100):
    """Learn atoms (k, B) float64 of norm at most 1, k = min(count, n), from the pixels (n, B) >= 0.

    Starts from random pixels (rng: numpy Generator); every round codes the pixels and then improves one atom after
    another by block coordinate descent. sparsity: weight of the l1 norm of the codes.
    """
    pixels = np.asarray(pixels, np.float64)
    atoms = np.maximum(pixels[rng.permutation(len(pixels))[:count]], 0)
    atoms = atoms / np.maximum(np.linalg.norm(atoms, axis=1, keepdims=True), np.finfo(float).tiny)
    for _ in track(range(rounds), "dictionary"):
        codes = nonnegative_codes(pixels, atoms, sparsity, code_iterations)
        residual = pixels - codes @ atoms
        for k in range(len(atoms)):
            energy = codes[:, k] @ codes[:, k]
            if energy == 0:
                continue
            old = atoms[k].copy()
            atoms[k] = np.maximum(old + codes[:, k] @ residual / energy, 0)
            atoms[k] /= max(np.linalg.norm(atoms[k]), 1)
            residual += np.outer(codes[:, k], old - atoms[k])
    return atoms


def nonnegative_codes(pixels, atoms, sparsity, iterations, mu=0.005, growth=1.07):
    """Return codes (n, k) >= 0 that minimise ||pixels - codes atoms||^2 + sparsity sum(codes), by ADMM with growing mu."""
    values, vectors = np.linalg.eigh(atoms @ atoms.T)
    rotated = pixels @ (atoms.T @ vectors)
    codes = np.zeros((len(pixels), len(atoms)))
    dual = np.zeros_like(codes)
    for _ in range(iterations):
        # in the eigenvectors' coordinates the least-squares step is a division
        smooth = (rotated + (mu * codes - dual / 2) @ vectors) / (values + mu) @ vectors.T
        codes = np.maximum(smooth + (dual - sparsity) / (2 * mu), 0)
        dual += mu * (smooth - codes)
        mu *= growth
    return codes
