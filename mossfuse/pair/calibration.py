"""How much too narrow nsgp's standard deviations are on this pair, found from the pair itself.

Two tests, each with a truth that the pair holds. The first predicts an HR band from the others, as nsgp predicts the cube: the blurred band is LR, the band itself is the truth at
HR's own scale, so the test sees how errors at LR's scale grow towards HR's on this texture. The second fuses the pair one scale further down, where LR is the truth (Wald), so it sees
what the two cameras do not agree on. Each gives the factor at which the share LEVEL of its errors lies within the band (split conformal prediction:
Papadopoulos et al., ECML 2002); the largest counts, MARGIN times, and never less than 1. A test that cannot be made is left out with its reason.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from mossfuse.errors import MossFuseError
from mossfuse.estimation.sensor import estimate_sensor
from mossfuse.files.tiles import assemble_tiles
from mossfuse.nsgp.defaults import choose_settings
from mossfuse.nsgp.model import fit_model, predict
from mossfuse.nsgp.uncertainty import deviation_tiles, fit_deviation
from mossfuse.physics.sampling import operator_of
from mossfuse.protocol import Observation, Sensor
from mossfuse.stacking.reduced import reduce_pair

LEVEL, BAND = 0.95, 1.96
MARGIN = (
    1.1  # the cube's errors beyond those of the tests; chosen on the phantom at ratios 4 and 8, with and without noise
)
HELD = 4  # HR bands that are predicted, at most
SIDE = 512  # pixels of a test's truth along each axis, at most: the middle
FEWEST = 200  # values of a truth, below which their share says nothing


@dataclass(frozen=True)
class Calibration:
    """factor: what the standard deviations are multiplied by. bands, reduced: what the two tests ask for, () and None without; missing: why."""

    factor: float
    bands: tuple[float, ...]
    reduced: float | None
    missing: tuple[str, ...]


def calibrate(
    observation: Observation, sensor: Sensor, measured: np.ndarray | None = None, setting: str = "best"
) -> Calibration:
    """Return the Calibration of a pair under its complete sensor (psf, phase, srf, noise_hsi, noise_msi).

    measured: (H, W) False for pixels of HR that the pair only fills, which count in no test.
    """
    count = observation.msi.shape[2]
    missing: list[str] = []
    bands: tuple[float, ...] = ()
    if count > 1:
        part, seen = middle(observation, measured, SIDE)
        chosen = np.unique(np.linspace(0, count - 1, min(HELD, count)).astype(int))
        tests = [attempt(partial(predicted_band, part, sensor, int(k), seen, setting), missing) for k in chosen]
        bands = tuple(found for found in tests if found is not None)
    else:
        missing.append("HR has one band")
    part, seen = middle(observation, measured, SIDE * observation.ratio)
    below = attempt(partial(one_scale_down, part, sensor, seen, setting), missing)
    asked = (*bands, *(() if below is None else (below,)))
    return Calibration(max(1.0, *(MARGIN * factor for factor in asked)) if asked else 1.0, bands, below, tuple(dict.fromkeys(missing)))  # fmt: skip


def attempt(test: Callable[[], float], missing: list[str]) -> float | None:
    """Return the factor of a test, or None where it cannot be made; the reason is added to ``missing``."""
    try:
        return test()
    except (MossFuseError, ArithmeticError, ValueError) as error:
        missing.append(" ".join(str(error).split()))
        return None


def predicted_band(
    observation: Observation, sensor: Sensor, band: int, measured: np.ndarray | None, setting: str
) -> float:
    """Return the factor from predicting one HR band from the others."""
    assert sensor.noise_msi is not None and sensor.noise_hsi is not None
    rest = [k for k in range(observation.msi.shape[2]) if k != band]
    truth = observation.msi[..., band : band + 1].astype(np.float64)
    low = operator_of(observation, sensor.psf, sensor.phase)(truth)
    noise = float(np.sqrt(np.mean(np.square(sensor.noise_hsi))))
    low = low + np.random.default_rng(band).normal(0, noise, low.shape)
    seen = Observation(
        low.astype(np.float32), np.ascontiguousarray(observation.msi[..., rest]), observation.ratio, observation.sensor
    )
    known = replace(
        sensor, srf=np.zeros((len(rest), 1)), noise_hsi=np.array([noise]), noise_msi=np.asarray(sensor.noise_msi)[rest]
    )
    return factor(seen, known, truth, measured, setting, float(np.asarray(sensor.noise_msi)[band]))


def one_scale_down(observation: Observation, sensor: Sensor, measured: np.ndarray | None, setting: str) -> float:
    """Return the factor from the pair one scale further down."""
    reduced = reduce_pair(observation, sensor)
    if reduced is None:
        raise MossFuseError("LR has too few pixels for a smaller pair")
    known, facts = estimate_sensor(reduced.observation)
    unseen = facts["unseen"] if facts["unseen"].any() else None
    if measured is not None:
        rows, cols = reduced.truth.shape[:2]
        ratio = observation.ratio
        blocks = measured[: rows * ratio, : cols * ratio].reshape(rows, ratio, cols, ratio)
        measured = np.asarray(blocks.all((1, 3)))
    noise = 0.0 if sensor.noise_hsi is None else float(np.sqrt(np.mean(np.square(sensor.noise_hsi))))
    return factor(reduced.observation, known, reduced.truth, measured, setting, noise, unseen)


def factor(
    observation: Observation, sensor: Sensor, truth: np.ndarray, measured: np.ndarray | None, setting: str, noise: float,
    unseen: np.ndarray | None = None,
) -> float:  # fmt: skip
    """Return the factor at which the share LEVEL of nsgp's errors lies within the band.

    truth: (rows, cols, B); measured: (rows, cols) or None. noise: standard deviation of the truth's own, which no cube can know. Raises MossFuseError
    where too few values are left, or where no finite factor is found.
    """
    kept = np.ones(truth.shape[:2], bool) if measured is None else measured
    if kept.sum() * truth.shape[2] < FEWEST:
        raise MossFuseError(f"fewer than {FEWEST} values can be compared")
    settings = choose_settings(setting, observation.ratio)
    cube = predict(fit_model(observation, sensor, unseen=unseen, **settings))
    model = fit_deviation(observation, sensor, unseen=unseen, setting=setting)
    spread = np.sqrt(np.square(assemble_tiles(deviation_tiles(model), cube.shape)) + noise**2)
    scaled = np.abs(cube - truth)[kept] / np.maximum(spread[kept], np.finfo(np.float32).tiny)
    found = float(np.quantile(scaled, LEVEL) / BAND)
    if not np.isfinite(found):
        raise MossFuseError("the errors of a test are not finite")
    return found


def middle(
    observation: Observation, measured: np.ndarray | None, side: int
) -> tuple[Observation, np.ndarray | None]:  # fmt: skip
    """Return the middle of a pair and of its mask, at most ``side`` pixels of HR along each axis, whole LR pixels."""
    ratio = observation.ratio
    parts = []
    for size in observation.hsi.shape[:2]:
        kept = min(size, max(side // ratio, 1))
        parts.append(slice((size - kept) // 2, (size - kept) // 2 + kept))
    fine = tuple(slice(part.start * ratio, part.stop * ratio) for part in parts)
    inner = replace(observation, hsi=observation.hsi[tuple(parts)], msi=observation.msi[fine])
    return inner, None if measured is None else measured[fine]
