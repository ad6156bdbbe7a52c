"""A cube as ENVI: raw pixels and a header with wavelengths, widths, bad bands, band names, no-data, scale and provenance."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from mossfuse.files import envi as format_of_envi
from mossfuse.files.atomic import replacing, require_space, write_text
from mossfuse.pair.output.encoding import Encoding
from mossfuse.pair.output.geotiff import band_name
from mossfuse.pair.output.reserve import reserve
from mossfuse.pair.result import Result


@contextmanager
def tiles(
    path: Path, result: Result, *, encoding: Encoding, georeference: Mapping[str, Any] | None, provenance: Mapping[str, Any],
    estimates: Mapping[str, Any],
) -> Iterator[Any]:  # fmt: skip
    """Yield put(rows, cols, values); NAME.img is interleaved by pixel, NAME.hdr follows when it is complete."""
    header = format_of_envi.header_name(path)
    rows, cols, bands = result.shape
    kind = np.dtype(encoding.dtype).newbyteorder("<")
    require_space(path, result.shape)
    reserve(path, rows * cols * bands * kind.itemsize)
    missing = 0
    with replacing(header.with_suffix(".img")) as temporary, open(temporary, "wb") as stream:

        def put(at_rows: slice, at_cols: slice, values: np.ndarray) -> None:
            nonlocal missing
            stored = np.ascontiguousarray(encoding.stored(values), kind)
            missing += int(np.isnan(values).sum())
            for row, line in enumerate(stored, at_rows.start):
                stream.seek((row * cols + at_cols.start) * bands * kind.itemsize)
                stream.write(line.tobytes())

        yield put
    write_text(header, header_text(result, encoding, bool(missing), place_of(result, georeference), provenance))
    encoding.report()


def header_text(
    result: Result, encoding: Encoding, missing: bool, place: Mapping[str, str], provenance: Mapping[str, Any]
) -> str:
    """Return the header; missing: whether there are pixels without a measurement."""
    rows, cols, bands = result.shape
    code = next(c for c, name in format_of_envi.TYPES.items() if np.dtype(name) == np.dtype(encoding.dtype))
    lines = [
        "ENVI", "description = {written by mossfuse}", f"samples = {cols}", f"lines = {rows}", f"bands = {bands}",
        "header offset = 0", "file type = ENVI Standard", f"data type = {code}", "interleave = bip", "byte order = 0",
    ]  # fmt: skip
    lines += [f"{name} = {text}" for name, text in place.items()]
    if encoding.dtype != "float32" or missing:
        lines.append(f"data ignore value = {encoding.nodata:.10g}")
    if encoding.factor != 1:
        lines.append("data gain values = " + listed([f"{1 / encoding.factor:.10g}"] * bands))
    if result.wavelengths is not None:
        lines += ["wavelength units = Nanometers", "wavelength = " + listed([f"{w:.10g}" for w in result.wavelengths])]
    if result.fwhm is not None:
        lines.append("fwhm = " + listed([f"{w:.10g}" for w in result.fwhm]))
    if result.good_bands is not None:
        lines.append("bbl = " + listed([str(int(good)) for good in result.good_bands]))
    names = [band_name(result, band) for band in range(bands)]
    if any(names):
        lines.append("band names = " + listed([plain(name) or f"band {n}" for n, name in enumerate(names, 1)]))
    if provenance:
        lines.append(f"mossfuse = {{{plain(json.dumps(provenance, default=str), keep=',')}}}")
    return "\n".join(lines) + "\n"


def listed(words: list[str]) -> str:
    """Return '{a, b, c}'."""
    return "{" + ", ".join(words) + "}"


def plain(text: str, keep: str = "") -> str:
    """Return the text without what ends a field or an entry of a header."""
    for one, other in (("{", "("), ("}", ")"), ("\n", " "), ("\r", " "), (",", "," if "," in keep else ";")):
        text = text.replace(one, other)
    return text


def place_of(result: Result, georeference: Mapping[str, Any] | None) -> dict[str, str]:
    """Return the header fields that place the image: HR's own, word for word, or those of the result."""
    own = dict((georeference or {}).get("envi", {}))
    if own or result.georeference is None or not result.georeference.upright:
        return own
    from mossfuse.files.placing import for_envi

    fields: dict[str, str] = for_envi(result.georeference)["envi"]
    return fields
