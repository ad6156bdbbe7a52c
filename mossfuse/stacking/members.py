"""Run other methods on a pair, each with the part of the sensor that it knows; one that fails is left out with its reason."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from mossfuse.errors import MossFuseError
from mossfuse.protocol import EMPTY, Observation, Sensor
from mossfuse.stacking.bands import on_bands

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Own:
    """The ratio, PSF (rows, cols) and phase of the pairs that a network's weights were trained on."""

    ratio: int
    psf: np.ndarray
    phase: tuple[int, int]


@dataclass(frozen=True)
class Member:
    """A method that takes part in a stack.

    fuse: of its module; knows: as in Method; params: of ``fuse``, complete; checkpoint: weights, or None; wavelengths: the
    bands (nm) that its weights are made for, or None: any; own: the pairs they were trained on, or None: not known.
    """

    name: str
    fuse: Callable[..., Any]
    knows: frozenset[str] = frozenset()
    params: Mapping[str, Any] = field(default_factory=lambda: EMPTY)
    checkpoint: Any = None
    wavelengths: tuple[float, ...] | None = None
    own: Own | None = None


def fuse_members(
    members: Sequence[Member], observation: Observation, sensor: Sensor, *, seed: int, device: str
) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Return (cube (H, W, B) float32 by name, reason by name of those that failed).

    sensor: the estimated one; a member gets what the observation's own sensor holds of what it knows, the rest from here.
    """
    cubes, failed = {}, {}
    for member in members:
        try:
            seen = replace(observation, sensor=known_to(member.knows, observation.sensor, sensor))
            pair = on_bands(seen, member, sensor)
            fusion = member.fuse(
                pair.observation, seed=seed, device=device, checkpoint=member.checkpoint, **dict(member.params)
            )
            cube = pair.back(fusion.cube)
            if not np.isfinite(cube).all():
                raise MossFuseError("its cube holds NaN or infinite values")
        except Exception as error:  # any fault of a member costs the stack this member and no more
            failed[member.name] = (
                f"{type(error).__name__}: {error}" if not isinstance(error, MossFuseError) else str(error)
            )
            log.warning("%s is left out of the stack: %s", member.name, failed[member.name])
            continue
        cubes[member.name] = cube
    return cubes, failed


def known_to(knows: frozenset[str], own: Sensor, estimated: Sensor) -> Sensor:
    """Return the sensor that a method is handed: the pair's own part of what it knows, completed by the estimate."""
    restricted = own.restricted_to(knows)
    if "psf" in knows and restricted.psf is None:
        restricted = replace(
            restricted, psf=estimated.psf, psf_shape=estimated.psf_shape, phase=estimated.phase, border=estimated.border
        )
    if "srf" in knows and restricted.srf is None:
        restricted = replace(restricted, srf=estimated.srf)
    if "noise" in knows and restricted.noise_hsi is None:
        restricted = replace(restricted, noise_hsi=estimated.noise_hsi, noise_msi=estimated.noise_msi)
    return restricted
