"""The Cramer-Rao bound: its derivatives are those of the model, and the maximum-likelihood estimate reaches it."""

import numpy as np
import pytest

from mossfuse.benchmark.results.cramer_rao import Coupled, compose, derivative, mean_variance_bound

rng = np.random.default_rng(4)


def model(sigma=1e-3, rank=2):
    a, b, c = (rng.random((n, rank)) + 0.2 for n in (6, 4, 5))
    rows, cols = np.kron(np.eye(3), [[0.7, 0.3]]), np.kron(np.eye(2), [[0.5, 0.5]])
    return Coupled(a, b, c, rows, cols, rng.random((2, 5)), sigma, 2 * sigma)


def test_derivative_is_the_one_of_differences():
    m = model()
    factors, maps = (m.a, m.b, m.c), (m.rows, m.cols, None)
    exact = derivative(factors, maps)
    theta = np.concatenate([f.ravel() for f in factors])

    def image(values):
        a, b, c = np.split(values, np.cumsum([m.a.size, m.b.size]))
        return compose(m.rows @ a.reshape(m.a.shape), m.cols @ b.reshape(m.b.shape), c.reshape(m.c.shape)).ravel()

    steps = [(image(theta + 1e-6 * e) - image(theta - 1e-6 * e)) / 2e-6 for e in np.eye(theta.size)]
    np.testing.assert_allclose(exact, np.array(steps).T, atol=1e-7)


def test_maximum_likelihood_reaches_the_bound_and_nothing_falls_below_it():
    m = model()
    factors = (m.a, m.b, m.c)
    sizes = np.cumsum([m.a.size, m.b.size])
    errors = []
    for _ in range(60):
        images = [
            i + s * rng.standard_normal(i.shape) for i, s in zip(m.images, (m.sigma_hsi, m.sigma_msi), strict=True)
        ]
        theta = np.concatenate([f.ravel() for f in factors])
        for _ in range(4):  # Gauss-Newton from the truth
            now = [part.reshape(f.shape) for part, f in zip(np.split(theta, sizes), factors, strict=True)]
            jacobian = np.concatenate(
                [
                    derivative(now, (m.rows, m.cols, None)) / m.sigma_hsi,
                    derivative(now, (None, None, m.srf)) / m.sigma_msi,
                ]
            )
            seen = (compose(m.rows @ now[0], m.cols @ now[1], now[2]), compose(now[0], now[1], m.srf @ now[2]))
            rest = [((i - s) / n).ravel() for i, s, n in zip(images, seen, (m.sigma_hsi, m.sigma_msi), strict=True)]
            theta = theta + np.linalg.pinv(jacobian, rcond=1e-8) @ np.concatenate(rest)
        a, b, c = (part.reshape(f.shape) for part, f in zip(np.split(theta, sizes), factors, strict=True))
        errors.append(((compose(a, b, c) - m.scene) ** 2).mean())
    assert np.mean(errors) == pytest.approx(mean_variance_bound(m), rel=0.12)


def test_bound_grows_with_the_variance_of_the_noise():
    m = model()
    louder = Coupled(**{**vars(m), "sigma_hsi": 3 * m.sigma_hsi, "sigma_msi": 3 * m.sigma_msi})
    assert mean_variance_bound(louder) == pytest.approx(9 * mean_variance_bound(m))
