"""A PSF of any shape, by one linear solve around the best Gaussian.

The residual H M - y R^T at the best unconstrained R is linear in the PSF: (I - Q Q^T) A p, with Q an orthonormal basis of
the HSI's pixels and A the MSI's windows. p = g + L z, with L L^T a smooth prior covariance under a Gaussian envelope;
the weight of the prior is chosen by generalised cross-validation (Golub, Heath, Wahba, Technometrics 21(2), 1979).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mossfuse.estimation.gaussian_fits import Size, SrfFit
from mossfuse.estimation.windows import Windows

ENVELOPE = 1.5  # width of the prior's envelope over the Gaussian's
LENGTH = 1.5  # the Gaussian's width over the correlation length of the departures from it
NARROWEST = 0.7  # smallest correlation length, px
SMALLEST = 1e-10  # prior variances below this share of the largest are left out


def free_form(windows: Windows, fit: SrfFit, psf: np.ndarray, facts: Mapping[str, Any]) -> np.ndarray:
    """Return the PSF of ``windows`` that departs from a Gaussian ``psf`` (its sigma and centre in ``facts``) as far as needed."""
    sigma = min(float(np.sqrt(np.mean(np.square(facts["sigma"])))), max(psf.shape))
    count, bands = len(windows.low), windows.bands
    matrix = windows.matrix.reshape(count, -1)  # (n, M k k)
    target: float | np.ndarray
    if fit.known is None:
        seen = matrix - fit.q @ (fit.q.T @ matrix)
        target, equations = 0.0, bands * max(count - fit.hsi.shape[1], count / 4)
    else:
        seen, target, equations = matrix, (fit.hsi @ fit.known.T).ravel(), bands * count
    seen = seen.reshape(count * bands, -1)
    away = departures(psf.shape, sigma, facts["centre"])
    away = away - np.outer(psf.ravel(), away.sum(0))  # the sum stays 1
    wanted = target - seen @ psf.ravel()
    left, values, right = np.linalg.svd(seen @ away, full_matrices=False)
    inside = left.T @ wanted
    outside = max((wanted**2).sum() - (inside**2).sum(), 0.0)
    best: tuple[float, np.ndarray] = np.inf, np.zeros(len(values))
    for weight in values[0] ** 2 * np.logspace(-14, 2, 60):
        share = values**2 / np.maximum(values**2 + weight, np.finfo(float).tiny)
        freedom = share.sum()
        if freedom < 0.9 * equations:
            score = ((((1 - share) * inside) ** 2).sum() + outside) / (equations - freedom) ** 2
            if score < best[0]:
                best = score, share / np.maximum(values, np.finfo(float).tiny) * inside
    found = np.maximum(psf + (away @ (right.T @ best[1])).reshape(psf.shape), 0)
    return found / found.sum()


def departures(size: Size, sigma: float, centre: Sequence[float]) -> np.ndarray:
    """Return L (k_rows k_cols, count): square root of the prior covariance of the PSF's departure from a Gaussian."""
    length = max(sigma / LENGTH, NARROWEST)
    roots = []
    for n, middle in zip(size, centre, strict=True):
        at = np.arange(n) - (n - 1) / 2 - middle
        envelope = np.exp(-0.5 * (at / (ENVELOPE * sigma)) ** 2)
        smooth = np.exp(-0.5 * ((at[:, None] - at) / length) ** 2)
        values, vectors = np.linalg.eigh(envelope[:, None] * smooth * envelope)
        roots.append(vectors * np.sqrt(np.maximum(values, 0)))
    kept = np.multiply.outer(*((r**2).sum(0) for r in roots))
    rows, cols = np.nonzero(kept > SMALLEST * kept.max())
    return np.einsum("ik,jk->ijk", roots[0][:, rows], roots[1][:, cols]).reshape(-1, len(rows))
