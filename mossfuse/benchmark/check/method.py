"""What every method promises."""

from __future__ import annotations

import inspect
import random
import sys
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from mossfuse.benchmark.check.claims import Claim, Skipped, Unmet, require, require_sentence
from mossfuse.benchmark.check.light import light_import
from mossfuse.benchmark.check.pairs import IMAGES, SHAPES, make_degenerate_pair, make_pair
from mossfuse.benchmark.check.surroundings import SHUFFLED, SMALL, TRUE, surrounded
from mossfuse.errors import MossFuseError
from mossfuse.fusion_check import check_fusion
from mossfuse.protocol import Fusion, Method, Observation


def claims(method: Method, module: ModuleType) -> list[Claim]:
    """Return the claims about a method. It is trained, where it trains, and run with its preset 'smoke'."""
    faithful = method.presets.get("faithful")
    return [
        Claim("title, citation and licence are given", lambda folder: require_description(method)),
        Claim("fuse accepts every parameter of the specification", lambda folder: require_parameters(method, module)),
        Claim("a method that learns has a preset 'smoke'", lambda folder: require_smoke(method)),
        light_import(str(module.__file__)),
        *[
            Claim(f"{name}: a finite cube{', or one sentence' if name != 'usual' else ''}", partial(require_shape, method, module, name))
            for name in SHAPES
        ],
        *[
            Claim(f"{name} image: a finite cube, or one sentence", partial(require_image, method, module, name))
            for name in IMAGES
        ],
        Claim(
            f"{'one' if method.stochastic else 'every'} seed gives one result, whatever lies around; pair and random state stay",
            partial(require_repeatable, method, module),
        ),
        *([Claim("a row may withhold what is optional: a finite cube", partial(require_without, method, module))] if method.optional else []),
        *([Claim("training without supervision never reads a truth", partial(require_blind_training, method, module))] if method.trains == "dataset" else []),
        *([Claim("the form 'faithful' gives a finite cube for every shape and image", partial(require_faithful, method, module, faithful))] if faithful else []),
    ]  # fmt: skip


def run(
    method: Method,
    module: ModuleType,
    pair: Observation,
    folder: Path,
    *,
    seed: int = 0,
    overrides: Mapping[str, Any] | None = None,
    truth: np.ndarray | None = None,
    knows: frozenset[str] | None = None,
) -> Fusion:
    """Train, where the method trains, and fuse with the preset 'smoke'; the method is given what it knows and nothing else.

    knows: what it is given instead. truth: given to a 'supervised' training; by default a grey cube.
    """
    if method.weights:
        raise Skipped(f"it runs with the released weights '{method.weights}', which fit one kind of pair only")
    preset = method.presets.get("smoke", {})
    checkpoint = None
    seen = replace(pair, sensor=pair.sensor.restricted_to(method.knows if knows is None else knows))
    if method.trains in ("dataset", "supervised"):
        checkpoint = folder / f"{method.name}-{seed}.pt"
        params = {**method.train_params, **{k: v for k, v in preset.items() if k in method.train_params}}
        if truth is None:
            truth = np.full((*pair.msi.shape[:2], pair.hsi.shape[2]), 0.5, np.float32)
        truths = [truth] if method.trains == "supervised" else None
        module.train([seen], seed=seed, device="cpu", path=str(checkpoint), resume=False, truths=truths, **params)
        require(checkpoint.is_file(), "train returned without weights; write them to the file `path`")
    params = {**method.params, **{k: v for k, v in preset.items() if k in method.params}, **(overrides or {})}
    return module.fuse(seen, seed=seed, device="cpu", checkpoint=str(checkpoint) if checkpoint else None, **params)


def require_fusion(fusion: Any, pair: Observation) -> None:
    """Raise MossFuseError or Unmet unless a method's result is complete: shapes, type, finite values, estimates."""
    check_fusion(fusion, pair)
    require(isinstance(fusion.cube, np.ndarray), f"the cube must be a numpy array, not {type(fusion.cube).__name__}")
    require(fusion.cube.dtype == np.float32, f"the cube is {fusion.cube.dtype}, it must be float32")
    if fusion.psf_hat is not None:
        total = float(np.sum(fusion.psf_hat))
        require(np.isclose(total, 1, atol=1e-3), f"psf_hat sums to {total:g}, it must sum to 1")


def require_description(method: Method) -> None:
    """Raise Unmet where the specification lacks title, citation or licence."""
    empty = [key for key in ("title", "citation", "licence") if not getattr(method, key).strip()]
    require(not empty, f"the specification leaves {', '.join(empty)} empty")


def require_parameters(method: Method, module: ModuleType) -> None:
    """Raise Unmet where fuse or train does not accept a declared parameter or an argument that the benchmark passes."""
    calls = [("fuse", ("seed", "device", "checkpoint", *method.params))]
    if method.trains in ("dataset", "supervised"):
        calls.append(("train", ("seed", "device", "path", "resume", "truths", *method.train_params)))
    for name, arguments in calls:
        known = inspect.signature(getattr(module, name)).parameters
        if any(p.kind is p.VAR_KEYWORD for p in known.values()):
            continue
        missing = [argument for argument in arguments if argument not in known]
        require(not missing, f"the function {name} has no argument {', '.join(missing)}")


def require_smoke(method: Method) -> None:
    """Raise Unmet where a learned method has no preset with which it can be tried in seconds."""
    learned = method.trains != "none" and (method.params or method.train_params)
    require(
        not learned or method.weights or "smoke" in method.presets,
        f"it trains on '{method.trains}' and has no preset 'smoke'; add presets={{'smoke': {{...}}}} with few steps",
    )


def require_shape(method: Method, module: ModuleType, name: str, folder: Path) -> None:
    """Raise Unmet unless a pair of this shape gives a finite cube; any but the usual one may be refused by one sentence."""
    pair, _ = make_pair(**SHAPES[name])
    try:
        fusion = run(method, module, pair, folder)
    except MossFuseError as error:
        if name == "usual":
            raise Unmet(f"the usual pair must work: {error}") from error
        require_sentence(error)
    else:
        require_fusion(fusion, pair)


def require_image(method: Method, module: ModuleType, name: str, folder: Path) -> None:
    """Raise Unmet unless a degenerate image gives a finite cube or one sentence."""
    pair = make_degenerate_pair(name)
    try:
        fusion = run(method, module, pair, folder)
    except MossFuseError as error:
        require_sentence(error)
    else:
        require_fusion(fusion, pair)


def require_without(method: Method, module: ModuleType, folder: Path) -> None:
    """Raise Unmet unless the method runs without the knowledge that it declares as optional."""
    pair, _ = make_pair(**SMALL)
    require_fusion(run(method, module, pair, folder, knows=method.knows - method.optional), pair)


def require_faithful(method: Method, module: ModuleType, overrides: Mapping[str, Any], folder: Path) -> None:
    """Raise Unmet unless the authors' own form gives a finite cube for every shape and image."""
    pairs = [make_pair(**shape)[0] for shape in SHAPES.values()]
    for pair in [*pairs, *map(make_degenerate_pair, IMAGES)]:
        require_fusion(run(method, module, pair, folder, overrides=overrides), pair)


def require_repeatable(method: Method, module: ModuleType, folder: Path) -> None:
    """Raise Unmet where two runs differ in a byte, write to their pair, or touch generators that others share.

    A method that declares stochastic=False is run with two seeds, any other one twice with the same. Between the runs
    the names around the method are shuffled, and the truth in its folder is poisoned: none of that may reach the cube.
    """
    pair, _ = make_pair(**SMALL)
    arrays = {name: array.tobytes() for name, array in arrays_of(pair).items()}
    shared = random.getstate(), repr(np.random.get_state(legacy=False)["state"])
    with surrounded(TRUE, folder / "true"):
        first = run(method, module, pair, folder, seed=3).cube
    torch = sys.modules.get("torch")  # loaded by the first run, where the method uses it at all
    drawn = None if torch is None else torch.random.get_rng_state().tolist()
    with surrounded(SHUFFLED, folder / "shuffled"):
        second = run(method, module, pair, folder, seed=3 if method.stochastic else 4).cube
    if method.stochastic:
        remedy = "two runs with the same seed differ; draw every number from the seed, and use the observation alone"
    else:
        remedy = "two seeds give two cubes; declare stochastic=True"
    require(first.tobytes() == second.tobytes(), remedy)
    changed = [name for name, array in arrays_of(pair).items() if array.tobytes() != arrays[name]]
    require(not changed, f"it writes to {', '.join(changed)} of its input; work on a copy")
    now = random.getstate(), repr(np.random.get_state(legacy=False)["state"])
    require(now[0] == shared[0], "it uses Python's global random generator; use random.Random(seed)")
    if torch is not None:
        after = torch.random.get_rng_state().tolist()
        require(after == drawn, "it uses torch's global random generator; use mossfuse.devices.seeded or a generator")
    require(now[1] == shared[1], "it uses numpy's global random generator; use numpy.random.default_rng(seed)")


def arrays_of(pair: Observation) -> dict[str, np.ndarray]:
    """Return every array of a pair by its name."""
    values = {**vars(pair.sensor), **vars(pair)}
    return {name: value for name, value in values.items() if isinstance(value, np.ndarray)}


def require_blind_training(method: Method, module: ModuleType, folder: Path) -> None:
    """Raise Unmet where 'dataset' training uses a truth that it is handed."""
    pair, _ = make_pair(**SMALL)
    seen = replace(pair, sensor=pair.sensor.restricted_to(method.knows))
    preset = method.presets.get("smoke", {})
    params = {**method.train_params, **{k: v for k, v in preset.items() if k in method.train_params}}
    options = {**method.params, **{k: v for k, v in preset.items() if k in method.params}}
    poison = [np.full((*pair.msi.shape[:2], pair.hsi.shape[2]), np.nan, np.float32)]
    cubes = []
    for name, truths in (("without", None), ("poisoned", poison)):
        path = str(folder / f"{name}.pt")
        module.train([seen], seed=0, device="cpu", path=path, resume=False, truths=truths, **params)
        cubes.append(module.fuse(seen, seed=0, device="cpu", checkpoint=path, **options).cube.tobytes())
    require(cubes[0] == cubes[1], "its training reads `truths`; declare trains='supervised'")
