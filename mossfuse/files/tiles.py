"""Cubes that come tile by tile: ((rows, cols), values), two slices and the values (rows, cols, bands) there."""

from collections.abc import Iterable, Iterator

import numpy as np

Tile = tuple[tuple[slice, slice], np.ndarray]

STRIP = 128  # rows of a tile that is cut out of a whole cube


def assemble_tiles(tiles: Iterable[Tile], shape: tuple[int, int, int]) -> np.ndarray:
    """Return the cube of ``shape`` (rows, cols, bands), float32, that the tiles make up."""
    cube = np.empty(shape, np.float32)
    for place, values in tiles:
        cube[place] = values
    return cube


def cut_into_tiles(cube: np.ndarray, rows: int = STRIP) -> Iterator[Tile]:
    """Yield a whole cube as tiles of ``rows`` rows and full width."""
    for start in range(0, len(cube), rows):
        stop = min(start + rows, len(cube))
        yield (slice(start, stop), slice(0, cube.shape[1])), cube[start:stop]
