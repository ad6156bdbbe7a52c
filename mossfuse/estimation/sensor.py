"""The sensor of a pair, estimated from the pair alone: PSF, SRF, noise, stripes. ``estimate_sensor`` is the one entry.

One estimate is one search for the PSF where the pair is free of noise. A noisy pair needs two: the first, with a nearly
free SRF, shows that there is noise (its residual is beyond GATE), and only then is a smoother SRF right, which changes
the best PSF. A third follows where the MSI holds light that the HSI does not see (mossfuse.estimation.common_part).
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from mossfuse.estimation.common_part import fit_shared_psf
from mossfuse.estimation.geometry import find_geometry
from mossfuse.estimation.memory import recall
from mossfuse.estimation.noise import levels
from mossfuse.estimation.sensor_fit import SMOOTHNESS, fit_sensor
from mossfuse.estimation.stripes import find_stripes
from mossfuse.estimation.windows import Windows
from mossfuse.physics.sampling import operator_of
from mossfuse.protocol import Observation, Sensor

GATE = 2e-4  # relative residual below which a pair counts as free of noise
NOISY_SMOOTHNESS = 1e-3  # ridge on the SRF's second differences once the pair is known to be noisy
SHARED_SAMPLE = 4096  # most low-resolution pixels that the search for a shared PSF looks at
STRIPE_PASSES = 2  # the first finds stripes under a sensor that they have disturbed


class Estimate(NamedTuple):
    """The sensor of a pair with every field filled, and what is known about the fit.

    facts: those of mossfuse.estimation.sensor_fit.fit_sensor, with noise_free (bool) and unseen (M, M): the covariance
    of the residual where noise does not account for it, otherwise zero.
    """

    sensor: Sensor
    facts: Mapping[str, Any]


class StripedEstimate(NamedTuple):
    """The pair without its HSI's stripes, and the Estimate's fields for it.

    facts: with stripes, their root mean square; 0 where there are none.
    """

    observation: Observation
    sensor: Sensor
    facts: Mapping[str, Any]


def estimate_sensor(observation: Observation, family: str = "auto") -> Estimate:
    """Estimate PSF, SRF and white noise per band; what the observation's sensor already holds is kept.

    family: of the PSF, see mossfuse.estimation.sensor_fit.fit_sensor. Where the gate finds no noise, noise_hsi and
    noise_msi are zero. Inside a block of mossfuse.estimation.memory.estimate_once the same pair is estimated once.
    Raises MossFuseError for an unknown family or sizes that do not fit together.
    """
    return recall("estimate", observation, family, lambda: complete(observation, family))


def complete(observation: Observation, family: str = "auto") -> Estimate:
    """Compute the result of ``estimate_sensor``."""
    known = observation.sensor
    sensor, facts = fit_sensor(observation, family, SMOOTHNESS)
    noise_free = facts["residual"] < GATE
    bands, channels = observation.hsi.shape[2], observation.msi.shape[2]
    noise_msi, noise_hsi, unseen = np.zeros(channels), 0.0, np.zeros((channels, channels))
    if not noise_free:
        sensor, facts = fit_sensor(observation, family, NOISY_SMOOTHNESS)
        noise_msi, noise_hsi, unseen = levels(observation, sensor, facts)
    if unseen.any() and known.psf is None:
        sensor, facts = fit_shared_sensor(observation, family, sensor, facts)
        noise_msi, noise_hsi, unseen = levels(observation, sensor, facts)
    sensor = replace(
        sensor,
        noise_msi=known.noise_msi if known.noise_msi is not None else noise_msi,
        noise_hsi=known.noise_hsi if known.noise_hsi is not None else np.full(bands, noise_hsi),
    )
    return Estimate(sensor, facts | {"noise_free": bool(noise_free), "unseen": unseen})


def has_unseen_light(observation: Observation) -> bool:
    """Return whether the MSI holds light that the HSI does not see, under the geometry that the observation knows."""
    return bool(complete(observation).facts["unseen"].any())


def estimate_without_stripes(observation: Observation, family: str = "auto") -> StripedEstimate:
    """Estimate as ``estimate_sensor``, after the HSI's stripes (mossfuse.estimation.stripes) are removed from it.

    A pair without noise is not searched for stripes.
    """
    sensor, facts = estimate_sensor(observation, family)
    clean, stripes = observation, None
    for _ in range(STRIPE_PASSES if not facts["noise_free"] else 0):
        low = operator_of(observation, sensor.psf, sensor.phase)(observation.msi.astype(np.float64))
        stripes = find_stripes(observation.hsi, low)
        if stripes is None:
            clean = observation
            break
        clean = replace(observation, hsi=(observation.hsi - stripes).astype(np.float32))
        sensor, facts = estimate_sensor(clean, family)
    size = 0.0 if stripes is None else float(np.sqrt((stripes**2).mean()))
    return StripedEstimate(clean, sensor, {**facts, "stripes": size})


def fit_shared_sensor(
    observation: Observation, family: str, sensor: Sensor, facts: dict[str, Any]
) -> tuple[Sensor, dict[str, Any]]:
    """Fit (Sensor, facts) as ``fit_sensor`` does, but with the PSF found from what the two images share."""
    assert sensor.psf is not None
    if observation.sensor.psf_shape is None or observation.sensor.phase is None:
        size, phase = find_geometry(observation, NOISY_SMOOTHNESS, shared=True)
        rival = None
    else:
        assert sensor.phase is not None
        size, phase, rival = (sensor.psf.shape[0], sensor.psf.shape[1]), sensor.phase, sensor.psf
    found = fit_shared_psf(Windows(observation, size, phase, SHARED_SAMPLE), size, family, rival)
    if found is None:
        return sensor, facts
    known = replace(observation.sensor, psf=found[0], psf_shape=size, phase=phase)
    sensor, facts = fit_sensor(replace(observation, sensor=known), family, NOISY_SMOOTHNESS)
    return sensor, facts | found[1]
