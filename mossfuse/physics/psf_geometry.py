"""Where a PSF sits on the high-resolution grid: its support, its phase and the image border."""

import logging
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from mossfuse.protocol import Observation

log = logging.getLogger(__name__)


def official_geometry(ratio: int) -> tuple[int, int]:
    """Return (size, phase) of the official MossFuse degradation: even ratio r: r-1, r/2-1; odd r: r, (r-1)/2."""
    if ratio % 2:
        return ratio, (ratio - 1) // 2
    return ratio - 1, ratio // 2 - 1


def around(psf: np.ndarray, phase: tuple[int, int], wanted: tuple[int, int]) -> np.ndarray:
    """Return the PSF (k_rows, k_cols) centred on ``phase``, padded with zeros to a window centred on ``wanted``."""
    if tuple(phase) == tuple(wanted):
        return psf
    first = [p - (k - 1) // 2 for k, p in zip(psf.shape, phase, strict=True)]
    last = [start + k - 1 for start, k in zip(first, psf.shape, strict=True)]
    half = [max(w - a, b - w, 0) for a, b, w in zip(first, last, wanted, strict=True)]
    out = np.zeros([2 * h + 1 for h in half], psf.dtype)
    row, col = (a - w + h for a, w, h in zip(first, wanted, half, strict=True))
    out[row : row + psf.shape[0], col : col + psf.shape[1]] = psf
    return out


class Geometry(NamedTuple):
    """Where the PSF sits: its size (rows, cols), the phase (row, col) and the image border, as in Sensor."""

    size: tuple[int, int]
    phase: tuple[int, int]
    border: str = "reflect"


def geometry_of(observation: Observation) -> Geometry:
    """Return the Geometry that the observation's sensor holds, or the official one for what it leaves open."""
    sensor = observation.sensor
    size, phase = official_geometry(observation.ratio)
    rows, cols = sensor.psf_shape or (size, size)
    row, col = sensor.phase or (phase, phase)
    return Geometry((int(rows), int(cols)), (int(row), int(col)), sensor.border)


def same_geometry(size: Sequence[int], phase: Sequence[int], observation: Observation) -> bool:
    """Return whether the PSF of trained weights has the pair's size (rows, cols) and phase (row, col).

    Logs a warning if it does not, because it is not this pair's PSF then.
    """
    here = geometry_of(observation)
    if (tuple(size), tuple(phase)) == (here.size, here.phase):
        return True
    log.warning(
        "the weights were trained where the PSF has %dx%d pixels and phase %d,%d, and this pair's has %dx%d and %d,%d: their "
        "PSF is not this pair's", *size, *phase, *here.size, *here.phase,
    )  # fmt: skip
    return False


def own_block(ratio: int, border: str = "reflect") -> Geometry:
    """Return the Geometry of a PSF that fills exactly the ratio x ratio block of its low-resolution pixel."""
    return Geometry((ratio, ratio), ((ratio - 1) // 2,) * 2, border)
