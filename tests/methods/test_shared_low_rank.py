"""Shrinkage of singular values, against plain definitions."""

import numpy as np
import pytest

from baselines.shared.low_rank import shrink_singular_values, shrink_tubal, shrink_unfolding


def by_svd(matrix, c):
    """The log-sum proximal step from its definition."""
    u, s, v = np.linalg.svd(matrix, full_matrices=False)
    return (u * np.where(s**2 >= 4 * c, (s + np.sqrt(np.maximum(s**2 - 4 * c, 0))) / 2, 0)) @ v


def test_shrinkage_minimises_the_log_penalty():
    y, c = 2.0, 0.3
    x = np.linspace(1e-3, 4, 400001)
    best = x[
        np.argmin(c * np.log(x) + (x - y) ** 2 / 2 + 1e6 * (x < 1))
    ]  # the stationary point beyond the barrier at 0
    assert abs(shrink_singular_values(np.array([[y]]), c)[0, 0] - best) < 2e-5


@pytest.mark.parametrize("shape", [(30, 8), (8, 30), (12, 12)])
def test_shrinkage_by_gram_matrices_equals_the_one_by_singular_values(shape):
    matrix = np.random.default_rng(0).standard_normal(shape)
    np.testing.assert_allclose(shrink_singular_values(matrix, 2.0), by_svd(matrix, 2.0), atol=1e-10)
    np.testing.assert_allclose(shrink_singular_values(matrix, 0.0), matrix, atol=1e-10)


def test_tubal_shrinkage_equals_the_slices_of_the_full_transform():
    rng = np.random.default_rng(1)
    patches = rng.standard_normal((17, 25, 4))
    groups = [np.array([3]), np.array([0, 5, 16]), np.array([i for i in range(17) if i not in (0, 3, 5, 16)])]
    expected = np.empty_like(patches)
    for members in groups:
        slices = np.fft.fft(patches[members], axis=1)
        for k in range(25):
            slices[:, k] = by_svd(slices[:, k], 20.0)
        expected[members] = np.fft.ifft(slices, axis=1).real
    assert np.abs(expected - patches).max() > 0.1
    np.testing.assert_allclose(shrink_tubal(patches, groups, 20.0), expected, atol=1e-9)


@pytest.mark.parametrize("mode", [0, 1, 2])
def test_unfoldings_are_those_of_the_tensor_train(mode):
    rng = np.random.default_rng(2)
    patches = rng.standard_normal((9, 16, 5))
    groups, penalty = [np.arange(3), np.arange(3, 9)], 6.0
    out = shrink_unfolding(patches, groups, 4, mode, penalty)
    for members in groups:
        d = len(members)
        tensor = patches[members].reshape(d, 4, 4, 5)
        unfolded = [
            tensor.transpose(1, 2, 3, 0).reshape(16, 5 * d),
            tensor.transpose(1, 2, 3, 0).reshape(80, d),
            tensor.transpose(1, 2, 3, 0).reshape(4, 20 * d),
        ][mode]
        weights = np.sqrt([min(16, 5 * d), min(80, d), 4])
        expected = by_svd(unfolded, penalty * weights[mode] / weights.sum()).reshape(4, 4, 5, d)
        np.testing.assert_allclose(out[members].reshape(d, 4, 4, 5), expected.transpose(3, 0, 1, 2), atol=1e-9)
