"""A pair as a stack sees it: what it leaves open, cubes made to agree with both images, and the kernel that sees them.

Differences of cubes that agree with both images lie in the null space of the SRF and of H, so every mix of them agrees with
both images too. Under noise each cube is made consistent softly, as +softdc does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from mossfuse.physics.projection import msi_gain, null_part, pixels, spectral_covariance, wiener
from mossfuse.physics.sampling import operator_of
from mossfuse.protocol import Observation, Sensor
from mossfuse.refine import refine
from mossfuse.stacking.deep_kernel import fuse_deep

EXACT = 1e-5  # share of the HSI up to which a cube's disagreement is rounding
NOISE = 1.1  # times the noise, up to which a cube's disagreement is noise
KERNEL = "kernel"  # name of the further member
DRAWS = 2  # of its features, averaged


@dataclass(frozen=True)
class View:
    """A pair and what is known about it. clean: without stripes; basis: of ``open_components``."""

    observation: Observation
    clean: Observation
    sensor: Sensor
    unseen: np.ndarray
    basis: np.ndarray


def make_consistent(
    cubes: Mapping[str, np.ndarray], view: View, kernel: bool, seed: int, device: str
) -> dict[str, np.ndarray]:
    """Return the cubes made consistent, and with ``kernel`` that of nsgp with their components as inputs."""
    made = {name: agree(cube, view, device) for name, cube in cubes.items()}
    if kernel and view.basis.shape[1]:
        # The first has the others' kernel without their components.
        made[KERNEL] = kernel_of(list(made.values())[1:] or list(made.values()), view, seed, device)
    return made


def kernel_of(given: Sequence[np.ndarray], view: View, seed: int, device: str) -> np.ndarray:
    """Return the cube of nsgp whose kernel has the given cubes' components as further inputs, the mean of two draws."""
    draws = [
        fuse_deep(view.clean, view.sensor, view.unseen, given, view.basis, seed=DRAWS * seed + n, device=device)
        for n in range(DRAWS)
    ]
    return sum(draws) / np.float32(DRAWS)


def own_noise(observation: Observation) -> bool:
    """Return whether the pair came with its noise levels."""
    return observation.sensor.noise_hsi is not None or observation.sensor.noise_msi is not None


def without_noise(sensor: Sensor) -> Sensor:
    """Return the sensor without noise levels, so that a refinement estimates them again, with the gate that it applies."""
    return replace(sensor, noise_hsi=None, noise_msi=None)


def agree(cube: np.ndarray, view: View, device: str) -> np.ndarray:
    """Return a cube as +softdc makes it, or as it is where it agrees with both images already."""
    clean, sensor = view.clean, view.sensor
    off = rms(clean.hsi - operator_of(clean, sensor.psf, sensor.phase)(cube))
    seen = rms(clean.msi - cube @ np.asarray(sensor.srf, np.float32).T)
    if off <= limit(rms(sensor.noise_hsi), clean.hsi) and seen <= limit(rms(sensor.noise_msi), clean.msi):
        return cube
    known = replace(view.observation, sensor=sensor if own_noise(view.observation) else without_noise(sensor))
    return refine("softdc", cube, known, device=device).cube


def rms(values):
    """Return the root mean square."""
    return float(np.sqrt(np.mean(np.square(values, dtype=np.float64))))


def limit(noise, image):
    """Return the disagreement up to which a cube is taken to agree with an image."""
    return max(NOISE * noise, EXACT * rms(image))


def open_components(observation, sensor, unseen, count):
    """Return (B, components) orthonormal: principal spectra of the part of the LR-HSI that the MSI does not see."""
    srf = np.asarray(sensor.srf, np.float64)
    binding = srf[:0] if unseen.any() else srf
    noise = float(np.sqrt(np.mean(np.square(sensor.noise_hsi))))
    hsi, covariance = observation.hsi, spectral_covariance(observation.hsi)
    if noise > 0:
        hsi, _, covariance = wiener(observation.hsi, noise)
    spectra = pixels(hsi)
    left = null_part(spectra - spectra.mean(0), binding, msi_gain(covariance, binding))
    values, vectors = np.linalg.eigh(left.T @ left)
    kept = int((values > 1e-9 * max(values[-1], 1e-300)).sum())
    return vectors[:, ::-1][:, : min(count, kept)]
