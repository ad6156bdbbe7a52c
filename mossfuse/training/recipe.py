"""The settings of a training of MossFuse, validated."""

import math
from dataclasses import dataclass

from mossfuse.devices import PRECISIONS
from mossfuse.errors import MossFuseError
from mossfuse.network.decoders import AGGREGATIONS
from mossfuse.training.losses import VARIANTS

CHOICES = {
    "loss": tuple(VARIANTS),
    "operators": ("fitted", "learned"),
    "order": ("random", "released"),
    "augment": ("none", "exact", "released"),
    "schedule": ("cosine", "released"),
    "aggregation": AGGREGATIONS,
    "precision": PRECISIONS,
}
RELEASED_LAST_RATE = 1e-6
RELEASED_PERIOD = 200  # epochs; the script counts them in steps but advances the schedule once an epoch


@dataclass(frozen=True)
class Recipe:
    """The settings of one training.

    dim, num_blocks, aggregation: width, depth and aggregations of the network (mossfuse.network.architecture).
    steps: optimiser steps. patch: side of a patch in MSI pixels, a multiple of the ratio. batch: patches per step.
    order: 'random' patches, or 'released': always the same overlapping ones, scene after scene.
    augment: 'none'; 'exact': patches are rotated and mirrored together with the blur and its phase; 'released': rotated
        and mirrored under the unrotated blur, which is off by a pixel where the phase is not the block's centre.
    learning_rate: Adam's step size. matrix_rate: the same for Muon, which trains the weight matrices and dense kernels;
        0: Adam trains them too. schedule: 'cosine': ``warmup`` steps of linear rise, then a cosine down to the share
        ``final_rate``; 'released': a cosine that advances once an epoch and hardly falls.
    clip: limit on the norm of the gradient, the blind net's aside; 0: none.
    ema: decay of the exponential average of the weights that is evaluated and kept; 0: the weights themselves.
    held_out: patches that no training patch may overlap; the iterate with the lowest loss on them is kept (0: the
    last).
    loss: name in mossfuse.training.losses.VARIANTS. operators: 'fitted' first and frozen, or 'learned' with the rest.
    precision: of convolutions and products; operators and losses stay in float32. deterministic: on a GPU, the same
        bytes every time, at the price of speed (a CPU is always deterministic).
    recompute: the backward pass computes the inner values of a block again instead of storing them: half the memory for
        a quarter more time (docs/speed.md).
    save_every: steps between resumable states. keep_every: steps between weights that are kept for curves; 0: none.
    """

    dim: int
    num_blocks: int
    aggregation: str
    steps: int
    patch: int
    batch: int
    order: str
    augment: str
    learning_rate: float
    matrix_rate: float
    schedule: str
    final_rate: float
    warmup: int
    clip: float
    ema: float
    held_out: int
    loss: str
    operators: str
    precision: str
    deterministic: bool
    recompute: bool
    save_every: int
    keep_every: int

    def __post_init__(self):
        for key, allowed in CHOICES.items():
            if getattr(self, key) not in allowed:
                raise MossFuseError(
                    f"unknown {key} '{getattr(self, key)}' in the training parameters; choose one of {', '.join(allowed)}"
                )
        if min(self.steps, self.patch, self.batch, self.save_every) < 1 or self.learning_rate <= 0:
            raise MossFuseError(
                "training needs positive steps, patch, batch, save_every and learning_rate; check the training parameters"
            )
        if min(self.matrix_rate, self.clip, self.held_out, self.keep_every) < 0 or not 0 <= self.ema < 1:
            raise MossFuseError(
                "matrix_rate, clip, held_out and keep_every must not be negative and ema must be below 1; check the "
                "training parameters"
            )
        if self.order == "released" and self.held_out:
            raise MossFuseError("the released order of patches leaves none out; set held_out 0 or order 'random'")

    def pace(self, step, steps_per_epoch=1):
        """Return the factor on the step sizes at the 0-based ``step``."""
        if self.schedule == "released":
            phase = math.pi * (step // steps_per_epoch) / (RELEASED_PERIOD * steps_per_epoch)
            last = RELEASED_LAST_RATE / self.learning_rate
            return last + (1 - last) * 0.5 * (1 + math.cos(phase))
        if step < self.warmup:
            return (step + 1) / self.warmup
        done = (step - self.warmup) / max(1, self.steps - self.warmup)
        return self.final_rate + (1 - self.final_rate) * 0.5 * (1 + math.cos(math.pi * done))
