"""Standard deviations of the values of a fused cube, in the units of the HSI."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from mossfuse.errors import MossFuseError
from mossfuse.files.tiles import Tile
from mossfuse.pair.assemble import Pair
from mossfuse.pair.work import Work

FAMILY = "nsgp"


def check_deviation(name: str | None) -> None:
    """Raise MossFuseError for a method without standard deviations; None is the default method."""
    if name is not None and name.partition("-")[0] != FAMILY:
        raise MossFuseError(f"'{name}' has no standard deviations; use {FAMILY} or leave the uncertainty out")


def method_with_deviation(name: str | None, weights: str | Path | None) -> str:
    """Return the method to run where standard deviations are wanted: the one named, or FAMILY; raise MossFuseError as check_deviation does."""
    check_deviation(name or ("mossfuse" if weights else None))
    return name or FAMILY


def deviation_tiles_of(pair: Pair, work: Work) -> Iterator[Tile]:
    """Yield ((rows, cols), values) with every band of LR, NaN where nothing was measured (mossfuse.nsgp.uncertainty)."""
    from mossfuse.nsgp.uncertainty import deviation_tiles, fit_deviation

    check_deviation(work.name)
    observation = pair.observation
    levels = np.full(observation.hsi.shape[2], float(work.notes.get("noise_hsi", 0.0)))
    unseen = None
    if work.notes.get("unseen"):
        energy = np.mean(np.square(observation.msi, dtype=np.float64), (0, 1))
        unseen = np.diag(np.square(np.asarray(work.notes["unseen"], np.float64)) * energy)
    setting = "fast" if work.name == "nsgp-fast" else "best"
    model = fit_deviation(observation, replace(work.sensor, noise_hsi=levels), unseen=unseen, setting=setting)
    white = np.float32(pair.white[0])
    for (rows, cols), values in deviation_tiles(model):
        yield (rows, cols), pair.result.complete(rows, cols, values * white)
