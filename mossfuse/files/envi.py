"""ENVI: a text header (.hdr) beside a raw file; band-sequential, line- or pixel-interleaved."""

import re
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from mossfuse.errors import MossFuseError
from mossfuse.files.atomic import replacing
from mossfuse.files.image import Georeference, Image
from mossfuse.files.no_data import mark_measured
from mossfuse.files.raw import put_pixels
from mossfuse.files.wavelengths import in_nanometres, widths_in_nanometres

TYPES = {1: "u1", 2: "i2", 3: "i4", 4: "f4", 5: "f8", 12: "u2", 13: "u4", 14: "i8", 15: "u8"}
RAW_SUFFIXES = (".img", ".dat", ".raw", ".bsq", ".bil", ".bip", "")
# axes of the raw array and how to bring them to (rows, cols, bands)
ORDERS = {
    "bsq": ("bands lines samples", (1, 2, 0)),
    "bil": ("lines bands samples", (0, 2, 1)),
    "bip": ("lines samples bands", (0, 1, 2)),
}
PLACE = ("map info", "coordinate system string", "projection info", "geo points", "rotation", "x start", "y start")


def holds(path):
    """Return the names that the format can store."""
    return ("cube", "wavelengths", "georeference")


def shapes(path):
    """Return {name: shape} of what the file holds."""
    header, _ = find_files(path)
    fields = read_header(header)
    out = {"cube": tuple(fields[n] for n in ("lines", "samples", "bands"))}
    if "wavelength" in fields:
        out["wavelengths"] = (fields["bands"],)
    return out


def read(path, names):
    """Return {name: array} of the named variables."""
    header, raw = find_files(path)
    fields = read_header(header)
    out = {}
    if "cube" in names:
        out["cube"] = read_raw(header, raw, fields)
    if "wavelengths" in names:
        centres = wavelengths_of(header, fields)
        out["wavelengths"] = np.empty(0) if centres is None else centres
    return out


def parts(path):
    """Return (header, raw file): those of an existing image, or those that ``write`` makes, also beside a header without a raw file."""
    made = header_name(path)
    if path.is_file() and (path.suffix.lower() != ".hdr" or raw_of(path) is not None):
        return find_files(path)
    return made, made.with_suffix(".img")


def georeference(path):
    """Return the header fields that place the image on the ground, {'envi': {field: text}}, or None."""
    fields = read_header(find_files(path)[0])
    kept = {name: fields[name] for name in PLACE if name in fields}
    return {"envi": kept} if kept else None


def write(path, variables):
    """Write NAME.hdr and NAME.img (band-sequential, little-endian, the cube's own type)."""
    header = header_name(path)
    cube = variables["cube"]
    kind = cube.dtype.str[1:]
    if kind not in TYPES.values():
        raise MossFuseError(f"{path}: ENVI has no code for {cube.dtype}; convert the cube to float32")
    with replacing(header.with_suffix(".img")) as temporary:
        np.ascontiguousarray(cube.transpose(2, 0, 1)).astype(f"<{kind}", copy=False).tofile(temporary)
    write_header(header, cube.shape, kind, "bsq", variables)


@contextmanager
def tiles(path, shape, variables):
    """Write NAME.hdr and NAME.img, float32, interleaved by pixel."""
    header = header_name(path)
    with replacing(header.with_suffix(".img")) as temporary, open(temporary, "wb") as stream:
        yield put_pixels(stream, 0, shape)
    write_header(header, shape, "f4", "bip", variables)


def write_header(header, shape, kind, interleave, variables):
    rows, cols, bands = shape
    lines = [
        "ENVI",
        "description = {written by mossfuse}",
        f"samples = {cols}",
        f"lines = {rows}",
        f"bands = {bands}",
        "header offset = 0",
        "file type = ENVI Standard",
        f"data type = {next(code for code, name in TYPES.items() if name == kind)}",
        f"interleave = {interleave}",
        "byte order = 0",
    ]
    lines += [f"{name} = {text}" for name, text in variables.get("georeference", {}).get("envi", {}).items()]
    if "wavelengths" in variables:
        listing = ", ".join(f"{float(wl):.10g}" for wl in np.ravel(variables["wavelengths"]))
        lines += ["wavelength units = Nanometers", f"wavelength = {{{listing}}}"]
    with replacing(header) as temporary:
        temporary.write_text("\n".join(lines) + "\n", encoding="utf-8")


def header_name(path):
    path = Path(path)
    path = path.with_suffix("") if path.suffix == ".part" else path
    return path.with_suffix(".hdr")


def find_files(path):
    """Return (header, raw file) from either of the two names; the raw file's suffix may be in upper case."""
    path = Path(path)
    if path.suffix.lower() == ".hdr":
        raw = raw_of(path)
        if raw is None:
            raise MossFuseError(
                f"{path} has no raw file beside it; expected {path.stem} with one of {', '.join(RAW_SUFFIXES[:-1])}, or name the raw file itself"
            )
        return path, raw
    found = headers_of(path)
    if not found:
        raise MossFuseError(f"{path} has no ENVI header beside it; expected {path.with_suffix('.hdr').name}")
    if len(found) > 1 and not same_file(*found[:2]) and read_header(found[0]) != read_header(found[1]):
        raise MossFuseError(
            f"{path} has two headers that differ, {found[0].name} and {found[1].name}; remove the wrong one"
        )
    return found[0], path


def raw_of(header):
    """Return the raw file beside a header, or None: both NAME.hdr and NAME.img.hdr are in use."""
    stem = header.with_suffix("")
    names = [stem.name + each for suffix in RAW_SUFFIXES if suffix for each in (suffix, suffix.upper())]
    return next((raw for raw in (stem, *map(stem.with_name, names)) if raw.is_file()), None)


def headers_of(raw):
    """Return the headers beside a raw file: NAME.hdr and NAME.img.hdr are in use, also in upper case."""
    names = [
        name for suffix in (".hdr", ".HDR") for name in (raw.with_suffix(suffix), raw.with_name(raw.name + suffix))
    ]
    return [header for header in names if header.is_file()]


def same_file(one, other):
    """Return whether two names are one file, as on a file system that ignores case."""
    return one.samefile(other)


def read_header(header):
    """Return the header's fields by lower-case name, as text; integers where the raw array needs them.

    A field ends with its line, or with the brace that closes its value; an empty one is left out.
    """
    content = header.read_bytes().decode("utf-8-sig", errors="replace").replace("\r\n", "\n").replace("\r", "\n")
    if not content.lstrip().startswith("ENVI"):
        raise MossFuseError(f"{header} is not an ENVI header (its first line is not ENVI); check the file")
    lines = [line for line in content.split("\n") if not line.lstrip().startswith(";")]
    pairs = re.findall(r"^[ \t]*([^=\n{}]+?)[ \t]*=[ \t]*(\{[^{}]*\}|[^\n]*)", "\n".join(lines), flags=re.MULTILINE)
    fields = {name.strip().lower(): value.strip() for name, value in pairs if value.strip()}
    for name in ("samples", "lines", "bands", "data type"):
        if not re.fullmatch(r"\d+", fields.get(name, "")) or (name != "data type" and int(fields[name]) == 0):
            raise MossFuseError(f"{header} has no valid '{name}'; fix the header")
        fields[name] = int(fields[name])
    for name, value in fields.items():
        if isinstance(value, str) and value.startswith("{") and not value.endswith("}"):
            raise MossFuseError(f"{header}: the list '{name}' has no closing brace; fix the header")
    return fields


def read_raw(header, raw, fields):
    """Return the pixels (rows, cols, bands) in the machine's byte order."""
    kind, interleave = TYPES.get(fields["data type"]), fields.get("interleave", "").lower()
    if "interleave" not in fields and fields["bands"] == 1:
        interleave = "bsq"
    if not interleave:
        raise MossFuseError(f"{header} has no 'interleave'; write bsq, bil or bip there, as the raw file is laid out")
    if kind is None or interleave not in ORDERS:
        raise MossFuseError(
            f"{header}: data type {fields['data type']} with interleave '{interleave}' is not supported; "
            f"use data types {', '.join(map(str, TYPES))} and bsq, bil or bip"
        )
    names, axes = ORDERS[interleave]
    shape = tuple(fields[n] for n in names.split())
    dtype = np.dtype(byte_order(header, fields) + kind)
    offset = fields.get("header offset", "0")
    if not re.fullmatch(r"\d+", offset):
        raise MossFuseError(f"{header}: 'header offset = {offset}' is no number of bytes; fix the header")
    if any(re.search(r"[1-9]", fields.get(n, "")) for n in ("major frame offsets", "minor frame offsets")):
        raise MossFuseError(f"{header}: frame offsets are not supported; store the image without them")
    needed, held = int(offset) + int(np.prod(shape)) * dtype.itemsize, raw.stat().st_size
    if held < needed:
        raise MossFuseError(f"{raw} has {held} bytes, its header {header.name} asks for {needed}; get the file again")
    data = np.fromfile(raw, dtype, count=int(np.prod(shape)), offset=int(offset)).reshape(shape).transpose(axes)
    return np.ascontiguousarray(data.astype(dtype.newbyteorder("="), copy=False))


def byte_order(header, fields):
    """Return '<' or '>'."""
    name = fields.get("byte order", "0").lower()
    for order, words in (("<", ("0", "host", "little", "intel")), (">", ("1", "network", "big", "ieee"))):
        if name == words[0] or name.startswith(words[1:]):
            return order
    raise MossFuseError(f"{header}: 'byte order = {fields['byte order']}' is not known; write 0 (little-endian) or 1")


def numbers_of(header, fields, name):
    """Return the list in a field as float64, separated by commas or blanks; None where the field is absent."""
    if name not in fields:
        return None
    words = re.split(r"[,\s]+", fields[name].strip("{}[]() ,\t\n"))
    try:
        return np.array([float(word) for word in words])
    except ValueError:
        raise MossFuseError(f"{header}: '{name}' is no list of numbers; fix the header") from None


def wavelengths_of(header, fields):
    """Return the wavelengths (bands,) in nm, or None where the header's unit says that they are none."""
    values = numbers_of(header, fields, "wavelength")
    if values.size != fields["bands"]:
        raise MossFuseError(f"{header} lists {values.size} wavelengths for {fields['bands']} bands; fix the header")
    return in_nanometres(values, fields.get("wavelength units", ""), str(header))


def image(path):
    """Return the mossfuse.files.image.Image with everything that the header says."""
    header, raw = find_files(path)
    fields = read_header(header)
    cube = read_raw(header, raw, fields)
    ignored = numbers_of(header, fields, "data ignore value")
    nodata = None if ignored is None else float(ignored[0])
    measured = None if nodata is None else mark_measured(cube, nodata)
    gains, offsets = (factors_of(header, fields, f"data {kind} values") for kind in ("gain", "offset"))
    if gains is not None or offsets is not None:
        cube = cube.astype(np.float32) * np.float32(1 if gains is None else gains) + np.float32(
            0 if offsets is None else offsets
        )
    centres = wavelengths_of(header, fields) if "wavelength" in fields else None
    widths, good = numbers_of(header, fields, "fwhm"), numbers_of(header, fields, "bbl")
    if widths is not None:
        stored = numbers_of(header, fields, "wavelength")
        widths = widths_in_nanometres(widths, fields.get("wavelength units", ""), centres, stored)
    white = white_of(header, fields)
    names = fields.get("band names", "").strip("{} \n")
    return Image(
        values=cube, wavelengths=centres, fwhm=widths, good_bands=None if good is None else good > 0,
        measured=measured, georeference=place_of(fields), nodata=nodata, white=white,
        band_names=tuple(n.strip() for n in names.split(",")) if names else (), source=str(path),
    )  # fmt: skip


def factors_of(header, fields, name):
    """Return a list of one number or of one for each band, or None where the field is absent."""
    numbers = numbers_of(header, fields, name)
    if numbers is not None and numbers.size not in (1, fields["bands"]):
        raise MossFuseError(f"{header} lists {numbers.size} '{name}' for {fields['bands']} bands; fix the header")
    return numbers


def white_of(header, fields):
    """Return the value that counts as 1 (10000 of a reflectance stored as integers), or None where the header states none."""
    numbers = numbers_of(header, fields, "reflectance scale factor")
    if numbers is None:
        return None
    if numbers.size != 1 or not np.isfinite(numbers[0]) or numbers[0] <= 0:
        raise MossFuseError(f"{header}: 'reflectance scale factor' must be one positive number; fix or remove it")
    return float(numbers[0])


def place_of(fields):
    """Return the Georeference of 'map info' and 'coordinate system string', or None.

    map info: projection, column and row of the reference pixel (1, 1 is the outer corner of the first), its easting and
    northing, width and height of a pixel, then UTM zone and hemisphere, datum, and possibly 'rotation=degrees'.
    """
    parts = [p.strip() for p in fields.get("map info", "").strip("{}").split(",")]
    try:
        col, row, x, y, width, height = (float(p) for p in parts[1:7])
    except ValueError:
        return None
    turn = next((p.partition("=")[2] for p in parts if p.lower().startswith("rotation")), "0")
    angle = np.radians(float(turn or 0))
    a, b, d, e = width * np.cos(angle), height * np.sin(angle), width * np.sin(angle), -height * np.cos(angle)
    place = Georeference(crs_of(fields, parts), (a, b, x, d, e, y))
    return place.moved(-(row - 1), -(col - 1))


def crs_of(fields, parts):
    """Return the coordinate system as WKT, or 'EPSG:...' of UTM on WGS-84, or '' where it is not known."""
    given = fields.get("coordinate system string", "").strip("{} \n")
    if given:
        return given
    if parts[0].lower() == "utm" and len(parts) > 9 and parts[7].isdigit() and "84" in parts[9]:
        return f"EPSG:{(327 if parts[8].lower().startswith('s') else 326)}{int(parts[7]):02d}"
    return "EPSG:4326" if parts[0].lower().startswith("geographic") else ""
