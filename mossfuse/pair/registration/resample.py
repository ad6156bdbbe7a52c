"""Bring HR into LR's frame: each LR pixel then covers exactly its block of ratio x ratio pixels, as every method assumes."""

import numpy as np
from scipy.ndimage import map_coordinates

from mossfuse.pair.registration.estimate import Registration

ORDER = 5  # of the splines; whole-pixel shifts are exact
CORNER = 0.2  # LR pixels that rotation and scale must make at the corners to be removed, and three standard errors


def into_frame_of_lr(image: np.ndarray, registration: Registration, ratio: int, low: tuple[int, ...]) -> np.ndarray:
    """Return HR (H, W, M), or a mask (H, W), on the grid of LR of shape ``low`` (h, w, ...): (h ratio, w ratio, M), float32.

    The shift is removed, and scale and rotation where they are significant. Beyond its border HR is mirrored.
    """
    rows, cols = low[0] * ratio, low[1] * ratio
    bands = image[..., None] if image.ndim == 2 else image
    y, x = places(registration, ratio, rows, cols)
    whole = y.ndim == 1 and not np.mod(y, 1).any() and not np.mod(x, 1).any()
    if whole:
        out = bands[mirrored(y, bands.shape[0])[:, None], mirrored(x, bands.shape[1])[None]].astype(np.float32)
    else:
        grid = np.meshgrid(y, x, indexing="ij") if y.ndim == 1 else (y, x)
        order = ORDER if image.ndim == 3 else 0
        out = np.stack([map_coordinates(b, grid, np.float32, order, "mirror") for b in np.moveaxis(bands, 2, 0)], 2)
    return out[..., 0] if image.ndim == 2 else out


def places(registration: Registration, ratio: int, rows: int, cols: int) -> tuple[np.ndarray, np.ndarray]:
    """Return HR's (rows, cols) that the pixels of LR's grid look at: one vector for each axis, or two (rows, cols) maps."""
    down, right = (round(s * ratio, 2) for s in registration.shift)
    y, x = np.arange(rows) + down, np.arange(cols) + right
    if not turned(registration):
        return y, x
    dy, dx = np.arange(rows) - (rows - 1) / 2, np.arange(cols) - (cols - 1) / 2
    grow, turn = registration.scale - 1, np.radians(registration.angle)
    return (
        y[:, None] + grow * dy[:, None] - turn * dx[None],
        x[None] + grow * dx[None] + turn * dy[:, None],
    )


def turned(registration: Registration) -> bool:
    """Return whether scale and rotation are significant and matter."""
    return registration.corner > max(CORNER, 3 * registration.corner_error)


def mirrored(places: np.ndarray, length: int) -> np.ndarray:
    """Return whole-number places brought into 0 to length - 1 by reflection at the border pixels' centres."""
    period = max(2 * (length - 1), 1)
    inside = np.mod(places.astype(int), period)
    return np.minimum(inside, period - inside)
