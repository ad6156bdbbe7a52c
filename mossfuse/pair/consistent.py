"""Make what was filled obey the sensor that the measured part of a pair shows, so that gaps bias no estimate around them.

The sensor is estimated on the largest rectangle without gaps or, where there is none, on the pixels whose surroundings were measured. Under its PSF, LR where only HR was measured follows from an affine
regression on the blurred MSI; and HR where it was not measured is changed until, blurred, it is what LR predicts of it, as closely as that
holds where HR was measured (regularised least squares by conjugate gradients; Hestenes and Stiefel, J. Res. NBS 49, 1952).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mossfuse.physics.fill import predict
from mossfuse.physics.projection import msi_gain, spectral_covariance
from mossfuse.physics.sampling import BlurSample

SIDE = 12  # LR pixels of the rectangle along each axis, at least
COMPONENTS = 64  # of the image that predicts
STEPS = 40
BEYOND = 0.25  # of the measured range, that a filled pixel may lie outside it
ENOUGH = 1e-6  # of the gradient, at which the search ends


@dataclass(frozen=True)
class Blur:
    """The cameras of the measured part: kernel (rows, cols), the phase it is centred on, and R (M, B) in the images' own units.

    srf: None where HR sees light that LR does not, so that no response explains it.
    """

    psf: np.ndarray
    phase: tuple[int, int]
    srf: np.ndarray | None = None


def clean_rectangle(measured: np.ndarray) -> tuple[slice, slice] | None:
    """Return the largest rectangle of LR pixels (h, w) that were all measured; None where it is smaller than SIDE."""
    return largest_rectangle(measured, SIDE)


def largest_rectangle(measured: np.ndarray, side: int) -> tuple[slice, slice] | None:
    """Return the largest rectangle of an image (rows, cols) whose pixels are all ``measured``; None where each is narrower than ``side``."""
    best, place = 0, None
    heights = np.zeros(measured.shape[1], int)
    for row, line in enumerate(measured):
        heights = np.where(line, heights + 1, 0)
        open_at: list[tuple[int, int]] = []  # (first column, height) of rectangles that may grow
        for col, height in enumerate([*heights.tolist(), 0]):
            start = col
            while open_at and open_at[-1][1] >= height:
                start, tall = open_at.pop()
                area = tall * (col - start)
                if area > best and tall >= side and col - start >= side:
                    best, place = area, (slice(row - tall + 1, row + 1), slice(start, col))
            open_at.append((start, height))
    return place


def fill_by_sensor(
    low: np.ndarray, high: np.ndarray, low_measured: np.ndarray, high_measured: np.ndarray, ratio: int, blur: Blur
) -> tuple[np.ndarray, np.ndarray]:
    """Return LR (h, w, B) and HR (H, W, M), float32, whose gaps (already filled smoothly) obey the sensor.

    low_measured: (h, w), high_measured: (H, W). With a response, what LR says of the blurred HR is R y, and an LR pixel that was not measured agrees with HR
    under R; without one both follow from an affine regression over the pixels that both measured.
    """
    operator = BlurSample(blur.psf, blur.phase, ratio, high.shape[:2])
    whole = operator(high_measured.astype(np.float64)) > 1 - 1e-9  # LR pixels whose window was measured in HR
    both = whole & low_measured
    few = both.sum() <= 10 * low.shape[2] and both.sum() < 200
    if few and blur.srf is None:
        return low, high
    blurred = operator(high.astype(np.float64))
    lacking = whole & ~low_measured
    if lacking.any():
        guess = low if few else predict(blurred, low, both, COMPONENTS)
        if blur.srf is not None:
            guess = agreeing(guess, blurred, blur.srf, low[both])
        low = np.where(lacking[..., None], near_range(guess, low[low_measured]), low).astype(np.float32)
    if whole.all():
        return low, high
    target = predict(low, blurred, both, COMPONENTS) if blur.srf is None else low.astype(np.float64) @ blur.srf.T
    doubt = np.square(target - blurred)[both].mean(0) / np.maximum(high[high_measured].var(0), np.finfo(float).tiny)
    found = solve(operator, high, ~high_measured, np.where(whole[..., None], blurred, target), ~whole, doubt)
    known = high[high_measured]
    return low, np.where(high_measured[..., None], high, near_range(found, known)).astype(np.float32)


def near_range(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return values (..., bands) cut to the range of what was measured, (n, bands), and a quarter more: from few pixels a regression says anything."""
    low, high = known.min(0), known.max(0)
    return np.clip(values, low - BEYOND * (high - low), high + BEYOND * (high - low))


def agreeing(spectra: np.ndarray, seen: np.ndarray, srf: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return spectra (..., B) changed as little as their covariance allows until R spectra = ``seen`` (..., M); known: (n, B), which give the covariance."""
    gain = msi_gain(spectral_covariance(known[None]), srf)
    return spectra + (seen - spectra @ srf.T) @ gain.T


def solve(
    operator: BlurSample, high: np.ndarray, free: np.ndarray, target: np.ndarray, bound: np.ndarray, doubt: np.ndarray
) -> np.ndarray:
    """Return HR with its ``free`` (H, W) pixels changed so that H HR is near target (h, w, M) at the pixels ``bound`` (h, w).

    doubt: (M,) mean square of the target's errors over the variance of HR: the weight of the change's own square, without which pixels that
    a window hardly sees would be changed without limit. Conjugate gradients on the normal equations, each band on its own scale.
    """
    change = np.zeros(high.shape)
    left = (target - operator(high.astype(np.float64))) * bound[..., None]
    gradient = operator.adjoint(left) * free[..., None]
    direction, size = gradient, (gradient**2).sum((0, 1))
    first, tiny = float(np.sqrt(size.sum())), np.finfo(float).tiny
    for _ in range(STEPS):
        image = operator(direction) * bound[..., None]
        step = size / np.maximum((image**2).sum((0, 1)) + doubt * (direction**2).sum((0, 1)), tiny)
        change += step * direction
        left -= step * image
        gradient = operator.adjoint(left) * free[..., None] - doubt * change
        new = (gradient**2).sum((0, 1))
        if np.sqrt(new.sum()) <= ENOUGH * first:
            break
        direction, size = gradient + new / np.maximum(size, tiny) * direction, new
    return (high + change).astype(np.float32)
