"""An image as it was read: its pixels, and what the file says about bands, ground position and pixels that were not measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from mossfuse.protocol import EMPTY

Affine = tuple[float, float, float, float, float, float]


@dataclass(frozen=True)
class Georeference:
    """Where the pixels of an image lie on the ground.

    crs: the coordinate system as WKT or 'EPSG:32631'; '' where the file does not say. transform: (a, b, c, d, e, f), such
        that x = a col + b row + c and y = d col + e row + f; (0, 0) is the outer corner of the first pixel, not its centre.
    """

    crs: str
    transform: Affine

    @property
    def pixel(self) -> tuple[float, float]:
        """Return (height, width) of a pixel in units of the coordinate system (metres, where it is projected)."""
        a, b, _, d, e, _ = self.transform
        return float(np.hypot(b, e)), float(np.hypot(a, d))

    @property
    def upright(self) -> bool:
        """Return whether rows run south and columns east, without rotation."""
        a, b, _, d, e, _ = self.transform
        return abs(b) + abs(d) < 1e-9 * (abs(a) + abs(e)) and a > 0 > e

    def at(self, row: float, col: float) -> tuple[float, float]:
        """Return (x, y) of a place in pixel coordinates, where (0, 0) is the outer corner of the first pixel."""
        a, b, c, d, e, f = self.transform
        return a * col + b * row + c, d * col + e * row + f

    def moved(self, row: float, col: float) -> Georeference:
        """Return the georeference of the image that starts at pixel (row, col) of this one; fractions are allowed."""
        a, b, _, d, e, _ = self.transform
        x, y = self.at(row, col)
        return replace(self, transform=(a, b, x, d, e, y))

    def with_pixels(self, factor: float) -> Georeference:
        """Return the georeference of the same ground in pixels ``factor`` times as large, from the same corner."""
        a, b, c, d, e, f = self.transform
        return replace(self, transform=(a * factor, b * factor, c, d * factor, e * factor, f))


@dataclass(frozen=True)
class Image:
    """An image of a user's file, and what the file says about it; None: the file does not say.

    values: (rows, cols, bands), in the file's numbers, or physical ones where the format gives gains and offsets.
    wavelengths, fwhm: (bands,) nm. good_bands: (bands,) False where the file marks a band as bad.
    measured: (rows, cols) False where the file marks a pixel as not measured (no-data, mask, alpha, clouds).
    nodata: the value that fills such pixels in the file. white: the value that counts as 1, where the format states it
        (10000 of a reflectance stored as int16). band_names: (bands,) text. units: of the values, as text.
    facts: further short facts for a result's provenance, such as {'product': 'PRISMA L2D', 'start': '2021-06-01T10:20:30'}.
    """

    values: np.ndarray
    wavelengths: np.ndarray | None = None
    fwhm: np.ndarray | None = None
    good_bands: np.ndarray | None = None
    measured: np.ndarray | None = None
    georeference: Georeference | None = None
    nodata: float | None = None
    white: float | None = None
    band_names: tuple[str, ...] = ()
    units: str = ""
    source: str = ""
    facts: Mapping[str, Any] = field(default_factory=lambda: EMPTY)

    def cropped(self, rows: slice, cols: slice) -> Image:
        """Return the image of a window of whole pixels; slices have a start."""
        place = self.georeference
        return replace(
            self,
            values=self.values[rows, cols],
            measured=None if self.measured is None else self.measured[rows, cols],
            georeference=None if place is None else place.moved(rows.start, cols.start),
        )

    def without_bad_bands(self) -> Image:
        """Return the image of the good bands alone."""
        good = self.good_bands
        if good is None or good.all():
            return replace(self, good_bands=None)
        return replace(
            self,
            values=self.values[..., good],
            wavelengths=None if self.wavelengths is None else self.wavelengths[good],
            fwhm=None if self.fwhm is None else self.fwhm[good],
            good_bands=None,
            band_names=tuple(n for n, keep in zip(self.band_names, good, strict=False) if keep),
        )
