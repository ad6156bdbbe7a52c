"""Mix the cubes of several methods: each made consistent, then convex weights per component of what the LR-HSI leaves open.

Weights: mossfuse.stacking.weights and .correlation where every member can be judged one scale further down, mossfuse.stacking.unjudged
where networks trained elsewhere are among them.
"""

import logging
from collections.abc import Sequence

import numpy as np

from mossfuse.errors import MossFuseError
from mossfuse.estimation.sensor import estimate_without_stripes
from mossfuse.physics.sampling import check_pair
from mossfuse.protocol import Fusion, Observation
from mossfuse.stacking.judged import evidence_of, mix
from mossfuse.stacking.members import Member, fuse_members
from mossfuse.stacking.unjudged import mix_with_networks, split
from mossfuse.stacking.view import View, make_consistent, open_components
from mossfuse.stacking.weights import Evidence

log = logging.getLogger(__name__)


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
    judged, networks = split(members, cubes)
    learnt = [name for name in names if not networks or name in {member.name for member in judged}]
    shares: dict[str, float] = {}
    if len(learnt) > 1:
        own = {name: cubes[name] for name in learnt}
        evidence = evidence_of(judged, own, view, kernel and not networks, seed, device)
        notes |= excesses(learnt, evidence)
        cube, weights = mix(list(own.values()), view.basis, evidence)
        shares = {name: float(weight) for name, weight in zip(learnt, weights, strict=True)}
    elif learnt:
        cube, shares = cubes[learnt[0]], {learnt[0]: 1.0}
    if networks:
        others = {name: cubes[name] for name in names if name not in shares}
        cube, shares = mix_with_networks(
            cube if shares else None, shares, others, networks, view, again=consistent, seed=seed, device=device
        )
    notes |= {f"weight {name}": round(shares[name], 4) for name in names}
    log.info("stack: %s", ", ".join(f"{100 * shares[name]:.0f} % {name}" for name in names))
    return Fusion(cube=cube, notes=notes, **found)


def excesses(names: Sequence[str], evidence: Evidence) -> dict[str, str]:
    """Return the notes on what the reduced pair said about each member, where it said something."""
    found = zip(names, evidence.measured, evidence.error, evidence.shared, strict=True)
    return {
        f"excess {name}": f"{value:.3f} +- {error:.3f}, from shared errors {shared:.3f}"
        for name, value, error, shared in found
        if np.isfinite(value)
    }
