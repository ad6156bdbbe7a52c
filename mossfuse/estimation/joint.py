"""Fit one PSF and one SRF to several degraded pairs by linear least squares (variable projection)."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from mossfuse.errors import MossFuseError
from mossfuse.estimation.windows import msi_windows
from mossfuse.physics.psf_geometry import Geometry
from mossfuse.physics.tensors import gaussian_kernel
from mossfuse.protocol import Observation

RIDGE = 1e-9  # times the mean energy of an HSI band: keeps the SRF finite where bands depend on each other

FIRST_GUESSES = (0.5, 1.0, 2.0, 4.0, 8.0)  # sigmas in pixels from which the PSF fit starts


def fit_operators(pairs: Sequence[Observation], geometry: Geometry) -> tuple[np.ndarray, np.ndarray]:
    """Fit the PSF and the SRF common to all pairs, least squares: (factor (2, 2), srf (M, B)), float64.

    Minimises the sum over pixels of |blurred MSI - projected HSI|^2. For a given PSF the best SRF is linear least
    squares, so only the PSF's three numbers are searched (variable projection, Golub and Pereyra 1973); the SRF then
    is the non-negative solution, rows scaled to sum 1. Neither the truth nor a seed is involved.
    """
    from scipy.optimize import least_squares, nnls

    windows_windows: Any = 0.0
    hsi_windows: Any = 0.0
    hsi_hsi: Any = 0.0
    for pair in pairs:
        spectra = pair.hsi.reshape(-1, pair.hsi.shape[2]).astype(np.float64)
        windows = msi_windows(pair, geometry)
        hsi_hsi = hsi_hsi + spectra.T @ spectra
        hsi_windows = hsi_windows + np.stack([spectra.T @ band for band in windows])
        windows_windows = windows_windows + sum(band.T @ band for band in windows)
    bands = len(hsi_hsi)
    if not hsi_hsi.any():
        raise MossFuseError("every LR-HSI of the training pairs is black; train on scenes with light in them")
    hsi_hsi = hsi_hsi + RIDGE * np.trace(hsi_hsi) / bands * np.eye(bands)
    unexplained = windows_windows - sum(hw.T @ np.linalg.solve(hsi_hsi, hw) for hw in hsi_windows)
    energy, axes = np.linalg.eigh(unexplained)
    root = np.sqrt(np.maximum(energy, 0) / energy[-1])[:, None] * axes.T

    def kernel(triangle: np.ndarray) -> np.ndarray:
        factor = torch.tensor([[triangle[0], 0.0], [triangle[1], triangle[2]]], dtype=torch.float64)
        return gaussian_kernel(factor, geometry.size).numpy().ravel()

    fits = [
        least_squares(lambda t: root @ kernel(t), [1 / sigma, 0.0, 1 / sigma], xtol=1e-12, ftol=1e-15, gtol=1e-15)
        for sigma in FIRST_GUESSES
    ]
    triangle = min(fits, key=lambda fit: fit.cost).x
    factor = np.array([[triangle[0], 0.0], [triangle[1], triangle[2]]])
    half = np.linalg.cholesky(hsi_hsi).T
    srf = np.stack([nnls(half, np.linalg.solve(half.T, hw @ kernel(triangle)))[0] for hw in hsi_windows])
    if not srf.any(1).all():
        raise MossFuseError(
            f"no SRF explains MSI band {int(np.argmin(srf.sum(1)))} of the training pairs; is it all zero?"
        )
    return factor, srf / srf.sum(1, keepdims=True)
