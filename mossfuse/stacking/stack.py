"""Mix the cubes of several methods: each made consistent, then convex weights per component of what the LR-HSI leaves open.

Differences of cubes that agree with both images lie in the null space of the SRF and of H, so every mix of them agrees with
both images too. Weights: mossfuse.stacking.weights. Under noise each cube is made consistent softly, as +softdc does.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mossfuse.errors import MossFuseError
from mossfuse.estimation.sensor import estimate_sensor, estimate_without_stripes
from mossfuse.physics.projection import msi_gain, null_part, pixels, spectral_covariance, wiener
from mossfuse.physics.sampling import check_pair, operator_of
from mossfuse.protocol import Fusion, Observation, Sensor
from mossfuse.refine import refine
from mossfuse.stacking.deep_kernel import fuse_deep
from mossfuse.stacking.members import Member, fuse_members
from mossfuse.stacking.reduced import reduce_pair
from mossfuse.stacking.weights import KERNEL_PRIOR, PRIOR, Evidence, best_weights, learn, no_evidence

log = logging.getLogger(__name__)
EXACT = 1e-5  # share of the HSI up to which a cube's disagreement is rounding
NOISE = 1.1  # times the noise, up to which a cube's disagreement is noise
KERNEL = "kernel"  # name of the further member
DRAWS = 2  # of its features, averaged
ROWS = 64  # of the image mixed at once


def stack_pair(
    observation: Observation,
    members: Sequence[Member],
    *,
    components: int,
    kernel: bool,
    consistent: bool,
    seed: int,
    device: str,
) -> Fusion:
    """Fuse a pair with every member and return the mixed cube; the notes say how much came from whom.

    members: the first is the one that is trusted where there is no evidence. components: with weights of their own. kernel:
    add a further member, nsgp with the others' components as inputs (mossfuse.stacking.deep_kernel).
    consistent: False returns a single member's cube as it is. Raises MossFuseError where no member gives a cube.
    """
    check_pair(observation)
    clean, sensor, facts = estimate_without_stripes(observation)
    view = View(
        observation, clean, sensor, facts["unseen"], open_components(clean, sensor, facts["unseen"], components)
    )
    cubes, failed = fuse_members(members, observation, sensor, seed=seed, device=device)
    if not cubes:
        raise MossFuseError(f"no member of the stack gave a cube: {'; '.join(f'{k}: {v}' for k, v in failed.items())}")
    found = {"psf_hat": sensor.psf, "srf_hat": sensor.srf, "phase_hat": sensor.phase}
    notes = {f"left out {name}": reason for name, reason in failed.items()}
    if consistent:
        cubes = make_consistent(cubes, view, kernel, seed, device)
    names = list(cubes)
    if len(names) == 1:
        return Fusion(cube=cubes[names[0]], notes={**notes, f"weight {names[0]}": 1.0}, **found)
    used = [member for member in members if member.name in cubes]
    if any(
        member.checkpoint is not None for member in used
    ):  # made for images of the pair's own scale, not of the next
        weights = np.full(len(names), 1 / len(names))
        cube = sum(cubes.values()) / np.float32(len(names))
    else:
        evidence = evidence_of(used, names, view, kernel, seed, device)
        cube, weights = mix([cubes[name] for name in names], view.basis, evidence)
        for name, value, error in zip(names, evidence.measured, evidence.error, strict=True):
            if np.isfinite(value):
                notes[f"excess {name}"] = f"{value:.3f} +- {error:.3f}"
    notes |= {f"weight {name}": round(float(weight), 4) for name, weight in zip(names, weights, strict=True)}
    log.info("stack: %s", ", ".join(f"{100 * w:.0f} % {n}" for n, w in zip(names, weights, strict=True)))
    return Fusion(cube=cube, notes=notes, **found)


@dataclass(frozen=True)
class View:
    """A pair and what is known about it. clean: without stripes; basis: of ``open_components``."""

    observation: Observation
    clean: Observation
    sensor: Sensor
    unseen: np.ndarray
    basis: np.ndarray


def make_consistent(cubes, view, kernel, seed, device):
    """Return the cubes made consistent, and with ``kernel`` that of nsgp with their components as inputs."""
    known = replace(view.observation, sensor=view.sensor if own_noise(view.observation) else without_noise(view.sensor))
    cubes = {name: agree(cube, known, view, device) for name, cube in cubes.items()}
    if kernel and view.basis.shape[1]:
        given = list(cubes.values())[1:] or list(
            cubes.values()
        )  # the first has the others' kernel without their components
        draws = [
            fuse_deep(view.clean, view.sensor, view.unseen, given, view.basis, seed=DRAWS * seed + n, device=device)
            for n in range(DRAWS)
        ]
        cubes[KERNEL] = sum(draws) / np.float32(DRAWS)
    return cubes


def own_noise(observation: Observation) -> bool:
    """Return whether the pair came with its noise levels."""
    return observation.sensor.noise_hsi is not None or observation.sensor.noise_msi is not None


def without_noise(sensor: Sensor) -> Sensor:
    """Return the sensor without noise levels, so that a refinement estimates them again, with the gate that it applies."""
    return replace(sensor, noise_hsi=None, noise_msi=None)


def agree(cube, known, view, device):
    """Return a cube as +softdc makes it, or as it is where it agrees with both images already."""
    clean, sensor = view.clean, view.sensor
    off = rms(clean.hsi - operator_of(clean, sensor.psf, sensor.phase)(cube))
    seen = rms(clean.msi - cube @ np.asarray(sensor.srf, np.float32).T)
    if off <= limit(rms(sensor.noise_hsi), clean.hsi) and seen <= limit(rms(sensor.noise_msi), clean.msi):
        return cube
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


def evidence_of(members, names, view, kernel, seed, device) -> Evidence:
    """Return what the reduced pair says about the cubes of these names, or the assumption without evidence."""
    priors = [KERNEL_PRIOR if name == KERNEL else PRIOR for name in names]
    every = no_evidence(priors, view.basis.shape[1])
    reduced = reduce_pair(view.clean, view.sensor)
    if reduced is None:
        return every
    pair = reduced.observation
    cubes, _ = fuse_members(members, pair, pair.sensor, seed=seed, device=device)
    if names[0] not in cubes:
        return every
    sensor, facts = estimate_sensor(pair)
    below = View(pair, pair, sensor, facts["unseen"], view.basis)
    cubes = make_consistent(cubes, below, kernel, seed, device)
    measured = [number for number, name in enumerate(names) if name in cubes]
    errors = np.stack([cubes[names[number]].astype(np.float64) - reduced.truth for number in measured])
    learnt = learn(errors, view.basis, [priors[number] for number in measured])
    every.excess[measured], every.measured[measured], every.error[measured] = (
        learnt.excess,
        learnt.measured,
        learnt.error,
    )
    return every


def mix(cubes, basis, evidence):
    """Return (mixed cube (H, W, B) float32, weights (members,), their mean over components by how far the members differ)."""
    first, count, components = cubes[0], len(cubes), basis.shape[1]
    apart = np.zeros((components + 1, count, count))
    for start in range(0, len(first), ROWS):
        rows = slice(start, start + ROWS)
        changes = [np.zeros_like(first[rows])] + [cube[rows] - first[rows] for cube in cubes[1:]]
        inside = np.stack([change @ basis.astype(np.float32) for change in changes]).astype(np.float64)
        whole = np.stack([change.reshape(-1) for change in changes]).astype(np.float64)
        for k in range(components):
            apart[k] += squares(inside[..., k].reshape(count, -1))
        apart[-1] += squares(whole)
    apart[-1] = np.maximum(apart[-1] - apart[:-1].sum(0), 0)
    weights = np.stack([best_weights(evidence.excess[:, k], apart[k]) for k in range(components + 1)], 1)
    total = apart.sum((1, 2))
    mean = weights @ total / max(total.sum(), 1e-300) if total.any() else weights[:, -1]
    out = first.copy()
    for i in range(1, count):
        turn = basis * (weights[i, :-1] - weights[i, -1]) @ basis.T + weights[i, -1] * np.eye(len(basis))
        for start in range(0, len(first), ROWS):
            rows = slice(start, start + ROWS)
            out[rows] += (cubes[i][rows] - first[rows]) @ turn.astype(np.float32)
    return out, mean


def squares(values):
    """Return the sums of squared differences between every two rows of (members, n)."""
    inner = values @ values.T
    own = np.diag(inner)
    return np.maximum(own[:, None] + own - 2 * inner, 0)
