"""Pixels that were not measured: those that a file declares, and fill values that it does not declare."""

import numpy as np

from mossfuse.errors import MossFuseError

DECLARED_TOLERANCE = 1e-6  # relative; a header's text and the float32 pixels round differently
FILLS = (-9999.0, -32768.0, -32767.0, -999.0, 9.96921e36, 1e20, -3.4028235e38, 3.4028235e38, 32767.0, 65535.0)
SHARE = 5e-4  # of an image's pixels; fewer that hold the type's largest value may be saturated
ALONE = 1.5  # the fill lies beyond every other value by this factor


def mark_measured(cube: np.ndarray, nodata: float) -> np.ndarray:
    """Return (rows, cols) False where any band of a pixel holds ``nodata`` or is not finite."""
    if cube.dtype.kind == "f":
        bad = ~np.isfinite(cube)
        if np.isfinite(nodata):
            bad |= np.isclose(cube, nodata, rtol=DECLARED_TOLERANCE, atol=0)
    elif np.isfinite(nodata):
        bad = cube == nodata
    else:
        bad = np.zeros(cube.shape, bool)
    # A band that is nodata everywhere is a dead band, which takes no pixel from the others.
    dead = bad.all((0, 1))
    return ~bad[..., ~dead].any(2) if not dead.all() else ~bad.any(2)


def refuse_undeclared(cube: np.ndarray, name: str) -> None:
    """Raise MossFuseError where a usual fill value stands apart from everything that was measured.

    cube: (rows, cols, bands), pixels that are known as not measured already replaced. A fill counts where whole pixels hold it in
    every band, at least SHARE of them, and no other value comes near.
    """
    largest, lowest = float(cube.max()), float(cube.min())
    for fill in FILLS:
        if not np.isclose(largest if fill > 0 else lowest, fill, rtol=1e-5, atol=0):
            continue
        marked = np.isclose(cube.astype(np.float64), fill, rtol=1e-5, atol=0)
        pixels = marked.all(2)
        if pixels.mean() < SHARE or pixels.all():
            continue
        rest = cube[~marked]
        beyond = float(np.abs(rest.astype(np.float64)).max()) if rest.size else 0.0
        if abs(fill) > ALONE * beyond or fill < 0 <= rest.min():
            raise MossFuseError(
                f"{name} holds {fill:g} in every band of {int(pixels.sum())} of its {pixels.size} pixels, which looks like a "
                f"fill value that the file does not declare; declare it (--nodata {fill:g}), or fill or crop those pixels"
            )
