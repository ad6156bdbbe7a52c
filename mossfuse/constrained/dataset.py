"""mossfuse-c across scenes: MossFuse's network learns from many pairs what the start leaves of LR pixels it has not seen.

f = f0 + network(M, X0): MossFuse's two encoders and its high-resolution decoder, with the start's full-size cube in place
of the enlarged HSI, times shading. The HSI itself is no input: at the sampled pixels, the only ones with a loss, copying
it would be perfect and worthless elsewhere. For the same reason X0 is, at every block, the start of a fit without the
block's own LR pixel.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from mossfuse.constrained.choice import choose
from mossfuse.constrained.pixel_trunk import pixel_inputs
from mossfuse.constrained.scene import FEWEST, held_out_parts
from mossfuse.constrained.starts import Start
from mossfuse.deep.crop_training import read_weights, shape_facts, train_network
from mossfuse.deep.crops import Crops
from mossfuse.errors import MossFuseError
from mossfuse.fit import one_cycle, parameter_count, seeded
from mossfuse.network.degradation import Geometry
from mossfuse.network.mossfuse import MossFuse
from mossfuse.physics.blind import check_pair
from mossfuse.physics.noise import identify
from mossfuse.physics.projection import null_part
from mossfuse.physics.tensors import blur_sample, to_array, to_tensor
from mossfuse.protocol import Fusion

KIND = "mossfuse-c-dataset"
LEAST_SCALE = 1e-8


@dataclass(frozen=True)
class Prepared:
    """A pair with its start. crossed: (H, W, B), every LR pixel's block from a fit without that pixel; residual: (n, B),
    what that fit misses of it; shading: (H, W)."""

    start: Start
    crossed: np.ndarray
    residual: np.ndarray
    shading: np.ndarray


def prepare(observation, name, folds, seed, device):
    """Prepared pair; the start's name and seed, folds as in mossfuse.constrained.scene."""
    check_pair(observation)
    start = Start(name, observation, identify(observation)[0], seed, device)
    count = len(start.low_hsi)
    if count < FEWEST:
        raise MossFuseError(f"{KIND} needs at least {FEWEST} LR pixels, got {count}; use the start alone ({name})")
    unseen = held_out_parts(count, folds, seed)
    crossed, residual = None, np.empty_like(start.low_hsi)
    for fold in unseen:
        part = start.part(~fold)
        image = start.image(part)
        block = fold.reshape(observation.hsi.shape[:2]).repeat(observation.ratio, 0).repeat(observation.ratio, 1)
        crossed = image if crossed is None else np.where(block[..., None], image, crossed)
        residual[fold] = part.residual[fold]
    return Prepared(start, crossed, residual, pixel_inputs(start.msi)[1])


class Correction(nn.Module):
    """(M, X0, shading) -> network's change of the null part, (N, B, rows, cols); zero at first. Scaled by ``scale``."""

    def __init__(self, bands, msi_bands, dim, num_blocks, scale):
        super().__init__()
        self.network = MossFuse(bands, msi_bands, 1, dim=dim, num_blocks=num_blocks, decoders=False)
        self.network.blind.requires_grad_(False)
        nn.init.zeros_(self.network.decoder_hr.head[-1].weight)
        self.scale = scale

    def forward(self, msi, start, shading):
        return self.scale * shading * self.network.fuse_only(msi, start)


def train(
    pairs, *, seed, device, path, resume, start, folds, dim, num_blocks, patch, batch, learning_rate, steps, save_every
):
    """Train on pairs alone and write the checkpoint ``path``; history columns.

    patch: side of the crops in MSI pixels, batch: crops per step. The loss is the mean square of what start and network
    together leave of LR pixels that the start has not seen, before any back-projection, over that of the start.
    """
    prepared = [prepare(pair, start, folds, seed, device) for pair in pairs]
    srf = torch.from_numpy(prepared[0].start.srf.astype(np.float32)).to(device)
    null = torch.eye(srf.shape[1], device=device) - torch.linalg.pinv(srf) @ srf
    scale = float(np.sqrt(np.mean([np.square(p.residual).mean() for p in prepared]))) + LEAST_SCALE
    sensor = prepared[0].start.sensor
    geometry = Geometry(sensor.psf.shape, sensor.phase, sensor.border)
    psf = torch.from_numpy(sensor.psf.astype(np.float32)).to(device)
    scenes = [
        (tuple(to_tensor(image, device) for image in (p.start.msi, p.crossed, p.shading[..., None])),
         (to_tensor(p.residual.reshape(pair.hsi.shape), device),))
        for p, pair in zip(prepared, pairs, strict=True)
    ]  # fmt: skip
    crops = Crops(scenes, pairs[0].ratio, patch, geometry)
    with seeded(seed):
        correction = Correction(pairs[0].hsi.shape[2], pairs[0].msi.shape[2], dim, num_blocks, scale).to(device)

    def loss(generator):
        high, (residual,) = crops.draw(batch, generator)
        low = blur_sample(correction(*high), psf, sensor.phase, pairs[0].ratio, sensor.border)
        low = torch.einsum("nbhw,cb->nchw", low, null)
        return crops.centre((residual - low) / scale).square().mean()

    settings = {"start": start, "folds": folds, "dim": dim, "num_blocks": num_blocks, "patch": patch, "batch": batch}
    return train_network(
        correction, loss, one_cycle(steps), lr=learning_rate, pairs=pairs, truths=None,
        settings={**settings, "learning_rate": learning_rate, "steps": steps}, seed=seed, path=path, resume=resume,
        save_every=save_every, content={**shape_facts(KIND, pairs[0]), **settings, "scale": scale},
    )  # fmt: skip


def fuse_trained(observation, *, checkpoint, seed, device):
    """Fusion of a pair: its own closed-form start, and the trained network as far as the pair's LR pixels allow.

    The network has seen none of them, so all are held out. Raises MossFuseError where the checkpoint does not fit.
    """
    content = read_weights(checkpoint, KIND, observation)
    pair = prepare(observation, content["start"], content["folds"], seed, device)
    start = pair.start
    size = {name: content[name] for name in ("dim", "num_blocks", "scale")}
    correction = Correction(content["bands"], content["msi_bands"], **size)
    correction.load_state_dict(content["state_dict"])
    correction.to(device).eval()

    def change(cube):
        images = (to_tensor(image, device) for image in (start.msi, cube, pair.shading[..., None]))
        with torch.inference_mode(), seeded(seed, device):
            return to_array(correction(*images))

    part = start.part()
    low = start.operator(change(pair.crossed)).reshape(pair.residual.shape).astype(np.float64)
    choice = choose(pair.residual, [pair.residual - null_part(low, start.srf, part.gain)])
    cube = start.cube()
    if choice.amount:
        cube = start.changed(cube, choice.amount * change(start.image(part)))
    steps = content["training"]["steps"]
    notes = {"start": content["start"], "parameters": parameter_count(correction), **choice.notes([steps])}
    return Fusion(cube=cube, psf_hat=start.sensor.psf, srf_hat=start.sensor.srf, notes=notes)
