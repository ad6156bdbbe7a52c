"""What every dataset promises. Claims about scenes need the data; without them they are skipped with the reason."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from types import ModuleType

import numpy as np

from mossfuse.benchmark.check.claims import Claim, Skipped, require, require_sentence
from mossfuse.benchmark.check.light import light_import
from mossfuse.benchmark.data.prepare import fetch_dataset, prepare_scene
from mossfuse.errors import MossFuseError
from mossfuse.protocol import Dataset
from mossfuse.remote.download import mirror_folders, offline


def claims(dataset: Dataset, module: ModuleType) -> list[Claim]:
    """Return the claims about a dataset; scenes are taken from the mirrors, from a generator, or not at all."""
    return [
        Claim("title, citation and terms are given", lambda folder: require_description(dataset)),
        Claim("the splits are disjoint and every scene has one name", lambda folder: require_splits(dataset)),
        Claim("wavelengths ascend", lambda folder: require_wavelengths(dataset)),
        light_import(str(module.__file__)),
        Claim("an unknown scene is refused with one sentence", partial(require_refusal, dataset)),
        Claim("obtain describes what it found: source, files, sha256, verified", partial(require_record, dataset)),
        Claim("read gives (rows, cols, bands) float32 in [0, 1] with wavelengths", partial(require_scene, dataset)),
        Claim("reading twice gives the same bytes", partial(require_repeatable, dataset, module)),
    ]


def require_description(dataset: Dataset) -> None:
    """Raise Unmet where the specification lacks title, citation or terms of use."""
    empty = [key for key in ("title", "citation", "terms") if not getattr(dataset, key).strip()]
    require(not empty, f"the specification leaves {', '.join(empty)} empty")


def require_splits(dataset: Dataset) -> None:
    """Raise Unmet where a scene is in both splits, is listed twice, or has a name that is no file name."""
    require(dataset.test, "it has no test scene")
    both = sorted(set(dataset.train) & set(dataset.test))
    require(not both, f"the scenes {', '.join(both)} are in both splits")
    twice = sorted({name for name in dataset.scenes if dataset.scenes.count(name) > 1})
    require(not twice, f"the scenes {', '.join(twice)} are listed twice")
    odd = [name for name in dataset.scenes if not name or "/" in name or name.startswith((".", "_"))]
    require(not odd, f"the scene names {odd} cannot be file names")


def require_wavelengths(dataset: Dataset) -> None:
    """Raise Unmet unless the wavelengths (nm) ascend and fit the shape."""
    require(len(dataset.wavelengths) > 0, "the specification has no wavelengths")
    require((np.diff(dataset.wavelengths) > 0).all(), "the wavelengths must ascend")
    bands = dataset.shape[2] if dataset.shape else len(dataset.wavelengths)
    require(len(dataset.wavelengths) == bands, f"there are {len(dataset.wavelengths)} wavelengths for {bands} bands")


def require_refusal(dataset: Dataset, folder: Path) -> None:
    """Raise Unmet unless the benchmark refuses a scene that the dataset does not have."""
    try:
        fetch_dataset(dataset.name, ("no-scene-of-that-name",), folder)
    except MossFuseError as error:
        require_sentence(error)
    else:
        require(False, "a scene that it does not have was obtained")


def obtain_one(dataset: Dataset, folder: Path) -> str:
    """Find the first test scene in the mirrors, or let it be generated, and return its name; raise Skipped without it.

    Nothing is downloaded: a check takes seconds.
    """
    scene = dataset.test[0]
    try:
        with offline():
            fetch_dataset(dataset.name, (scene,), folder)
    except MossFuseError as error:
        if f"dataset '{dataset.name}' lacks {scene}" not in str(error):
            raise
        require_sentence_of_missing_data(error)
        raise Skipped(str(error)) from error
    return scene


def require_sentence_of_missing_data(error: MossFuseError) -> None:
    """Raise Unmet unless the message about missing data is on one line."""
    require("\n" not in str(error), "the message about missing data must be on one line")


def require_record(dataset: Dataset, folder: Path) -> None:
    """Raise Unmet unless obtain's record of a scene is complete; the benchmark checks it as it does in a run."""
    obtain_one(dataset, folder)


def require_scene(dataset: Dataset, folder: Path) -> None:
    """Raise Unmet unless a scene passes the check that every scene of a run passes."""
    prepare_scene(dataset.name, obtain_one(dataset, folder), folder)


def require_repeatable(dataset: Dataset, module: ModuleType, folder: Path) -> None:
    """Raise Unmet where two reads of one scene differ in a byte."""
    scene = obtain_one(dataset, folder)
    first, second = (module.read(scene, folder, mirror_folders())[0] for _ in range(2))
    require(np.asarray(first).tobytes() == np.asarray(second).tobytes(), "two reads of one scene differ")
