"""Scores of a blind method's estimates of the point spread function and of the spectral response."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from mossfuse.errors import MossFuseError
from mossfuse.metrics.specification import Column
from mossfuse.protocol import Observation, Sensor

NON_NEGATIVE = (0.0, math.inf)
COLUMNS = (
    Column("psf_max_error", "PSF max error", "", "lower", decimals=6, range=NON_NEGATIVE, order=920, shown="table"),
    Column("psf_l1", "PSF L1 error", "", "lower", decimals=4, range=NON_NEGATIVE, order=921, shown="table"),
    Column(
        "srf_mean_abs_error", "SRF mean error", "", "lower", decimals=6, range=NON_NEGATIVE, order=922, shown="table"
    ),
    Column("srf_sam", "SRF angle", "degrees", "lower", decimals=3, range=(0, 180), order=923, shown="table"),
)


def score_estimates(estimates: Mapping[str, Any], observation: Observation) -> dict[str, float]:
    """Return the errors of the given estimates against the true ``observation.sensor``, those that apply of

    psf_max_error: largest absolute difference of two weights; psf_l1: sum of absolute differences (0..2 for
        normalised PSFs). Both PSFs lie on one high-resolution grid around the true phase, so an estimate of the right
        form at a shifted place counts as wrong; one around another phase is brought here by mossfuse.physics.psf_geometry.around.
    srf_mean_abs_error: mean absolute difference of two responses (rows sum to 1); srf_sam: mean over the MSI bands
        of the angle between true and estimated response, in degrees.
    estimates: mapping with psf_hat (k_rows, k_cols) of any size and srf_hat (MSI bands, HSI bands), laid out as in
        Sensor, either absent or None.
    Nothing is normalised: a wrong gain is an error too. Raises MossFuseError for a wrong shape or non-finite values.
    """
    sensor, out = observation.sensor, {}
    psf_hat, srf_hat = (estimates.get(key) for key in ("psf_hat", "srf_hat"))
    if psf_hat is not None:
        difference = psf_difference(sensor, as_finite_matrix(psf_hat, "estimated PSF"))
        out["psf_max_error"] = float(np.abs(difference).max())
        out["psf_l1"] = float(np.abs(difference).sum())
    if srf_hat is not None:
        estimate, truth = as_finite_matrix(srf_hat, "estimated SRF"), as_finite_matrix(sensor.srf, "true SRF")
        if estimate.shape != truth.shape:
            raise MossFuseError(
                f"the estimated SRF has shape {estimate.shape}, the true one {truth.shape}; "
                "an SRF is (MSI bands, HSI bands)"
            )
        out["srf_mean_abs_error"] = float(np.abs(estimate - truth).mean())
        out["srf_sam"] = float(np.mean([angle(t, e) for t, e in zip(truth, estimate, strict=True)]))
    return out


def psf_difference(sensor: Sensor, psf_hat: np.ndarray) -> np.ndarray:
    """Return the estimate minus the truth on the smallest grid of high-resolution pixels that holds both."""
    if sensor.phase is None:
        raise MossFuseError("scoring a PSF needs the true PSF and its phase; score with the full pair file")
    pieces = [(as_finite_matrix(sensor.psf, "true PSF"), -1.0), (psf_hat, 1.0)]
    corners = [[-((n - 1) // 2) for n in psf.shape] for psf, _ in pieces]
    first = np.min(corners, axis=0)
    last = np.max([np.add(corner, psf.shape) for corner, (psf, _) in zip(corners, pieces, strict=True)], axis=0)
    grid = np.zeros(last - first)
    for corner, (psf, sign) in zip(corners, pieces, strict=True):
        row, col = corner - first
        grid[row : row + psf.shape[0], col : col + psf.shape[1]] += sign * psf
    return grid


def angle(truth: np.ndarray, estimate: np.ndarray) -> float:
    """Return the degrees between two response curves; 90 where the estimate is zero."""
    norms = np.linalg.norm(truth) * np.linalg.norm(estimate)
    return float(np.degrees(np.arccos(np.clip(truth @ estimate / norms, -1, 1)))) if norms > 0 else 90.0


def as_finite_matrix(array: Any, name: str) -> np.ndarray:
    """Return a finite two-dimensional float64 array; raise MossFuseError for anything else."""
    array = np.empty(0) if array is None else np.asarray(array, np.float64)
    if array.ndim != 2 or not np.isfinite(array).all():
        raise MossFuseError(
            f"the {name} must be a finite two-dimensional array, got shape {array.shape}; check its file"
        )
    return array
