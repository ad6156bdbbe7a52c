"""Projections between the spectra of the two images: C, P = C R^T (R C R^T)^-1, the null space of R, Wiener.

Notation: hsi pixels y (B bands), msi pixels m (M bands), R the SRF (M, B), C the covariance of the HSI's pixels.
"""

import numpy as np

LOADING = 1e-6  # of the mean variance, added to the diagonal of C
ROWS = 64  # rows projected at once
SMALLEST = 1e-12  # absolute floor of that loading, so that a constant image has an invertible covariance


def pixels(image: np.ndarray) -> np.ndarray:
    """Return the pixels of an image (rows, cols, bands) as (rows * cols, bands) float64."""
    return image.reshape(-1, image.shape[-1]).astype(np.float64)


def spectral_covariance(hsi: np.ndarray) -> np.ndarray:
    """Return C: the covariance (B, B) of the pixels of (h, w, B) about their mean, diagonally loaded; float64."""
    y = pixels(hsi)
    y = y - y.mean(0)
    return load_diagonal(y.T @ y / len(y))


def load_diagonal(covariance: np.ndarray) -> np.ndarray:
    """Return the covariance with LOADING times its mean variance on the diagonal."""
    bands = len(covariance)
    return covariance + max(LOADING * np.trace(covariance) / bands, SMALLEST) * np.eye(bands)


def msi_gain(covariance: np.ndarray, srf: np.ndarray, noise: np.ndarray | None = None) -> np.ndarray:
    """Return P = C R^T (R C R^T + N)^-1, (B, M) float64: the best linear guess of a spectrum from its MSI pixel.

    noise: N = diag(noise^2), standard deviation per MSI band (M,), or the covariance N (M, M) itself; or None: then
    R P R = R, so a projected cube reproduces the MSI exactly (and where N is zero, it reproduces that band).
    """
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.maximum(values, 0))
    seen = np.asarray(srf, np.float64) @ root
    if noise is not None:
        noise = np.asarray(noise, np.float64)
        seen = np.concatenate([seen, np.diag(noise) if noise.ndim == 1 else symmetric_root(noise)], 1)
    return root @ np.linalg.pinv(seen, rcond=1e-12)[: len(root)]  # of the root: half the digits lost with R C R^T


def symmetric_root(covariance: np.ndarray) -> np.ndarray:
    """Return the symmetric square root of a covariance matrix."""
    values, vectors = np.linalg.eigh(covariance)
    return (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T


def project_on_msi(cube: np.ndarray, msi: np.ndarray, srf: np.ndarray, gain: np.ndarray) -> np.ndarray:
    """Return X + (M - X R^T) P^T for a cube (rows, cols, B), float32; afterwards X R^T = M.

    In float64 inside, because P is large where the MSI's bands overlap much.
    """
    out = np.empty(cube.shape, np.float32)
    srf = np.asarray(srf, np.float64)
    for start in range(0, len(cube), ROWS):
        rows = slice(start, start + ROWS)
        x = cube[rows].astype(np.float64)
        out[rows] = x + (msi[rows] - x @ srf.T) @ gain.T
    return out


def leading_subspace(hsi: np.ndarray, count: int) -> np.ndarray:
    """Return (B, count) orthonormal: the first right singular vectors of the (uncentred) HSI pixels."""
    return np.linalg.svd(pixels(hsi), full_matrices=False)[2][:count].T


def wiener(hsi: np.ndarray, noise: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (denoised hsi, mean (B,), covariance (B, B)) of an HSI (h, w, B) with white noise of deviation ``noise``.

    The eigenvalues of the sample covariance lose 0.8 of the largest noise eigenvalue to be expected from n pixels,
    noise^2 (1 + sqrt(B / n))^2 (Marchenko and Pastur, 1967); spectra are shrunk by the remaining share.
    """
    y = pixels(hsi)
    mean = y.mean(0)
    values, vectors = np.linalg.eigh((y - mean).T @ (y - mean) / len(y))
    signal = np.maximum(values - 0.8 * noise**2 * (1 + np.sqrt(len(mean) / len(y))) ** 2, 0)
    share = signal / np.maximum(values, np.finfo(float).tiny)
    clean = mean + (y - mean) @ (vectors * share) @ vectors.T
    return clean.reshape(hsi.shape), mean, load_diagonal((vectors * signal) @ vectors.T)


def null_part(values: np.ndarray, srf: np.ndarray, gain: np.ndarray) -> np.ndarray:
    """Return values - (values R^T) P^T: the part of spectra (..., B) that the MSI does not see."""
    return values - (values @ srf.T) @ gain.T
