"""PSFs of optics and of movement as explicit kernels: (rows, cols) float64, non-negative, sum 1, centred on their middle pixel."""

from __future__ import annotations

import math

import numpy as np

FIRST_ZERO = 3.8317059702075125  # of the Bessel function J1
FINE = 16  # samples along a pixel's side, and along a pixel's length of a track
SIGMAS = 4  # half the support of an MTF-matched Gaussian


def radii(size: int) -> np.ndarray:
    """Return the distances (size, size) of the pixels' centres from the middle of the window, in pixels."""
    along = np.arange(size) - (size - 1) / 2
    return np.hypot(along[:, None], along[None])


def normalised(values: np.ndarray) -> np.ndarray:
    """Return the values over their sum."""
    return values / values.sum()


def airy_psf(size: int, zero: float) -> np.ndarray:
    """Return the diffraction pattern of a round aperture, (2 J1(z) / z)^2, sampled at the pixels' centres.

    zero: radius of its first dark ring in pixels (1.22 wavelength / aperture x focal length / pixel pitch).
    """
    from scipy.special import j1

    z = FIRST_ZERO * radii(size) / zero
    safe = np.where(z > 0, z, 1)
    return normalised(np.where(z > 0, (2 * j1(safe) / safe) ** 2, 1))


def moffat_psf(size: int, fwhm: float, beta: float) -> np.ndarray:
    """Return the Moffat profile (1 + (rho / alpha)^2)^-beta, sampled: a core of this full width with wings that beta sets."""
    alpha = fwhm / (2 * math.sqrt(2 ** (1 / beta) - 1))
    return normalised((1 + (radii(size) / alpha) ** 2) ** -beta)


def defocus_psf(radius: float) -> np.ndarray:
    """Return a uniform disc of this radius in pixels; a pixel counts with the part of it that the disc covers (16 x 16 samples)."""
    size = 2 * math.ceil(radius) + 1
    fine = radii(size * FINE) / FINE <= radius
    return normalised(fine.reshape(size, FINE, size, FINE).sum((1, 3)).astype(float))


def motion_psf(length: float, angle: float) -> np.ndarray:
    """Return a straight track of this length in pixels, passed at constant speed.

    angle: degrees from the row axis towards the column axis. Sixteen points for every pixel of its length, each shared
    among the four pixels around it by bilinear weights.
    """
    half = math.ceil(length / 2)
    size, count = 2 * half + 1, FINE * max(1, math.ceil(length))
    along = ((np.arange(count) + 0.5) / count - 0.5) * length
    turn = math.radians(angle)
    rows, cols = half + along * math.cos(turn), half + along * math.sin(turn)
    kernel = np.zeros((size + 1, size + 1))
    row, col = np.floor(rows).astype(int), np.floor(cols).astype(int)
    down, right = rows - row, cols - col
    for i, j, weight in ((0, 0, (1 - down) * (1 - right)), (0, 1, (1 - down) * right), (1, 0, down * (1 - right)), (1, 1, down * right)):  # fmt: skip
        np.add.at(kernel, (row + i, col + j), weight)
    return normalised(kernel[:size, :size])


def mtf_sigma(ratio: float, gain: float) -> float:
    """Return the sigma in pixels of the Gaussian whose modulation at the LR grid's Nyquist frequency, 1 / (2 ratio), is ``gain``."""
    return ratio / math.pi * math.sqrt(-2 * math.log(gain))


def mtf_psf(ratio: float, gain: float) -> np.ndarray:
    """Return the Gaussian of ``mtf_sigma``, sampled and cut at four sigma."""
    sigma = mtf_sigma(ratio, gain)
    size = 2 * math.ceil(SIGMAS * sigma) + 1
    return normalised(np.exp(-0.5 * (radii(size) / sigma) ** 2))
