"""CSTF: Tucker algebra, sparse dictionaries and the two sub-problems."""

import numpy as np
import pytest

from baselines import cstf
from baselines.cstf.ksvd import ksvd, matching_pursuit
from baselines.cstf.tucker import KroneckerRidge, mode_product, unfold


def test_mode_products_and_the_ridge_are_those_of_the_kronecker_product():
    rng = np.random.default_rng(0)
    factors = [rng.standard_normal(shape) for shape in ((3, 5), (6, 4), (2, 3))]
    core = rng.standard_normal((5, 4, 3))
    full = np.kron(np.kron(factors[0], factors[1]), factors[2])
    np.testing.assert_allclose(mode_product(core, factors).ravel(), full @ core.ravel())
    ridge = np.linalg.solve(full.T @ full + 0.3 * np.eye(60), core.ravel())
    np.testing.assert_allclose(KroneckerRidge(factors).solve(core, 0.3).ravel(), ridge, atol=1e-10)
    assert unfold(core, 1).shape == (4, 15)


def test_pursuit_recovers_sparse_codes_and_ksvd_lowers_the_error():
    rng = np.random.default_rng(0)
    atoms = np.linalg.qr(rng.standard_normal((20, 20)))[0]
    codes = np.zeros((20, 60))
    for column in codes.T:
        column[rng.permutation(20)[:2]] = 1 + rng.random(2)
    np.testing.assert_allclose(matching_pursuit(atoms @ codes, atoms, 2), codes, atol=1e-8)
    signals = atoms[:, :8] @ codes[:8]

    def error(iterations):
        found = ksvd(signals, 8, np.random.default_rng(1), iterations=iterations)
        np.testing.assert_allclose(np.linalg.norm(found, axis=0), 1)
        return np.linalg.norm(signals - found @ matching_pursuit(signals, found, 2))

    assert error(30) < 0.5 * error(0)


@pytest.mark.parametrize("axis", [0, 2])
def test_cstf_dictionary_solves_its_normal_equations(axis):
    rng = np.random.default_rng(0)
    w, h, s = rng.standard_normal((8, 5)), rng.standard_normal((6, 4)), rng.standard_normal((7, 3))
    rows, cols, srf = rng.random((2, 8)), rng.random((3, 6)), rng.random((2, 7))
    c = rng.standard_normal((5, 4, 3))
    y, z = rng.standard_normal((2, 3, 7)), rng.standard_normal((8, 6, 2))
    if axis == 0:
        arguments = (w, rows, y, (c, (None, cols @ h, s)), None, z, (c, (None, h, srf @ s)), 0, 0.1)
    else:
        arguments = (s, None, y, (c, (rows @ w, cols @ h, None)), srf, z, (c, (w, h, None)), 2, 0.1)
    factor, left_y, _, model_y, left_z, _, model_z, _, _ = arguments
    found = cstf.update_dictionary(*arguments)
    a, b = unfold(mode_product(*model_y), axis), unfold(mode_product(*model_z), axis)
    ly = np.eye(len(factor)) if left_y is None else left_y
    lz = np.eye(len(factor)) if left_z is None else left_z
    slope = ly.T @ (ly @ found @ a - unfold(y, axis)) @ a.T + lz.T @ (lz @ found @ b - unfold(z, axis)) @ b.T
    np.testing.assert_allclose(slope + 0.1 * (found - factor), 0, atol=1e-9)


def test_cstf_core_is_the_minimum_of_its_objective():
    rng = np.random.default_rng(0)
    fy = [rng.standard_normal(s) for s in ((2, 5), (3, 4), (7, 3))]
    fz = [rng.standard_normal(s) for s in ((8, 5), (6, 4), (2, 3))]
    y, z = rng.standard_normal((2, 3, 7)), rng.standard_normal((8, 6, 2))
    c = cstf.CoreProblem((5, 4, 3)).solve(y, z, fy, fz, 20.0, 0.1, 6000)

    def objective(c):
        data = ((y - mode_product(c, fy)) ** 2).sum() + ((z - mode_product(c, fz)) ** 2).sum()
        return data + 20 * np.abs(c).sum() + 0.1 * (c**2).sum()

    best = objective(c)
    assert (c == 0).any() and (c != 0).any()
    for scale in (1e-2, 1e-1):
        for _ in range(20):
            assert objective(c + scale * rng.standard_normal(c.shape)) > best
