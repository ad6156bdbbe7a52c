"""Non-negative least squares and the SRF found with it."""

import numpy as np

from baselines.shared.nnls import estimate_srf, nonnegative_fit


def test_non_negative_fit_satisfies_the_optimality_conditions():
    rng = np.random.default_rng(0)
    design, targets = rng.random((40, 5)), rng.standard_normal((40, 6))
    for free in (False, True):
        weights, offset = nonnegative_fit(design, targets, free)
        residual = design @ weights + offset - targets
        slope = design.T @ residual
        assert (weights >= 0).all() and (weights == 0).any()
        assert np.abs(slope[weights > 0]).max() < 1e-9 and slope[weights == 0].min() > -1e-9
        level = residual.sum(0)
        assert np.abs(level).max() < 1e-9 if free else (np.abs(level * offset).max() < 1e-9 and level.min() > -1e-9)


def test_srf_and_offset_are_recovered_from_clean_images():
    rng = np.random.default_rng(0)
    hsi, srf = rng.random((9, 9, 12)), rng.random((3, 12)) * (rng.random((3, 12)) > 0.4)
    found, offset = estimate_srf(hsi, hsi @ srf.T - 0.2)
    np.testing.assert_allclose(found, srf, atol=1e-9)
    np.testing.assert_allclose(offset, -0.2, atol=1e-9)
