"""Training of a network on crops of a training split: a fixed number of steps of Adam, resumable to the bit."""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mossfuse.devices import new_generator, parameter_count, precise
from mossfuse.errors import MossFuseError
from mossfuse.fitting.checkpoints import kept_checkpoint, write_checkpoint
from mossfuse.fitting.records import History
from mossfuse.fitting.resuming import check_pairs, state_file
from mossfuse.fitting.stages import Schedule
from mossfuse.physics.psf_geometry import geometry_of
from mossfuse.progress import track
from mossfuse.protocol import Observation

LOG_EVERY = 20


def train_network(
    network: torch.nn.Module, loss: Callable[[torch.Generator], Any], schedule: Schedule, *, lr: float,
    pairs: Sequence[Observation], truths: Sequence[np.ndarray] | None, settings: Mapping[str, Any], seed: int,
    path: str | Path, resume: bool, save_every: int, content: Mapping[str, Any],
) -> dict[str, list]:  # fmt: skip
    """Minimise ``loss(generator)`` over the network's parameters, write the checkpoint and return history columns.

    loss: returns a scalar, or a mapping of terms that are added; the generator is the only source of randomness.
    settings: mapping of all that decides the result besides pairs, truths and seed. content: mapping written into the
    checkpoint beside state_dict and training (plain data, with ``shape_facts``). A state is kept in ``path`` + '.partial'
    every ``save_every`` steps and continued if ``resume``.
    """
    check_pairs(pairs)
    optimiser = torch.optim.Adam(network.parameters(), lr=lr, fused=True)
    generator, history = new_generator(seed), History(LOG_EVERY)
    state, start, seconds = state_file(path, pairs, sorted(settings.items()), seed, truths), 0, 0.0
    if resume and (stored := state.restore()) is not None:
        network.load_state_dict(stored["network"])
        optimiser.load_state_dict(stored["optimiser"])
        generator.set_state(stored["generator"])
        vars(history).update(stored["history"])
        start, seconds = stored["step"], stored["seconds"]
    network.train()
    with precise():
        for step in track(range(start, schedule.steps), f"training on {len(pairs)} pairs"):
            began, factor = time.perf_counter(), schedule.factor(step)
            for group in optimiser.param_groups:
                group["lr"] = lr * factor
            terms = loss(generator)
            terms = terms if isinstance(terms, Mapping) else {"loss": terms}
            total: Any = sum(terms.values())
            optimiser.zero_grad(set_to_none=True)
            total.backward()
            optimiser.step()
            history.add("train", lr * factor, {"loss": total, **terms}, last=step + 1 == schedule.steps)
            seconds += time.perf_counter() - began
            if (step + 1) % save_every == 0 and step + 1 < schedule.steps:
                state.store(
                    {
                        "network": network.state_dict(), "optimiser": optimiser.state_dict(), "seconds": seconds,
                        "generator": generator.get_state(), "history": vars(history), "step": step + 1,
                    }
                )  # fmt: skip
    facts = {**settings, "seed": seed, "pairs": len(pairs), "seconds": seconds, "parameters": parameter_count(network)}
    weights = {name: tensor.cpu() for name, tensor in network.state_dict().items()}
    write_checkpoint(path, content["kind"], {**content, "state_dict": weights, "training": facts})
    state.remove()
    return history.columns()


def check_truths(pairs: Sequence[Observation], truths: Sequence[np.ndarray] | None) -> None:
    """Raise MossFuseError for a supervised training whose truths do not belong to its pairs."""
    if not truths or len(truths) != len(pairs):
        raise MossFuseError(
            f"a supervised training needs one ground truth per pair, got {len(truths or ())} for {len(pairs)}"
        )
    for number, (pair, truth) in enumerate(zip(pairs, truths, strict=True)):
        wanted = (*pair.msi.shape[:2], pair.hsi.shape[2])
        if truth.shape != wanted:
            raise MossFuseError(
                f"the truth of pair {number} has shape {truth.shape}, but its pair needs {wanted}; use the cube the pair was "
                "made from"
            )


def read_weights(path: str | Path | None, kind: str, observation: Observation, ratio: bool = True) -> dict[str, Any]:
    """Return the content of a checkpoint of ``train_network``, not to be modified, after checking that it fits the observation.

    The content must hold 'kind', 'bands', 'msi_bands' and 'ratio' (``shape_facts``). ratio: whether the ratio has to agree.
    """
    if path is None:
        raise MossFuseError(f"{kind} needs a checkpoint; train the method first")
    content = kept_checkpoint(path, kind)
    found = {"bands": observation.hsi.shape[2], "msi_bands": observation.msi.shape[2], "ratio": observation.ratio}
    differing = [name for name in found if content[name] != found[name] and (ratio or name != "ratio")]
    if differing:
        listed = ", ".join(f"{name} {content[name]} (this pair: {found[name]})" for name in differing)
        raise MossFuseError(f"{path} was trained for {listed}; train on pairs of this kind")
    return content


def shape_facts(kind: str, pair: Observation) -> dict[str, Any]:
    """Return what ``read_weights`` checks, from the training's first pair, and the size and phase of its PSF."""
    size, phase, _ = geometry_of(pair)
    return {
        "kind": kind, "bands": pair.hsi.shape[2], "msi_bands": pair.msi.shape[2], "ratio": pair.ratio,
        "geometry": [list(size), list(phase)],
    }  # fmt: skip
