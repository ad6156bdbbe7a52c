"""Fuse one observation tile by tile: choose the method, its parameters and weights, run it, and check what it returns."""

import logging
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from mossfuse.arithmetic import full_precision
from mossfuse.devices import choose_device
from mossfuse.errors import MossFuseError, suggestion
from mossfuse.estimation.memory import estimate_once
from mossfuse.files.tiles import Tile, assemble_tiles, cut_into_tiles
from mossfuse.fusion_check import check_fusion
from mossfuse.methods import find_method, split_suffix
from mossfuse.pair.default_method import BLIND, INFORMED, TRAINABLE, choose_method, parts_of
from mossfuse.pair.mean import mean_tiles, title_of_mean
from mossfuse.parameters import apply_changes, with_preset
from mossfuse.preprocess import preprocess, split_prefix
from mossfuse.protocol import EMPTY, Fusion, Method, Observation, Sensor

# `fit`: the training of the benchmark's default grid, chosen there for small pairs on a CPU.
FIT = {"dim": 24, "num_blocks": 1, "steps": 1400, "batch": 4, "learning_rate": 2e-3, "matrix_rate": 2e-2, "clip": 0.5}
FIT_PATCH = 32  # MSI pixels, at least, and at least two low-resolution pixels
POOR = 0.1  # relative residual of the sensor beyond which the two images are inconsistent with each other
log = logging.getLogger(__name__)

Settings = dict[str, Any]


@dataclass(frozen=True)
class Work:
    """A pair being fused, on the methods' scale.

    name: method with suffix; reason: why this one, if the user named none. tiles: iterator over ((rows, cols), values
    (rows, cols, B) float32). sensor: psf, phase and srf under which the cube explains the pair; source: where psf and
    srf come from ('given', 'estimated by METHOD' or 'estimated from the pair'). facts: of the PSF's fit.
    """

    name: str
    reason: str
    method: Method
    tiles: Iterator[Tile]
    sensor: Sensor
    source: Mapping[str, str]
    facts: Mapping[str, Any] = field(default_factory=lambda: EMPTY)
    history: Mapping[str, list] = field(default_factory=lambda: EMPTY)
    notes: Mapping[str, Any] = field(default_factory=lambda: EMPTY)


def prepare(
    observation: Observation, *, method: str | None = None, weights: str | Path | None = None, device: str | None = None,
    seed: int = 0, save_weights: str | Path | None = None, preset: str | None = None, params: Mapping[str, Any] = EMPTY,
) -> Work:  # fmt: skip
    """Run a method on an observation (mossfuse.pair.assemble.assemble) up to its first tile; return the Work.

    method, weights, device, seed, preset, params: as for ``fuse``. save_weights: where the checkpoint of weights 'fit' is
    kept (None: nowhere). The sensor of the pair is estimated at most once. Raises MossFuseError for a method, weights or
    parameters that do not exist or do not fit the pair.
    """
    with estimate_once():
        return run_method(observation, method, weights, device, seed, save_weights, preset, params)


def check_choice(
    method: str | None, weights: str | Path | None = None, save_weights: str | Path | None = None,
    preset: str | None = None, params: Mapping[str, Any] = EMPTY,
) -> None:  # fmt: skip
    """Raise MossFuseError for a method, weights, preset or parameters that do not exist or do not belong together.

    It needs no image, so that a misspelt name costs no time.
    """
    name = method or (TRAINABLE if weights else None)
    if name is None:
        spec, module = find_method(BLIND)
    else:
        base, suffix = split_suffix(name)
        spec, module = find_method(split_prefix(base)[1])
        check_suffix(suffix)
    check_weights(spec, module, weights, save_weights)
    own, training = with_preset(spec, preset)
    both = training | own if weights == "fit" else own
    apply_changes(both, params, f"method '{spec.name}'", ranges={**spec.train_ranges, **spec.ranges})


def needs_geometry(name: str | None, weights: str | Path | None = None) -> bool:
    """Return whether a method, its prefix or its suffix uses what is known of the PSF; None is the default method, which does."""
    if name is None or weights:
        return True
    base, suffix = split_suffix(name)
    prefix, base = split_prefix(base)
    return bool(prefix or suffix or find_method(base)[0].knows)


def run_method(
    observation: Observation, method: str | None, weights: str | Path | None, device: str | None, seed: int,
    save_weights: str | Path | None, preset: str | None, params: Mapping[str, Any],
) -> Work:  # fmt: skip
    """Return the result of ``prepare``."""
    name, reason = choose_method(method, weights, observation, bool(preset or params))
    if parts := parts_of(name) if reason else ():
        log.info("%s", reason)
        first, *others = (run_method(observation, part, None, device, seed, None, None, EMPTY) for part in parts)
        shape = (*observation.msi.shape[:2], observation.hsi.shape[2])
        tiles = mean_tiles(first.tiles, [assemble_tiles(work.tiles, shape) for work in others])
        mixed = replace(first.method, title=title_of_mean(parts))
        return replace(first, name=name, reason=reason, method=mixed, tiles=tiles)
    base, suffix = split_suffix(name)
    prefix, base = split_prefix(base)
    spec, module = find_method(base)
    check_suffix(suffix)
    check_weights(spec, module, weights, save_weights)
    own, training = choose_parameters(spec, observation, weights, preset, params)
    device = choose_device(spec, device)
    if reason:
        log.info("%s", reason)
    seen, facts = add_required_knowledge(spec, observation)
    seen = preprocess(prefix, seen, device)
    with checkpoint_for(spec, module, weights, seen, seed, device, save_weights, training) as checkpoint:
        settings = {"seed": seed, "device": device, "checkpoint": checkpoint, **own}
        if hasattr(module, "fuse_tiles") and not suffix:
            estimates, tiles = module.fuse_tiles(seen, **settings)
            fusion = Fusion(cube=np.empty(0), **estimates)
        else:
            with full_precision(device):
                fusion = check_result(module.fuse(seen, **settings), observation, name)
            if suffix:
                fusion = apply_refinement(suffix, fusion, observation)
            tiles = cut_into_tiles(fusion.cube)
    facts = fusion.notes if "sigma" in fusion.notes else facts
    sensor, source, facts = choose_sensor(observation, fusion, name, facts)
    return Work(name, reason, spec, check_tiles(tiles, name), sensor, source, facts, fusion.history, fusion.notes)


def choose_parameters(
    spec: Method, observation: Observation, weights: str | Path | None, preset: str | None, params: Mapping[str, Any]
) -> tuple[Settings, Settings]:
    """Return ({parameters of fuse}, {parameters of train}); a name that both have is a parameter of fuse."""
    own, training = with_preset(spec, preset)
    if spec.name == TRAINABLE and preset is None:
        training |= fit_recipe(observation)
    elif "patch" in training:
        training["patch"] = patch_for([observation], training["patch"])
    owner = f"method '{spec.name}'"
    if weights != "fit":
        return apply_changes(own, params, owner, ranges=spec.ranges), training
    ranges = {**spec.train_ranges, **spec.ranges}
    both = apply_changes(training | own, params, owner, ranges=ranges)
    return {key: both[key] for key in own}, {key: training[key] if key in own else both[key] for key in training}


def check_suffix(suffix: str | None) -> None:
    """Raise MossFuseError for an unknown refinement."""
    from mossfuse.refine import SUFFIXES

    if suffix and suffix not in SUFFIXES:
        raise MossFuseError(f"unknown refinement '+{suffix}'; {suggestion('+' + suffix, ['+' + s for s in SUFFIXES])}")


def check_weights(
    spec: Method, module: ModuleType, weights: str | Path | None, save_weights: str | Path | None
) -> None:
    """Raise MossFuseError for weights of a method that has none, and for missing weights of one that needs them."""
    learns = spec.trains in ("dataset", "supervised")
    if save_weights is not None and weights != "fit":
        raise MossFuseError("there are no new weights to save; save-weights goes with weights 'fit'")
    if weights is None:
        if learns:
            raise MossFuseError(f"'{spec.name}' needs weights: name a file, 'released' or 'fit'")
    elif not learns and not spec.weights:
        raise MossFuseError(f"'{spec.name}' learns nothing beforehand; leave the weights out or choose another method")
    elif weights == "released":
        if released_name(module) is None:
            raise MossFuseError(f"no released weights of '{spec.name}' are known; name a file or 'fit'")
    elif weights == "fit":
        if spec.trains != "dataset":
            raise MossFuseError(
                f"'{spec.name}' cannot be fitted to a pair alone"
                + (" because it learns from ground truth; name a weights file" if learns else f"; use '{TRAINABLE}'")
            )
    elif not Path(weights).is_file():
        raise MossFuseError(f"weights file {weights} does not exist; name a file, 'released' or 'fit'")


def released_name(module: ModuleType) -> str | None:
    """Return the registry name of the authors' weights of a module's method, or None."""
    methods = getattr(module, "METHODS", None) or (module.METHOD,)
    return next((method.weights for method in methods if method.weights), None)


@contextmanager
def checkpoint_for(
    spec: Method, module: ModuleType, weights: str | Path | None, observation: Observation, seed: int, device: str,
    save_weights: str | Path | None, training: Settings,
) -> Iterator[str | None]:  # fmt: skip
    """Yield the path of the weights file for a method, or None.

    A checkpoint made by 'fit' exists inside the block only, unless ``save_weights`` names a file.
    """
    if weights == "fit":
        with tempfile.TemporaryDirectory() as folder:
            path = Path(save_weights or Path(folder, "fitted.pt"))
            module.train([observation], seed=seed, device=device, path=path, resume=False, **training)
            yield str(path)
    elif weights == "released" or (weights is None and spec.weights):
        # Imported here: only those who want the authors' file need the downloads.
        from mossfuse.remote.registry import obtain_file

        name = released_name(module)
        assert name is not None  # check_weights
        yield str(obtain_file(name).path)
    else:
        yield None if weights is None else str(weights)


def fit_recipe(observation: Observation) -> Settings:
    """Return the training parameters of MossFuse for one pair (FIT), with a patch that fits into it."""
    return {**FIT, "patch": patch_for([observation], FIT_PATCH)}


def patch_for(observations: list[Observation], wanted: int) -> int:
    """Return the side of a training patch near ``wanted`` MSI pixels: whole blocks that fit into every pair.

    At least two blocks are further from the border than the PSF reaches.
    """
    from mossfuse.physics.grid import block_span
    from mossfuse.physics.psf_geometry import geometry_of

    ratio = observations[0].ratio
    size, phase, _ = geometry_of(observations[0])
    spans = [block_span(*each, ratio) for each in zip(size, phase, strict=True)]
    reach = max(max(-first, last) for first, last, _ in spans)
    blocks = max(2 + 2 * reach, -(-wanted // ratio))
    return ratio * min(blocks, *(n for each in observations for n in each.hsi.shape[:2]))


def add_required_knowledge(spec: Method, observation: Observation) -> tuple[Observation, Mapping[str, Any]]:
    """Return (the observation as the method may see it, facts of the PSF's fit).

    What the method needs and the user did not give is estimated from the pair.
    """
    known = observation.sensor
    fields = {"psf": ("psf",), "srf": ("srf",), "noise": ("noise_hsi", "noise_msi")}
    missing = [f for name, each in fields.items() if name in spec.knows for f in each if getattr(known, f) is None]
    facts: Mapping[str, Any] = {}
    if missing and spec.name != INFORMED:  # that one estimates by itself what is left open
        from mossfuse.estimation.sensor import estimate_sensor

        estimate, facts = estimate_sensor(observation)
        known = replace(known, **{f: getattr(estimate, f) for f in missing})
        log.info(
            "%s needs the %s, estimated from the pair",
            spec.name,
            ", ".join(f.replace("_", " of the ") for f in missing),
        )
    return replace(observation, sensor=known.restricted_to(spec.knows)), facts


def apply_refinement(suffix: str, fusion: Fusion, observation: Observation) -> Fusion:
    """Return the fusion with its cube refined and everything else kept."""
    from mossfuse.refine import refine

    after = refine(suffix, fusion.cube, observation)
    return replace(fusion, cube=after.cube, psf_hat=after.psf_hat, srf_hat=after.srf_hat)


def choose_sensor(
    observation: Observation, fusion: Fusion, name: str, facts: Mapping[str, Any]
) -> tuple[Sensor, dict[str, str], Mapping[str, Any]]:
    """Return (Sensor, sources, facts): what the user gave, else the method's estimate, else one from the pair."""
    known, hats = observation.sensor, {"psf": fusion.psf_hat, "srf": fusion.srf_hat}
    found, source = {}, {}
    for what, hat in hats.items():
        if getattr(known, what) is not None:
            found[what], source[what] = getattr(known, what), "given"
        elif hat is not None:
            found[what], source[what] = np.asarray(hat, np.float64), f"estimated by {name}"
        else:
            from mossfuse.estimation.sensor import estimate_sensor

            estimate, facts = estimate_sensor(observation)
            found[what], source[what] = getattr(estimate, what), "estimated from the pair"
    if facts.get("residual", 0) > POOR:
        log.warning(
            "the two images are inconsistent with each other (residual %.0f %%): check that they show the same area, the "
            "order of rows and cols, and the registration",
            100 * facts["residual"],
        )
    return Sensor(**found, phase=known.phase, border=known.border), source, facts


def check_result(fusion: Any, observation: Observation, name: str) -> Fusion:
    """Return what a method returned as a valid Fusion; raise MossFuseError, with the method's name, if it is not one."""
    try:
        return check_fusion(fusion, observation)
    except MossFuseError as error:
        raise MossFuseError(f"'{name}' cannot be used on this pair: {error}; choose another method") from error


def check_tiles(tiles: Iterable[Tile], name: str) -> Iterator[Tile]:
    """Yield the tiles; raise MossFuseError where a value is not finite."""
    for (rows, cols), values in tiles:
        if not np.isfinite(values).all():
            raise MossFuseError(f"'{name}' returned NaN or infinite values; choose another method for this pair")
        yield (rows, cols), values
