"""Where inside its block a low-resolution pixel looks, if the user does not say: official geometry or a found one."""

import logging
from dataclasses import replace

from mossfuse.files import text
from mossfuse.protocol import Observation

EXPLAINED = (
    2e-4  # relative residual below which the official geometry explains the pair (as mossfuse.estimation.sensor.GATE)
)
WORTH = 0.98  # a found geometry must lower the residual at least to this share of the official one's
log = logging.getLogger(__name__)


def add_geometry(observation: Observation) -> Observation:
    """Return the observation with psf_shape and phase in its sensor.

    They are those of the official protocol where these explain the pair; otherwise those found in the pair
    (mossfuse.estimation.geometry), if they explain it better. Where the MSI holds light that the HSI does not see, no
    geometry explains the pair, and the geometry comes from what the two images share.
    """
    from mossfuse.estimation.geometry import find_geometry
    from mossfuse.estimation.sensor import has_unseen_light
    from mossfuse.estimation.sensor_fit import SMOOTHNESS, fit_sensor
    from mossfuse.physics.psf_geometry import official_geometry

    size, pixel = official_geometry(observation.ratio)
    official = with_support(observation, (size, size), (pixel, pixel))
    expected = fit_sensor(official)[1]["residual"]
    if expected < EXPLAINED:
        return official
    shape, phase = find_geometry(observation, SMOOTHNESS)
    shape, phase = move_into_block(shape, phase, observation.ratio)
    found = with_support(observation, shape, phase)
    residual = fit_sensor(found)[1]["residual"]
    if has_unseen_light(found):
        shape, phase = find_geometry(observation, SMOOTHNESS, shared=True)
        shape, phase = move_into_block(shape, phase, observation.ratio)
        log.info("PSF support %s and phase %d,%d, from what the two images share", text(shape), *phase)
        return with_support(observation, shape, phase)
    if residual > WORTH * expected:
        return official
    log.info(
        "PSF support %s and phase %d,%d explain the pair better than the official %dx%d and %d,%d "
        "(residual %.2g %% instead of %.2g %%)",
        text(shape), *phase, size, size, pixel, pixel, 100 * residual, 100 * expected,
    )  # fmt: skip
    return found


def add_official_geometry(observation: Observation) -> Observation:
    """Return the observation with the psf_shape and phase of the official protocol, for methods that use neither."""
    from mossfuse.physics.psf_geometry import official_geometry

    size, pixel = official_geometry(observation.ratio)
    return with_support(observation, (size, size), (pixel, pixel))


def with_support(observation: Observation, shape: tuple[int, int], phase: tuple[int, int]) -> Observation:
    """Return the observation whose sensor has the PSF support ``shape`` and the sampling phase ``phase``."""
    return replace(observation, sensor=replace(observation.sensor, psf_shape=shape, phase=phase))


def move_into_block(
    shape: tuple[int, int], phase: tuple[int, int], ratio: int
) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return (shape, phase) of the same window with its phase inside the block, as many methods need it.

    The window is enlarged on one side where its centre has to move.
    """
    pairs = [move_axis(k, p, ratio) for k, p in zip(shape, phase, strict=True)]
    (rows, row), (cols, col) = pairs
    return (rows, cols), (row, col)


def move_axis(size: int, phase: int, ratio: int) -> tuple[int, int]:
    """Return (size, phase) of one axis of ``move_into_block``."""
    place = min(max(phase, 0), ratio - 1)
    if place == phase:
        return size, phase
    start = phase - (size - 1) // 2
    end = start + size - 1
    return max(2 * (place - start) + 1, 2 * (end - place), 1), place
