"""HySure's estimation of the spectral response and the blur from a pair (Simoes et al., TGRS 2015, section IV).

First the response, on images blurred so strongly that the unknown PSF hardly matters (eq. 15-16); then, with it, the
PSF as the kernel that makes the MSI's windows explain the projected LR-HSI (eq. 14). Both are least squares with a
penalty on first differences; neither is constrained to be non-negative.
"""

import numpy as np
from scipy.ndimage import uniform_filter

from ..shared.circular import lattice
from ..shared.subspace import leading_vectors

MEAN_RADIUS = 4  # high-resolution pixels of the strong blur
MEAN_WIDTH = 2 * MEAN_RADIUS + 1


def estimate_sensors(hsi, msi, ratio, phase, support, subspace, srf_smoothness, psf_smoothness, faithful=False):
    """Return (psf, phase, srf) of a pair scaled to maximum 1; psf (k_rows, k_cols) sums to 1, srf (M, B).

    hsi (h, w, B), msi (h ratio, w ratio, M); phase: (row, col) or None for the centre of the block; support:
    (k_rows, k_cols) or None for the toolbox's 2 ratio - 1; subspace: components of the LR-HSI that the PSF's fit keeps;
    srf_smoothness, psf_smoothness: the paper's lambda_R, lambda_B. faithful: the toolbox's strong blur, support,
    orientation and centring (the kernel is fitted as a correlation, used as a convolution, one pixel off at even
    ratios).
    """
    phase = ((ratio - 1) // 2,) * 2 if phase is None else tuple(phase)
    support = (2 * ratio - 1,) * 2 if support is None or faithful else tuple(support)
    support = tuple(min(k, n) for k, n in zip(support, msi.shape[:2], strict=True))
    hsi, msi = hsi.astype(np.float64), msi.astype(np.float64)
    radius = int(MEAN_RADIUS / ratio + 0.5) if faithful else round((MEAN_WIDTH / ratio - 1) / 2)
    srf = estimate_srf(hsi, msi, ratio, phase, radius, srf_smoothness)
    basis = leading_vectors(hsi.reshape(-1, hsi.shape[2]), subspace)
    psf = estimate_psf((hsi @ basis.T) @ (basis @ srf.T), msi, ratio, phase, support, psf_smoothness)
    gain = psf.sum()
    if gain <= 0:  # a dark pair carries no information about the blur
        psf, gain = np.ones(support), support[0] * support[1]
        srf = srf * gain
    psf, srf = psf / gain, srf / gain
    if faithful:
        off = 2 * (1 - ratio % 2)
        psf = np.pad(psf[::-1, ::-1], ((off, 0), (off, 0)))
    return psf, phase, srf


def estimate_srf(hsi, msi, ratio, phase, radius, smoothness):
    """Return the SRF (M, B): least squares of the strongly blurred, sampled MSI on the LR-HSI, blurred by a mean
    filter.
    """
    low = uniform_filter(msi, (MEAN_WIDTH, MEAN_WIDTH, 1), mode="wrap")[lattice(phase, ratio, msi.shape[:2])]
    spectra = uniform_filter(hsi, (2 * radius + 1,) * 2 + (1,), mode="wrap").reshape(-1, hsi.shape[2])
    return solve(
        spectra.T @ spectra + smoothness * roughness(hsi.shape[2]), spectra.T @ low.reshape(-1, msi.shape[2])
    ).T


def estimate_psf(target, msi, ratio, phase, support, smoothness):
    """Return the PSF (k_rows, k_cols), not normalised: weights of the MSI's windows that give target (h, w, M)."""
    windows, inside = cut_windows(msi, ratio, phase, support)
    inside = inside if inside.any() else np.ones_like(inside)
    windows = windows[inside].reshape(-1, support[0] * support[1])
    rows, cols = (roughness(k) for k in support)
    penalty = np.kron(rows, np.eye(support[1])) + np.kron(np.eye(support[0]), cols)
    kernel = solve(windows.T @ windows + smoothness * penalty, windows.T @ target[inside].ravel())
    return kernel.reshape(support)


def cut_windows(msi, ratio, phase, support):
    """Return windows (h, w, M, k_rows, k_cols) around the sampled pixels, wrapped, and which stay inside (h, w)."""
    index, inside = [], []
    for size, start, k in zip(msi.shape[:2], phase, support, strict=True):
        first = np.arange(size // ratio) * ratio + start - (k - 1) // 2
        index.append((first[:, None] + np.arange(k)) % size)
        inside.append((first >= 0) & (first + k <= size))
    windows = msi[index[0][:, None, :, None], index[1][None, :, None, :]]
    return np.moveaxis(windows, -1, 2), inside[0][:, None] & inside[1][None]


def roughness(size):
    """Return D^T D of the first differences between ``size`` neighbours."""
    differences = np.diff(np.eye(size), axis=0)
    return differences.T @ differences


def solve(matrix, right):
    """Solve a positive semidefinite system; a jitter of 1e-12 of its mean diagonal makes it definite."""
    size = len(matrix)
    return np.linalg.solve(matrix + max(1e-12 * np.trace(matrix) / size, 1e-300) * np.eye(size), right)
