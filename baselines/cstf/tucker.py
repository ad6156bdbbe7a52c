"""Mode products of three-way arrays and the ridge inverse of a Kronecker product."""

import numpy as np


def mode_product(core, matrices):
    """Return core x1 matrices[0] x2 matrices[1] x3 matrices[2]; None is the identity."""
    for axis, matrix in enumerate(matrices):
        if matrix is not None:
            core = np.moveaxis(np.tensordot(matrix, core, (1, axis)), 0, axis)
    return core


def unfold(tensor, axis):
    """Unfold a tensor into a matrix (size of the axis, product of the other sizes)."""
    return np.moveaxis(tensor, axis, 0).reshape(tensor.shape[axis], -1)


class KroneckerRidge:
    """(K^T K + shift)^-1 for K = S (x) H (x) W, through the thin singular value decompositions of the factors."""

    def __init__(self, factors):
        decompositions = [np.linalg.svd(f, full_matrices=False) for f in factors]
        self.down = [v for *_, v in decompositions]
        self.up = [v.T for *_, v in decompositions]
        a, b, c = (s**2 for _, s, _ in decompositions)
        self.energy = a[:, None, None] * b[None, :, None] * c[None, None, :]

    def solve(self, right, shift):
        """Return x with (K^T K + shift) x = right; right: a tensor of K's columns."""
        inside = mode_product(right, self.down)
        inside *= self.energy / (self.energy + shift)
        return (right - mode_product(inside, self.up)) / shift
