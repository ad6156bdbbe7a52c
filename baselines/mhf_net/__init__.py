"""MHF-net: an unfolded proximal gradient method, trained with ground truth; PSF and SRF are inside its weights.

Paper: Q. Xie, M. Zhou, Q. Zhao, Z. Xu, D. Meng, "MHF-net: an interpretable deep network for multispectral and
hyperspectral image fusion", IEEE TPAMI 44(3), 1457-1473, 2022 (CVPR 2019).
Official code: XieQi2015/MHF-net at fec414c (TensorFlow 1, no licence; nothing copied).
Cube Z = msi A + hidden B. Twenty times: the residual H Z - hsi is upsampled under guidance of the MSI and subtracted
from ``hidden``, which a small residual network then corrects. Loss: mean square of Z, plus 0.1 of every stage's, 0.1 of
msi A, 0.01 of the last residual. It must be trained on pairs of the same sensor it is used on.
Differs: A and B start from a regression and a singular value decomposition of the training spectra, as far as the
description specifies it; batch norm as in the original uses the statistics of the current image; fewer steps by
default.
Published numbers: 38.7 dB in MossFuse's figure, read by pixel, with 129.4 M parameters that the public code does not
have.
"""

from mossfuse.files.kept import kept
from mossfuse.protocol import Fusion, Method, Parameter, Published

METHOD = Method(
    name="mhf-net",
    title="MHF-net",
    citation="Q. Xie, M. Zhou, Q. Zhao, Z. Xu, D. Meng. MHF-net. IEEE Trans. Pattern Anal. Mach. Intell. 44(3), 2022.",
    licence="own implementation (the official code states no licence)",
    trains="supervised",
    gpu=True,
    train_params={
        "stages": Parameter.count(20),
        "rank": Parameter.count(12),
        "patch": Parameter.count(96),
        "batch": Parameter.count(10),
        "learning_rate": Parameter.positive(1e-4),
        "steps": Parameter.count(20000),
        "save_every": Parameter.count(500),
    },
    presets={"smoke": {"stages": 2, "rank": 4, "patch": 16, "batch": 1, "steps": 3}, "paper": {"steps": 62000}},
    published=(
        Published(
            dataset="CAVE",
            ratio=32,
            note="the figure names neither dataset nor ratio; CAVE x32 is assumed because the values fit",
            metrics={"psnr": 38.7, "seconds": 21, "parameters": 129.4e6},
            source="img/first.png of the official MossFuse repository, read by pixel (0.1 dB, 5 % of the time)",
        ),
    ),
    code="XieQi2015/MHF-net@fec414c",
    note="trained with ground truth for one sensor",
)
KIND = "mhf-net"
STAGE_SHARE, MSI_SHARE, RESIDUAL_SHARE = 0.1, 0.1, 0.01  # weights of the side terms
LAST_FIFTH = 0.8  # from this share of the steps on the step size is a tenth
PIXELS = 20000  # of the training split, for the start of A and B


def fuse(observation, *, seed, device, checkpoint=None):
    """Return the fused cube; raise MossFuseError where the checkpoint is absent or trained for other bands or another
    ratio.
    """
    import torch

    from mossfuse.devices import parameter_count, seeded
    from mossfuse.fitting.dataset_training import read_weights
    from mossfuse.physics.sampling import check_pair
    from mossfuse.physics.tensors import to_array, to_tensor

    check_pair(observation)
    content = read_weights(checkpoint, KIND, observation)
    network = load_network(checkpoint, device)
    with torch.no_grad(), seeded(seed, device):
        found = network(to_tensor(observation.hsi, device), to_tensor(observation.msi, device))
    notes = {
        "parameters": parameter_count(network),
        "training_iterations": content["training"]["steps"],
        "last_residual": float(found["residual"].square().mean().sqrt()),
    }
    return Fusion(cube=to_array(found["cube"]), notes=notes)


@kept
def load_network(path, device):
    """Return the trained network on the device."""
    from mossfuse.devices import generator_kept
    from mossfuse.fitting.checkpoints import kept_checkpoint

    from .network import UnfoldedFusion

    content = kept_checkpoint(path, KIND)
    sizes = (content[name] for name in ("bands", "msi_bands", "ratio", "stages", "rank"))
    with generator_kept():
        network = UnfoldedFusion(*sizes).to(device)
    network.load_state_dict(content["state_dict"])
    return network


def train(
    pairs,
    *,
    seed,
    device,
    path,
    resume=False,
    truths=None,
    stages,
    rank,
    patch,
    batch,
    learning_rate,
    steps,
    save_every,
):
    """Train on pairs and ``truths`` and write the checkpoint ``path``; returns history columns.

    stages: unfolded iterations. rank: channels of the hidden image. patch: side of the crops in pixels, rounded to
    multiples of the ratio; batch: crops a step.
    """
    from mossfuse.devices import seeded
    from mossfuse.fitting.crops import Crops
    from mossfuse.fitting.dataset_training import check_truths, shape_facts, train_network
    from mossfuse.fitting.stages import multistep
    from mossfuse.physics.tensors import to_tensor

    from .network import UnfoldedFusion

    check_truths(pairs, truths)
    scenes = [
        ((to_tensor(pair.msi, device), to_tensor(truth, device)), (to_tensor(pair.hsi, device),))
        for pair, truth in zip(pairs, truths, strict=True)
    ]
    crops = Crops(scenes, pairs[0].ratio, patch)
    facts = shape_facts(KIND, pairs[0])
    rank = min(rank, facts["bands"])
    with seeded(seed):
        network = UnfoldedFusion(
            facts["bands"], facts["msi_bands"], facts["ratio"], stages, rank, first_spectra(pairs, truths, rank)
        ).to(device)

    def loss(generator):
        (msi, truth), (hsi,) = crops.draw(batch, generator)
        found = network(hsi, msi)
        return {
            "cube": (found["cube"] - truth).square().mean(),
            "stages": STAGE_SHARE * sum((z - truth).square().mean() for z in found["stages"]),
            "msi_part": MSI_SHARE * (found["msi_part"] - truth).square().mean(),
            "residual": RESIDUAL_SHARE * found["residual"].square().mean(),
        }

    settings = {
        "stages": stages,
        "rank": rank,
        "patch": patch,
        "batch": batch,
        "learning_rate": learning_rate,
        "steps": steps,
    }
    return train_network(
        network, loss, multistep(steps, [round(LAST_FIFTH * steps)], gamma=0.1), lr=learning_rate, pairs=pairs, truths=truths,
        settings=settings, seed=seed, path=path, resume=resume, save_every=save_every,
        content={**facts, "stages": stages, "rank": rank},
    )  # fmt: skip


def first_spectra(pairs, truths, rank):
    """Return (A (M, B), B (rank, B)): the best linear prediction from the MSI and the leading directions of its error."""
    import numpy as np
    import torch

    step = max(1, sum(truth[..., 0].size for truth in truths) // PIXELS)
    spectra = np.concatenate([t.reshape(-1, t.shape[2])[::step] for t in truths]).astype(np.float64)
    colours = np.concatenate([p.msi.reshape(-1, p.msi.shape[2])[::step] for p in pairs]).astype(np.float64)
    a = np.linalg.lstsq(colours, spectra, rcond=None)[0]
    missed = spectra - colours @ a
    b = np.linalg.eigh(missed.T @ missed)[1][:, ::-1][:, :rank].T
    return torch.from_numpy(a).float(), torch.from_numpy(np.ascontiguousarray(b)).float()
