"""What a program hands over as an image: an array, a masked array, an xarray.DataArray, or the path of a file or product."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from mossfuse.errors import MossFuseError
from mossfuse.files import text
from mossfuse.files.image import Georeference, Image
from mossfuse.files.wavelengths import in_nanometres
from mossfuse.pair.reading import open_image

BANDS = ("band", "bands", "wavelength", "wavelengths", "lambda", "spectral", "b")
ROWS = ("y", "row", "rows", "lat", "latitude", "northing")
COLS = ("x", "col", "cols", "column", "columns", "lon", "longitude", "easting")
EVEN = 1e-3  # of a pixel: coordinates that deviate more are no regular grid


def as_input(value: Any, name: str) -> tuple[Image, str]:
    """Return (Image, what to call it in messages). Raises MossFuseError for what is no image."""
    if isinstance(value, str | os.PathLike):
        return open_image(os.fspath(value)), os.fspath(value)
    if isinstance(value, Image):
        return value, value.source or name
    if hasattr(value, "dims") and hasattr(value, "coords"):
        return image_of_coordinates(value, name), name
    if isinstance(value, np.ma.MaskedArray):
        missing = three_axes(np.ma.getmaskarray(value), name)
        whole = np.asarray(missing.all((0, 1)))  # a band without any value takes no pixel from the others
        measured = np.asarray(~missing[..., ~whole].any(2))
        good = None if not whole.any() else np.asarray(~whole)
        plain = three_axes(np.ma.getdata(value), name)
        return Image(plain, measured=None if measured.all() else measured, good_bands=good), name
    return Image(three_axes(np.asarray(value), name)), name


def three_axes(array: np.ndarray, name: str) -> np.ndarray:
    """Return (rows, cols, bands) of a cube or of a flat image."""
    array = array[..., None] if array.ndim == 2 else array
    if array.ndim != 3:
        raise MossFuseError(f"{name} has shape {text(array.shape)}; an image has rows, cols and bands")
    return array


def image_of_coordinates(array: Any, name: str) -> Image:
    """Return the Image of an xarray.DataArray with dimensions of usual names, in any order; NaN is not measured."""
    dims = [str(d) for d in array.dims]
    axes = [next((d for d in dims if d.lower() in usual), None) for usual in (ROWS, COLS, BANDS)]
    if None in axes[:2] or len(dims) > 3 or (len(dims) == 3 and axes[2] is None):
        raise MossFuseError(f"{name} has dimensions {', '.join(dims)}; call them y, x and band (or wavelength)")
    order = [axis for axis in axes if axis is not None]
    values = three_axes(np.asarray(array.transpose(*order).values), name)
    measured = None
    if values.dtype.kind == "f" and np.isnan(values).any():
        missing = np.isnan(values)
        measured = ~missing[..., ~missing.all((0, 1))].any(2)
    return Image(
        values, wavelengths=wavelengths_of(array, axes[2], values.shape[2], name), measured=measured,
        georeference=place_of(array, str(axes[0]), str(axes[1])), units=str(array.attrs.get("units", "")),
    )  # fmt: skip


def wavelengths_of(array: Any, band: str | None, count: int, name: str) -> np.ndarray | None:
    """Return the wavelengths (bands,) in nm of a coordinate ``wavelength``, or of the bands' own where its name or unit says so."""
    for key in ("wavelength", "wavelengths", "wavelength_nm", band):
        if key is None or key not in array.coords:
            continue
        held = array.coords[key]
        unit = str(held.attrs.get("units", ""))
        if key == band and not (unit or "wave" in key.lower() or key.lower() == "lambda"):
            continue
        if np.size(held.values) == count and np.asarray(held.values).dtype.kind in "iuf":
            return in_nanometres(held.values, unit, name)
    return None


def place_of(array: Any, row: str, col: str) -> Georeference | None:
    """Return the georeference of coordinates that name the pixels' centres; None without regular ones."""
    if row not in array.coords or col not in array.coords:
        return None
    y, x = (np.asarray(array.coords[axis].values, np.float64) for axis in (row, col))
    if y.ndim != 1 or x.ndim != 1 or min(y.size, x.size) < 2:
        return None
    steps = [float((v[-1] - v[0]) / (v.size - 1)) for v in (y, x)]
    if 0 in steps or any(np.abs(np.diff(v) - s).max() > EVEN * abs(s) for v, s in zip((y, x), steps, strict=True)):
        return None
    crs = array.attrs.get("crs", "")
    reference = array.coords["spatial_ref"] if "spatial_ref" in array.coords else None
    if reference is not None:
        crs = reference.attrs.get("crs_wkt", reference.attrs.get("spatial_ref", crs))
    if not crs and y[0] == 0 and x[0] == 0 and steps == [1.0, 1.0]:
        return None  # the numbers of the pixels
    return Georeference(
        str(crs), (steps[1], 0.0, float(x[0] - steps[1] / 2), 0.0, steps[0], float(y[0] - steps[0] / 2))
    )
