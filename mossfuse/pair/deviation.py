"""Standard deviations of the values of a fused cube, in the units of the HSI."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mossfuse.errors import MossFuseError
from mossfuse.files.tiles import Tile
from mossfuse.pair.assemble import Pair
from mossfuse.pair.work import Work

if TYPE_CHECKING:
    from mossfuse.pair.calibration import Calibration

FAMILY = "nsgp"


def check_deviation(name: str | None) -> None:
    """Raise MossFuseError for a method without standard deviations; None is the default method."""
    if name is not None and name.partition("-")[0] != FAMILY:
        raise MossFuseError(f"'{name}' has no standard deviations; use {FAMILY} or leave the uncertainty out")


def method_with_deviation(name: str | None, weights: str | Path | None) -> str:
    """Return the method to run where standard deviations are wanted: the one named, or FAMILY; raise MossFuseError as check_deviation does."""
    check_deviation(name or ("mossfuse" if weights else None))
    return name or FAMILY


@dataclass(frozen=True)
class Deviations:
    """tiles: iterator over ((rows, cols), standard deviations (rows, cols, B)). calibration: what they were multiplied by, and why."""

    tiles: Iterator[Tile]
    calibration: Calibration

    def __str__(self) -> str:
        found = self.calibration
        tests = [f"{max(found.bands):.2f} (HR's bands predicted from each other)"] if found.bands else []
        tests += [f"{found.reduced:.2f} (one scale further down)"] if found.reduced is not None else []
        asked = f"; the pair asks for {' and '.join(tests)}" if tests else ""
        missing = f"; not every test could be made: {', '.join(found.missing)}" if found.missing else ""
        return f"standard deviations multiplied by {found.factor:.2f}{asked}{missing}"


def deviations_of(pair: Pair, work: Work) -> Deviations:
    """Return the calibrated standard deviations of a cube of nsgp, with every band of LR and NaN where nothing was measured.

    See mossfuse.nsgp.uncertainty and mossfuse.pair.calibration.
    """
    from mossfuse.nsgp.uncertainty import deviation_tiles, fit_deviation
    from mossfuse.pair.calibration import calibrate

    check_deviation(work.name)
    observation = pair.observation
    sensor = replace(
        work.sensor,
        noise_hsi=np.full(observation.hsi.shape[2], float(work.notes.get("noise_hsi", 0.0))),
        noise_msi=np.full(observation.msi.shape[2], float(work.notes.get("noise_msi", 0.0))),
    )
    unseen = None
    if work.notes.get("unseen"):
        energy = np.mean(np.square(observation.msi, dtype=np.float64), (0, 1))
        unseen = np.diag(np.square(np.asarray(work.notes["unseen"], np.float64)) * energy)
    setting = "fast" if work.name == "nsgp-fast" else "best"
    calibration = calibrate(observation, sensor, pair.result.measured, setting)
    model = fit_deviation(observation, sensor, unseen=unseen, setting=setting)
    scale = np.float32(pair.white[0] * calibration.factor)

    def tiles() -> Iterator[Tile]:
        for (rows, cols), values in deviation_tiles(model):
            yield (rows, cols), pair.result.complete(rows, cols, values * scale)

    return Deviations(tiles(), calibration)
