"""Train MossFuse on degraded pairs: patches, a fixed number of steps, resumable bit for bit.

No ground truth is used anywhere, and the iterate that is kept is chosen on patches of the pairs that no training step
has seen. mossfuse.training.recipe and docs/training-variants.md list how the default differs from the released
training.
"""

import copy
import logging
import math
from dataclasses import asdict
from pathlib import Path

import torch
from tqdm import tqdm

from mossfuse.devices import mixed, new_generator, parameter_count, repeatable, seeded
from mossfuse.errors import MossFuseError
from mossfuse.estimation.joint import fit_operators
from mossfuse.fitting.resuming import check_pairs, state_file
from mossfuse.network import checkpoint
from mossfuse.network.architecture import MossFuse, inference_parameter_count
from mossfuse.network.blocks import recompute_blocks
from mossfuse.network.side_by_side import lanes
from mossfuse.physics.grid import block_span
from mossfuse.physics.psf_geometry import geometry_of
from mossfuse.physics.rotations import draw_turns, rotate
from mossfuse.progress import track
from mossfuse.training.losses import fusion_loss, loss_terms, needs_decoders
from mossfuse.training.muon import Muon
from mossfuse.training.patches import Patches
from mossfuse.training.recipe import Recipe

LOG_EVERY = 20
SMALLEST_MATRIX = 8  # fewest rows and columns of a weight matrix that Muon updates
log = logging.getLogger(__name__)


def train(pairs, *, seed, device, path, resume=False, **settings):
    """Train on ``pairs`` (Observations of equal bands, ratio and sensor) and write the checkpoint to ``path``.

    settings: the fields of Recipe. A state is stored beside the checkpoint (``path`` + '.partial') every
    ``save_every`` steps; with ``resume`` an existing one is continued, and the result is bit for bit that of an
    uninterrupted run on the same machine and threads. Returns history columns: step, learning_rate, every loss term
    (mean since the last logged step) and held_out, the loss on the patches held out. Raises MossFuseError for pairs or
    settings that do not fit together, and where the loss is no longer finite.
    """
    recipe = Recipe(**settings)
    check_pairs(pairs)
    geometry = geometry_of(pairs[0])
    generator = new_generator(seed)
    patches = Patches(pairs, recipe.patch, device)
    patches.hold_out(recipe.held_out, generator)
    if len(patches.held_out) < recipe.held_out:
        log.info("%d of %d patches are held out: the pairs are small", len(patches.held_out), recipe.held_out)
    blocks = protruding_blocks(geometry, patches, turning=recipe.augment == "exact")
    per_epoch = patches.steps_per_epoch(recipe.batch) if "released" in (recipe.order, recipe.schedule) else 1
    network = new_network(pairs, recipe, geometry, seed).to(device).train()
    recompute_blocks(network, recipe.recompute)
    fusing = [p for name, p in network.named_parameters() if not name.startswith("blind.")]
    optimisers = make_optimisers(network, recipe)
    run = Run(network, optimisers, generator, state_file(path, pairs, recipe, seed), recipe.ema)
    if resume:
        run.restore()
    if recipe.keep_every and not run.step:
        for stale in find_iterates(path).values():
            stale.unlink()

    def terms_of(net, msi, hsi, turns=None):
        with mixed(recipe.precision, device):
            out = net(msi, hsi, turns=turns, together=together)
        return loss_terms(out.full_precision(), msi, hsi, geometry, blocks, turns)

    def held_out_loss(net):
        msi, hsi = patches.cut(patches.held_out)
        with torch.no_grad():
            terms = terms_of(net.eval(), msi, hsi)
        return float(terms["hsi_cycle"] + terms["msi_cycle"])

    todo = track(range(run.step, recipe.steps), f"training on {len(pairs)} pairs", total=recipe.steps - run.step)
    with repeatable(device, recipe.deterministic), lanes(device) as together:
        for step in todo:
            pace = recipe.pace(step, per_epoch)
            for optimiser, rate in optimisers:
                optimiser.param_groups[0]["lr"] = rate * pace
            if recipe.order == "released":
                msi, hsi = patches.released(step, recipe.batch)
            else:
                msi, hsi = patches.draw(recipe.batch, generator)
            turns = None
            if recipe.augment != "none":
                turns = draw_turns(recipe.batch, generator)
                msi, hsi = rotate(msi, turns), rotate(hsi, turns)
            terms = terms_of(network, msi, hsi, turns if recipe.augment == "exact" else None)
            loss = fusion_loss(terms, recipe.loss)
            if recipe.operators == "learned":
                loss = loss + terms["blind"]
            network.zero_grad()
            loss.backward()
            if recipe.clip:
                torch.nn.utils.clip_grad_norm_(fusing, recipe.clip)
            for optimiser, _ in optimisers:
                optimiser.step()
            run.count(loss, terms)
            if run.step % LOG_EVERY == 0 or run.step == recipe.steps:
                run.record(recipe.learning_rate * pace, held_out_loss if patches.held_out else None)
                if isinstance(todo, tqdm):
                    todo.set_postfix_str(run.latest(), refresh=False)
                network.train()
            if recipe.keep_every and run.step % recipe.keep_every == 0:
                checkpoint.save(iterate_path(path, run.step), run.judged, pairs[0].wavelengths, {"steps": run.step})
            if run.step % recipe.save_every == 0 and run.step < recipe.steps:
                run.store()
    chosen, held_out = run.choose()
    facts = {
        **asdict(recipe),
        "seed": seed,
        "pairs": len(pairs),
        "parameters": parameter_count(network),
        "inference_parameters": inference_parameter_count(network),
        "chosen_step": chosen,
        "held_out_loss": held_out,
        "held_out_places": [list(place) for place in patches.held_out],
    }
    log.info(
        "weights of step %d of %d kept%s", chosen, recipe.steps, f", held-out loss {held_out:.3g}" if held_out else ""
    )
    checkpoint.save(path, run.judged, pairs[0].wavelengths, facts)
    run.file.remove()
    return run.history


class Run:
    """The state of a training, which can be stored and restored.

    judged: the network that is evaluated and kept, an exponential average of the trained one if ``ema`` is not 0.
    """

    def __init__(self, network, optimisers, generator, file, ema):
        self.network, self.optimisers, self.generator = network, [o for o, _ in optimisers], generator
        self.file, self.ema = file, ema
        self.judged = copy.deepcopy(network).requires_grad_(False) if ema else network
        pairs = list(zip(self.judged.state_dict().values(), network.state_dict().values(), strict=True))
        self.means, self.values = zip(*(pair for pair in pairs if pair[0].is_floating_point()), strict=True)
        self.counters, self.counts = zip(*(pair for pair in pairs if not pair[0].is_floating_point()), strict=True)
        self.step, self.history, self.sums, self.best = 0, {}, {}, None

    def count(self, loss, terms):
        """Add a finished step to the sums and to the average of the weights."""
        self.step += 1
        for name, value in {"loss": loss, **terms}.items():
            self.sums[name] = self.sums.get(name, 0.0) + value.detach()
        if self.ema:
            # A short average at first keeps the random initial weights out of it.
            weight = 1 - min(self.ema, self.step / (self.step + 10))
            with torch.no_grad():
                torch._foreach_lerp_(self.means, self.values, weight)
                torch._foreach_copy_(self.counters, self.counts)

    def record(self, learning_rate, held_out_loss):
        """Add the means since the last record to the history, and keep the iterate with the lowest held-out loss.

        held_out_loss(network): returns a float; None where nothing is held out. Raises MossFuseError where the loss is
        not finite.
        """
        counted = (self.step - 1) % LOG_EVERY + 1
        row = {"step": self.step, "learning_rate": learning_rate}
        row |= {name: float(total) / counted for name, total in self.sums.items()}
        if not math.isfinite(row["loss"]):
            raise MossFuseError(
                f"training diverged before step {self.step} (the loss is {row['loss']}); lower learning_rate and matrix_rate"
            )
        if held_out_loss:
            row["held_out"] = held_out_loss(self.judged)
            if row["held_out"] < (self.best["held_out"] if self.best else math.inf):
                weights = {name: value.clone() for name, value in self.judged.state_dict().items()}
                self.best = {"step": self.step, "held_out": row["held_out"], "weights": weights}
        for name, value in row.items():
            self.history.setdefault(name, []).append(value)
        self.sums = {}

    def latest(self):
        """Return the last record's losses, for the progress bar."""
        shown = {"loss": "loss", "held_out": "held out"}
        return ", ".join(f"{shown[name]} {self.history[name][-1]:.4f}" for name in shown if name in self.history)

    def choose(self):
        """Set ``judged`` to the best iterate; return its step and its held-out loss (None where nothing is held out)."""
        if self.best is None:
            return self.step, None
        self.judged.load_state_dict(self.best["weights"])
        return self.best["step"], self.best["held_out"]

    def store(self):
        """Write the state (mossfuse.fitting.resuming)."""
        self.file.store(
            {
                "network": self.network.state_dict(),
                "judged": self.judged.state_dict() if self.ema else None,
                "optimisers": [optimiser.state_dict() for optimiser in self.optimisers],
                "generator": self.generator.get_state(),
                **{name: getattr(self, name) for name in ("step", "history", "sums", "best")},
            }
        )

    def restore(self):
        """Continue from the stored state, if there is one of this training."""
        state = self.file.restore()
        if state is None:
            return
        self.network.load_state_dict(state["network"])
        if self.ema:
            self.judged.load_state_dict(state["judged"])
        for optimiser, content in zip(self.optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(content)
        self.generator.set_state(state["generator"])
        for name in ("step", "history", "sums", "best"):
            setattr(self, name, state[name])
        log.info("continuing %s at step %d", self.file.path, self.step)


def new_network(pairs, recipe, geometry, seed):
    """Return a freshly initialised network; its operators are fitted and frozen where the recipe says so."""
    with seeded(seed):
        network = MossFuse(
            pairs[0].hsi.shape[2],
            pairs[0].msi.shape[2],
            pairs[0].ratio,
            dim=recipe.dim,
            num_blocks=recipe.num_blocks,
            geometry=geometry,
            decoders=needs_decoders(recipe.loss),
            aggregation=recipe.aggregation,
        )
    if recipe.operators == "fitted":
        network.blind.set_to(*fit_operators(pairs, geometry))
        network.blind.requires_grad_(False)
    return network


def make_optimisers(network, recipe):
    """Return [(optimiser, full step size)]: Muon for weight matrices and dense kernels, Adam for everything else.

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


def protruding_blocks(geometry, patches, turning=False):
    """Return ((top, bottom), (left, right)): low-resolution pixels at each side of a patch whose PSF window leaves it.

    turning: the patches are rotated, so every side has the largest of these numbers. Raises MossFuseError where the
    windows of all pixels leave the patch.
    """
    spans = [block_span(*which, patches.ratio) for which in zip(geometry.size, geometry.phase, strict=True)]
    blocks = tuple((-first, last) for first, last, _ in spans)
    if turning:
        most = max(map(max, blocks))
        blocks = ((most, most), (most, most))
    if max(map(sum, blocks)) >= patches.low:
        raise MossFuseError(
            f"the PSF of {geometry.size[0]}x{geometry.size[1]} pixels leaves every training patch of "
            f"{patches.low * patches.ratio} pixels; set a larger 'patch'"
        )
    return blocks


def iterate_path(path, step):
    """Return the path of the weights of an intermediate step, kept for curves."""
    path = Path(path)
    return path.with_name(f"{path.stem}-step{step:06d}{path.suffix}")


def find_iterates(path):
    """Return step -> file of the intermediate weights kept beside the checkpoint ``path``, in order."""
    path = Path(path)
    numbers = (each.stem.removeprefix(f"{path.stem}-step") for each in path.parent.glob(f"*-step*{path.suffix}"))
    steps = sorted(int(number) for number in numbers if number.isdigit())
    return {step: iterate_path(path, step) for step in steps}
