"""Ridge regression through one eigendecomposition, with a separate weight for every target."""

from dataclasses import dataclass

import numpy as np

GRID = np.logspace(0, 6, 25)  # candidate weights, times the base weight
SMALLEST = 1e-10  # eigenvalues below this share of the largest carry nothing but rounding


@dataclass(frozen=True)
class Spectrum:
    """design = left diag(sqrt(values)) right^T, from the smaller of the two Gram matrices; design (n, d) float64."""

    left: np.ndarray
    values: np.ndarray
    right: np.ndarray

    def weights(self, targets, ridge):
        """Return the ridge solution (d, K) for targets (n, K) and ridge (K,)."""
        root = np.sqrt(self.values)[:, None]
        return self.right @ (root / (self.values[:, None] + ridge) * (self.left.T @ targets))

    def fitted(self, targets, ridge):
        """Return (prediction (n, K) on the design, degrees of freedom (K,))."""
        share = self.values[:, None] / (self.values[:, None] + ridge)
        return self.left @ (share * (self.left.T @ targets)), share.sum(0)


def decompose(design):
    """Return the Spectrum of a design matrix (n, d)."""
    n, d = design.shape
    if d >= n:
        values, left = np.linalg.eigh(design @ design.T)
        kept = values > SMALLEST * values[-1]
        left, values = left[:, kept], values[kept]
        return Spectrum(left, values, design.T @ left / np.sqrt(values))
    values, right = np.linalg.eigh(design.T @ design)
    kept = values > SMALLEST * values[-1]
    right, values = right[:, kept], values[kept]
    return Spectrum(design @ right / np.sqrt(values), values, right)


def choose_ridge(spectrum, targets, base, noise):
    """Choose one ridge weight per target, (K,): the geometric mean of closed-form leave-one-out and SURE choices.

    targets: (n, K) with white noise of standard deviation ``noise``; base: the smallest weight.
    """
    grid = base * GRID
    inside = spectrum.left.T @ targets
    outside = np.maximum((targets**2).sum(0) - (inside**2).sum(0), 0)
    left_out, sure = np.empty((2, len(grid), targets.shape[1]))
    for k, ridge in enumerate(grid):
        share = (spectrum.values / (spectrum.values + ridge))[:, None]
        leverage = spectrum.left**2 @ share
        error = (targets - spectrum.left @ (share * inside)) / np.maximum(1 - leverage, 1e-3)
        left_out[k] = (error**2).mean(0)
        sure[k] = (((1 - share) * inside) ** 2).sum(0) + outside + 2 * noise**2 * share.sum()
    return np.sqrt(grid[left_out.argmin(0)] * grid[sure.argmin(0)])
