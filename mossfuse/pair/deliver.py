"""Hand the tiles of a fused cube on in the user's units, and check on the way how well they explain the pair."""

from collections.abc import Callable, Iterator

import numpy as np

from mossfuse.files.tiles import Tile
from mossfuse.pair.assemble import Pair
from mossfuse.pair.work import Work
from mossfuse.physics.residuals import Residuals


def deliver(
    pair: Pair, work: Work, residuals: Residuals, look: Callable[[slice, slice, np.ndarray], None] | None = None
) -> Iterator[Tile]:
    """Yield the tiles of the work in the units of the HSI, float32, after adding each to the residuals.

    The tiles have every band of LR; what was not measured is NaN (mossfuse.pair.result.Result).

    look(rows, cols, values): called with every tile on the methods' scale, for a preview.
    """
    white = np.float32(pair.white[0])
    for (rows, cols), values in work.tiles:
        residuals.add(rows, cols, values)
        if look is not None:
            look(rows, cols, values)
        yield (rows, cols), pair.result.complete(rows, cols, values * white)


def in_units(residuals: dict[str, float], white: tuple[float, float]) -> dict[str, float]:
    """Return the summary of Residuals in the units of each image."""
    return {name: value * white["_msi_" in name] for name, value in residuals.items()}
