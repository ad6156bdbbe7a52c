"""The shapes of scenes and pairs, before anything is read where that is possible."""

from __future__ import annotations

from mossfuse.benchmark.plan.grid import Grid

MSI_BANDS = 3  # where a spectral response is not at hand yet: the images are small beside the cubes


def scene_shape(grid: Grid, label: str) -> tuple[int, int, int] | None:
    """Return (rows, cols, bands) of the scenes of a dataset with its options; None where the dataset does not say."""
    block = grid.block_of(label)
    shape_of = getattr(block.module, "shape_of", None)
    return shape_of(**block.options) if shape_of else block.spec.shape


def pair_values(grid: Grid, label: str, degradation: str) -> int | None:
    """Return how many numbers the two images of a pair hold; None where the shape of the scene is not known."""
    shape = scene_shape(grid, label)
    if shape is None:
        return None
    rows, cols, bands = shape
    ratio = grid.degradations[degradation].ratio
    return rows * cols * MSI_BANDS + (rows // ratio) * (cols // ratio) * bands
