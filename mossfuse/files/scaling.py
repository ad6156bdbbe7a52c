"""What stored numbers mean: the value that counts as 1, by one rule for users' files, scored cubes, cubes made elsewhere and datasets.

The type of integers says little: NumPy's own is int64, MATLAB's cast often int32, whatever a camera had. So the numbers count. A
picture of 8 or 16 bits (PNG, BMP) is the exception: its type is its scale.
"""

import numpy as np
from numpy.typing import ArrayLike

from mossfuse.errors import MossFuseError

USUAL = (0.1, 1.5)  # largest value of an image that is taken as reflectance
PICTURES = (np.uint8, np.uint16)
LEAST_BITS = 8


def full_bits(largest: float) -> float:
    """Return the smallest 2^k - 1 (k at least 8) that holds the largest value."""
    return float(2 ** max(int(np.ceil(np.log2(largest + 1))), LEAST_BITS) - 1)


def white_of_cube(cube: np.ndarray, name: str, remedy: str = "name with --white the value that counts as 1") -> float:
    """Return the value that counts as 1 in a cube that is scored: 1 for reals up to 1.5, 255 or 65535 for integers that fill 8 or 16 bits.

    Raises MossFuseError, with the remedy, for numbers that may mean one thing or another.
    """
    largest = float(cube.max())
    if cube.dtype.kind not in "iu":
        if largest <= USUAL[1]:
            return 1.0
        raise MossFuseError(f"the values of {name} reach {largest:g}; {remedy}")
    if cube.dtype == np.uint8:
        return 255.0
    for white in (255, 65535):
        if white // 2 < largest <= white and not (white == 65535 and cube.dtype == np.int16):
            return float(white)
    raise MossFuseError(
        f"the integers of {name} reach {largest:g}, which fills neither 8 nor 16 bits; {remedy} (4095 of a 12-bit camera, 10000 of "
        "many reflectances)"
    )


def white_of_scene(cube: np.ndarray, name: str, remedy: str) -> float:
    """Return the value that counts as 1 in a published scene of 8 or 16 bits: 65535 for uint16 beyond 255, as the scene's pictures have it, otherwise as in a scored cube."""
    if cube.dtype == np.uint16 and cube.max() > 255:
        return 65535.0
    return white_of_cube(cube, name, remedy)


def unit_float32(picture: ArrayLike) -> np.ndarray:
    """Return the pixels of a picture as float32 in [0, 1]: 8 and 16 bits over 255 and 65535, floating-point numbers as they are.

    Raises ValueError for any other type, which has no scale of its own.
    """
    pixels = np.asarray(picture)
    if pixels.dtype.kind == "f":
        return pixels.astype(np.float32)
    if pixels.dtype not in PICTURES:
        raise ValueError(f"{pixels.dtype} is the type of no picture; find its scale with white_of_cube")
    return pixels.astype(np.float32) / np.float32(np.iinfo(pixels.dtype).max)
