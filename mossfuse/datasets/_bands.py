"""Scenes stored as one PNG per band, the layout of CAVE: ``<scene>_ms_01.png`` ... ``<scene>_ms_31.png``."""

import re

import numpy as np

from mossfuse.errors import MossFuseError
from mossfuse.files.scaling import unit_float32

BAND = re.compile(r"(?!\._).*_(\d\d)\.png", re.IGNORECASE)  # "._..." are leftovers of macOS archives


def band_folder(base, scene):
    """Return the folder of a scene's PNGs below ``base``, one or two levels deep, or None."""
    for name in (f"{scene}_ms", scene):
        for folder in (base / name / name, base / name):
            if folder.is_dir() and any(BAND.fullmatch(p.name) for p in folder.iterdir()):
                return folder
    return None


def picture_beside(files):
    """Return the colour picture ``<scene>_RGB.bmp`` in the folder of a scene's bands, or None."""
    found = sorted(files[0].parent.glob("*_RGB.bmp")) if len(files) > 1 else []
    return found[0] if found else None


def band_files(folder, bands):
    """Return the PNGs of these band numbers, in their order; MossFuseError where one is missing or there twice."""
    found = {}
    for path in sorted(folder.iterdir()):
        match = BAND.fullmatch(path.name)
        if match and int(match[1]) in found:
            raise MossFuseError(
                f"{folder} has two files for band {match[1]} ({found[int(match[1])].name}, {path.name}); remove one"
            )
        if match:
            found[int(match[1])] = path
    missing = [f"{b:02d}" for b in bands if b not in found]
    surplus = sorted(set(found) - set(bands))
    if missing:
        raise MossFuseError(
            f"{folder} lacks band(s) {', '.join(missing)}; delete the folder and run again, or complete it"
        )
    if surplus:
        raise MossFuseError(f"{folder} has unexpected band(s) {', '.join(map(str, surplus))}; this is another dataset")
    return [found[b] for b in bands]


def read_bands(files, shape, eight_bit=False):
    """Return (rows, cols, bands) float32 in [0, 1] from PNGs given in band order.

    16-bit grey, divided by 65535; where ``eight_bit`` also 8-bit grey or RGBA with equal channels, divided by 255.
    MossFuseError names the file that is damaged, has another size, or lost its 16 bits.
    """
    cube = np.empty(shape, np.float32)
    for band, path in enumerate(files):
        image = unit_float32(read_band(path, eight_bit))
        if image.shape != shape[:2]:
            raise MossFuseError(
                f"{path} has {image.shape[0]}x{image.shape[1]} pixels, this dataset has {shape[0]}x{shape[1]}; "
                "a resized copy is another dataset"
            )
        cube[..., band] = image
    return cube


def read_band(path, eight_bit):
    """Return one band as stored: (rows, cols) uint16, or uint8 where that is allowed."""
    from PIL import Image

    try:
        with Image.open(path) as image:
            pixels = np.asarray(image)
    except (OSError, SyntaxError, ValueError) as error:
        raise MossFuseError(f"{path} is a damaged PNG ({error}); delete it and get the scene again") from error
    if pixels.ndim == 3 and pixels.dtype == np.uint8 and eight_bit:
        if (pixels[..., :3] != pixels[..., :1]).any():
            raise MossFuseError(f"{path} is a colour picture, not a spectral band; get the scene again")
        pixels = pixels[..., 0]
    if pixels.ndim == 2 and pixels.dtype in (np.int32, np.uint32) and pixels.max() <= 65535 and pixels.min() >= 0:
        pixels = pixels.astype(np.uint16)  # how older Pillow opens 16-bit PNGs
    allowed = (np.uint8, np.uint16) if eight_bit else (np.uint16,)
    if pixels.ndim != 2 or pixels.dtype not in allowed:
        raise MossFuseError(
            f"{path} is a {pixels.dtype} image of {pixels.ndim} axes, expected 16-bit grey; it was converted, get the original"
        )
    return pixels
