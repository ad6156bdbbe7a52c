"""PRISMA L2D (.he5 by the Italian Space Agency): reflectance of the two spectrometers on one UTM grid, and the panchromatic band.

Layout (PRISMA Products Specification Document, issue 2.3): cubes are (row, BAND, col) of uint16, lists of wavelengths run
downwards with 0 for bands that do not exist, and the corner of the grid is the CENTRE of its first pixel.
"""

from pathlib import Path

import numpy as np

from mossfuse.errors import MossFuseError, suggestion
from mossfuse.files.image import Georeference, Image
from mossfuse.files.products._bands import join_spectrometers

SUFFIX = ".he5"
SWATHS = "HDFEOS/SWATHS"
PIXELS = {"HCO": 30.0, "PCO": 5.0}  # metres
PARTS = ("HCO", "PAN")
STEPS = 65535  # of a stored number between the least and the largest reflectance


def recognises(path: Path) -> bool:
    """Return whether this is a PRISMA file, by its suffix."""
    return path.suffix.lower() == SUFFIX and path.is_file()


def image(path: Path, key: str | None = None) -> Image:
    """Return the hyperspectral Image in reflectance, bands by wavelength; key 'PAN': the panchromatic one.

    Pixels whose error matrix is not 0 in most bands, and those that hold 0 in every band, are not measured. Raises MossFuseError for
    another level than L2D.
    """
    import h5py

    key = key or "HCO"
    if key not in PARTS:
        raise MossFuseError(f"{path} has no part '{key}'; {suggestion(key, PARTS)}")
    with h5py.File(path, "r") as file:
        level = text_of(file.attrs.get("Processing_Level", b"2D"))
        kind = "PCO" if key == "PAN" else "HCO"
        name = f"{SWATHS}/PRS_L2D_{kind}"
        if not level.endswith("2D") or name not in file:
            raise MossFuseError(f"{path} is PRISMA of level {level}, without a map projection; get level L2D")
        fields, attributes = file[f"{name}/Data Fields"], file.attrs
        place = georeference(attributes, PIXELS[kind])
        facts = {"product": "PRISMA L2D", "start": text_of(attributes.get("Product_StartTime", b""))}
        if kind == "PCO":
            values, measured = reflectance(fields["Cube"][()][..., None], attributes, "Pan"), fields["Cube"][()] > 0
            return Image(
                values, measured=measured, georeference=place, units="reflectance", source=str(path), facts=facts
            )
        parts = [spectrometer(fields, attributes, which) for which in ("Vnir", "Swir")]
        values, centres, widths, measured = join_spectrometers(parts)
        return Image(
            values,
            centres,
            widths,
            measured=measured,
            georeference=place,
            units="reflectance",
            source=str(path),
            facts=facts,
        )


def spectrometer(fields, attributes, which: str):
    """Return (reflectance (rows, cols, bands), wavelengths, widths, measured (rows, cols)) of 'Vnir' or 'Swir', upwards, bands that exist."""
    stored = fields[f"{which.upper()}_Cube"][()].transpose(0, 2, 1)
    centres = np.ravel(attributes[f"List_Cw_{which}"]).astype(np.float64)
    widths = np.ravel(attributes[f"List_Fwhm_{which}"]).astype(np.float64)
    flags = attributes.get(f"List_Cw_{which}_Flags")
    exists = centres > 0 if flags is None else (centres > 0) & (np.ravel(flags) > 0)
    order = np.flatnonzero(exists)[np.argsort(centres[exists])]
    matrix = fields.get(f"{which.upper()}_PIXEL_L2_ERR_MATRIX")
    measured = (stored[..., order] > 0).any(2)
    if matrix is not None:
        measured &= (matrix[()].transpose(0, 2, 1)[..., order] > 0).mean(2) < 0.5
    return reflectance(stored[..., order], attributes, which), centres[order], widths[order], measured


def reflectance(stored: np.ndarray, attributes, which: str) -> np.ndarray:
    """Return stored numbers as reflectance, float32."""
    least, largest = (float(np.ravel(attributes[f"L2Scale{which}{end}"])[0]) for end in ("Min", "Max"))
    return (np.float32(least) + stored.astype(np.float32) * np.float32((largest - least) / STEPS)).astype(np.float32)


def georeference(attributes, pixel: float) -> Georeference | None:
    """Return the Georeference: the product names the centre of the first pixel."""
    if "Epsg_Code" not in attributes:
        return None
    x, y = (float(np.ravel(attributes[f"Product_ULcorner_{axis}"])[0]) for axis in ("easting", "northing"))
    code = int(np.ravel(attributes["Epsg_Code"])[0])
    return Georeference(f"EPSG:{code}", (pixel, 0.0, x - pixel / 2, 0.0, -pixel, y + pixel / 2))


def text_of(value) -> str:
    """Return an attribute as text."""
    value = np.ravel(value)[0] if np.ndim(value) else value
    return value.decode("ascii", "replace") if isinstance(value, bytes) else str(value)
