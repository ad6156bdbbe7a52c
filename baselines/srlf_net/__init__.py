"""SRLF-Net: state space scans, and a transformer on those pixels alone at which the re-degraded estimate is worst.

Paper: Selective re-learning for hyperspectral and multispectral image fusion, CVPR 2025 (group of R. Dian and S. Li).
Official code: YuanyeLiu/SRLF-Net at a23bd19 (no licence; nothing copied).
Four stages. Each projects its estimate through the known SRF and refines the pixels least similar to the MSI (SSIM), then
blurs it with the known PSF and refines the pixels whose angle to the HSI is largest. Loss: L1 (the code's loss for CAVE).
Traps: it needs PSF and SRF in use, too, and for a trained sensor. The number of refined pixels follows from the whole batch's
similarity. Images larger than a tile are cut into tiles of 64 pixels that overlap by half, as in the original, so that the
choice of pixels is made by tile; the PSF meets the tile's edge there. The original's best epoch is looked up on the TEST
scenes; here the last step is kept. Its scenes are divided by their own maxima, ours are not.
Differs: ratios other than 8 have strides by the ratio's factors; layers not described in detail (offsets, the width of the
positional branch, the window of SSIM) are our reading: 1.1 M values, where the paper's table prints 1.33 M; PyTorch's default
initial weights (theirs: Xavier); Adam without its weight decay of 1e-8; odd kernels' padding is the observation's border.
Published numbers: CAVE and Harvard at ratio 8.
"""

from mossfuse.protocol import Method, Parameter, Published

SETTING = {
    "degradation": "7 x 7 Gaussian PSF of sigma 3, sampled at [0::8], Nikon SRF",
    "convention": "scale of 255, mean over bands, clipped; every scene divided by its own maximum",
    "source": "the paper, table of results",
    "ratio": 8,
}
METHOD = Method(
    name="srlf-net",
    title="SRLF-Net",
    citation="SRLF-Net (selective re-learning), github.com/YuanyeLiu/SRLF-Net. CVPR, 2025.",
    licence="own implementation (the official code states no licence)",
    knows=frozenset({"psf", "srf", "phase"}),
    trains="supervised",
    gpu=True,
    params={"tile": Parameter.count(64)},
    train_params={
        "stages": Parameter.count(4),
        "state": Parameter.count(None),
        "patch": Parameter.count(64),
        "batch": Parameter.count(4),
        "learning_rate": Parameter.positive(4e-4),
        "steps": Parameter.count(20000),
        "save_every": Parameter.count(500),
    },
    presets={
        "smoke": {"stages": 1, "state": 2, "patch": 8, "batch": 1, "steps": 2},
        "paper": {"batch": 16, "steps": 560000},
    },
    published=(
        Published(dataset="CAVE", metrics={"psnr": 49.39, "sam": 2.18, "parameters": 1.33e6}, split="20/12 by order", **SETTING),
        Published(dataset="Harvard", metrics={"psnr": 47.90, "sam": 2.69}, **SETTING),
    ),
    code="YuanyeLiu/SRLF-Net@a23bd19",
    note="trained with ground truth for one sensor and ratio",
)  # fmt: skip
KIND = "srlf-net"
LAST = 1e-6 / 4e-4  # the cosine ends at this share of the step size
TILES = 4  # at a time


def fuse(observation, *, seed, device, checkpoint=None, tile):
    """Return the fused cube; raise MossFuseError where the sensor is unknown or the weights do not fit. Nothing is random.

    tile: side of the overlapping tiles in MSI pixels, rounded to multiples of the ratio.
    """
    from ..shared.known_sensor import known_operator
    from ..shared.supervised import fuse_trained
    from .network import Optics, SelectiveRelearning
    from .tiles import in_tiles

    known_operator(observation, KIND)
    optics = Optics(observation.sensor, observation.ratio, device)

    def apply(network, hsi, msi):
        return in_tiles(lambda low, high: network(low, high, optics), hsi, msi, observation.ratio, tile, TILES)

    return fuse_trained(KIND, SelectiveRelearning, observation, checkpoint, device, apply)


def train(
    pairs,
    *,
    seed,
    device,
    path,
    resume=False,
    truths=None,
    stages,
    state,
    patch,
    batch,
    learning_rate,
    steps,
    save_every,
):
    """Train on pairs and ``truths`` and write the checkpoint ``path``; return history columns.

    stages: of the network; state: numbers per channel that a scan keeps, half the bands where None. patch: side of the crops in
    MSI pixels; batch: crops a step. Raises MossFuseError where the pairs' sensors are unknown or differ.
    """
    import numpy as np

    from mossfuse.errors import MossFuseError
    from mossfuse.fitting.stages import one_cycle

    from ..shared.known_sensor import known_operator
    from ..shared.supervised import train_on_crops
    from .network import Optics, SelectiveRelearning

    for number, pair in enumerate(pairs):
        known_operator(pair, KIND)
        if any(
            not np.array_equal(getattr(pair.sensor, n), getattr(pairs[0].sensor, n)) for n in ("psf", "srf", "phase")
        ):
            raise MossFuseError(
                f"srlf-net is trained for one sensor, and that of pair {number} differs from the first one's"
            )
    optics = Optics(pairs[0].sensor, pairs[0].ratio, device)
    return train_on_crops(
        KIND, SelectiveRelearning, lambda network, hsi, msi, truth: (network(hsi, msi, optics) - truth).abs().mean(),
        one_cycle(steps, rise=0, first=1, last=LAST), pairs=pairs, truths=truths, seed=seed, device=device, path=path, resume=resume,
        patch=patch, batch=batch, learning_rate=learning_rate, save_every=save_every, sizes={"stages": stages, "state": state},
    )  # fmt: skip
