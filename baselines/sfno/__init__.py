"""SFNO: a network trained with ground truth that corrects the interpolated HSI; with the authors' weights, or trained here.

Paper and official code: weili419/SFNO at 156fecb (no licence; nothing copied; the weights are downloaded, never
redistributed).
Three layers of attention over 3 x 3 neighbours, three blocks of window attention and of attention without softmax that
is linear in the number of pixels, and a pointwise layer that corrects the bicubic HSI. The network is that of the
released checkpoint, which differs from the released source (baselines.sfno.network).
``sfno-released`` applies the authors' CAVE x4 weights: 31 bands and an MSI of R, G, B from the Nikon D700. At another
ratio the HSI is first interpolated to a quarter of the MSI's size, as the weights were made for ratio 4.
Differs: the authors' training is not released; ``sfno`` is trained with an L1 loss on random crops with Adam, without
rotations and flips (see mossfuse.fitting.crops), which is a choice of this project.
Published numbers: CAVE, the 20/12 split of the supervised papers, with a PSF of even size (see the released README).
"""

from mossfuse.protocol import Fusion, Method, Parameter, Published

SHARED = {
    "citation": "SFNO, github.com/weili419/SFNO, 2025.",
    "licence": "own implementation (the official code states no licence)",
    "gpu": True,
    "code": "weili419/SFNO@156fecb",
}
PUBLISHED = tuple(
    Published(
        dataset="CAVE",
        ratio=ratio,
        note="12 test scenes of the 20/12 split, even r x r Gaussian PSF of sigma 2; ERGAS is scaled by 100/4 at every ratio",
        metrics={"psnr": psnr, "sam": sam, "ergas": ergas},
        source="README of the official repository",
    )
    for ratio, psnr, sam, ergas in ((4, 52.71, 1.85, 0.72), (8, 50.04, 2.29, 1.00))
)
METHODS = (
    Method(
        name="sfno",
        title="SFNO",
        trains="supervised",
        train_params={
            "patch": Parameter.count(96),
            "batch": Parameter.count(4),
            "learning_rate": Parameter.positive(4e-4),
            "steps": Parameter.count(20000),
            "save_every": Parameter.count(500),
        },
        presets={"smoke": {"patch": 16, "batch": 1, "steps": 3}, "paper": {"steps": 200000, "learning_rate": 1e-4}},
        published=PUBLISHED,
        note="trained with ground truth for one sensor and ratio ('paper': a schedule of ours, theirs is not released)",
        **SHARED,
    ),
    Method(
        name="sfno-released",
        title="SFNO (authors' weights)",
        weights="sfno-cave-x4",
        stochastic=False,
        published=PUBLISHED,
        note="the released CAVE x4 checkpoint, supervised on 20 CAVE scenes; 31 bands, 3 MSI bands (R, G, B)",
        **{
            **SHARED,
            "licence": "own implementation; the weights are the authors', terms not stated, not redistributed",
        },
    ),
)
KIND = "sfno"


def fuse(observation, *, seed, device, checkpoint=None):
    """Return the fused cube; raise MossFuseError where the weights do not fit the pair. Nothing is random."""
    import torch

    from mossfuse.devices import parameter_count
    from mossfuse.physics.sampling import check_pair
    from mossfuse.physics.tensors import to_array, to_tensor

    from ..shared.padding import pad_reflect
    from .network import MULTIPLE, enlarge
    from .weights import read_network

    check_pair(observation)
    network, facts = read_network(checkpoint, observation, device)
    msi = to_tensor(observation.msi, device)
    with torch.no_grad():
        up = enlarge(to_tensor(observation.hsi, device), observation.ratio, facts["first"])
        cube = network(pad_reflect(up, MULTIPLE), pad_reflect(msi, MULTIPLE))[:, :, : msi.shape[2], : msi.shape[3]]
    notes = {"parameters": parameter_count(network)}
    if facts["steps"] is not None:
        notes["training_iterations"] = facts["steps"]
    return Fusion(cube=to_array(cube), notes=notes)


def train(pairs, *, seed, device, path, resume=False, truths=None, patch, batch, learning_rate, steps, save_every):
    """Train on pairs and ``truths`` and write the checkpoint ``path``; return history columns.

    patch: side of the crops in pixels, rounded to multiples of the ratio and of 8; batch: crops a step.
    """
    from math import lcm

    from mossfuse.devices import seeded
    from mossfuse.fitting.crops import Crops
    from mossfuse.fitting.dataset_training import check_truths, shape_facts, train_network
    from mossfuse.fitting.stages import one_cycle
    from mossfuse.physics.tensors import to_tensor

    from ..shared.padding import pad_reflect
    from .network import MULTIPLE, SFNO, enlarge

    check_truths(pairs, truths)
    ratio = pairs[0].ratio
    scenes = [
        ((to_tensor(pair.msi, device), to_tensor(truth, device)), (to_tensor(pair.hsi, device),))
        for pair, truth in zip(pairs, truths, strict=True)
    ]
    step = lcm(ratio, MULTIPLE)
    crops = Crops(scenes, ratio, max(step, patch // step * step))
    with seeded(seed):
        network = SFNO(pairs[0].hsi.shape[2], pairs[0].msi.shape[2]).to(device)

    def loss(generator):
        (msi, truth), (hsi,) = crops.draw(batch, generator)
        rows, cols = msi.shape[2:]
        up = pad_reflect(enlarge(hsi, ratio), MULTIPLE)
        return (network(up, pad_reflect(msi, MULTIPLE))[:, :, :rows, :cols] - truth).abs().mean()

    return train_network(
        network, loss, one_cycle(steps), lr=learning_rate, pairs=pairs, truths=truths,
        settings={"patch": patch, "batch": batch, "learning_rate": learning_rate, "steps": steps},
        seed=seed, path=path, resume=resume, save_every=save_every, content=shape_facts(KIND, pairs[0]),
    )  # fmt: skip
