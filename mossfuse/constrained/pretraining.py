"""mossfuse-c across scenes: f is trained on many pairs first, with the same loss, and every pair's fit starts from it.

Scenes share colours, not positions: the position inputs are kept at zero here, and their weights are zero when a
pair's fit begins. f is per unit of shading, so its scale is the mean intensity of the MSI.
"""

from dataclasses import dataclass

import numpy as np
import torch

from mossfuse.constrained.initial_estimates import InitialEstimate
from mossfuse.constrained.null_space_fit import as_tensor
from mossfuse.constrained.pixel_trunk import (
    PLACE,
    PixelNetworks,
    PixelTrunk,
    input_count,
    input_statistics,
    mean_intensity,
    pixel_inputs,
)
from mossfuse.constrained.scene import null_matrix
from mossfuse.devices import generator_kept, seeded
from mossfuse.estimation.sensor import estimate_sensor
from mossfuse.fitting.dataset_training import read_weights, shape_facts, train_network
from mossfuse.fitting.resuming import check_pairs
from mossfuse.fitting.stages import one_cycle
from mossfuse.physics.sampling import check_pair

KIND = "mossfuse-c-dataset"
LEAST_SCALE = 1e-8


@dataclass(frozen=True)
class Pretrained:
    """Pretrained networks and the statistics of their inputs. scale: of their outputs, per mean intensity of an MSI."""

    networks: PixelNetworks
    statistics: tuple
    scale: float

    def of_pair(self, members, msi):
        """Return (networks, statistics, scale) for a pair that needs ``members`` networks (at most those trained)."""
        with generator_kept():
            kept = PixelNetworks(members, *self.networks.size[1:])
        with torch.no_grad():
            for own, trained in zip(kept.parameters(), self.networks.parameters(), strict=True):
                own.copy_(trained[:members])
        return kept, self.statistics, self.scale * mean_intensity(msi)


def train(pairs, *, seed, device, path, resume, folds, width, pixels, learning_rate, steps, save_every):
    """Train ``folds`` networks on pairs alone, write the checkpoint ``path`` and return history columns.

    width: of the layers; pixels: MSI pixels per step, in whole PSF windows of one pair.
    """
    check_pairs(pairs)
    for pair in pairs:
        check_pair(pair)
    starts = [InitialEstimate("ridge-dc", pair, estimate_sensor(pair)[0], seed, device) for pair in pairs]
    parts = [start.part() for start in starts]
    inputs = [pixel_inputs(start.msi)[0] for start in starts]
    statistics = input_statistics(inputs)
    means = [mean_intensity(start.msi) for start in starts]
    relative = [np.square(p.target).mean() / mean**2 for p, mean in zip(parts, means, strict=True)]
    scale = float(np.sqrt(np.mean(relative))) + LEAST_SCALE
    bands, msi_bands = pairs[0].hsi.shape[2], pairs[0].msi.shape[2]
    with seeded(seed):
        networks = PixelNetworks(folds, input_count(msi_bands), width, bands).to(device)
    with torch.no_grad():
        networks.weights[0][:, -PLACE:] = 0
    scenes = []
    for start, part, mean in zip(starts, parts, means, strict=True):
        trunk = PixelTrunk(networks, start.msi, start.operator, statistics=statistics, device=device)
        trunk.inputs[:, -PLACE:] = 0
        outer = as_tensor(null_matrix(part.gain, start.srf).T, device)
        scenes.append((trunk, outer, as_tensor(part.target / (scale * mean), device)))

    def loss(generator):
        trunk, outer, wanted = scenes[int(torch.randint(len(scenes), (), generator=generator))]
        batch = max(1, pixels // trunk.places.shape[1])
        chosen = torch.randint(len(wanted), (batch,), generator=generator).to(device)
        return (trunk.low(chosen) @ outer - wanted[chosen]).square().mean() * folds

    settings = {"folds": folds, "width": width, "pixels": pixels, "learning_rate": learning_rate, "steps": steps}
    plain = [[float(value) for value in values] for values in statistics]
    return train_network(
        networks, loss, one_cycle(steps), lr=learning_rate, pairs=pairs, truths=None, settings=settings, seed=seed, path=path,
        resume=resume, save_every=save_every,
        content={**shape_facts(KIND, pairs[0]), "folds": folds, "width": width, "statistics": plain, "scale": scale},
    )  # fmt: skip


def load(checkpoint, observation):
    """Return the Pretrained of a checkpoint; raise MossFuseError where it does not fit the observation."""
    content = read_weights(checkpoint, KIND, observation)
    inputs = input_count(content["msi_bands"])
    with generator_kept():
        networks = PixelNetworks(content["folds"], inputs, content["width"], content["bands"])
    networks.load_state_dict(content["state_dict"])
    return Pretrained(networks, tuple(np.array(values) for values in content["statistics"]), content["scale"])
