"""What every score requires of its two cubes."""

import numpy as np

from mossfuse.errors import MossFuseError


def as_pair(truth, cube):
    """(truth, cube) as float64 (rows, cols, bands); MossFuseError where the shapes differ or a value is not finite."""
    truth, cube = np.asarray(truth), np.asarray(cube)
    if truth.ndim != 3 or truth.shape != cube.shape:
        raise MossFuseError(
            f"the fused cube has shape {cube.shape}, the reference {truth.shape}; both must be the same "
            "(rows, cols, bands): check the key, the crop and the order of the axes"
        )
    for name, array in (("reference", truth), ("fused cube", cube)):
        bad = array.size - int(np.isfinite(array).sum())
        if bad:
            raise MossFuseError(
                f"the {name} holds {bad} NaN or infinite values of {array.size}; it cannot be scored, "
                "so mend it or record the cell as failed"
            )
    return truth.astype(np.float64), cube.astype(np.float64)


def check_window(shape, size, metric):
    """Refuse an image smaller than the window of a local metric."""
    if min(shape[:2]) < size:
        raise MossFuseError(
            f"{metric} needs at least {size}x{size} pixels, the image has {shape[0]}x{shape[1]}; "
            "use a larger crop or a convention without this metric"
        )
