"""Scenes stored as one array in a file."""

import numpy as np

from mossfuse.errors import MossFuseError
from mossfuse.files import read_variables
from mossfuse.files.scaling import white_of_scene

REMEDY = "store them as uint16 or uint8 over their full scale, or as reals in [0, 1]"


def read_stored(path, keys):
    """Return the first of these variables that the file holds, as stored; MossFuseError lists what there is instead."""
    found = read_variables(path, keys)
    for key in keys:
        if key in found:
            return found[key]
    held = ", ".join(f"{n} {np.shape(v)}" for n, v in read_variables(path).items()) or "nothing"
    raise MossFuseError(
        f"{path} has none of the variables {', '.join(keys)}; it holds {held}; check that it is the right file"
    )


def require_shape(array, shape, path, dataset):
    """Raise MossFuseError for an array of another shape."""
    if array.shape != tuple(shape):
        raise MossFuseError(
            f"{path} holds {'x'.join(map(str, array.shape))}, a scene of '{dataset}' is {'x'.join(map(str, shape))}; "
            "a reduced or cropped copy is another dataset"
        )


def reflectance(array, path):
    """Return stored numbers as float32 in [0, 1]: integers over their scale (mossfuse.files.scaling), floats as they are.

    Raises MossFuseError for floats above 1, and for integers of which no scale is known.
    """
    if array.dtype.kind not in "iuf":
        raise MossFuseError(f"{path} holds values of type {array.dtype}, not real numbers; get the scene again")
    if array.dtype.kind == "f":
        if np.nanmax(array) > 1:
            raise MossFuseError(
                f"{path} holds floating-point values up to {np.nanmax(array):g}, expected 0 to 1; "
                "divide them by the full scale (65535 for CAVE) or store them as integers"
            )
        return array.astype(np.float32)
    return array.astype(np.float32) / np.float32(white_of_scene(array, str(path), REMEDY))
