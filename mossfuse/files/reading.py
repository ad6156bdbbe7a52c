"""Read an image of a user's file with everything the file says about it, by one rule for every format.

A format's module may offer ``image(path) -> Image`` where it knows more than pixels and wavelengths (ENVI, GeoTIFF,
the products of mossfuse.files.products); files of named arrays are read here.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from mossfuse.errors import MossFuseError
from mossfuse.files import WAVELENGTH_NAMES, choose, existing_file, guarded, nested, text
from mossfuse.files.image import Georeference, Image
from mossfuse.files.products import product_of
from mossfuse.files.wavelengths import in_nanometres, widths_in_nanometres

UNIT_NAMES = ("wavelength_units", "wavelengths_units", "wavelength_unit")
WIDTH_NAMES = ("fwhm", "FWHM")
GOOD_NAMES = ("bbl", "good_bands", "good_wavelengths")
MASK_NAMES = ("measured", "valid_mask")
TRANSFORM_NAMES = ("transform", "geotransform")
CRS_NAMES = ("crs", "crs_wkt")


def read_image(path: str | Path, key: str | None = None) -> Image:
    """Return the Image of a file, or of a product's folder; a flat image gets one band.

    key: variable of a file of arrays, or the part of a product ('R20m' of Sentinel-2, 'PAN' of PRISMA). Pixels that a
    file declares as no-data are marked in ``measured`` and keep their numbers. Raises MossFuseError for what is missing,
    ambiguous, damaged, or lists more or fewer wavelengths than bands.
    """
    path = Path(path).expanduser()
    product = product_of(path)
    if product is not None:
        return checked(guarded(product.image, path, key), path)
    module = existing_file(path)
    if hasattr(module, "image"):
        if key not in (None, "cube"):
            choose(path, guarded(module.shapes, path), key)  # says what the file holds
        return checked(guarded(module.image, path), path)
    return checked(image_of_arrays(path, module, key), path)


def image_of_arrays(path: Path, module: Any, key: str | None) -> Image:
    """Return the Image of a variable of a file of named arrays (.mat, .npy, .npz, .h5)."""
    module = nested if path.suffix.lower() == ".mat" else module
    shapes = guarded(module.shapes, path)
    key = choose(path, shapes, key)
    group = key.rpartition("/")[0]
    names = {kind: beside(shapes, group, usual) for kind, usual in FACTS.items()}
    found = guarded(module.read, path, (key, *(name for name in names.values() if name)))
    held = {kind: found[name] for kind, name in names.items() if name}
    cube = found[key]
    cube = cube[..., None] if cube.ndim == 2 else cube
    if cube.ndim != 3:
        raise MossFuseError(f"'{key}' in {path} has shape {text(cube.shape)}; a cube has rows, cols and bands")
    bands = cube.shape[2]
    unit = str(held.get("unit", ""))
    centres = None
    if "wavelengths" in held and not belong_to_another(np.size(held["wavelengths"]), key, shapes, bands):
        centres = in_nanometres(held["wavelengths"], unit, str(path))
    widths = None
    if centres is not None and np.size(held.get("fwhm", ())) == bands == centres.size:
        widths = widths_in_nanometres(held["fwhm"], unit, centres, np.asarray(held["wavelengths"], np.float64))
    good = held.get("good")
    mask = held.get("measured")
    return Image(
        values=cube, wavelengths=centres, fwhm=widths, source=str(path),
        good_bands=None if good is None or np.size(good) != bands else np.ravel(good) > 0,
        measured=None if mask is None or np.shape(mask) != cube.shape[:2] else np.asarray(mask) > 0,
        georeference=place_of(held),
    )  # fmt: skip


def belong_to_another(count: int, key: str, shapes: Any, bands: int) -> bool:
    """Return whether a list of ``count`` wavelengths is that of another cube of the file than ``key``."""
    return count != bands and any(len(s) == 3 and s[2] == count for name, s in shapes.items() if name != key)


FACTS = {
    "wavelengths": WAVELENGTH_NAMES,
    "unit": UNIT_NAMES,
    "fwhm": WIDTH_NAMES,
    "good": GOOD_NAMES,
    "measured": MASK_NAMES,
    "transform": TRANSFORM_NAMES,
    "crs": CRS_NAMES,
}


def beside(shapes: Any, group: str, usual: tuple[str, ...]) -> str | None:
    """Return the variable of one of the usual names in the cube's own group, else at the top of the file, else None."""
    places = (f"{group}/", "") if group else ("",)
    return next((place + name for place in places for name in usual if place + name in shapes), None)


def place_of(held: dict[str, Any]) -> Georeference | None:
    """Return the georeference that a file written by this project holds: ``transform`` (6 numbers) and ``crs`` (text)."""
    numbers = np.ravel(held["transform"]) if "transform" in held else np.empty(0)
    if numbers.size != 6 or numbers.dtype.kind not in "if":
        return None
    a, b, c, d, e, f = (float(n) for n in numbers)
    return Georeference(str(held.get("crs", "")), (a, b, c, d, e, f))


def checked(image: Image, path: Path) -> Image:
    """Return the image; raise MossFuseError where its facts do not fit its bands, or where no band or pixel is good."""
    rows, cols, bands = image.values.shape
    for name, values in (
        ("wavelengths", image.wavelengths),
        ("band widths", image.fwhm),
        ("bad bands", image.good_bands),
    ):
        if values is not None and values.size != bands:
            raise MossFuseError(f"{path} lists {values.size} {name} for {bands} bands; fix the file")
    if image.good_bands is not None and not image.good_bands.any():
        raise MossFuseError(f"{path} marks every band as bad; fix its list of bad bands")
    if image.measured is not None and not image.measured.any():
        raise MossFuseError(f"{path} marks every pixel as not measured; name another file")
    if image.measured is not None and image.measured.all():
        return replace(image, measured=None)
    return image
