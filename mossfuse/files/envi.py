"""ENVI: a text header (.hdr) beside a raw file; band-sequential, line- or pixel-interleaved."""

import re
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from mossfuse.errors import MossFuseError
from mossfuse.files.atomic import replacing
from mossfuse.files.raw import put_pixels

TYPES = {1: "u1", 2: "i2", 3: "i4", 4: "f4", 5: "f8", 12: "u2", 13: "u4", 14: "i8", 15: "u8"}
RAW_SUFFIXES = (".img", ".dat", ".raw", ".bsq", ".bil", ".bip", "")
# axes of the raw array and how to bring them to (rows, cols, bands)
ORDERS = {
    "bsq": ("bands lines samples", (1, 2, 0)),
    "bil": ("lines bands samples", (0, 2, 1)),
    "bip": ("lines samples bands", (0, 1, 2)),
}
PLACE = ("map info", "coordinate system string", "projection info", "geo points", "rotation", "x start", "y start")
NANOMETRES = {
    "nanometers": 1.0,
    "nanometer": 1.0,
    "nm": 1.0,
    "micrometers": 1e3,
    "micrometer": 1e3,
    "um": 1e3,
    "microns": 1e3,
}


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
        out["wavelengths"] = wavelengths_of(header, fields)
    return out


def parts(path):
    """Return (header, raw file): those of an existing image, or those that ``write`` makes."""
    made = header_name(path)
    if path.is_file():
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
    """Return (header, raw file) from either of the two names."""
    path = Path(path)
    if path.suffix.lower() == ".hdr":
        stem = path.with_suffix("")  # both NAME.hdr and NAME.img.hdr are in use
        candidates = [stem] + [stem.with_name(stem.name + suffix) for suffix in RAW_SUFFIXES if suffix]
        raw = next((c for c in candidates if c.is_file()), None)
        if raw is None:
            raise MossFuseError(
                f"{path} has no raw file beside it; expected {stem.name} with one of {', '.join(RAW_SUFFIXES[:-1])}"
            )
        return path, raw
    for header in (path.with_suffix(".hdr"), path.with_name(path.name + ".hdr")):
        if header.is_file():
            return header, path
    raise MossFuseError(f"{path} has no ENVI header beside it; expected {path.with_suffix('.hdr').name}")


def read_header(header):
    """The header's fields, lower-case names; integers where the raw array needs them."""
    content = header.read_text(errors="replace", encoding="utf-8")
    if not content.lstrip().startswith("ENVI"):
        raise MossFuseError(f"{header} is not an ENVI header (its first line is not ENVI); check the file")
    pairs = re.findall(r"^\s*([^=\n{}]+?)\s*=\s*(\{.*?\}|[^\n]*)", content, flags=re.MULTILINE | re.DOTALL)
    fields = {name.strip().lower(): value.strip() for name, value in pairs}
    for name in ("samples", "lines", "bands", "data type"):
        if not re.fullmatch(r"\d+", fields.get(name, "")):
            raise MossFuseError(f"{header} has no valid '{name}'; fix the header")
        fields[name] = int(fields[name])
    return fields


def read_raw(header, raw, fields):
    kind, interleave = TYPES.get(fields["data type"]), fields.get("interleave", "bsq").lower()
    if kind is None or interleave not in ORDERS:
        raise MossFuseError(
            f"{header}: data type {fields['data type']} with interleave '{interleave}' is not supported; "
            f"use data types {', '.join(map(str, TYPES))} and bsq, bil or bip"
        )
    names, axes = ORDERS[interleave]
    shape = tuple(fields[n] for n in names.split())
    dtype = np.dtype((">" if fields.get("byte order", "0") == "1" else "<") + kind)
    offset = int(fields.get("header offset", 0))
    needed, held = offset + int(np.prod(shape)) * dtype.itemsize, raw.stat().st_size
    if held < needed:
        raise MossFuseError(f"{raw} has {held} bytes, its header {header.name} asks for {needed}; get the file again")
    data = np.fromfile(raw, dtype, count=int(np.prod(shape)), offset=offset).reshape(shape).transpose(axes)
    return np.ascontiguousarray(data.astype(dtype.newbyteorder("="), copy=False))


def wavelengths_of(header, fields):
    values = np.array([float(v) for v in fields["wavelength"].strip("{}").split(",")])
    if values.size != fields["bands"]:
        raise MossFuseError(f"{header} lists {values.size} wavelengths for {fields['bands']} bands; fix the header")
    unit = fields.get("wavelength units", "").lower()
    return values * NANOMETRES.get(unit, 1e3 if values.max() < 100 else 1.0)
