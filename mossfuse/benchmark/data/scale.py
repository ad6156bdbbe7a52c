"""Whether a prepared scene lies on the scale [0, 1]."""

import numpy as np

from mossfuse.errors import MossFuseError

DARKEST = 1e-3  # largest value below which a scene is black: 12-bit counts in 16 bits reach 0.06


def require_lit(cube: np.ndarray, dataset: str, scene: str, file: str) -> None:
    """Raise MossFuseError for a scene whose largest value is nearly nothing.

    A dataset's own reader may divide integers by the largest value of their type; 16-bit counts in a 32-bit file then leave a black scene.
    """
    largest = float(np.max(cube))
    if largest < DARKEST:
        raise MossFuseError(
            f"scene '{scene}' of '{dataset}' reaches {largest:.2g} on the scale [0, 1]: the integers of {file} are of a much wider type "
            "than their values; store them in the type that they fill (uint16, uint8), or as reals in [0, 1]"
        )
