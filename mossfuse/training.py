"""Training of MossFuse on degraded pairs: random patches, a fixed number of steps, resumable to the bit.

No ground truth is used anywhere. By default the PSF and the SRF are fitted to all pairs first and then frozen, and
only the encoders and the high-resolution decoder are trained; ``operators='learned'`` and ``loss='paper'`` are the
authors' way. Patches are aligned to the low-resolution grid and never flipped: the official sampling phase (15 of
32) is off the block's centre, so a flip would shift the HSI against the MSI by a pixel.
"""

import hashlib
import logging
import math
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import torch

from mossfuse.errors import MossFuseError
from mossfuse.losses import VARIANTS, fusion_loss, loss_terms, needs_decoders
from mossfuse.muon import Muon
from mossfuse.network import checkpoint
from mossfuse.network.degradation import fit_operators, geometry_of
from mossfuse.network.mossfuse import MossFuse, inference_parameter_count, parameter_count
from mossfuse.physics.sampling import block_span
from mossfuse.physics.tensors import to_tensor
from mossfuse.progress import track

OPERATORS = ("fitted", "learned")
LOG_EVERY = 20
SMALLEST_MATRIX = 8  # rows and columns from which a weight matrix is worth Muon's orthogonal updates
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Recipe:
    """The settings of one training.

    dim, num_blocks: width and depth of the network. steps: optimiser steps. patch: side of a patch in MSI pixels, a
    multiple of the ratio. batch: patches per step. learning_rate: Adam's step size after ``warmup`` steps of linear
    rise, then a cosine down to the share ``final_rate`` of it. matrix_rate: the same for Muon, which trains the weight
    matrices and dense kernels; 0: Adam trains them too. clip: limit on the norm of the gradient, the blind net's aside. loss: name in mossfuse.losses.VARIANTS.
    operators: 'fitted' first and frozen, or 'learned' with the rest. save_every: steps between resumable states.
    """

    dim: int
    num_blocks: int
    steps: int
    patch: int
    batch: int
    learning_rate: float
    matrix_rate: float
    final_rate: float
    warmup: int
    clip: float
    loss: str
    operators: str
    save_every: int

    def __post_init__(self):
        for key, allowed in (("loss", tuple(VARIANTS)), ("operators", OPERATORS)):
            if getattr(self, key) not in allowed:
                raise MossFuseError(
                    f"unknown {key} '{getattr(self, key)}' in the training parameters; choose one of {allowed}"
                )
        if (
            min(self.steps, self.patch, self.batch, self.save_every) < 1
            or self.learning_rate <= 0
            or self.matrix_rate < 0
            or self.clip <= 0
        ):
            raise MossFuseError(
                "training needs positive steps, patch, batch, save_every, learning_rate and clip; check train_params"
            )

    def pace(self, step):
        """Share of the step sizes that is used at the 0-based ``step``."""
        if step < self.warmup:
            return (step + 1) / self.warmup
        done = (step - self.warmup) / max(1, self.steps - self.warmup)
        return self.final_rate + (1 - self.final_rate) * 0.5 * (1 + math.cos(math.pi * done))


class Patches:
    """Random aligned patches of all pairs, held on one device."""

    def __init__(self, pairs, patch, device):
        self.ratio = pairs[0].ratio
        if patch % self.ratio or any(patch > min(pair.msi.shape[:2]) for pair in pairs):
            raise MossFuseError(
                f"training patch {patch} must be a multiple of the ratio {self.ratio} and fit into every MSI "
                f"(smallest side {min(min(p.msi.shape[:2]) for p in pairs)}); change 'patch' in train_params"
            )
        self.low = patch // self.ratio
        self.images = [(to_tensor(pair.msi, device), to_tensor(pair.hsi, device)) for pair in pairs]

    def draw(self, batch, generator):
        """(msi (batch, M, patch, patch), hsi (batch, B, patch / ratio, patch / ratio))."""
        drawn = []
        for _ in range(batch):
            msi, hsi = self.images[self._uniform(len(self.images), generator)]
            row, col = (self._uniform(n - self.low + 1, generator) for n in hsi.shape[2:])
            r, size = self.ratio, self.low
            drawn.append(
                (
                    msi[:, :, row * r : (row + size) * r, col * r : (col + size) * r],
                    hsi[:, :, row : row + size, col : col + size],
                )
            )
        msi, hsi = zip(*drawn, strict=True)
        return torch.cat(msi), torch.cat(hsi)

    @staticmethod
    def _uniform(count, generator):
        return int(torch.randint(count, (), generator=generator))


def train(pairs, *, seed, device, path, resume=False, **settings):
    """Train on ``pairs`` (Observations of equal bands, ratio and sensor) and write the checkpoint to ``path``.

    settings: the fields of Recipe. A state is kept beside the checkpoint (``path`` + '.partial') every
    ``save_every`` steps; with ``resume`` an existing one is continued, and the result is bit for bit that of an
    uninterrupted run on the same machine and threads. Returns history columns: step, learning_rate, every loss term
    (mean since the last logged step). Raises MossFuseError for pairs or settings that do not fit together, and where
    the loss stops being finite.
    """
    recipe = Recipe(**settings)
    check_pairs(pairs)
    geometry = geometry_of(pairs[0])
    patches = Patches(pairs, recipe.patch, device)
    blocks = protruding_blocks(geometry, patches)
    network = new_network(pairs, recipe, geometry, seed).to(device).train()
    fusing = [p for name, p in network.named_parameters() if not name.startswith("blind.")]
    optimisers = make_optimisers(network, recipe)
    run = Run(
        network, optimisers, torch.Generator().manual_seed(seed), partial_path(path), identity(pairs, recipe, seed)
    )
    if resume and run.path.exists():
        run.restore()
    todo = track(range(run.step, recipe.steps), f"training on {len(pairs)} pairs", total=recipe.steps - run.step)
    with torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=True):
        for step in todo:
            for optimiser, rate in optimisers:
                optimiser.param_groups[0]["lr"] = rate * recipe.pace(step)
            msi, hsi = patches.draw(recipe.batch, run.generator)
            terms = loss_terms(network(msi, hsi), msi, hsi, geometry, blocks)
            loss = fusion_loss(terms, recipe.loss)
            if recipe.operators == "learned":
                loss = loss + terms["blind"]
            network.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(fusing, recipe.clip)
            for optimiser, _ in optimisers:
                optimiser.step()
            run.record(step, recipe, loss, terms)
            if run.step % recipe.save_every == 0 and run.step < recipe.steps:
                run.store()
    facts = {
        **{field.name: getattr(recipe, field.name) for field in fields(Recipe)},
        "seed": seed,
        "pairs": len(pairs),
        "parameters": parameter_count(network),
        "inference_parameters": inference_parameter_count(network),
    }
    checkpoint.save(path, network, pairs[0].wavelengths, facts)
    run.path.unlink(missing_ok=True)
    return run.history


class Run:
    """Everything a training changes; its state can be written and taken up again."""

    def __init__(self, network, optimisers, generator, path, identity):
        self.network, self.optimisers, self.generator = network, [o for o, _ in optimisers], generator
        self.path, self.identity = path, identity
        self.step, self.history, self.sums = 0, {}, {}

    def record(self, step, recipe, loss, terms):
        """Count a finished step; every LOG_EVERY steps and at the end the means join the history."""
        self.step = step + 1
        for name, value in {"loss": loss, **terms}.items():
            self.sums[name] = self.sums.get(name, 0.0) + value.detach()
        if self.step % LOG_EVERY == 0 or self.step == recipe.steps:
            count = (self.step - 1) % LOG_EVERY + 1
            row = {
                "step": self.step,
                "learning_rate": recipe.learning_rate * recipe.pace(step),
                **{k: float(v) / count for k, v in self.sums.items()},
            }
            if not math.isfinite(row["loss"]):
                raise MossFuseError(
                    f"training diverged before step {self.step} (the loss is {row['loss']}); lower learning_rate and "
                    "matrix_rate in train_params"
                )
            for name, value in row.items():
                self.history.setdefault(name, []).append(value)
            self.sums = {}

    def store(self):
        state = {
            "identity": self.identity,
            "network": self.network.state_dict(),
            "optimisers": [optimiser.state_dict() for optimiser in self.optimisers],
            "generator": self.generator.get_state(),
            **{name: getattr(self, name) for name in ("step", "history", "sums")},
        }
        checkpoint.write_atomically(state, self.path)

    def restore(self):
        state = checkpoint.read_file(self.path)
        if state.get("identity") != self.identity:
            log.warning("%s belongs to a training with other pairs, settings or seed; starting anew", self.path)
            return
        self.network.load_state_dict(state["network"])
        for optimiser, content in zip(self.optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(content)
        self.generator.set_state(state["generator"])
        for name in ("step", "history", "sums"):
            setattr(self, name, state[name])


def new_network(pairs, recipe, geometry, seed):
    """A freshly initialised network; operators fitted and frozen where the recipe says so."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = MossFuse(
            pairs[0].hsi.shape[2],
            pairs[0].msi.shape[2],
            pairs[0].ratio,
            dim=recipe.dim,
            num_blocks=recipe.num_blocks,
            geometry=geometry,
            decoders=needs_decoders(recipe.loss),
        )
    if recipe.operators == "fitted":
        network.blind.set_to(*fit_operators(pairs, geometry))
        network.blind.requires_grad_(False)
    return network


def make_optimisers(network, recipe):
    """[(optimiser, its full step size)]: Muon for weight matrices and dense kernels, Adam for everything else.

    Depthwise kernels, vectors, tiny matrices and the blind net stay with Adam; all do where matrix_rate is 0.
    """
    matrices, rest = [], []
    for name, p in network.named_parameters():
        if p.requires_grad:
            dense = (
                p.ndim >= 2 and min(len(p), p[0].numel()) >= SMALLEST_MATRIX and not (p.ndim == 4 and p.shape[1] == 1)
            )
            (matrices if recipe.matrix_rate and dense and not name.startswith("blind.") else rest).append(p)
    optimisers = [(torch.optim.Adam(rest, recipe.learning_rate, fused=True), recipe.learning_rate)]
    if matrices:
        optimisers.append((Muon(matrices, recipe.matrix_rate), recipe.matrix_rate))
    return optimisers


def check_pairs(pairs):
    """Refuse an empty list and pairs that differ in bands, ratio or sampling geometry."""
    if not pairs:
        raise MossFuseError("training needs at least one pair; check the dataset's training split")
    kinds = {(p.hsi.shape[2], p.msi.shape[2], p.ratio, geometry_of(p)) for p in pairs}
    if len(kinds) > 1:
        raise MossFuseError(
            "training pairs must agree in bands, ratio and PSF geometry; found (HSI bands, MSI bands, ratio, "
            f"geometry): {sorted(kinds)}"
        )


def protruding_blocks(geometry, patches):
    """How many low-resolution pixels at each side of a patch have a PSF window that leaves it: ((t, b), (l, r))."""
    spans = [block_span(*which, patches.ratio) for which in zip(geometry.size, geometry.phase, strict=True)]
    blocks = tuple((-first, last) for first, last, _ in spans)
    if max(map(sum, blocks)) >= patches.low:
        raise MossFuseError(
            f"the PSF of {geometry.size[0]}x{geometry.size[1]} pixels leaves every training patch of "
            f"{patches.low * patches.ratio} pixels; set a larger 'patch' in train_params"
        )
    return blocks


def partial_path(path):
    """Where the resumable state of a training lies."""
    path = Path(path)
    return path.with_name(path.name + ".partial")


def identity(pairs, recipe, seed):
    """Fingerprint of what decides a training's result."""
    digest = hashlib.sha256(f"{recipe} {seed}".encode())
    for pair in pairs:
        for image in (pair.hsi, pair.msi):
            digest.update(f"{image.shape} {geometry_of(pair)}".encode())
            digest.update(np.ascontiguousarray(image))
    return digest.hexdigest()
