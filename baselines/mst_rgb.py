"""MST++: the cube from the MSI alone, by a network trained with ground truth; the HSI is not used.

Paper: Y. Cai, J. Lin, Z. Lin, H. Wang, Y. Zhang, H. Pfister, R. Timofte, L. Van Gool, "MST++: multi-stage spectral-wise
transformer for efficient spectral reconstruction", CVPR Workshops 2022 (first in the NTIRE 2022 challenge).
Official code: caiyuanhao1998/MST-plus-plus (MIT; nothing copied).
A control: what a supervised network predicts without the HSI. Three U-shaped transformers of dimension
31 in a row, mean relative absolute error on random crops of the training split, Adam with a cosine.
Differs: batch and steps are smaller by default (the preset 'paper': 300,000 steps of 20); the denominator of the
relative error is not below 0.01; no flips (see mossfuse.fitting.crops).
Published numbers: none under this protocol.
"""

from mossfuse.files.kept import kept
from mossfuse.protocol import Fusion, Method, Parameter

METHOD = Method(
    name="mst-rgb",
    title="MST++ (MSI only, supervised)",
    citation="Y. Cai, J. Lin, Z. Lin, H. Wang, Y. Zhang, H. Pfister, R. Timofte, L. Van Gool. MST++. CVPR Workshops, 2022.",
    licence="own implementation (original MIT)",
    trains="supervised",
    gpu=True,
    train_params={
        "dim": Parameter.count(31),
        "patch": Parameter.count(128),
        "batch": Parameter.count(8),
        "learning_rate": Parameter.positive(4e-4),
        "steps": Parameter.count(30000),
        "save_every": Parameter.count(500),
    },
    presets={"smoke": {"dim": 8, "patch": 16, "batch": 2, "steps": 6}, "paper": {"steps": 300000, "batch": 20}},
    code="caiyuanhao1998/MST-plus-plus",
    note="trained with ground truth; never sees the HSI",
)
KIND = "mst-rgb"
STAGES = 3
DARKEST = 1e-2  # smallest denominator of the relative error
RISE = 0.01  # share of the steps in which the step size rises


def fuse(observation, *, seed, device, checkpoint=None):
    """Return the network's cube for the MSI; raise MossFuseError where the checkpoint does not fit."""
    import torch

    from mossfuse.devices import parameter_count, seeded
    from mossfuse.fitting.dataset_training import read_weights
    from mossfuse.physics.tensors import to_array, to_tensor

    content = read_weights(checkpoint, KIND, observation, ratio=False)
    network = load_network(checkpoint, device)
    with torch.no_grad(), seeded(seed, device):
        cube = to_array(network(to_tensor(observation.msi, device)))
    notes = {"parameters": parameter_count(network), "training_iterations": content["training"]["steps"]}
    return Fusion(cube=cube, notes=notes)


@kept
def load_network(path, device):
    """Return the trained network on the device."""
    from mossfuse.devices import generator_kept
    from mossfuse.fitting.checkpoints import kept_checkpoint

    content = kept_checkpoint(path, KIND)
    with generator_kept():
        network = build(content["bands"], content["msi_bands"], content["dim"]).to(device).eval()
    network.load_state_dict(content["state_dict"])
    return network


def train(pairs, *, seed, device, path, resume=False, truths=None, dim, patch, batch, learning_rate, steps, save_every):
    """Train on MSIs and ``truths`` and write the checkpoint ``path``; returns history columns.

    dim: channels of the first level. patch: side of the crops in pixels; batch: crops a step.
    """
    from mossfuse.devices import seeded
    from mossfuse.fitting.crops import Crops
    from mossfuse.fitting.dataset_training import check_truths, shape_facts, train_network
    from mossfuse.fitting.stages import one_cycle
    from mossfuse.physics.tensors import to_tensor

    check_truths(pairs, truths)
    scenes = [
        (to_tensor(pair.msi, device), to_tensor(truth, device)) for pair, truth in zip(pairs, truths, strict=True)
    ]
    crops = Crops([(scene, scene) for scene in scenes], 1, patch)
    with seeded(seed):
        network = build(pairs[0].hsi.shape[2], pairs[0].msi.shape[2], dim).to(device)

    def relative_error(generator):
        msi, truth = crops.draw(batch, generator)[0]
        return ((network(msi) - truth).abs() / truth.clamp_min(DARKEST)).mean()

    return train_network(
        network, relative_error, one_cycle(steps, rise=RISE), lr=learning_rate, pairs=pairs, truths=truths,
        settings={"dim": dim, "patch": patch, "batch": batch, "learning_rate": learning_rate, "steps": steps},
        seed=seed, path=path, resume=resume, save_every=save_every, content={**shape_facts(KIND, pairs[0]), "dim": dim},
    )  # fmt: skip


def build(bands, msi_bands, dim):
    """Return the network for these band counts."""
    from .shared.spectral_transformer import SpectralTransformer

    return SpectralTransformer(msi_bands, bands, dim, STAGES)
