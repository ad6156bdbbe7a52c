"""The PSF of a pair whose MSI sees light that the HSI does not: what the two share decides, not what is left over.

A least-squares fit of H M on y is biased there, because every wider PSF also shrinks what cannot be explained. Instead
the share of H M that no combination of the HSI's bands explains is measured direction by direction: its determinant,
prod_k (1 - rho_k^2) over the canonical correlations rho_k of H M and y (H. Hotelling, Biometrika 28, 1936), is scale
free and vanishes at the true PSF as soon as one combination of the MSI's bands is seen by the HSI.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from mossfuse.estimation.gaussian_fits import Size, fit_free, fit_isotropic, gaussian_fit
from mossfuse.estimation.windows import Windows

SMALLEST = 1e-4  # singular values of the HSI below this share of the largest are left out
DIRECTIONS = 1 / 3  # most directions of the HSI, over its pixels


class SharedFit:
    """Share of blurred MSI pixels that the HSI's pixels (n, B) leave unexplained."""

    def __init__(self, hsi: np.ndarray) -> None:
        left, values, _ = np.linalg.svd(hsi - hsi.mean(0), full_matrices=False)
        kept = min(int((values > SMALLEST * values[0]).sum()), max(int(DIRECTIONS * len(hsi)), 1))
        self.basis = left[:, :kept]

    def error(self, low: np.ndarray) -> np.ndarray:
        """Return (n M,): the unexplained part of ``low`` (n, M), scaled so that its squares sum to the determinant's M-th root."""
        whitened, triangle = np.linalg.qr(low - low.mean(0))
        size = np.abs(np.diag(triangle))
        whitened = whitened * (size > 1e-12 * max(size.max(), np.finfo(float).tiny))
        left = whitened - self.basis @ (self.basis.T @ whitened)
        shares = np.maximum(np.linalg.eigvalsh(left.T @ left), 1e-15)
        return left.ravel() * np.sqrt(np.exp(np.log(shares).mean()) / shares.sum())


def fit_shared_psf(
    windows: Windows, size: Size, family: str, rival: np.ndarray | None
) -> tuple[np.ndarray, dict[str, Any]] | None:
    """Fit the Gaussian that leaves the smallest share unexplained: (psf, facts), or None if ``rival`` (a PSF) leaves less.

    windows, size, family: as for mossfuse.estimation.sensor_fit.fit_psf, without PSFs of free shape. facts: family, sigma, angle,
    centre.
    """
    fit = SharedFit(windows.hsi)

    def error(psf: np.ndarray) -> np.ndarray:
        return fit.error(windows.blur(psf))

    def cost(psf: np.ndarray) -> float:
        return float((error(psf) ** 2).sum())

    independent = windows.bands * len(windows.low)
    sigma, least = fit_isotropic(error, size)
    fits = [gaussian_fit(size, (np.log(sigma), np.log(sigma), 0.0, 0.0, 0.0), least, 1, "isotropic")]
    tried: Sequence[tuple[bool, bool]]
    tried = {"isotropic": (), "anisotropic": ((True, False),)}.get(family, ((True, False), (False, True), (True, True)))
    for turned, moved in tried:
        shape, least = fit_free(error, size, [f["shape"] for f in fits], turned, moved)
        name = "anisotropic" if turned else "isotropic"
        fits.append(gaussian_fit(size, shape, least, 1 + 2 * turned + 2 * moved, name))
    best = min(fits, key=lambda f: independent * np.log(f["cost"]) + f["free"] * np.log(independent))
    return None if rival is not None and cost(rival) <= best["cost"] else (best["psf"], best["facts"])
