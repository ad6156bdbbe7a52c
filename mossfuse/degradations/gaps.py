"""Pixels that a degradation does not measure: which they are follows from the scene and the degradation, as the noise does.

An effect that leaves pixels unmeasured defines ``measured(cube, degradation, **params) -> (LR (h, w), HR (H, W))`` beside its ``EFFECT``, and makes them
NaN. The masks are computed again wherever they are needed, so that a pair's file holds what methods are given and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from mossfuse.degradations.effects import find_effect, split_effect
from mossfuse.protocol import Degradation

if TYPE_CHECKING:
    import numpy as np

    Masks = Callable[[np.ndarray, Degradation], tuple[np.ndarray, np.ndarray]]


def has_gaps(degradation: Degradation) -> bool:
    """Return whether a degradation leaves pixels unmeasured."""
    return bool(masks_of(degradation))


def measured_pixels(cube: np.ndarray, degradation: Degradation) -> tuple[np.ndarray, np.ndarray]:
    """Return (LR (h, w), HR (H, W)): True for the pixels of each image that a degradation of the scene (H, W, B) measures."""
    import numpy as np

    rows, cols = cube.shape[:2]
    low = np.ones((rows // degradation.ratio, cols // degradation.ratio), bool)
    high = np.ones((rows, cols), bool)
    for masks in masks_of(degradation):
        own_low, own_high = masks(cube, degradation)
        low, high = low & own_low, high & own_high
    return low, high


def measured_in_both(cube: np.ndarray, degradation: Degradation) -> np.ndarray:
    """Return (H, W) False where the MSI's pixel, or the HSI's pixel around it, was not measured: what no score counts."""
    from mossfuse.physics.fill import at_high_resolution

    low, high = measured_pixels(cube, degradation)
    return at_high_resolution(low, degradation.ratio) & high


def masks_of(degradation: Degradation) -> list[Masks]:
    """Return the functions ``measured`` of a degradation's effects, with their parameters."""
    found = []
    for entry in degradation.effects:
        function = getattr(find_effect(entry["effect"])[1], "measured", None)
        if function is not None:
            found.append(partial(function, **split_effect(entry)[1]))
    return found
