"""What a fused cube carries beyond its pixels: bands, ground position, pixels that were not measured, how the pair was aligned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mossfuse.files.image import Georeference
from mossfuse.protocol import EMPTY


@dataclass(frozen=True)
class Result:
    """The facts of the cube to deliver, whose pixels are HR's (or, in LR's frame, LR's blocks) and whose bands are LR's.

    shape: (rows, cols, bands), bands that the methods did not see included. good_bands: (bands,) False for those, whose pixels
    are no-data (NaN) in the cube; None: all are good. measured: (rows, cols) False for pixels that are no-data in the cube; None: all
    were measured. wavelengths, fwhm: (bands,) nm, or None. georeference: of the cube, or None.
    stored: type of LR's numbers in its file, such as 'int16'. nodata: the value that LR's file declares as no-data.
    white: the value that counts as 1 in LR's file, where its format states it. units: of the values, as text.
    facts: of the two products, for the provenance. notes: sentences on how the two images were brought onto one grid.
    moved: whether the cube's grid is another than that of HR's file (cropped, warped, or in LR's frame).
    registration: mossfuse.pair.registration.Registration, or None where it was not estimated.
    """

    shape: tuple[int, int, int]
    good_bands: np.ndarray | None = None
    measured: np.ndarray | None = None
    wavelengths: np.ndarray | None = None
    fwhm: np.ndarray | None = None
    band_names: tuple[str, ...] = ()
    georeference: Georeference | None = None
    stored: str = "float32"
    nodata: float | None = None
    white: float | None = None
    units: str = ""
    facts: Mapping[str, Any] = field(default_factory=lambda: EMPTY)
    notes: tuple[str, ...] = ()
    moved: bool = False
    registration: Any = None

    def complete(self, rows: slice, cols: slice, values: np.ndarray) -> np.ndarray:
        """Return a tile of the methods' bands (rows, cols, good bands) with every band, NaN where there is no measurement."""
        if self.good_bands is not None:
            every = np.full((*values.shape[:2], self.shape[2]), np.nan, np.float32)
            every[..., self.good_bands] = values
            values = every
        if self.measured is None:
            return values
        return np.where(self.measured[rows, cols, None], values, np.float32(np.nan))
