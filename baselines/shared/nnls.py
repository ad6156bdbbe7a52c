"""Non-negative least squares for many right-hand sides, and the spectral fits built on it."""

import numpy as np

from mossfuse.errors import MossFuseError


def nonnegative_fit(design, targets, free_offset=False):
    """Return weights (K, T) >= 0 and offset (T,): least squares of ``targets ~ design @ weights + offset``.

    design: (n, K); targets: (n, T). free_offset: the offset may be negative; otherwise it is >= 0 like the weights.
    Active-set solution (Lawson & Hanson 1974) on the triangular factor of the design, so the cost per target does not
    grow with n.
    """
    if free_offset:
        shift, level = design.mean(0), targets.mean(0)
        weights = nnls(design - shift, targets - level)
        return weights, level - shift @ weights
    solution = nnls(np.hstack([design, np.ones((len(design), 1))]), targets)
    return solution[:-1], solution[-1]


def nnls(design, targets):
    """Return the minimiser (K, T) of ||design x - targets|| over x >= 0."""
    from scipy.optimize import nnls as active_set

    q, r = np.linalg.qr(design)
    projected = q.T @ targets
    out = np.empty((design.shape[1], targets.shape[1]))
    for j in range(targets.shape[1]):
        out[:, j] = active_set(r, projected[:, j], maxiter=30 * design.shape[1])[0]
    return out


def estimate_srf(hsi, low_msi):
    """Estimate the spectral response (M, B) >= 0 and offsets (M,) from an HSI and the MSI on the same grid.

    hsi: (h, w, B); low_msi: (h, w, M), the MSI degraded with the (assumed) PSF. The fit of Yokoya et al.'s CNMF:
    non-negative weights, free offset. Rows are as fitted, not normalised.
    """
    if hsi.shape[:2] != low_msi.shape[:2]:
        raise MossFuseError(
            f"the HSI has {hsi.shape[:2]} pixels and the degraded MSI {low_msi.shape[:2]}; they must agree"
        )
    weights, offset = nonnegative_fit(
        hsi.reshape(-1, hsi.shape[2]).astype(np.float64), low_msi.reshape(-1, low_msi.shape[2]).astype(np.float64), True
    )
    return weights.T, offset
