"""A pair on the bands that a method's weights are made for, and its cube back on the pair's own."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mossfuse.errors import MossFuseError
from mossfuse.protocol import Observation

REACH = 15.0  # nm: farther from every band of the pair nothing is interpolated


@dataclass(frozen=True)
class OnBands:
    """A pair for a method, and how its cube returns: ``back`` (H, W, wanted bands) -> (H, W, own bands)."""

    observation: Observation
    back: Callable[[np.ndarray], np.ndarray]


def on_bands(observation: Observation, member: Any) -> OnBands:
    """Return the pair on the member's bands: linear in wavelength between the pair's own, nearest beyond the ends.

    Raises MossFuseError where the pair's wavelengths are unknown or leave a wanted band without a neighbour.
    """
    wanted = member.wavelengths
    own = None if observation.wavelengths is None else np.asarray(observation.wavelengths, np.float64)
    if wanted is None or (own is not None and len(own) == len(wanted) and np.allclose(own, wanted)):
        return OnBands(observation, lambda cube: cube)
    if own is None:
        raise MossFuseError(f"{member.name} needs the wavelengths of the pair's bands, which it does not have")
    wanted = np.asarray(wanted, np.float64)
    gaps = np.abs(wanted[:, None] - own).min(1)
    if gaps.max() > REACH:
        raise MossFuseError(
            f"{member.name} needs the band at {wanted[gaps.argmax()]:g} nm, and no band of the pair is within {REACH:g} nm of it"
        )
    there, back = interpolation(own, wanted), interpolation(wanted, own)
    sensor = observation.sensor
    if sensor.srf is not None:
        sensor = replace(sensor, srf=np.asarray(sensor.srf, np.float64) @ back)
    hsi = (observation.hsi @ there.T).astype(np.float32)
    filled = replace(observation, hsi=hsi, wavelengths=wanted, sensor=sensor)
    return OnBands(filled, lambda cube: (cube @ back.T).astype(np.float32))


def interpolation(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Return the matrix (target, source) of linear interpolation over wavelengths; the nearest value beyond the ends."""
    order = np.argsort(source)
    unit = np.eye(len(source))
    matrix = np.stack([np.interp(target, source[order], unit[order, band]) for band in range(len(source))], 1)
    return matrix.astype(np.float32)
