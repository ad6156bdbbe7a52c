"""Networks that halve the image several times: reflect the image up to a size they can take, crop the result."""

import numpy as np


def padded_size(size, multiple, smallest=0):
    """The smallest multiple of ``multiple`` that is neither below ``size`` nor below ``smallest``."""
    return -(-max(size, smallest) // multiple) * multiple


def pad_reflect(image, multiple, smallest=0):
    """(rows, cols, C) numpy array, reflected at its bottom and right edge up to ``padded_size``; crop by slicing."""
    rows, cols = (padded_size(n, multiple, smallest) - n for n in image.shape[:2])
    return np.pad(image, ((0, rows), (0, cols), (0, 0)), mode="reflect")
