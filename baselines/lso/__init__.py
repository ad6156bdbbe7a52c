"""LSO: latent tokens of small patches, advanced by a learned sine and cosine series, in a network of three scales.

Paper and official code: weili419/LSO at 5bebab0, "Latent spectral operators", ICML 2026 (MIT; written from a description,
nothing copied).
A residual trunk on the MSI and the bicubic HSI, then a U of three scales; at each of them every patch of 4 x 4 pixels is
read by 8 tokens, these are advanced by a series of 24 sines and cosines, and the patch reads them back; the result is
added to the bicubic HSI. Loss: L1. The network needs the ratio for the bicubic HSI alone.
Traps: the argument of the series holds pi twice and its result is added to that argument, not to the token; rows and
columns enter as coordinates from 0 to 1 of whatever image the network is given, so a crop's are not the scene's. The
original makes its pairs with a PSF of 6 ceil(ratio / 2) + 1 pixels, sampled from pixel 0: not the geometry of CAVE here.
Differs: the side of the training crops is not described, 64 is taken; Adam in place of AdamW (weight decay 1e-4 at a step
size of 3e-4); the last step is kept (theirs: the best on a validation file); pixels are reflected up to multiples of 4.
Published numbers: none were found.
"""

from mossfuse.protocol import Method, Parameter

METHOD = Method(
    name="lso",
    title="LSO",
    citation="Latent spectral operators (LSO), github.com/weili419/LSO. ICML, 2026.",
    licence="own implementation (original MIT)",
    trains="supervised",
    gpu=True,
    train_params={
        "width": Parameter.count(64),
        "guide": Parameter.count(128),
        "patch": Parameter.count(64),
        "batch": Parameter.count(4),
        "learning_rate": Parameter.positive(3e-4),
        "steps": Parameter.count(20000),
        "save_every": Parameter.count(500),
    },
    presets={
        "smoke": {"width": 8, "guide": 8, "patch": 16, "batch": 1, "steps": 3},
        "paper": {"batch": 16, "steps": 280000},
    },
    code="weili419/LSO@5bebab0",
    note="trained with ground truth for one sensor and ratio",
)
KIND = "lso"
DROPS, FACTOR = (0.3, 0.6, 0.9), 0.6  # every 300 of 1000 epochs


def fuse(observation, *, seed, device, checkpoint=None):
    """Return the fused cube; raise MossFuseError where the weights do not fit the pair. Nothing is random."""
    from ..shared.supervised import fuse_trained
    from .network import LatentOperatorNet

    return fuse_trained(KIND, LatentOperatorNet, observation, checkpoint, device)


def train(
    pairs,
    *,
    seed,
    device,
    path,
    resume=False,
    truths=None,
    width,
    guide,
    patch,
    batch,
    learning_rate,
    steps,
    save_every,
):
    """Train on pairs and ``truths`` and write the checkpoint ``path``; return history columns.

    width: channels of the three scales, a multiple of 8; guide: of the trunk. patch: side of the crops in MSI pixels; batch:
    crops a step. Raises MossFuseError for another width.
    """
    from mossfuse.fitting.stages import multistep

    from ..shared.supervised import train_on_crops
    from .network import LatentOperatorNet

    return train_on_crops(
        KIND, LatentOperatorNet, lambda network, hsi, msi, truth: (network(hsi, msi) - truth).abs().mean(),
        multistep(steps, [round(share * steps) for share in DROPS], FACTOR), pairs=pairs, truths=truths, seed=seed, device=device,
        path=path, resume=resume, patch=patch, batch=batch, learning_rate=learning_rate, save_every=save_every,
        sizes={"width": width, "guide": guide},
    )  # fmt: skip
