"""Assemble an Observation from a user's two images: shapes, units, and what is known of the cameras.

Every mistake in the input is refused here with one sentence, before any method starts; what is merely unusual is logged.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from mossfuse.pair.cameras import check_srf, keeps_its_sums, sensor_of
from mossfuse.pair.gain import match_gain
from mossfuse.pair.geometry import add_geometry, add_official_geometry
from mossfuse.pair.result import Result
from mossfuse.pair.shapes import find_ratio
from mossfuse.pair.values import as_image, band_means, white_levels
from mossfuse.protocol import Observation

NAMES = ("the HSI", "the MSI")


@dataclass(frozen=True)
class Pair:
    """A pair on the methods' scale. The files' units are ``observation.hsi * white[0]`` and ``observation.msi * white[1]``.

    observation.sensor holds what the user gave (psf, srf), and always the geometry (psf_shape, phase). about: what the cube
    carries beyond its pixels; None stands for the observation's own shape and wavelengths.
    """

    observation: Observation
    white: tuple[float, float]
    about: Result | None = None

    @property
    def result(self) -> Result:
        """What the cube carries beyond its pixels."""
        if self.about is not None:
            return self.about
        rows, cols = self.observation.msi.shape[:2]
        return Result((rows, cols, self.observation.hsi.shape[2]), wavelengths=self.observation.wavelengths)


def assemble(
    hsi: ArrayLike, msi: ArrayLike, *, ratio: int | None = None, srf: ArrayLike | None = None, psf: ArrayLike | None = None,
    phase: Sequence[int] | None = None, psf_size: int | Sequence[int] | None = None,
    wavelengths: ArrayLike | None = None, white: float | Sequence[float] | None = None, names: tuple[str, str] = NAMES,
    search: bool = True,
) -> Pair:  # fmt: skip
    """Return the Pair of an HSI (h, w, B) and an MSI (H, W, M) in any units; a flat MSI (H, W) is one band.

    ratio: H / h, inferred if None. srf: (M, B) or (B, M). psf: (k_rows, k_cols). phase: (row, col) of the pixel on
    which the PSF of low-resolution pixel (0, 0) is centred. psf_size: support of an unknown PSF, a number or (rows,
    cols). If neither PSF nor size nor phase is given, size and phase are found (mossfuse.pair.geometry); if only
    some are, the official geometry completes them. wavelengths: (B,) nm. white: value that counts as 1 (or one per image);
    None: see mossfuse.pair.values. names: what to call the two in messages. search: whether size and phase are looked for;
    otherwise they are the official ones (mossfuse.pair.work.needs_geometry).
    Raises MossFuseError for images that do not fit together, swapped arguments, invalid values, a wrong SRF, PSF or phase.
    """
    low, high = as_image(hsi, names[0]), as_image(msi, names[1])
    ratio = find_ratio(low.shape, high.shape, ratio, names)
    centres = None if wavelengths is None else np.ravel(np.asarray(wavelengths, np.float64))
    if centres is not None and centres.size != low.shape[2]:
        centres = None
    sensor = sensor_of(low.shape, high.shape, ratio, srf, psf, phase, psf_size)
    given = None if srf is None else check_srf(srf, high.shape[2], low.shape[2])
    if given is not None and keeps_its_sums(given, band_means(low), band_means(high)):
        levels = white_levels(low, high, None, white, names)  # as for the estimate of an unknown response
        sensor = replace(sensor, srf=given * (levels[0] / levels[1]))
        unlike = False
    else:
        levels = white_levels(low, high, sensor.srf, white, names)
        unlike = white is None and levels[0] != levels[1] and sensor.srf is not None
    observation = Observation(
        hsi=divide(low, levels[0]), msi=divide(high, levels[1]), ratio=ratio, wavelengths=centres,
        sensor=replace(sensor, srf=None) if unlike else sensor,
    )  # fmt: skip
    if sensor.phase is None:
        observation = add_geometry(observation) if search else add_official_geometry(observation)
    if unlike and sensor.srf is not None:
        observation, level = match_gain(observation, sensor.srf, levels[1])
        levels = levels[0], level
    return Pair(observation, levels)


def divide(image: np.ndarray, white: float) -> np.ndarray:
    """Return image / white in float32."""
    return np.divide(image, np.float32(white), dtype=np.float32)
