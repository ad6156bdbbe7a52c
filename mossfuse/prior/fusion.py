"""Fuse a pair: nsgp, and at every pixel the mix of other closed forms that a network trained on renderings asks for."""

import logging

import numpy as np

from mossfuse.estimation.sensor import estimate_without_stripes
from mossfuse.physics.sampling import check_pair
from mossfuse.prior.experts import NAMES, Experts, compute_experts, settle
from mossfuse.prior.gate import Gate, read_gate
from mossfuse.prior.inputs import of_components, of_image
from mossfuse.protocol import Fusion, Observation

log = logging.getLogger(__name__)
ROWS = 64  # of the image weighed at once
LIMIT = 0.5  # of a component's strength, beyond which a pixel is changed no further


def fuse_with_prior(observation: Observation, *, components: int, draws: int, seed: int, device: str) -> Fusion:
    """Return the cube (H, W, B); notes: the mean weight of every closed form, and the change against nsgp.

    components: of the null space that the prior corrects; draws: of nsgp, averaged. The change lies in the null space of the SRF
    and of H: both images are met as nsgp meets them. Raises MossFuseError for a pair whose sizes do not fit together.
    """
    check_pair(observation)
    clean, sensor, facts = estimate_without_stripes(observation)
    experts = compute_experts(
        clean, sensor, facts["unseen"], components=components, draws=draws, seed=seed, device=device
    )
    found = {"psf_hat": sensor.psf, "srf_hat": sensor.srf}
    if not experts.basis.shape[1]:
        return Fusion(cube=experts.start, notes={"choice": "nsgp: the MSI leaves nothing open"}, **found)
    gate = read_gate()
    change, mean = weigh(experts, gate)
    change = settle(change, experts.operator, experts.inverse)
    cube = experts.start + change @ experts.basis.T.astype(np.float32)
    notes = {f"mean weight {name}": round(float(weight), 3) for name, weight in zip(NAMES, mean, strict=True)}
    notes |= {"parameters": gate.parameters, "change": float(np.sqrt(np.mean(change**2)) / experts.unit)}
    log.info("learned prior: changes nsgp by %.2g of what the MSI leaves open", notes["change"])
    return Fusion(cube=cube, notes=notes, **found)


def weigh(experts: Experts, gate: Gate) -> tuple[np.ndarray, np.ndarray]:
    """Return (sum of the weighted differences (H, W, K) float32, within LIMIT; mean weight of every expert)."""
    shared = of_image(experts)
    height, _, components = experts.differences.shape[1:]
    change = np.empty(experts.differences.shape[1:], np.float32)
    total = np.zeros(len(NAMES))
    for top in range(0, height, ROWS):
        rows = slice(top, top + ROWS)
        for k in range(components):
            inputs = np.concatenate([shared[rows], of_components(experts, k, rows)], -1)
            weights = gate(inputs)
            mixed = np.einsum("rce,erc->rc", weights, experts.differences[:, rows, :, k])
            most = LIMIT * experts.strength[k]
            change[rows, :, k] = np.clip(mixed, -most, most)
            total += weights.sum((0, 1))
    return change, total / change.size
