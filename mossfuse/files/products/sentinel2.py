"""Sentinel-2 L2A (ESA, SAFE folder): the bands of one resolution in reflectance, without clouds.

Reflectance is (number + offset) / quantification, both from MTD_MSIL2A.xml: since processing baseline 04.00 (January 2022)
BOA_ADD_OFFSET is -1000. The scene classification (SCL) marks clouds and pixels without data.
"""

import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np

from mossfuse.errors import MossFuseError, suggestion
from mossfuse.files.image import Image

METADATA = "MTD_MSIL2A.xml"
# Centre and width (nm) of Sentinel-2A (Copernicus, S2 MSI spectral responses).
BANDS = {
    "B01": (442.7, 20), "B02": (492.7, 65), "B03": (559.8, 35), "B04": (664.6, 30), "B05": (704.1, 14), "B06": (740.5, 14),
    "B07": (782.8, 19), "B08": (832.8, 105), "B8A": (864.7, 21), "B09": (945.1, 19), "B11": (1613.7, 90), "B12": (2202.4, 174),
}  # fmt: skip
PARTS = {
    "R10m": ("B02", "B03", "B04", "B08"),
    "R20m": ("B05", "B06", "B07", "B8A", "B11", "B12"),
    "R60m": ("B01", "B09"),
}
# Scene classification: no data, saturated or defective, cloud shadow, cloud of medium and of high probability, thin cirrus
HIDDEN = (0, 1, 3, 8, 9, 10)
ORDER = tuple(BANDS)  # of the offsets' band_id, with B10 between B09 and B11


def recognises(path: Path) -> bool:
    """Return whether this is a SAFE folder of level 2A, or its metadata file."""
    if path.is_dir():
        return path.suffix.upper() == ".SAFE" or (path / METADATA).is_file()
    return path.name == METADATA


def image(path: Path, key: str | None = None) -> Image:
    """Return the Image of a resolution: key 'R10m' (default, 4 bands), 'R20m' (6), 'R60m' (2), each with the bands native to it."""
    from mossfuse.files import geotiff

    folder = path if path.is_dir() else path.parent
    key = key or "R10m"
    if key not in PARTS:
        raise MossFuseError(f"{path} has no part '{key}'; {suggestion(key, PARTS)}")
    if not (folder / METADATA).is_file():
        raise MossFuseError(f"{folder} has no {METADATA}; a Sentinel-2 product of level 2A is needed")
    scale, offsets = quantification(folder / METADATA)
    images = [geotiff.image(band_file(folder, key, name)) for name in PARTS[key]]
    stored = np.concatenate([each.values for each in images], 2)
    shifts = np.array([offsets.get(name, 0.0) for name in PARTS[key]], np.float32)
    measured = (stored != 0).all(2) & ~hidden(folder, key, stored.shape[:2])
    centres, widths = np.array([BANDS[name] for name in PARTS[key]], np.float64).T
    return Image(
        values=(stored.astype(np.float32) + shifts) / np.float32(scale), wavelengths=centres, fwhm=widths, measured=measured,
        georeference=images[0].georeference, units="reflectance", band_names=PARTS[key], source=str(path),
        facts={"product": "Sentinel-2 L2A", "name": folder.name, "bands": ", ".join(PARTS[key])},
    )  # fmt: skip


def quantification(metadata: Path) -> tuple[float, dict[str, float]]:
    """Return (BOA_QUANTIFICATION_VALUE, {band: BOA_ADD_OFFSET}); no offsets before baseline 04.00."""
    root = ElementTree.parse(metadata).getroot()
    scale, offsets = 10000.0, {}
    order = [*ORDER[: ORDER.index("B11")], "B10", *ORDER[ORDER.index("B11") :]]
    for part in root.iter():
        name = part.tag.rpartition("}")[2]
        if name == "BOA_QUANTIFICATION_VALUE" and part.text:
            scale = float(part.text)
        elif name == "BOA_ADD_OFFSET" and part.text:
            offsets[order[int(part.attrib["band_id"])]] = float(part.text)
    return scale, offsets


def band_file(folder: Path, key: str, band: str) -> Path:
    """Return the file of a band at its resolution."""
    ending = re.compile(rf"_{band}_{key[1:]}\.(jp2|tiff?)$", re.IGNORECASE)
    files = [p for p in sorted(folder.glob(f"GRANULE/*/IMG_DATA/{key}/*")) if ending.search(p.name)]
    if len(files) != 1:
        raise MossFuseError(f"{folder} has {len(files)} files of band {band} in IMG_DATA/{key}; get the whole product")
    return files[0]


def hidden(folder: Path, key: str, shape: tuple[int, ...]) -> np.ndarray:
    """Return (rows, cols) True for clouds, shadows and missing pixels, from the scene classification at 20 m or 60 m."""
    from mossfuse.files import geotiff

    files = [p for r in ("R20m", "R60m") for p in sorted(folder.glob(f"GRANULE/*/IMG_DATA/{r}/*_SCL_*"))]
    own = [p for p in files if f"_{key[1:]}." in p.name]
    if not files:
        return np.zeros(shape, bool)
    classes = geotiff.read((own or files)[0], ("cube",))["cube"][..., 0]
    marks = np.isin(classes, HIDDEN)
    rows, cols = (np.arange(n) * m // n for n, m in zip(shape, marks.shape, strict=True))
    return marks[rows[:, None], cols[None]]
