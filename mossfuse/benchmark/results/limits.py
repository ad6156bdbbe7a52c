"""Limits that no method passes: reconstructions that read the truth, scored beside the methods and never ranked with them.

They stand outside the interface of methods, which has no truth, and are computed from the prepared scene and the pair when a run is
finished (``mossfuse bench limits``). Each says how far one idea can lead:

- ``oracle-subspace-K``: the truth on its own K leading principal components, what any method that assumes K dimensions leaves out;
- ``oracle-pixel``: the best affine map from a pixel's MSI values to its spectrum, fitted on the truth;
- ``oracle-null``: the cube of least norm that agrees with both images under the true PSF and SRF; it reads the sensor and not the truth;
- ``oracle-wiener``: the posterior mean for Gaussian pixels with the truth's mean and spectral covariance, independent in space, under the true
  sensor and noise. It is the best linear estimate under that prior, and methods that use neighbouring pixels can pass it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from mossfuse.physics.sampling import BlurSample, operator_of
from mossfuse.protocol import Observation

DIMENSIONS = (3, 5, 10)
STEPS = 200  # of conjugate gradients, where windows overlap
TOLERANCE = 1e-10
NEGLIGIBLE = 1e-12  # variance of a component over the largest one


def limits(truth: np.ndarray, pair: Observation) -> Iterator[tuple[str, np.ndarray]]:
    """Yield (name, cube (H, W, B) float64) of every limit of a scene under its pair."""
    x, msi, hsi = (np.asarray(image, np.float64) for image in (truth, pair.msi, pair.hsi))
    operator, srf = operator_of(pair), np.asarray(pair.sensor.srf, np.float64)
    mean, covariance = statistics(x)
    for count in DIMENSIONS:
        if count < x.shape[2]:
            yield f"oracle-subspace-{count}", on_subspace(x, mean, covariance, count)
    yield "oracle-pixel", from_pixels(x, msi)
    yield "oracle-null", least_norm(hsi, msi, srf, operator)
    noise = tuple(np.zeros(1) if n is None else n for n in (pair.sensor.noise_hsi, pair.sensor.noise_msi))
    yield "oracle-wiener", posterior_mean(hsi, msi, srf, operator, mean, covariance, (noise[0], noise[1]))


def statistics(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean (B,) and covariance (B, B) of a cube's spectra."""
    spectra = x.reshape(-1, x.shape[2])
    return spectra.mean(0), np.atleast_2d(np.cov(spectra, rowvar=False, bias=True))


def on_subspace(x: np.ndarray, mean: np.ndarray, covariance: np.ndarray, count: int) -> np.ndarray:
    """Return the cube on the leading eigenvectors of its covariance."""
    basis = np.linalg.eigh(covariance)[1][:, -count:]
    return mean + (x - mean) @ basis @ basis.T


def from_pixels(x: np.ndarray, msi: np.ndarray) -> np.ndarray:
    """Return the affine least-squares prediction of the cube from the MSI, fitted on the cube itself."""
    features = np.concatenate([msi.reshape(-1, msi.shape[2]), np.ones((msi[..., 0].size, 1))], axis=1)
    weights, *_ = np.linalg.lstsq(features, x.reshape(-1, x.shape[2]), rcond=None)
    return (features @ weights).reshape(x.shape)


def least_norm(hsi: np.ndarray, msi: np.ndarray, srf: np.ndarray, operator: BlurSample) -> np.ndarray:
    """Return the cube of least norm with ``H x = hsi`` and ``x srf^T = msi``.

    Its part in the SRF's row space is fixed by the MSI; the rest is the least-norm solution of the HSI's part in the null space.
    """
    rank = np.linalg.matrix_rank(srf)
    null = np.linalg.svd(srf)[2][rank:].T
    fixed = msi @ np.linalg.pinv(srf).T
    residual = (hsi - operator(fixed)) @ null
    return fixed + operator.adjoint(solve(operator, residual, np.zeros(null.shape[1]))) @ null.T


def posterior_mean(
    hsi: np.ndarray, msi: np.ndarray, srf: np.ndarray, operator: BlurSample, mean: np.ndarray, covariance: np.ndarray,
    noise: tuple[np.ndarray, np.ndarray],
) -> np.ndarray:  # fmt: skip
    """Return E[x | hsi, msi] where pixels are independent and Gaussian with this mean and covariance.

    noise: standard deviations (bands,) of the HSI's and the MSI's white noise; the HSI's is taken as its root mean square.
    First the MSI conditions each pixel: mean x0, covariance S. Then, in the eigenvectors of S, the HSI's residual is spread:
    x = x0 + H^T (H H^T + sigma^2 / lambda_k)^-1 (hsi - H x0)_k.
    """
    seen = srf @ covariance @ srf.T + np.diag(np.broadcast_to(noise[1] ** 2, srf.shape[0]))
    gain = covariance @ srf.T @ np.linalg.pinv(seen, rcond=NEGLIGIBLE, hermitian=True)
    first = mean + (msi - mean @ srf.T) @ gain.T
    left = covariance - gain @ srf @ covariance
    values, vectors = np.linalg.eigh((left + left.T) / 2)
    kept = values > NEGLIGIBLE * max(values[-1], np.finfo(float).tiny)
    values, vectors = values[kept], vectors[:, kept]
    residual = (hsi - operator(first)) @ vectors
    return first + operator.adjoint(solve(operator, residual, (noise[0] ** 2).mean() / values)) @ vectors.T


def solve(operator: BlurSample, right: np.ndarray, damping: np.ndarray) -> np.ndarray:
    """Return u (h, w, C) with (H H^T + damping_c) u_c = right_c: at once where windows do not overlap, else by conjugate gradients."""
    if operator.one_block:
        return right / (operator.gain + damping)
    u, rest = np.zeros_like(right), right.copy()
    along, size = rest.copy(), (rest**2).sum((0, 1))
    start = np.maximum(size, np.finfo(float).tiny)
    for _ in range(STEPS):
        if (size <= TOLERANCE**2 * start).all():
            break
        image = operator(operator.adjoint(along)) + damping * along
        step = np.divide(size, (along * image).sum((0, 1)), out=np.zeros_like(size), where=size > 0)
        u += step * along
        rest -= step * image
        new = (rest**2).sum((0, 1))
        along = rest + np.divide(new, size, out=np.zeros_like(size), where=size > 0) * along
        size = new
    return u


def score_limits(truth: Path, pair: Path, conventions: tuple[str, ...]) -> Iterator[tuple[str, str, str, float]]:
    """Yield (limit, convention, metric, value) of a scene from the files of its truth and of its pair."""
    from mossfuse.benchmark.data.labels import read_truth
    from mossfuse.benchmark.data.pairs import read_pair
    from mossfuse.metrics.scoring import score_all

    reference, facts = read_truth(truth)
    observation = read_pair(pair)
    for name, cube in limits(reference, observation):
        for convention, scores in score_all(reference, cube, observation.ratio, conventions, facts).items():
            yield from ((name, convention, metric, value) for metric, value in scores.values.items())
