"""The pair one scale further down, where the LR-HSI is a truth that no method is given (L. Wald et al., 1997).

The MSI becomes H M, the HSI is averaged over blocks: of the pair's own ratio and PSF where enough pixels are left, of 4 x 4,
3 x 3 or 2 x 2 pixels where not.
"""

from dataclasses import dataclass

import numpy as np

from mossfuse.physics.sampling import operator_of
from mossfuse.protocol import Observation, Sensor

ENOUGH = 64  # reduced LR pixels from which a ratio is taken
FEWEST = 16  # with fewer at ratio 2 nothing is learnt from the pair
RATIOS = (4, 3, 2)


@dataclass(frozen=True)
class Reduced:
    """observation: the reduced pair under a known sensor; truth: (h, w, B), the LR-HSI on its grid."""

    observation: Observation
    truth: np.ndarray


def reduce_pair(observation: Observation, sensor: Sensor) -> Reduced | None:
    """Return the pair one scale further down, or None where the LR-HSI has too few pixels.

    sensor: the complete one of the pair. A noise level that the pair's sensor holds is not handed down: blurring and averaging
    change it.
    """
    rows, cols = observation.hsi.shape[:2]
    counts = {ratio: (rows // ratio) * (cols // ratio) for ratio in (observation.ratio, *RATIOS)}
    ratio = next((ratio for ratio in counts if counts[ratio] >= ENOUGH and ratio > 1), 2)
    if counts[2] < FEWEST:
        return None
    high = (rows // ratio * ratio, cols // ratio * ratio)
    truth = np.ascontiguousarray(observation.hsi[: high[0], : high[1]])
    seen = operator_of(observation, sensor.psf, sensor.phase)(observation.msi.astype(np.float64))
    msi = seen[: high[0], : high[1]].astype(np.float32)
    if ratio == observation.ratio:
        psf, phase = np.asarray(sensor.psf), sensor.phase
    else:
        psf, phase = block_psf(ratio), ((ratio - 1) // 2,) * 2
    known = Sensor(psf=psf, psf_shape=psf.shape, phase=phase, srf=sensor.srf, border=sensor.border)
    blank = Observation(hsi=truth[: high[0] // ratio, : high[1] // ratio], msi=msi, ratio=ratio, sensor=known)
    hsi = operator_of(blank, psf, phase)(truth.astype(np.float64)).astype(np.float32)
    return Reduced(Observation(hsi, msi, ratio, known, observation.wavelengths), truth)


def block_psf(ratio: int) -> np.ndarray:
    """Return the PSF of a plain mean over ratio x ratio pixels whose windows tile the image."""
    return np.full((ratio, ratio), 1 / ratio**2)
