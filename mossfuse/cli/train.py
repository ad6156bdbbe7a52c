"""``mossfuse train``: train MossFuse on pairs of files, without ground truth."""

import logging
from dataclasses import replace

from mossfuse.cli.arguments import WHITE, add_geometry, add_white, check_outputs, output_path, read_pair, seed
from mossfuse.errors import MossFuseError

VARIANTS = ("fixed", "released", "paper")
DIRECT = ("steps", "dim", "patch", "batch")  # settings that have their own option
HISTORY_SUFFIX = "_history.csv"
log = logging.getLogger(__name__)


def add_verb(verbs):
    """Add the verb to the parser."""
    parser = verbs.add_parser(
        "train", help="train MossFuse on pairs of images, without ground truth",
        description="Train MossFuse on one or more pairs of images from the same cameras. fuse takes the result as --weights.",
    )  # fmt: skip
    parser.add_argument(
        "images", metavar="LR HR", nargs="+",
        help="pairs of a low-resolution HSI and a high-resolution MSI of the same area: FILE or FILE:VARIABLE",
    )  # fmt: skip
    parser.add_argument(
        "-o", "--output", metavar="WEIGHTS", required=True, type=output_path, help="the weights file (.pt)"
    )
    parser.add_argument(
        "--variant",
        choices=VARIANTS,
        default="fixed",
        help="how to train; see docs/training-variants.md (default: fixed)",
    )
    parser.add_argument("--steps", type=int, metavar="N", help="optimiser steps")
    parser.add_argument("--dim", type=int, metavar="N", help="width of the network, a multiple of 8")
    parser.add_argument("--patch", type=int, metavar="N", help="side of a training patch in HR pixels")
    parser.add_argument("--batch", type=int, metavar="N", help="patches per step")
    parser.add_argument(
        "--set", metavar="KEY=VALUE", action="append", default=[],
        help="any other setting of mossfuse.training.recipe.Recipe, such as ema=0 or precision=bfloat16; may be repeated",
    )  # fmt: skip
    add_geometry(parser)
    add_white(parser, WHITE)
    parser.add_argument("--device", choices=("cpu", "cuda"), help="default: the GPU where there is one")
    parser.add_argument("--seed", type=seed, default=0, help="of weights and patches (default: 0)")
    parser.add_argument("--force", action="store_true", help="replace outputs that exist")
    parser.set_defaults(run=run, srf=None, psf=None)


def run(options):
    """Read the pairs, train, write and print."""
    from mossfuse.cli.describe import say
    from mossfuse.devices import choose_device
    from mossfuse.files import text
    from mossfuse.files.tables import write_columns
    from mossfuse.methods.mossfuse import METHODS, train
    from mossfuse.network import checkpoint

    if len(options.images) % 2:
        raise MossFuseError(f"{len(options.images)} images do not make pairs; name them as LR HR LR HR ...")
    if options.output.suffix != ".pt":
        raise MossFuseError(f"{options.output} would hold weights; give it the extension .pt")
    history = options.output.with_name(options.output.stem + HISTORY_SUFFIX)
    check_outputs([options.output, history], options.images, options.force)
    observations, white = read_pairs(options)
    settings = settings_of(options, observations)
    device = choose_device(METHODS[0], options.device)
    columns = train_within_memory(train, observations, options, device, settings)
    write_columns(history, columns)
    _, facts = checkpoint.load(options.output)
    facts = facts["training"]
    first = observations[0]
    say(
        "pairs",
        f"{len(observations)}, ratio {first.ratio}, HSI bands {first.hsi.shape[2]}, MSI bands {first.msi.shape[2]}; values of "
        f"{' and '.join(f'{w:g}' for w in dict.fromkeys(white))} count as 1",
    )
    say("network", f"dim {facts['dim']}, {facts['inference_parameters']} parameters for fusing")
    show_operators(options.output, first)
    held = "" if facts["held_out_loss"] is None else f", held-out loss {facts['held_out_loss']:.3g}"
    say(
        "training",
        f"{options.variant}, {facts['steps']} steps on {device}; weights of step {facts['chosen_step']}{held}",
    )
    say(
        "losses",
        ", ".join(f"{name} {columns[name][-1]:.3g}" for name in columns if "_cycle" in name or name == "blind"),
    )
    say(
        "written",
        f"{options.output}, {history}; patches of {text((facts['patch'],) * 2)} HR pixels, seed {options.seed}",
    )


def read_pairs(options):
    """Return ([Observation] on one scale, its white levels)."""
    names = list(zip(options.images[::2], options.images[1::2], strict=True))
    pairs = [read_pair(options, lr, hr, options.white) for lr, hr in names]
    whites = dict.fromkeys(pair.white for pair in pairs)
    if len(whites) == 1:
        return [pair.observation for pair in pairs], pairs[0].white
    for (lr, hr), (white_hsi, white_msi) in zip(names, (pair.white for pair in pairs), strict=True):
        if white_hsi != white_msi:
            raise MossFuseError(
                f"{lr} and {hr} are in different units and the pairs need one scale; name it with --white V,W"
            )
    largest = max(pair.white[0] for pair in pairs)
    log.info(
        "the pairs' white levels differ; %g counts as 1 in all of them, and --white %g should go with fuse",
        largest,
        largest,
    )
    return [on_scale(pair, largest) for pair in pairs], (largest, largest)


def on_scale(pair, white):
    """Return the Observation of a pair whose values are divided by ``white`` instead of its own level."""
    factor = pair.white[0] / white
    return replace(pair.observation, hsi=pair.observation.hsi * factor, msi=pair.observation.msi * factor)


def settings_of(options, observations):
    """Return the Recipe's fields: the variant's, what the command line changes, and a patch that fits unless one is named."""
    from mossfuse.methods.mossfuse import METHODS
    from mossfuse.pair.work import FIT, FIT_PATCH, patch_for
    from mossfuse.parameters import apply_changes, parse_changes

    method = METHODS[0]
    variant = {**FIT, "patch": FIT_PATCH} if options.variant == "fixed" else method.presets[options.variant]
    settings = {**method.train_params, **variant}
    settings["patch"] = patch_for(observations, settings["patch"])
    settings |= {name: getattr(options, name) for name in DIRECT if getattr(options, name) is not None}
    owner = f"the training of '{method.name}'"
    return apply_changes(settings, parse_changes(options.set), owner, "--set: ", method.train_ranges)


def train_within_memory(train, observations, options, device, settings):
    """Call ``train``, which continues an interrupted training; too little memory is one sentence."""
    import torch

    try:
        return train(observations, seed=options.seed, device=device, path=options.output, resume=True, **settings)
    except (MemoryError, torch.OutOfMemoryError, RuntimeError) as error:
        if type(error) is RuntimeError and "allocate memory" not in str(error):  # what torch says on a CPU
            raise
        raise MossFuseError(f"there is not enough memory on {device}; lower --patch, --batch or --dim") from error


def show_operators(path, observation):
    """Print the PSF and the SRF in the weights."""
    import numpy as np

    from mossfuse.cli.describe import describe_psf, describe_srf
    from mossfuse.network import checkpoint
    from mossfuse.protocol import Sensor

    network, _ = checkpoint.load(path)
    factor, psf, srf = (
        tensor.detach().double().numpy() for tensor in (network.blind.factor, network.blind.psf(), network.blind.srf())
    )
    variances, axes = np.linalg.eigh(np.linalg.inv(np.tril(factor).T @ np.tril(factor)))
    facts = {
        "sigma": tuple(np.sqrt(variances[::-1])),
        "angle": float(np.degrees(np.arctan2(axes[1, 1], axes[0, 1])) % 180),
    }
    if np.isclose(*facts["sigma"], rtol=1e-3):
        facts["sigma"] = facts["sigma"][0]
    describe_psf(Sensor(psf=psf, phase=network.blind.geometry.phase), "estimated from the pairs", facts)
    describe_srf(srf, "estimated from the pairs", observation.wavelengths)
