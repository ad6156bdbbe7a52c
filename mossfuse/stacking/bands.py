"""A pair on the bands that a method's weights are made for, and its cube back on the pair's own."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mossfuse.errors import MossFuseError
from mossfuse.estimation.regression import affine_apply, affine_fit
from mossfuse.physics.sampling import operator_of
from mossfuse.protocol import Observation, Sensor

TINY = np.finfo(float).tiny
REACH = 15.0  # nm: farther from every band of the pair nothing is interpolated


@dataclass(frozen=True)
class OnBands:
    """A pair for a method, and how its cube returns: ``back`` (H, W, wanted bands) -> (H, W, own bands)."""

    observation: Observation
    back: Callable[[np.ndarray], np.ndarray]


def on_bands(observation: Observation, member: Any, estimated: Sensor) -> OnBands:
    """Return the pair on the member's bands: linear in wavelength between the pair's own, nearest beyond the ends.

    The MSI becomes what the camera would have seen of all wanted bands: weights made for them expect their light. With R the SRF
    (own or ``estimated``) interpolated over wavelength, the difference of the two cameras is applied to the affine
    regression of the spectra on the MSI.

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
    srf = np.asarray(estimated.srf if observation.sensor.srf is None else observation.sensor.srf, np.float64)
    wider = srf @ there.T
    wider *= srf.sum(1, keepdims=True) / np.maximum(wider.sum(1, keepdims=True), TINY)
    low_msi = operator_of(observation, estimated.psf, estimated.phase)(observation.msi.astype(np.float64))
    matrix, offset = affine_fit(low_msi, observation.hsi)
    difference = (wider @ there - srf).T
    msi = observation.msi + affine_apply(observation.msi, matrix @ difference, offset @ difference)
    sensor = observation.sensor if observation.sensor.srf is None else replace(observation.sensor, srf=wider)
    hsi = (observation.hsi @ there.T).astype(np.float32)
    filled = replace(observation, hsi=hsi, msi=msi.astype(np.float32), wavelengths=wanted, sensor=sensor)
    return OnBands(filled, lambda cube: (cube @ back.T).astype(np.float32))


def interpolation(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Return the matrix (target, source) of linear interpolation over wavelengths; the nearest value beyond the ends."""
    order = np.argsort(source)
    unit = np.eye(len(source))
    matrix = np.stack([np.interp(target, source[order], unit[order, band]) for band in range(len(source))], 1)
    return matrix.astype(np.float32)
