"""Write a fused cube tile by tile, with everything a geographic information system asks a file: one module for each kind of format."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from mossfuse.errors import MossFuseError
from mossfuse.files import format_module
from mossfuse.pair.output.encoding import Encoding
from mossfuse.pair.result import Result

Put = Callable[[slice, slice, np.ndarray], None]


@contextmanager
def result_writer(
    path: Path, result: Result, *, encoding: Encoding | None = None, georeference: Mapping[str, Any] | None = None,
    provenance: Mapping[str, Any] | None = None, estimates: Mapping[str, Any] | None = None,
) -> Iterator[Put]:  # fmt: skip
    """Yield put(rows, cols, values) for tiles (rows, cols, bands) of the cube, float32, NaN where nothing was measured.

    encoding: how numbers are stored (None: float32). georeference: as ``georeference=`` of mossfuse.files.cube_writer, which
    keeps the fields of HR's own format; result.georeference serves without it. provenance: how the cube was made, plain values
    by name. estimates: further arrays (psf_hat, ...), for formats that hold them. The file takes its name when the block ends
    well. Raises MossFuseError where the format cannot hold what is asked, or the disk is full.
    """
    encoding = encoding or Encoding()
    kind = format_module(path).__name__.rpartition(".")[2]
    facts: dict[str, Any] = {"georeference": georeference, "provenance": provenance or {}}
    if kind == "geotiff":
        from mossfuse.pair.output.geotiff import tiles
    elif kind == "envi":
        from mossfuse.pair.output.envi import tiles
    else:
        if encoding.dtype != "float32":
            raise MossFuseError(
                f"{path}: cubes of {encoding.dtype} are written to GeoTIFF and ENVI; write .tif or .hdr"
            )
        from mossfuse.pair.output.arrays import tiles
    with tiles(path, result, encoding=encoding, estimates=estimates or {}, **facts) as put:
        yield put
