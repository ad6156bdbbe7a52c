"""Scale stored numbers to [0, 1]."""

import numpy as np


def unit_float32(array):
    """Return float32: integers divided by the largest value of their type, floating-point numbers as they are."""
    array = np.asarray(array)
    if array.dtype.kind in "iu":
        return array.astype(np.float32) / np.float32(np.iinfo(array.dtype).max)
    return array.astype(np.float32)
