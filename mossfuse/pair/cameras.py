"""What the user knows of the two cameras: spectral response, point spread function, sampling phase."""

import logging
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from mossfuse.errors import MossFuseError
from mossfuse.files import text
from mossfuse.physics.psf_geometry import official_geometry
from mossfuse.protocol import Sensor

SUMS = 1e-3  # row sums this near to 1 are 1
CALIBRATED = 0.1  # an SRF that predicts the MSI's brightness to this share as it is may be in the pair's own units
NEGATIVE = 0.01  # measured curves dip below zero by this share of their largest value and no more
log = logging.getLogger(__name__)


def sensor_of(
    low: tuple[int, ...], high: tuple[int, ...], ratio: int, srf: ArrayLike | None = None, psf: ArrayLike | None = None,
    phase: Sequence[int] | None = None, psf_size: int | Sequence[int] | None = None,
) -> Sensor:  # fmt: skip
    """Return the Sensor of an HSI of shape ``low`` and an MSI of shape ``high``; see mossfuse.pair.assemble.assemble for the rest.

    psf_shape and phase are None if neither a PSF nor its size nor its phase is given.
    """
    response = None if srf is None else normalise_rows(check_srf(srf, high[2], low[2]))
    if psf is None and phase is None and psf_size is None:
        return Sensor(srf=response)
    size, pixel = official_geometry(ratio)
    kernel = None if psf is None else check_psf(psf)
    shape = (size, size) if psf_size is None else two_numbers(psf_size, "PSF size", 1)
    if kernel is not None and psf_size is not None and shape != kernel.shape:
        raise MossFuseError(f"PSF size {text(shape)} is not that of the given PSF ({text(kernel.shape)}); leave it out")
    shape = shape if kernel is None else (kernel.shape[0], kernel.shape[1])
    if any(k > n for k, n in zip(shape, high, strict=False)):
        raise MossFuseError(f"the PSF ({text(shape)}) is larger than the MSI ({text(high[:2])}); give a smaller one")
    place = (pixel, pixel) if phase is None else two_numbers(phase, "phase", 0)
    if max(place) >= ratio:
        raise MossFuseError(f"phase {text_of(place)} lies outside the block; use rows and cols from 0 to {ratio - 1}")
    return Sensor(psf=kernel, psf_shape=shape, phase=place, srf=response)


def check_srf(srf: ArrayLike, msi_bands: int, bands: int) -> np.ndarray:
    """Return (M, B) float64 with the rows as they are, from (M, B) or (B, M); raise MossFuseError if bands are missing."""
    srf = np.asarray(srf, np.float64)
    if srf.ndim != 2 or set(srf.shape) != {msi_bands, bands} or not np.isfinite(srf).all():
        raise MossFuseError(describe_srf_misfit(srf, msi_bands, bands))
    if srf.shape != (msi_bands, bands):
        srf = srf.T
    if srf.min() < -NEGATIVE * srf.max():
        raise MossFuseError(f"the SRF goes down to {srf.min():.3g}; a response is not negative, so check the file")
    sums = srf.sum(1)
    if (sums <= 0).any():
        raise MossFuseError(
            f"the SRF of MSI band {int(np.argmin(sums)) + 1} is zero at every HSI band; give a response for it"
        )
    return srf


def normalise_rows(srf: np.ndarray) -> np.ndarray:
    """Return the SRF with rows that sum to 1."""
    return srf / srf.sum(1, keepdims=True)


def keeps_its_sums(srf: np.ndarray, hsi: np.ndarray, msi: np.ndarray) -> bool:
    """Return whether the MSI's band means (M,) are those that ``srf`` (M, B) predicts from the HSI's (B,), rows not divided.

    So it is with a response that was estimated from this pair (mossfuse estimate, srf_hat); a measured curve has a scale of its
    own. Where rows of sum 1 predict the means at least as well, the sums mean nothing.
    """
    sums = srf.sum(1)
    if np.abs(sums - 1).max() <= SUMS:
        return False
    smallest = np.finfo(float).tiny
    expected = np.maximum(srf @ hsi, smallest)
    found = np.log(np.maximum(msi, smallest))
    as_given, divided = (float(np.abs(found - np.log(e)).max()) for e in (expected, expected / sums))
    keep = as_given < min(divided, CALIBRATED)
    if keep:
        log.info("the SRF predicts how bright the MSI is, so its rows keep their sums")
    else:
        log.warning("the SRF's rows sum to %s; each was divided by its sum", ", ".join(f"{s:.4g}" for s in sums))
    return keep


def describe_srf_misfit(srf: np.ndarray, msi_bands: int, bands: int) -> str:
    """Return a sentence that says what is wrong with an SRF of this shape, and what to do."""
    needed = f"{msi_bands}x{bands} (MSI bands, HSI bands)"
    if srf.ndim == 2 and not np.isfinite(srf).all():
        return "the SRF holds NaN or infinite values; fix the file"
    if srf.ndim == 2 and msi_bands in srf.shape:
        other = srf.shape[1 - srf.shape.index(msi_bands)]
        what = f"{bands - other} HSI bands are missing" if other < bands else f"{other - bands} columns are too many"
        return f"the SRF is {text(srf.shape)} and this pair needs {needed}: {what}; resample it to the HSI's bands"
    if srf.ndim == 2 and bands in srf.shape:
        other = srf.shape[1 - srf.shape.index(bands)]
        what = (
            f"{msi_bands - other} MSI bands are missing"
            if other < msi_bands
            else f"it has {other - msi_bands} too many"
        )
        return f"the SRF is {text(srf.shape)} and this pair needs {needed}: {what}; give one response for each MSI band"
    return f"the SRF is {text(srf.shape)} and this pair needs {needed}; give the response of these cameras"


def resample_response(table: np.ndarray, at: np.ndarray, wavelengths: np.ndarray | None) -> np.ndarray:
    """Return a tabulated response (N, M) at wavelengths ``at`` (N,), resampled to the HSI's ``wavelengths`` (B,): (M, B).

    Outside the table a response that has faded is zero. Raises MossFuseError if it has not, or if the HSI's wavelengths
    are unknown.
    """
    if wavelengths is None:
        raise MossFuseError(
            "the SRF is tabulated over wavelengths and the HSI's file has none; store 'wavelengths' (nm) with the HSI"
        )
    order = np.argsort(at)
    at, table = np.asarray(at, np.float64)[order], np.asarray(table, np.float64)[order]
    for side, outside, edge in (
        ("below", wavelengths.min() < at[0], table[0]),
        ("above", wavelengths.max() > at[-1], table[-1]),
    ):
        if outside and edge.max() > NEGATIVE * table.max():
            raise MossFuseError(
                f"the SRF is known from {at[0]:g} to {at[-1]:g} nm and the HSI has bands {side} that "
                f"({wavelengths.min():g} to {wavelengths.max():g} nm), where the response has not faded; complete the table"
            )
    return np.stack([np.interp(wavelengths, at, curve, left=0, right=0) for curve in table.T])


def check_psf(psf: ArrayLike) -> np.ndarray:
    """Return the PSF as (k_rows, k_cols) float64, sum 1; raise MossFuseError for negative or missing weights."""
    psf = np.asarray(psf, np.float64)
    if psf.ndim != 2 or psf.size == 0 or not np.isfinite(psf).all():
        raise MossFuseError(f"the PSF has shape {text(psf.shape)} or values that are not finite; give one kernel")
    if psf.min() < -NEGATIVE * psf.max() or psf.sum() <= 0:
        raise MossFuseError("the PSF has negative weights or none at all; give a kernel of non-negative weights")
    if abs(psf.sum() - 1) > 1e-3:
        log.warning("the PSF sums to %.4g; it was divided by its sum", psf.sum())
    return psf / psf.sum()


def text_of(pixel: Any) -> str:
    """Return '3,4' for (3, 4)."""
    return ",".join(map(str, pixel))


def two_numbers(values: Any, name: str, least: int) -> tuple[int, int]:
    """Return (rows, cols) from a whole number or two."""
    numbers = np.ravel(values)
    if numbers.size not in (1, 2) or any(n != int(n) or n < least for n in numbers):
        raise MossFuseError(
            f"{name} {text_of(numbers)} is not possible; give one whole number from {least}, or rows,cols"
        )
    return int(numbers[0]), int(numbers[-1])
