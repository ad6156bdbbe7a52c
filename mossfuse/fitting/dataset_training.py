"""Training of a network on crops of a training split: a fixed number of steps of Adam, resumable to the bit."""

import hashlib
import logging
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch

from mossfuse.devices import parameter_count
from mossfuse.errors import MossFuseError
from mossfuse.files import torch_files
from mossfuse.fitting.records import History
from mossfuse.fitting.resuming import check_pairs, identity, partial_path
from mossfuse.physics.psf_geometry import geometry_of
from mossfuse.progress import track

LOG_EVERY = 20
log = logging.getLogger(__name__)


def train_network(network, loss, schedule, *, lr, pairs, truths, settings, seed, path, resume, save_every, content):
    """Minimise ``loss(generator)`` (a scalar, or a mapping of terms that are added) over the network's parameters.

    schedule: mossfuse.fitting.stages.Schedule. The generator is the only source of randomness. settings: mapping of all that decides
    the result besides pairs, truths and seed. content: mapping written into the checkpoint beside state_dict and training
    (plain data). A state is kept in ``path`` + '.partial' every ``save_every`` steps and continued where ``resume``.
    Returns history columns.
    """
    check_pairs(pairs)
    optimiser = torch.optim.Adam(network.parameters(), lr=lr, fused=True)
    generator, history = torch.Generator().manual_seed(seed), History(LOG_EVERY)
    partial, start, seconds = partial_path(path), 0, 0.0
    mark = identity(pairs, (sorted(settings.items()), digest(truths)), seed)
    if resume and partial.exists():
        state = torch_files.read_file(partial)
        if state.get("identity") == mark:
            network.load_state_dict(state["network"])
            optimiser.load_state_dict(state["optimiser"])
            generator.set_state(state["generator"])
            vars(history).update(state["history"])
            start, seconds = state["step"], state["seconds"]
        else:
            log.warning("%s belongs to a training with other pairs, settings or seed; starting anew", partial)
    precise = torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False)
    network.train()
    with precise:
        for step in track(range(start, schedule.steps), f"training on {len(pairs)} pairs"):
            began, factor = time.perf_counter(), schedule.factor(step)
            for group in optimiser.param_groups:
                group["lr"] = lr * factor
            terms = loss(generator)
            terms = terms if isinstance(terms, Mapping) else {"loss": terms}
            total = sum(terms.values())
            optimiser.zero_grad(set_to_none=True)
            total.backward()
            optimiser.step()
            history.add("train", lr * factor, {"loss": total, **terms}, last=step + 1 == schedule.steps)
            seconds += time.perf_counter() - began
            if (step + 1) % save_every == 0 and step + 1 < schedule.steps:
                state = {"identity": mark, "network": network.state_dict(), "optimiser": optimiser.state_dict()}
                state |= {"generator": generator.get_state(), "history": vars(history), "step": step + 1}
                torch_files.write_atomically({**state, "seconds": seconds}, partial)
    facts = {**settings, "seed": seed, "pairs": len(pairs), "seconds": seconds, "parameters": parameter_count(network)}
    weights = {name: tensor.cpu() for name, tensor in network.state_dict().items()}
    torch_files.write_atomically({**content, "state_dict": weights, "training": facts}, path)
    partial.unlink(missing_ok=True)
    return history.columns()


def digest(truths):
    """Fingerprint of the ground truth, None without one."""
    if truths is None:
        return None
    found = hashlib.sha256()
    for cube in truths:
        found.update(f"{cube.shape}".encode())
        found.update(np.ascontiguousarray(cube))
    return found.hexdigest()


def check_truths(pairs, truths):
    """Refuse a supervised training whose truths do not belong to its pairs."""
    if not truths or len(truths) != len(pairs):
        raise MossFuseError(
            f"a supervised training needs one ground truth per pair, got {len(truths or ())} for {len(pairs)}"
        )
    for pair, truth in zip(pairs, truths, strict=True):
        wanted = (*pair.msi.shape[:2], pair.hsi.shape[2])
        if truth.shape != wanted:
            raise MossFuseError(
                f"the truth of '{pair.name}' has the shape {truth.shape}, its pair asks for {wanted}; use the cube the pair was made from"
            )


def read_weights(path, kind, observation, ratio=True):
    """The content of a checkpoint of ``train_network`` after checking that it is of ``kind`` and fits the observation.

    The content must hold 'kind', 'bands', 'msi_bands' and 'ratio'. ratio: whether the ratio has to agree.
    """
    if path is None:
        raise MossFuseError(f"{kind} needs a checkpoint; train the method first")
    content = torch_files.read_file(Path(path))
    if not isinstance(content, dict) or content.get("kind") != kind:
        raise MossFuseError(f"{path} is no checkpoint of {kind}; train the method first")
    if "geometry" not in content:
        raise MossFuseError(f"{path} was written by an earlier version; train the method again")
    found = {"bands": observation.hsi.shape[2], "msi_bands": observation.msi.shape[2], "ratio": observation.ratio}
    differing = [name for name in found if content[name] != found[name] and (ratio or name != "ratio")]
    if differing:
        listed = ", ".join(f"{name} {content[name]} (this pair: {found[name]})" for name in differing)
        raise MossFuseError(f"{path} was trained for {listed}; train on pairs of this kind")
    return content


def shape_facts(kind, pair):
    """What ``read_weights`` checks, of the training's first pair, and the size and phase of its PSF."""
    size, phase, _ = geometry_of(pair)
    return {
        "kind": kind, "bands": pair.hsi.shape[2], "msi_bands": pair.msi.shape[2], "ratio": pair.ratio,
        "geometry": [list(size), list(phase)],
    }  # fmt: skip
