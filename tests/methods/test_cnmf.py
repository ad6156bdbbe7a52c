"""CNMF: its updates and the number of materials."""

import numpy as np

from baselines import cnmf
from helpers.classical_runs import observe, run


def test_cnmf_updates_never_raise_the_cost():
    rng = np.random.default_rng(0)
    y, w, h = rng.random((12, 30)), rng.random((12, 4)), rng.random((4, 30))

    def cost(w, h):
        return ((y - w @ h) ** 2).sum() + 0.25 * ((1 - h.sum(0)) ** 2).sum()

    for _ in range(10):
        before = cost(w, h)
        h = cnmf.update_abundances(y, w, h, 0.5)
        between = cost(w, h)
        w = cnmf.update_endmembers(y, w, h)
        assert cost(w, h) <= between <= before


def test_blockwise_abundances_equal_the_plain_update():
    rng = np.random.default_rng(0)
    msi, w, maps = rng.random((70, 80, 3)), rng.random((3, 5)), rng.random((70, 80, 5))
    expected = maps.reshape(-1, 5).T
    for _ in range(6):
        expected = cnmf.update_abundances(msi.reshape(-1, 3).T, w, expected, 0.3)
    found = cnmf.unmix_msi(msi, w, maps, 0.3, 3)
    np.testing.assert_allclose(found.reshape(-1, 5).T, expected, rtol=1e-4)


def test_abundances_never_leave_zero_so_they_start_above_it(monkeypatch):
    rng = np.random.default_rng(0)
    h = rng.random((4, 30)) * (rng.random((4, 30)) > 0.3)
    updated = cnmf.update_abundances(rng.random((12, 30)), rng.random((12, 4)), h, 0.5)
    assert ((updated == 0) == (h == 0)).all() and (h == 0).any()
    starts = []
    fit = cnmf.unmix_msi
    monkeypatch.setattr(cnmf, "unmix_msi", lambda *a: starts.append(a[2].copy()) or fit(*a))
    maps = np.kron(np.eye(4)[rng.integers(0, 4, (12, 12))].reshape(12, 12, 4), np.ones((4, 4, 1)))
    run("cnmf", observe(maps @ rng.random((4, 20)), rng.dirichlet(np.ones(20), 3), 4), iterations=50, endmembers=4)
    assert starts[0].min() == cnmf.LEAST


def test_virtual_dimension_counts_the_materials():
    rng = np.random.default_rng(0)
    spectra = rng.random((4, 30))
    pixels = rng.dirichlet(np.ones(4), 5000) @ spectra + 1e-3 * rng.standard_normal((5000, 30))
    assert 3 <= cnmf.virtual_dimension(pixels) <= 5
