"""Assembling an Observation from two images of one's own: shapes, units, and what is known of the cameras.

Every mistake of the input is refused here with one sentence, before any method starts; what is merely odd is logged.
"""

from dataclasses import dataclass, replace

import numpy as np

from mossfuse.pair.cameras import sensor_of
from mossfuse.pair.gain import match_gain
from mossfuse.pair.geometry import add_geometry
from mossfuse.pair.shapes import pair_ratio
from mossfuse.pair.values import as_image, white_levels
from mossfuse.protocol import Observation

NAMES = ("the HSI", "the MSI")


@dataclass(frozen=True)
class Pair:
    """A pair on the methods' scale. The file's units are ``observation.hsi * white[0]`` and ``observation.msi * white[1]``.

    observation.sensor holds what the user knows (psf, srf), and always the geometry (psf_shape, phase).
    """

    observation: Observation
    white: tuple[float, float]


def assemble(
    hsi, msi, *, ratio=None, srf=None, psf=None, phase=None, psf_size=None, wavelengths=None, white=None, names=NAMES
):  # fmt: skip
    """The Pair of an HSI (h, w, B) and an MSI (H, W, M) in any units; a flat MSI (H, W) is one band.

    ratio: H / h, inferred where None. srf: (M, B) or (B, M). psf: (k_rows, k_cols). phase: (row, col) of the pixel on
    which the PSF of low-resolution pixel (0, 0) is centred. psf_size: support of an unknown PSF, a number or (rows,
    cols). Where neither PSF nor size nor phase is given, size and phase are found (mossfuse.pair.geometry); where only
    some are, the official geometry fills in. wavelengths: (B,) nm. white: value that counts as 1 (or one per image);
    None: see mossfuse.pair.values. names: what to call the two in messages.
    MossFuseError for images that do not fit together, exchanged arguments, invalid values, a wrong SRF, PSF or phase.
    """
    hsi, msi = (as_image(image, name) for image, name in zip((hsi, msi), names, strict=True))
    ratio = pair_ratio(hsi.shape, msi.shape, ratio, names)
    wavelengths = None if wavelengths is None else np.ravel(np.asarray(wavelengths, np.float64))
    if wavelengths is not None and wavelengths.size != hsi.shape[2]:
        wavelengths = None
    sensor = sensor_of(hsi.shape, msi.shape, ratio, srf, psf, phase, psf_size)
    levels = white_levels(hsi, msi, sensor.srf, white, names)
    unlike = white is None and levels[0] != levels[1] and sensor.srf is not None
    observation = Observation(
        hsi=scaled(hsi, levels[0]), msi=scaled(msi, levels[1]), ratio=ratio, wavelengths=wavelengths,
        sensor=replace(sensor, srf=None) if unlike else sensor,
    )  # fmt: skip
    if sensor.phase is None:
        observation = add_geometry(observation)
    if unlike:
        observation, level = match_gain(observation, sensor.srf, levels[1])
        levels = levels[0], level
    return Pair(observation, levels)


def scaled(image, white):
    """image / white in float32."""
    return np.divide(image, np.float32(white), dtype=np.float32)
