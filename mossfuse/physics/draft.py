"""A pair while it is made: what each step of the sensor model, and each departure from it, reads and replaces."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from mossfuse.protocol import Degradation


@dataclass(frozen=True)
class Draft:
    """A pair while it is made, in float64.

    cube: the scene (H, W, B); psfs: one PSF for all bands, or one for each; srf: (M, B), what the camera really has; levels:
    (M,) sums of the response's rows over the largest of them, or None; picture: (H, W, C) in [0, 1], the dataset's own picture
    of the scene, or None. hsi (h, w, B) and msi (H, W, M) are empty before the images are made.
    """

    degradation: Degradation
    cube: np.ndarray
    psfs: tuple[np.ndarray, ...]
    srf: np.ndarray
    wavelengths: np.ndarray | None = None
    levels: np.ndarray | None = None
    picture: np.ndarray | None = None
    hsi: np.ndarray = field(default_factory=lambda: np.empty((0, 0, 0)))
    msi: np.ndarray = field(default_factory=lambda: np.empty((0, 0, 0)))
