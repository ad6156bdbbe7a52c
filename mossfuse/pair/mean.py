"""The mean of several methods' cubes of one pair.

Cubes whose errors differ have a mean that is closer to the truth than they are on average (Krogh and Vedelsby, NIPS 1994), which is worth more than a choice between them where nothing says which is best.
"""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from mossfuse.files.tiles import Tile


def mean_tiles(first: Iterable[Tile], others: Sequence[np.ndarray]) -> Iterator[Tile]:
    """Yield the tiles of the mean of a cube that comes in tiles and of whole cubes (H, W, B), float32."""
    for place, values in first:
        total = sum((cube[place] for cube in others), values)
        yield place, np.asarray(total / np.float32(1 + len(others)), np.float32)


def title_of_mean(names: Sequence[str]) -> str:
    """Return the title of the mean of these methods' cubes."""
    return f"Mean of the cubes of {', '.join(names[:-1])} and {names[-1]}"
