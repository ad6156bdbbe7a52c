"""Training with ground truth of a network (HSI, MSI) -> cube on aligned crops, its checkpoint, and its use on a pair."""

import torch

from mossfuse.devices import generator_kept, parameter_count, same_bytes, seeded
from mossfuse.files.kept import kept
from mossfuse.fitting.checkpoints import kept_checkpoint
from mossfuse.fitting.crops import Crops
from mossfuse.fitting.dataset_training import check_truths, read_weights, shape_facts, train_network
from mossfuse.physics.sampling import check_pair
from mossfuse.physics.tensors import to_array, to_tensor
from mossfuse.protocol import Fusion

LARGEST_SEED = 2**31


def train_on_crops(
    kind, build, loss, schedule, *, pairs, truths, seed, device, path, resume, patch, batch, learning_rate, save_every, sizes=None,
):  # fmt: skip
    """Train ``build(bands, msi_bands, ratio, **sizes)`` and write the checkpoint ``path``; return history columns.

    loss(network, hsi, msi, truth): a scalar, or terms by name, of a batch of crops (N, C, rows, cols). What the network
    draws at random (dropout) follows from ``seed`` as well, so that an interrupted training continues to the same bytes.
    patch: side of the crops in MSI pixels, rounded to multiples of the ratio. sizes: of the network, kept in the checkpoint.
    """
    check_truths(pairs, truths)
    scenes = [
        ((to_tensor(pair.msi, device), to_tensor(truth, device)), (to_tensor(pair.hsi, device),))
        for pair, truth in zip(pairs, truths, strict=True)
    ]
    crops, facts, sizes = Crops(scenes, pairs[0].ratio, patch), shape_facts(kind, pairs[0]), sizes or {}
    with seeded(seed):
        network = build(facts["bands"], facts["msi_bands"], facts["ratio"], **sizes).to(device)

    def loss_of_crops(generator):
        (msi, truth), (hsi,) = crops.draw(batch, generator)
        with seeded(int(torch.randint(LARGEST_SEED, (), generator=generator)), device):
            return loss(network, hsi, msi, truth)

    settings = {**sizes, "patch": patch, "batch": batch, "learning_rate": learning_rate, "steps": schedule.steps}
    with same_bytes(device):
        return train_network(
            network, loss_of_crops, schedule, lr=learning_rate, pairs=pairs, truths=truths, settings=settings, seed=seed, path=path,
            resume=resume, save_every=save_every, content={**facts, "sizes": sizes},
        )  # fmt: skip


def fuse_trained(kind, build, observation, checkpoint, device, apply=None):
    """Return the Fusion of a network that ``train_on_crops`` has trained; raise MossFuseError where it does not fit the pair.

    apply(network, hsi, msi): how the network is used on the images (1, C, rows, cols); by default in one piece.
    """
    check_pair(observation)
    content = read_weights(checkpoint, kind, observation)
    network = load_network(checkpoint, kind, build, device)
    images = to_tensor(observation.hsi, device), to_tensor(observation.msi, device)
    with torch.no_grad():
        cube = apply(network, *images) if apply else network(*images)
    notes = {"parameters": parameter_count(network), "training_iterations": content["training"]["steps"]}
    return Fusion(cube=to_array(cube), notes=notes)


@kept
def load_network(path, kind, build, device):
    """Return the trained network of a checkpoint on the device, ready for use."""
    content = kept_checkpoint(path, kind)
    with generator_kept():
        network = build(content["bands"], content["msi_bands"], content["ratio"], **content["sizes"])
    network.load_state_dict(content["state_dict"])
    return network.to(device).eval()


def enlarge(hsi, ratio, mode):
    """Return the HSI (N, B, h, w) at ``ratio`` times its size; mode: 'bilinear' or 'bicubic' (a = -0.75), block centres."""
    return torch.nn.functional.interpolate(hsi, scale_factor=ratio, mode=mode, align_corners=False)
