"""EnMAP L2A (DLR): a folder with SPECTRAL_IMAGE.TIF, METADATA.XML and quality layers; reflectance by each band's gain and offset.

The XML's bandCharacterisation gives wavelengthCenterOfBand, FWHMOfBand, GainOfBand and OffsetOfBand (EnMAP HSI Level 1B / 1C / 2A
Product Specification). VNIR and SWIR overlap between 900 and 1000 nm.
"""

import re
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path

import numpy as np

from mossfuse.errors import MossFuseError
from mossfuse.files.image import Image
from mossfuse.files.products._bands import upwards

IMAGE, METADATA = "SPECTRAL_IMAGE.TIF", "METADATA.XML"
MASKS = ("QL_QUALITY_CLOUD", "QL_QUALITY_CLOUDSHADOW", "QL_QUALITY_CIRRUS")  # a pixel that is not 0 there is not used
LEVEL = re.compile(r"ENMAP\d*-+_+(L\d[A-Z])[-_]", re.IGNORECASE)  # in the name of every file
CLASSES = "QL_QUALITY_CLASSES"  # 3: background


def recognises(path: Path) -> bool:
    """Return whether this is the folder of an EnMAP product, its image or its metadata."""
    name = path.name.upper()
    if path.is_dir():
        return "ENMAP" in name and any(True for _ in found(path, METADATA))
    return "ENMAP" in name and (name.endswith(IMAGE) or name.endswith(METADATA))


def image(path: Path, key: str | None = None) -> Image:
    """Return the Image in reflectance, bands by wavelength, without clouds, shadows and cirrus (its quality layers).

    Raises MossFuseError for another level than L2A.
    """
    from mossfuse.files import geotiff

    if key is not None:
        raise MossFuseError(f"{path} is one EnMAP image without parts; leave ':{key}' out")
    folder = path if path.is_dir() else path.parent
    spectral, metadata = one(folder, IMAGE), one(folder, METADATA)
    if (level := LEVEL.search(spectral.name)) and level[1].upper() != "L2A":
        raise MossFuseError(
            f"{spectral} is EnMAP of level {level[1]}, radiance at the sensor; get level L2A, reflectance"
        )
    read = geotiff.image(spectral)
    stored = geotiff.read(spectral, ("cube",))["cube"]
    bands = bands_of(metadata)
    if len(bands) != stored.shape[2]:
        raise MossFuseError(
            f"{metadata} describes {len(bands)} bands and {spectral.name} has {stored.shape[2]}; get both again"
        )
    centres, widths, gains, offsets = np.array(bands).T
    order = upwards(centres)
    values = stored[..., order].astype(np.float32) * gains[order].astype(np.float32) + offsets[order].astype(np.float32)
    measured = np.ones(stored.shape[:2], bool) if read.measured is None else read.measured
    for name in MASKS:
        for layer in found(folder, f"{name}.TIF"):
            measured = measured & (geotiff.read(layer, ("cube",))["cube"][..., 0] == 0)
    for layer in found(folder, f"{CLASSES}.TIF"):
        measured = measured & (geotiff.read(layer, ("cube",))["cube"][..., 0] != 3)
    return replace(
        read, values=values, wavelengths=centres[order], fwhm=widths[order], measured=measured, units="reflectance",
        white=None, band_names=(), good_bands=None, source=str(path), facts={"product": "EnMAP L2A", "name": folder.name},
    )  # fmt: skip


def bands_of(metadata: Path) -> list[tuple[float, float, float, float]]:
    """Return (wavelength nm, width nm, gain, offset) of every band, in the order of the image."""
    root = ElementTree.parse(metadata).getroot()
    names = ("wavelengthCenterOfBand", "FWHMOfBand", "GainOfBand", "OffsetOfBand")
    out = []
    for band in root.iter():
        if local(band.tag) != "bandID":
            continue
        held = {local(part.tag): part.text for part in band}
        if names[0] in held:
            lacking = [name for name in names if held.get(name) is None]
            if lacking:
                raise MossFuseError(f"{metadata}: a band has no {' and no '.join(lacking)}; get the file again")
            out.append(tuple(float(held[name]) for name in names))
    return out


def local(tag: str) -> str:
    """Return a tag without its namespace."""
    return tag.rpartition("}")[2]


def found(folder: Path, ending: str):
    """Yield the files of a folder whose name ends so, in upper or lower case."""
    return (p for p in sorted(folder.iterdir()) if p.name.upper().endswith(ending) and p.is_file())


def one(folder: Path, ending: str) -> Path:
    """Return the only file of a folder with this ending; raise MossFuseError without it or with several."""
    files = list(found(folder, ending))
    if len(files) != 1:
        raise MossFuseError(f"{folder} has {len(files)} files that end in {ending}; an EnMAP L2A product has one")
    return files[0]
