"""The Cramer-Rao bound of coupled canonical polyadic (CP) models: how well any unbiased estimate of a low-rank scene can do.

Prevost, Usevich, Comon, Brie: Hyperspectral Super-Resolution with Coupled Tucker/CP Approximation, IEEE TSP 68, 2020. The scene is
X[i, j, b] = sum_f A[i, f] B[j, f] C[b, f]; the HSI is [[P1 A, P2 B, C]] and the MSI [[A, B, R C]], each with white Gaussian noise.
Factors are determined up to their scales only, X is not: its bound uses the pseudo-inverse of the information.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

RELATIVE = 1e-10  # singular values of the information below this part of the largest are its ambiguities


@dataclass(frozen=True)
class Coupled:
    """A scene of CP rank F and how it is seen.

    a (H, F), b (W, F), c (B, F); rows (h, H), cols (w, W): blur and sampling along each axis; srf (M, B); sigma_hsi, sigma_msi:
    standard deviations of the noise.
    """

    a: np.ndarray
    b: np.ndarray
    c: np.ndarray
    rows: np.ndarray
    cols: np.ndarray
    srf: np.ndarray
    sigma_hsi: float
    sigma_msi: float

    @property
    def scene(self) -> np.ndarray:
        """The cube (H, W, B)."""
        return compose(self.a, self.b, self.c)

    @property
    def images(self) -> tuple[np.ndarray, np.ndarray]:
        """HSI (h, w, B) and MSI (H, W, M) without noise."""
        return compose(self.rows @ self.a, self.cols @ self.b, self.c), compose(self.a, self.b, self.srf @ self.c)


def compose(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
    """Return the cube of three factors."""
    return np.einsum("if,jf,bf->ijb", a, b, c)


def derivative(factors: Sequence[np.ndarray], maps: Sequence[np.ndarray | None]) -> np.ndarray:
    """Return d vec[[M1 A, M2 B, M3 C]] / d (vec A, vec B, vec C), (values, parameters); a map of None is the identity."""
    seen = [factor if m is None else m @ factor for factor, m in zip(factors, maps, strict=True)]
    blocks = []
    for mode, factor in enumerate(factors):
        own = maps[mode]
        inner = np.eye(factor.shape[0]) if own is None else own
        others = [seen[k] for k in range(3) if k != mode]
        product = np.einsum("pf,qf,in->ipqnf", others[0], others[1], inner)
        block = np.moveaxis(product, 0, mode)
        blocks.append(block.reshape(np.prod(block.shape[:3]), -1))
    return np.concatenate(blocks, axis=1)


def mean_variance_bound(model: Coupled) -> float:
    """Return the bound on the mean squared error of a value of the scene, for unbiased estimates that know the two cameras."""
    factors = (model.a, model.b, model.c)
    hsi = derivative(factors, (model.rows, model.cols, None)) / model.sigma_hsi
    msi = derivative(factors, (None, None, model.srf)) / model.sigma_msi
    scene = derivative(factors, (None, None, None))
    inverse = np.linalg.pinv(hsi.T @ hsi + msi.T @ msi, rcond=RELATIVE, hermitian=True)
    return float((inverse * (scene.T @ scene)).sum() / scene.shape[0])
