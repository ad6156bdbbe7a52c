"""A cube as GeoTIFF: tiles, deflate with predictor, overviews, statistics, band names, wavelengths (domain IMAGERY), no-data, provenance."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from mossfuse.files.atomic import replacing
from mossfuse.files.geotiff import IMAGERY, TAG, UNITS, library, quiet
from mossfuse.pair.output.encoding import Encoding
from mossfuse.pair.output.reserve import reserve
from mossfuse.pair.output.statistics import Statistics
from mossfuse.pair.result import Result

BLOCK = (128, 256)  # rows, cols: the tiles in which nsgp predicts
SMALLEST = 256  # overviews are made down to this many pixels
PREDICTOR = {"float32": 3, "int16": 2, "uint16": 2}
SOFTWARE = "MossFuse"


@contextmanager
def tiles(
    path: Path, result: Result, *, encoding: Encoding, georeference: Mapping[str, Any] | None, provenance: Mapping[str, Any],
    estimates: Mapping[str, Any],
) -> Iterator[Any]:  # fmt: skip
    """Yield put(rows, cols, values)."""
    rasterio = library(path)
    from rasterio.enums import Resampling
    from rasterio.windows import Window

    rows, cols, bands = result.shape
    reserve(path, rows * cols * bands * np.dtype(encoding.dtype).itemsize)  # GDAL reports a full disk on stderr alone
    settings = {
        "driver": "GTiff", "height": rows, "width": cols, "count": bands, "dtype": encoding.dtype, "nodata": encoding.nodata,
        "compress": "deflate", "predictor": PREDICTOR[encoding.dtype], "interleave": "band", "bigtiff": "if_safer",
    }  # fmt: skip
    if rows >= BLOCK[0] and cols >= BLOCK[1]:
        settings |= {"tiled": True, "blockysize": BLOCK[0], "blockxsize": BLOCK[1]}
    statistics = Statistics(bands)
    with replacing(path) as temporary:
        with quiet(), rasterio.open(temporary, "w", **settings, **place_of(result, georeference)) as file:

            def put(at_rows: slice, at_cols: slice, values: np.ndarray) -> None:
                stored = encoding.stored(values)
                statistics.add(stored, encoding.nodata)
                window = Window(at_cols.start, at_rows.start, values.shape[1], values.shape[0])
                file.write(stored.transpose(2, 0, 1), window=window)

            yield put
            describe_bands(file, result, encoding, statistics)
            file.update_tags(TIFFTAG_SOFTWARE=SOFTWARE, MOSSFUSE=json.dumps(provenance, default=str))
            if result.units:
                file.units = (result.units,) * bands
        factors = [2**k for k in range(1, 12) if max(rows, cols) // 2**k >= SMALLEST]
        if factors:
            with quiet(), rasterio.Env(COMPRESS_OVERVIEW="DEFLATE"), rasterio.open(temporary, "r+") as file:
                file.build_overviews(factors, Resampling.average)
    encoding.report()


def place_of(result: Result, georeference: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the settings that place the file on the ground: HR's own where they are given, else those of the result."""
    own = dict((georeference or {}).get("geotiff", {}))
    if own or result.georeference is None:
        return own
    from rasterio.crs import CRS
    from rasterio.transform import Affine

    place = result.georeference
    crs = {"crs": CRS.from_user_input(place.crs)} if place.crs else {}
    return crs | {"transform": Affine(*place.transform)}


def describe_bands(file: Any, result: Result, encoding: Encoding, statistics: Statistics) -> None:
    """Write name, wavelength, width, quality and statistics of every band."""
    for band in range(result.shape[2]):
        name = band_name(result, band)
        if name:
            file.set_band_description(band + 1, name)
        tags = statistics.of_band(band)
        if result.wavelengths is not None:
            nm = float(result.wavelengths[band])
            file.update_tags(band + 1, ns=IMAGERY, CENTRAL_WAVELENGTH_UM=f"{nm / 1e3:.10g}")
            tags |= {TAG: f"{nm:.10g}", UNITS: "Nanometers"}
        if result.fwhm is not None:
            file.update_tags(band + 1, ns=IMAGERY, FWHM_UM=f"{float(result.fwhm[band]) / 1e3:.10g}")
        if result.good_bands is not None:
            tags["bbl"] = "1" if result.good_bands[band] else "0"
        file.update_tags(band + 1, **tags)
    if encoding.factor != 1:
        file.scales = (1 / encoding.factor,) * result.shape[2]
        file.offsets = (0.0,) * result.shape[2]


def band_name(result: Result, band: int) -> str:
    """Return the name of a band (from 0) as LR's file has it, or its wavelength; '' where neither is known."""
    if band < len(result.band_names) and result.band_names[band]:
        return result.band_names[band]
    return "" if result.wavelengths is None else f"{float(result.wavelengths[band]):.6g} nm"
