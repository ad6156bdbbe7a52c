"""Mix cubes with weights from what the same members were worth one scale further down.

Their errors there are read twice: how much worse than the first each member is (mossfuse.stacking.weights), and how far they err together
(mossfuse.stacking.correlation). A member counts as much as both readings admit. The first is misled where the reduced pair is unlike the pair
(noise, small ratios), the second where the first member's error is larger than its leave-one-out errors say (a single MSI band).
"""

import numpy as np

from mossfuse.estimation.sensor import estimate_sensor
from mossfuse.stacking.correlation import learn_together, leave_one_out
from mossfuse.stacking.members import fuse_members
from mossfuse.stacking.reduced import reduce_pair
from mossfuse.stacking.view import KERNEL, View, make_consistent
from mossfuse.stacking.weights import KERNEL_PRIOR, PRIOR, Evidence, best_weights, learn, no_evidence

ROWS = 64  # of the image mixed at once


def evidence_of(members, cubes, view, kernel, seed, device) -> Evidence:
    """Return what the reduced pair says about the cubes, by name, of the pair itself, or the assumption without evidence."""
    names = list(cubes)
    priors = [KERNEL_PRIOR if name == KERNEL else PRIOR for name in names]
    every = no_evidence(priors, view.basis.shape[1])
    measured, errors = errors_below(members, names, view, kernel, seed, device)
    if errors is None:
        return every
    learnt = learn(errors, view.basis, [priors[number] for number in measured])
    own = leave_one_out(view, seed=seed, device=device)
    shared = learn_together(errors, [cubes[names[number]] for number in measured], own)
    every.excess[measured] = np.maximum(learnt.excess, shared.excess[:, None])
    every.measured[measured], every.error[measured] = learnt.measured, learnt.error
    every.shared[measured] = shared.measured
    return every


def errors_below(members, names, view, kernel, seed, device):
    """Return (places in names, errors (members, h, w, B)) of the members on the reduced pair; ([], None) where it says nothing."""
    reduced = reduce_pair(view.clean, view.sensor)
    if reduced is None:
        return [], None
    pair = reduced.observation
    cubes, _ = fuse_members(members, pair, pair.sensor, seed=seed, device=device)
    if names[0] not in cubes:
        return [], None
    sensor, facts = estimate_sensor(pair)
    below = View(pair, pair, sensor, facts["unseen"], view.basis)
    cubes = make_consistent(cubes, below, kernel, seed, device)
    measured = [number for number, name in enumerate(names) if name in cubes]
    return measured, np.stack([cubes[names[number]].astype(np.float64) - reduced.truth for number in measured])


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
