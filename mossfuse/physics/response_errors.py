"""Cameras that are not what their data sheet says: responses (M, B) over bands, and PSFs, that differ from the known ones."""

from __future__ import annotations

import numpy as np

SIGMAS = 3  # half the support of the extra blur


def shift_response(srf: np.ndarray, wavelengths: np.ndarray, nanometres: float) -> np.ndarray:
    """Return the responses moved by so many nm towards longer wavelengths (linear interpolation, held at the ends).

    Every row keeps its sum.
    """
    moved = np.stack([np.interp(wavelengths - nanometres, wavelengths, row) for row in srf])
    return moved * (srf.sum(1) / np.maximum(moved.sum(1), np.finfo(float).tiny))[:, None]


def mix_channels(srf: np.ndarray, share: float) -> np.ndarray:
    """Return the responses with crosstalk: every channel has this share of the mean of the other channels."""
    others = (srf.sum(0) - srf) / (srf.shape[0] - 1)
    return (1 - share) * srf + share * others


def blur_psf(psf: np.ndarray, sigma: float) -> np.ndarray:
    """Return the PSF convolved with a Gaussian of ``sigma`` pixels, cut at three sigma, on a window that is larger by as much."""
    half = int(np.ceil(SIGMAS * sigma))
    line = np.exp(-0.5 * (np.arange(-half, half + 1) / sigma) ** 2)
    line /= line.sum()
    rows = np.apply_along_axis(np.convolve, 0, psf, line)
    return np.apply_along_axis(np.convolve, 1, rows, line)
