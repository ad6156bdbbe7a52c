"""Train f on a part of the LR pixels: || y - H(P M + N f) ||^2 before any back-projection, one network per fold.

N P M = 0 and y - H P M lies in null(R), so the target is N y. Network k never sees fold k: neither its spectra nor a P
or a scale that was computed with them.
"""

import math
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch

from mossfuse.devices import new_generator, seeded
from mossfuse.errors import MossFuseError
from mossfuse.progress import track

LEAST_SCALE = 1e-8


@dataclass(frozen=True)
class FitSettings:
    """steps: of AdamW; every: steps between two evaluations on the held-out pixels. pixels: MSI pixels per step, in
    whole PSF windows. average: decay of the exponential average of the weights that is evaluated and kept.

    Raises MossFuseError for values out of range.
    """

    steps: int
    every: int
    pixels: int
    learning_rate: float
    weight_decay: float
    average: float

    def __post_init__(self):
        if self.steps < 0 or min(self.every, self.pixels, self.learning_rate) <= 0 or not 0 <= self.average < 1:
            raise MossFuseError(
                "mossfuse-c needs steps of 0 or more, positive every, pixels and learning_rate, and average in [0, 1); "
                "check its parameters"
            )


@dataclass(frozen=True)
class Look:
    """One evaluation on the held-out pixels.

    loss: mean since the previous one (NaN before the first step); held_out: (n, B), H N f of every LR pixel by the
    network that has not seen it; weights: the averaged parameters; outer: (members, B, B) that map the networks'
    outputs to N f.
    """

    step: int
    loss: float
    held_out: np.ndarray
    weights: list
    outer: torch.Tensor


def fit_null_space(trunk, targets, seen, null, recipe, *, seed, scale=None):
    """Fit a trunk (mossfuse.constrained.pixel_trunk) with one member per fold; return the list of its Looks.

    targets: (folds, n, B), N y of the fold; seen: (folds, n) bool, the pixels a member is trained on, each pixel being
    unseen by exactly one; null: (folds, B, B), N of the fold. Targets that are not seen are not read.
    scale: factor of the networks' outputs; None: the rms of each fold's targets. With a scale the networks
    count as trained and are evaluated before the first step too. Raises MossFuseError where the loss is not finite.
    """
    device, (folds, count, bands) = trunk.device, targets.shape
    targets = np.where(seen[..., None], targets, 0)
    trained = scale is not None
    scale = (
        np.full(folds, scale) if trained else np.sqrt((targets**2).sum((1, 2)) / (seen.sum(1) * bands)) + LEAST_SCALE
    )
    outer = as_tensor(null.transpose(0, 2, 1), device)
    wanted, weight = as_tensor(targets / scale[:, None, None], device), as_tensor(seen, device)
    rescaled = outer * as_tensor(scale, device)[:, None, None]
    batch = min(count, max(1, recipe.pixels // trunk.places.shape[1]))
    generator = new_generator(seed)
    params = list(trunk.networks.parameters())
    optimiser = torch.optim.AdamW(params, recipe.learning_rate, weight_decay=recipe.weight_decay, fused=True)
    mean, looks, losses = [p.detach().clone() for p in params], [], []

    def look(step):
        value = float(torch.stack(losses).mean()) if losses else math.nan
        if losses and not math.isfinite(value):
            raise MossFuseError(f"the loss is no longer finite at step {step}; lower learning_rate")
        with torch.no_grad(), averaged_weights(params, mean):
            held_out = held_out_values(trunk, rescaled, seen, batch)
        looks.append(Look(step, value, held_out, [m.clone() for m in mean], rescaled))
        losses.clear()

    with seeded(seed, device):
        if trained:
            look(0)
        for step in track(range(1, recipe.steps + 1), "null space"):
            chosen = torch.randint(count, (batch,), generator=generator).to(device)
            error = (trunk.low(chosen) @ outer - wanted[:, chosen]).square().mean(2) * weight[:, chosen]
            loss = error.sum() * folds / weight[:, chosen].sum()
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            with torch.no_grad():
                torch._foreach_lerp_(mean, params, 1 - recipe.average)
            losses.append(loss.detach())
            if step % recipe.every == 0 or step == recipe.steps:
                look(step)
    return looks


@contextmanager
def averaged_weights(params, mean):
    """Set the parameters to ``mean`` inside the context and restore them afterwards."""
    own = [p.detach().clone() for p in params]
    torch._foreach_copy_(params, mean)
    yield
    torch._foreach_copy_(params, own)


def held_out_values(trunk, outer, seen, batch):
    """Return H N f of every LR pixel, (n, B) float64, by the member that was not trained on it."""
    count = seen.shape[1]
    own = torch.from_numpy((~seen).argmax(0))
    pieces = []
    for places in torch.arange(count).split(batch):
        values = (trunk.low(places.to(trunk.device)) @ outer).cpu()
        pieces.append(values[own[places], torch.arange(len(places))])
    return torch.cat(pieces).numpy().astype(np.float64)


def as_tensor(array, device):
    """Return the array as a float32 tensor on the device."""
    return torch.from_numpy(np.ascontiguousarray(array, np.float32)).to(device)
