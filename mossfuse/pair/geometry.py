"""Where inside its block a low-resolution pixel looks, when the user does not say: the official geometry or a found one."""

import logging
from dataclasses import replace

from mossfuse.files import text

EXPLAINED = 2e-4  # relative residual below which the official geometry explains the pair (the gate of mossfuse.estimation.noise)
WORTH = 0.98  # a found geometry must lower the residual at least to this share of the official one's
log = logging.getLogger(__name__)


def with_geometry(observation):
    """The observation with psf_shape and phase in its sensor.

    They are those of the official protocol where these explain the pair; otherwise those found in the pair
    (mossfuse.estimation.geometry), where they explain it better. Where the MSI holds what the HSI does not see, no geometry
    explains the pair, and what the two share is looked at instead.
    """
    from mossfuse.estimation.geometry import find_geometry
    from mossfuse.estimation.noise import identify
    from mossfuse.estimation.sensor import SMOOTHNESS, estimate_sensor
    from mossfuse.physics.psf_geometry import official_geometry

    size, pixel = official_geometry(observation.ratio)
    official = replace(observation, sensor=replace(observation.sensor, psf_shape=(size, size), phase=(pixel, pixel)))
    expected = estimate_sensor(official)[1]["residual"]
    if expected < EXPLAINED:
        return official
    shape, phase = within_block(*find_geometry(observation, SMOOTHNESS), observation.ratio)
    found = replace(observation, sensor=replace(observation.sensor, psf_shape=shape, phase=phase))
    residual = estimate_sensor(found)[1]["residual"]
    if identify(found)[1]["unseen"].any():
        shape, phase = within_block(*find_geometry(observation, SMOOTHNESS, shared=True), observation.ratio)
        log.info("PSF support %s and phase %d,%d, from what the two images share", text(shape), *phase)
        return replace(observation, sensor=replace(observation.sensor, psf_shape=shape, phase=phase))
    if residual > WORTH * expected:
        return official
    log.info(
        "PSF support %s and phase %d,%d explain the pair better than the official %dx%d and %d,%d "
        "(residual %.2g %% instead of %.2g %%)",
        text(shape), *phase, size, size, pixel, pixel, 100 * residual, 100 * expected,
    )  # fmt: skip
    return found


def within_block(shape, phase, ratio):
    """The same window seen from a pixel of the block itself (many methods need that), enlarged on one side if it must be."""
    places = [min(max(p, 0), ratio - 1) for p in phase]
    starts = [p - (k - 1) // 2 for k, p in zip(shape, phase, strict=True)]
    ends = [start + k - 1 for start, k in zip(starts, shape, strict=True)]
    sizes = [max(2 * (p - a) + 1, 2 * (b - p), 1) for p, a, b in zip(places, starts, ends, strict=True)]
    sizes = [k if p == q else n for k, n, p, q in zip(shape, sizes, phase, places, strict=True)]
    return tuple(sizes), tuple(places)
