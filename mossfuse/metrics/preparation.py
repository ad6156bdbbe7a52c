"""What is done to two cubes before they are compared: checks, and the preparation that a convention names."""

import numpy as np

from mossfuse.errors import MossFuseError


def as_pair(truth: np.ndarray, cube: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return (truth, cube) as float64 (rows, cols, bands).

    Raises MossFuseError where the shapes differ or a value is not finite.
    """
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
                "so fix it or record the cell as failed"
            )
    return truth.astype(np.float64), cube.astype(np.float64)


def prepare(x: np.ndarray, y: np.ndarray, how: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the cubes as a convention compares them: 'clip' cuts the estimate y to [0, 1], 'u8' rounds both to 8 bit."""
    if how == "clip":  # an estimate inside [0, 1] stays the same array, so that conventions share its results
        return (x, y) if y.min() >= 0 and y.max() <= 1 else (x, np.clip(y, 0, 1))
    return (to_u8(x), to_u8(y)) if how == "u8" else (x, y)


def to_u8(image: np.ndarray) -> np.ndarray:
    """Return the levels k / 255 of an image saved as 8 bit (rounded, saturated), still float64 in [0, 1]."""
    return np.round(np.clip(image, 0, 1) * 255) / 255


def check_window(shape: tuple[int, ...], size: int, metric: str) -> None:
    """Raise MossFuseError where an image is smaller than the window of a local metric."""
    if min(shape[:2]) < size:
        raise MossFuseError(
            f"{metric} needs at least {size}x{size} pixels, the image has {shape[0]}x{shape[1]}; "
            "use a larger crop or a convention without this metric"
        )
