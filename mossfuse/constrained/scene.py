"""mossfuse-c of one pair: f is fitted to the pair and blended into the initial estimate as held-out LR pixels allow."""

import numpy as np
import torch

from mossfuse.constrained.blend import choose_blend
from mossfuse.constrained.initial_estimates import InitialEstimate
from mossfuse.constrained.null_space_fit import FitSettings, fit_null_space
from mossfuse.constrained.pixel_trunk import PixelNetworks, PixelTrunk, input_count
from mossfuse.devices import parameter_count, seeded
from mossfuse.errors import MossFuseError
from mossfuse.estimation.sensor import estimate_without_stripes
from mossfuse.physics.projection import null_part
from mossfuse.physics.sampling import check_pair
from mossfuse.protocol import Fusion

FEWEST = 4  # LR pixels below which none can be held out


def fuse_pair(observation, *, start, folds, width, seed, device, pretrained=None, **recipe):
    """Fuse a pair: the initial estimate, blended with the network where held-out LR pixels prefer it
    (docs/mossfuse-c.md).

    start: 'nsgp' or 'ridge-dc'; folds: parts of the LR pixels, each held out once; width: of the networks' layers;
    pretrained: None, or mossfuse.constrained.pretraining.Pretrained, whose networks (one per fold) the fit then starts
    from;
    recipe: fields of mossfuse.constrained.null_space_fit.FitSettings. Raises MossFuseError for settings out of range.
    """
    if folds < 2:
        raise MossFuseError(f"mossfuse-c needs at least 2 folds, got {folds}; check its parameters")
    recipe = FitSettings(**recipe)
    check_pair(observation)
    observation, sensor, facts = estimate_without_stripes(observation)
    first = InitialEstimate(start, observation, sensor, seed, device, facts["unseen"])
    found = {"psf_hat": sensor.psf, "srf_hat": sensor.srf}
    count = len(first.low_hsi)
    reason = f"{count} LR pixels are too few to hold any out" if count < FEWEST else ""
    if facts["unseen"].any():
        reason = "the MSI sees light that the HSI does not, so it does not bind the cube"
    if reason:
        return Fusion(cube=first.cube(), notes={"start": start, "choice": f"start: {reason}"}, **found)
    unseen = held_out_parts(count, folds, seed)
    parts = [first.part(~fold) for fold in unseen]
    targets = np.stack([part.target for part in parts])
    null = np.stack([null_matrix(part.gain, first.srf) for part in parts])
    with seeded(seed):
        inputs, bands = input_count(first.msi.shape[2]), observation.hsi.shape[2]
        networks, statistics, scale = PixelNetworks(len(parts), inputs, width, bands), None, None
    if pretrained is not None:
        networks, statistics, scale = pretrained.of_pair(len(parts), first.msi)
    trunk = PixelTrunk(networks, first.msi, first.operator, statistics=statistics, device=device)
    looks = fit_null_space(trunk, targets, ~unseen, null, recipe, seed=seed, scale=scale)
    own = unseen.argmax(0), np.arange(count)
    # The blended initial estimate is fitted on all pixels, so it is judged by leaving out one pixel, not a part. Under
    # noise whole parts are left out, because the closed form's Wiener filter would keep the single pixel.
    soft = first.noise_msi is not None
    left = np.stack([part.residual for part in parts])[own] if soft else first.part().residual
    choice = choose_blend(left, [targets[own] - look.held_out for look in looks])
    notes = {
        "start": start,
        "parameters": parameter_count(trunk.networks),
        "folds": len(parts),
        **choice.notes([look.step for look in looks]),
    }
    cube = first.cube()
    if choice.amount:
        look = looks[choice.index]
        with torch.no_grad():
            torch._foreach_copy_(list(trunk.networks.parameters()), look.weights)
            network = trunk.everywhere(look.outer)
        cube = first.apply_change(cube, choice.amount * (network - cube))
    history = {"step": [look.step for look in looks], "loss": [look.loss for look in looks], "held_out": choice.curve}
    return Fusion(cube=cube, history=history, notes=notes, **found)


def held_out_parts(count, folds, seed):
    """Partition the LR pixels at random into parts of equal size, up to one pixel: (folds, count) bool."""
    folds = min(folds, count // 2)
    order = np.random.default_rng(seed).permutation(count)
    return np.arange(count)[order] % folds == np.arange(folds)[:, None]


def null_matrix(gain, srf):
    """Return N = I - P R, (B, B)."""
    return null_part(np.eye(len(gain)), srf, gain).T
