"""How much too narrow nsgp's standard deviations are on this pair, found from the pair itself.

Two tests, each with a truth that the pair holds. The first predicts an HR band from the others, as nsgp predicts the cube: the blurred band is LR, the band itself is the truth at
HR's own scale, so the test sees how errors at LR's scale grow towards HR's on this texture. The second fuses the pair one scale further down, where LR is the truth (Wald), so it sees
what the two cameras do not agree on. The share of errors beyond the band of 95 % gives a factor each (split conformal prediction: Papadopoulos et al., ECML 2002);
the largest counts, and none below 1.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mossfuse.estimation.sensor import estimate_sensor
from mossfuse.files.tiles import assemble_tiles
from mossfuse.nsgp.defaults import choose_settings
from mossfuse.nsgp.model import fit_model, predict
from mossfuse.nsgp.uncertainty import deviation_tiles, fit_deviation
from mossfuse.physics.sampling import operator_of
from mossfuse.protocol import Observation, Sensor

LEVEL, BAND = 0.95, 1.96
HELD = 4  # HR bands that are predicted, at most
SIDE = 512  # HR pixels of the middle of a pair that are looked at


@dataclass(frozen=True)
class Calibration:
    """factor: what the standard deviations are multiplied by. bands, reduced: what the two tests say; empty or None where one cannot be made."""

    factor: float
    bands: tuple[float, ...]
    reduced: float | None


def calibrate(
    observation: Observation, sensor: Sensor, reduced: tuple[Observation, np.ndarray] | None, setting: str = "best"
) -> Calibration:
    """Return the Calibration of a pair under its complete sensor (psf, phase, srf, noise_hsi, noise_msi).

    reduced: the pair one scale further down, under its own known sensor, and its truth (h, w, B).
    """
    observation = middle(observation)
    count = observation.msi.shape[2]
    chosen = np.unique(np.linspace(0, count - 1, min(HELD, count)).astype(int)) if count > 1 else ()
    bands = tuple(predicted_band(observation, sensor, int(band), setting) for band in chosen)
    below = None if reduced is None else one_scale_down(*reduced, setting)
    found = (1.0, *bands, *(() if below is None else (below,)))
    return Calibration(max(found), bands, below)


def predicted_band(observation: Observation, sensor: Sensor, band: int, setting: str) -> float:
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
    own = float(np.asarray(sensor.noise_msi)[band])  # the truth is an image with noise, too
    return factor(seen, known, truth, setting, own)


def one_scale_down(observation: Observation, truth: np.ndarray, setting: str) -> float:
    """Return the factor from the reduced pair."""
    sensor, facts = estimate_sensor(observation)
    unseen = facts["unseen"] if facts["unseen"].any() else None
    return factor(observation, sensor, truth, setting, 0.0, unseen)


def factor(
    observation: Observation, sensor: Sensor, truth: np.ndarray, setting: str, noise: float, unseen: np.ndarray | None = None
) -> float:  # fmt: skip
    """Return the factor at which the share LEVEL of nsgp's errors lies within the band; noise: standard deviation of the truth's own."""
    settings = choose_settings(setting, observation.ratio)
    cube = predict(fit_model(observation, sensor, unseen=unseen, **settings))
    model = fit_deviation(observation, sensor, unseen=unseen, setting=setting)
    spread = np.sqrt(np.square(assemble_tiles(deviation_tiles(model), cube.shape)) + noise**2)
    return float(np.quantile(np.abs(cube - truth) / np.maximum(spread, np.finfo(np.float32).tiny), LEVEL) / BAND)


def middle(observation: Observation) -> Observation:
    """Return the middle of a pair, at most SIDE pixels of HR along each axis, whole LR pixels."""
    ratio = observation.ratio
    parts = []
    for size in observation.hsi.shape[:2]:
        kept = min(size, max(SIDE // ratio, 1))
        parts.append(slice((size - kept) // 2, (size - kept) // 2 + kept))
    fine = tuple(slice(part.start * ratio, part.stop * ratio) for part in parts)
    return replace(observation, hsi=observation.hsi[tuple(parts)], msi=observation.msi[fine])
