"""EO-1 Hyperion and ALI, level 1T (USGS): one GeoTIFF for each band, and NAME_MTL_L1T.TXT; radiance in W / (m2 sr um).

Hyperion: 242 bands, of which 198 are calibrated (8 to 57 VNIR, 77 to 224 SWIR; the others hold zeros), scaled by 40 (VNIR) and 80
(SWIR), overlap between 852 and 1058 nm. ALI: bands 1 (panchromatic, 10 m) and 2 to 10 (30 m) with gains in the text file.
"""

import re
from pathlib import Path

import numpy as np

from mossfuse.errors import MossFuseError
from mossfuse.files.image import Image

BAND = re.compile(r"^(EO1[HA]\w+?)_B(\d{2,3})_L1(?:T|GST)\.TIFF?$", re.IGNORECASE)
VNIR, SWIR = range(8, 58), range(77, 225)
VNIR_FIRST, VNIR_STEP = 355.59, 10.1747  # nm of band 1 and from band to band (USGS table of Hyperion's band centres)
SWIR_FIRST, SWIR_STEP = 851.92, 10.0895  # nm of band 71
WIDTH = 11.0
GAINS = {"VNIR": 40.0, "SWIR": 80.0}
# ALI: band -> (centre, width) nm: PAN, MS-1', MS-1, 2, 3, 4, 4', 5', 5, 7 (Mendenhall et al., MIT Lincoln Laboratory)
ALI = {
    1: (585, 210), 2: (443, 20), 3: (482, 75), 4: (565, 80), 5: (660, 60), 6: (790, 30), 7: (867, 45), 8: (1250, 100),
    9: (1650, 200), 10: (2215, 270),
}  # fmt: skip


def recognises(path: Path) -> bool:
    """Return whether this is the folder of an EO-1 scene, or one of its band files."""
    if path.is_dir():
        return path.name.upper().startswith(("EO1H", "EO1A")) and any(BAND.match(p.name) for p in path.iterdir())
    return BAND.match(path.name) is not None


def image(path: Path, key: str | None = None) -> Image:
    """Return the Image in radiance; key: 'PAN' for ALI's panchromatic band.

    Pixels that are 0 in every band are not measured.
    """
    from mossfuse.files import geotiff

    folder = path if path.is_dir() else path.parent
    files = {int(m[2]): p for p in sorted(folder.iterdir()) if (m := BAND.match(p.name))}
    hyperion = next(p for p in files.values()).name.upper().startswith("EO1H")
    if key not in (None, "PAN") or (key == "PAN" and hyperion):
        raise MossFuseError(f"{folder} has no part '{key}'; leave it out" + ("" if hyperion else " or name PAN"))
    if hyperion:
        wanted, centres, scales, shifts = hyperion_bands(files)
    else:
        wanted = [1] if key == "PAN" else [b for b in files if b != 1]
        centres = np.array([ALI[b] for b in wanted], np.float64)
        scales, shifts = ali_scales(folder, wanted)
    lacking = [b for b in wanted if b not in files]
    if lacking or not wanted:
        raise MossFuseError(
            f"{folder} lacks the files of band {', '.join(map(str, lacking)) or 2}; get the whole scene"
        )
    images = [geotiff.image(files[b]) for b in wanted]
    if len({each.values.shape for each in images}) > 1:
        raise MossFuseError(f"{folder}: its band files have different sizes; get the scene again")
    stored = np.concatenate([each.values for each in images], 2)
    return Image(
        values=stored.astype(np.float32) * np.float32(scales) + np.float32(shifts), wavelengths=centres[:, 0], fwhm=centres[:, 1],
        measured=(stored != 0).any(2), georeference=images[0].georeference, units="W m-2 sr-1 um-1", source=str(path),
        band_names=tuple(f"B{b:03d}" for b in wanted), facts={"product": "EO-1 Hyperion L1T" if hyperion else "EO-1 ALI L1T", "name": folder.name},
    )  # fmt: skip


def hyperion_bands(files):
    """Return (band numbers, (bands, 2) centre and width nm, factors to radiance, offsets): calibrated bands, upwards, overlap split."""
    vnir = {b: VNIR_FIRST + VNIR_STEP * (b - 1) for b in VNIR}
    swir = {b: SWIR_FIRST + SWIR_STEP * (b - 71) for b in SWIR}
    border = (min(swir.values()) + max(vnir.values())) / 2
    kept = {b: c for b, c in vnir.items() if c <= border} | {b: c for b, c in swir.items() if c > border}
    # Bands that the user took out of the folder stay out; a single missing one among its neighbours is an incomplete download.
    wanted = [b for b in kept if b in files]
    factors = np.array([1 / GAINS["VNIR" if b in vnir else "SWIR"] for b in wanted])
    return wanted, np.array([(kept[b], WIDTH) for b in wanted]), factors, np.zeros(len(wanted))


def ali_scales(folder: Path, wanted):
    """Return (factors, offsets) to radiance from the scene's text file."""
    texts = [p for p in sorted(folder.iterdir()) if re.search(r"_MTL_L1\w*\.TXT$", p.name, re.IGNORECASE)]
    if len(texts) != 1:
        raise MossFuseError(f"{folder} has {len(texts)} files NAME_MTL_L1T.TXT; ALI's gains stand in that file")
    held = dict(
        re.findall(
            r"^\s*(BAND\d+_\w+)\s*=\s*(\S+)", texts[0].read_text(encoding="utf-8", errors="replace"), re.MULTILINE
        )
    )
    try:
        return tuple(
            np.array([float(held[f"BAND{b}_{what}"]) for b in wanted]) for what in ("SCALING_FACTOR", "OFFSET")
        )
    except KeyError as error:
        raise MossFuseError(f"{texts[0]} has no {error.args[0]}; get the scene again") from None
