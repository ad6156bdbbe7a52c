"""MossFuse, registered like any other method, and the authors' released weights beside it.

Paper: MossFuse, arXiv 2412.04802. Official code: github.com/dusongcheng/MossFuse (state of October 2025, no licence
stated; nothing of it is copied). The network reproduces the released one value for value with the released weights.

Three ways to train it (presets; compared with curves in docs/training-variants.md):
- ``fixed``, the default. PSF and SRF are fitted to the training pairs in closed form and frozen (at the authors' step
  size of 9e-5 the PSF alone needs 50,000 steps to widen from 0.2 to 2 pixels). Random patches, some held out; the
  iterate with the lowest loss on those is kept. Rotated and mirrored patches keep their sampling phase: with the
  official phase (15 of 32) a flip would otherwise shift the HSI against the MSI by one pixel. Muon for weight matrices
  and dense kernels (mossfuse.training.muon) and Adam for the rest, warm-up, cosine, a limit on the gradient, an average
  of the weights. The loss is the released script's active line (0.1 decomposition + two cycles), which needs no
  self-supervised decoder.
- ``released``: that script, peculiarities included: operators learned with the rest, the same patches in the same order
  every epoch, flips that shift the phase, and a cosine that advances once an epoch and so hardly falls. (It also chose
  its epoch on the test scenes; that is not done here.)
- ``paper``: every loss term and the depth of the paper's figure; operators, step size, batch and length as released.
"""

import numpy as np

from mossfuse.errors import MossFuseError
from mossfuse.files.kept import kept
from mossfuse.files.tiles import assemble_tiles
from mossfuse.protocol import Fusion, Method, Parameter, Published

CITATION = "MossFuse: unsupervised hyperspectral and multispectral image fusion, arXiv:2412.04802."
CODE = "https://github.com/dusongcheng/MossFuse"
AGGREGATOR = "a third-party aggregator page (wizwand) on arXiv 2412.04802, a later version of the paper; not checked"
# How the network is run (mossfuse.network.inference); only bfloat16 changes the result.
PRECISION = Parameter.choice("float32", "bfloat16")
PARAMS = {"tile": Parameter.count(None), "compile": False, "precision": PRECISION}
PUBLISHED = (
    Published(
        dataset="CAVE",
        ratio=32,
        note="the figure names neither dataset nor ratio; CAVE x32 is assumed because the values fit",
        metrics={"psnr": 42.3, "seconds": 0.6, "parameters": 540e3},
        source="img/first.png of the official repository, read by pixel (0.1 dB, 5 % of the time); the 540 K match no count of the code",
    ),
    Published(
        dataset="CAVE",
        note="protocol not known, as listed",
        metrics={"psnr": 42.15, "flops": 279.4e9},
        source=AGGREGATOR,
    ),
    Published(dataset="Harvard", note="protocol not known, as listed", metrics={"psnr": 44.62}, source=AGGREGATOR),
    Published(dataset="NTIRE2018", note="protocol not known, as listed", metrics={"psnr": 48.64}, source=AGGREGATOR),
)
# Settings that the released script and, as far as is known, the paper's training share.
AUTHORS = {
    "num_blocks": 3,
    "steps": 245000,
    "batch": 2,
    "learning_rate": 9e-5,
    "matrix_rate": 0.0,
    "warmup": 0,
    "clip": 0.0,
    "ema": 0.0,
    "held_out": 0,
    "operators": "learned",
}
METHODS = (
    Method(
        name="mossfuse",
        title="MossFuse",
        citation=CITATION,
        licence="own implementation (the official code states no licence)",
        knows=frozenset({"phase"}),
        optional=frozenset({"phase"}),
        trains="dataset",
        gpu=True,
        params=PARAMS,
        train_params={
            "dim": Parameter.count(48, minimum=8),
            "num_blocks": Parameter.count(1),
            "aggregation": Parameter.choice("both", "spatial", "spectral", "neither"),
            "steps": Parameter.count(30000),
            "patch": Parameter.count(128),
            "batch": Parameter.count(4),
            "order": Parameter.choice("random", "released"),
            "augment": Parameter.choice("exact", "none", "released"),
            "learning_rate": Parameter.positive(1e-3),
            "matrix_rate": Parameter.non_negative(5e-3),
            "schedule": Parameter.choice("cosine", "released"),
            "final_rate": Parameter(0.0, minimum=0, maximum=1),
            "warmup": Parameter.count(20, minimum=0),
            "clip": Parameter.non_negative(0.5),
            "ema": Parameter(0.99, minimum=0, below=1),
            "held_out": Parameter.count(4, minimum=0),
            "loss": Parameter.choice("released", "paper", "no-decoupling", "no-self-supervision"),
            "operators": Parameter.choice("fitted", "learned"),
            "precision": PRECISION,
            "deterministic": True,
            "recompute": False,
            "save_every": Parameter.count(100),
            "keep_every": Parameter.count(0, minimum=0),
        },
        presets={
            "smoke": {"dim": 8, "steps": 20, "patch": 32, "batch": 2, "learning_rate": 4e-3},
            "fixed": {},
            "released": {**AUTHORS, "order": "released", "augment": "released", "schedule": "released"},
            "paper": {**AUTHORS, "num_blocks": 4, "loss": "paper", "final_rate": 1.0},
        },
        published=PUBLISHED,
        code=CODE,
        note="blind (PSF and SRF estimated from the training pairs); trained here, without ground truth",
    ),
    Method(
        name="mossfuse-released",
        title="MossFuse (authors' weights)",
        citation=CITATION,
        licence="own implementation; the weights are the authors', terms not stated, not redistributed",
        weights="mossfuse-cave-x32",
        stochastic=False,
        gpu=True,
        params=PARAMS,
        published=PUBLISHED,
        code=CODE,
        note="the released CAVE x32 checkpoint (epoch 469 by its counters); 31 bands, 3 MSI bands (R, G, B), ratio 32 only",
    ),
)


def fuse(observation, *, seed=0, device="cpu", checkpoint=None, **params):
    """Return the fused cube (H, W, B), not clipped, with the network's PSF and SRF; nothing is random. See
    ``fuse_tiles``.
    """
    estimates, tiles = fuse_tiles(observation, seed=seed, device=device, checkpoint=checkpoint, **params)
    shape = (*observation.msi.shape[:2], observation.hsi.shape[2])
    return Fusion(cube=assemble_tiles(tiles, shape), **estimates)


def fuse_tiles(observation, *, seed=0, device="cpu", checkpoint=None, tile=None, compile=False, precision="float32"):
    """Return (psf_hat, srf_hat and notes by name, iterator over ((rows, cols), tile)): for cubes larger than memory.

    checkpoint: a file of ``train`` or the authors' CAVE_32_model.pth. tile, compile, precision: see
    mossfuse.network.inference. Raises MossFuseError where the checkpoint is absent, damaged or trained for other bands
    or another ratio.
    """
    from mossfuse.network.inference import run_network
    from mossfuse.physics.psf_geometry import same_geometry

    if checkpoint is None:
        raise MossFuseError("MossFuse needs a checkpoint; train the method first or name a weights file")
    network, estimates, parameters, wavelengths = load_network(checkpoint, device)
    check_fits(observation, network.config, checkpoint)
    notes = {"parameters": parameters}
    if not same_geometry(network.blind.geometry.size, network.blind.geometry.phase, observation):
        estimates = {**estimates, "psf_hat": None}
    if wavelengths is not None and observation.wavelengths is not None:
        notes["largest_wavelength_difference_nm"] = float(
            np.abs(np.subtract(wavelengths, observation.wavelengths)).max()
        )
    settings = {"device": device, "tile": tile, "compile": compile, "precision": precision}
    return {**estimates, "notes": notes}, run_network(network, observation.msi, observation.hsi, **settings)


def train(pairs, *, seed, device, path, resume=False, truths=None, **params):
    """Train on pairs alone and write the checkpoint ``path``; params: mossfuse.training.recipe.Recipe. Truths are not
    used.
    """
    from mossfuse.training.loop import train as train_on_pairs

    return train_on_pairs(pairs, seed=seed, device=device, path=path, resume=resume, **params)


@kept
def load_network(path, device):
    """Return (folded network on the device, its PSF and SRF, parameters as trained, its training's wavelengths or
    None); a modified file is loaded again.
    """
    from mossfuse.network import checkpoint
    from mossfuse.network.architecture import inference_parameter_count
    from mossfuse.network.reparameterise import reparameterise

    network, facts = checkpoint.load(path)
    blind = network.blind
    estimates = {"psf_hat": blind.psf().detach().numpy(), "srf_hat": blind.srf().detach().numpy()}
    parameters = inference_parameter_count(network)
    return reparameterise(network).to(device), estimates, parameters, facts["wavelengths"]


def check_fits(observation, config, checkpoint):
    """Raise MossFuseError where an observation's bands, ratio or sizes do not fit the network."""
    found = (observation.hsi.shape[2], observation.msi.shape[2], observation.ratio)
    wanted = (config["bands"], config["msi_bands"], config["ratio"])
    if found != wanted:
        raise MossFuseError(
            f"{checkpoint} was trained for {wanted[0]} HSI bands, {wanted[1]} MSI bands and ratio {wanted[2]}, this pair has "
            f"{found[0]}, {found[1]} and {found[2]}; train on pairs of this kind"
        )
    if observation.msi.shape[:2] != tuple(n * observation.ratio for n in observation.hsi.shape[:2]):
        raise MossFuseError(
            f"the MSI is {observation.msi.shape[0]}x{observation.msi.shape[1]} pixels and the HSI "
            f"{observation.hsi.shape[0]}x{observation.hsi.shape[1]}, which is not the ratio {observation.ratio}; crop them to match"
        )
