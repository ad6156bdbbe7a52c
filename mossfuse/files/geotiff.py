"""GeoTIFF through rasterio, an optional dependency: ``pip install 'mossfuse[geotiff]'``.

Georeference and band names of an input are not carried over; a file written here holds pixels and wavelengths.
"""

import os
from contextlib import contextmanager

import numpy as np

from mossfuse.errors import MossFuseError
from mossfuse.files.atomic import replacing

TAG, UNITS = "wavelength", "wavelength_units"
NANOMETRES = {"micrometers": 1e3, "um": 1e3}


def holds(path):
    return ("cube", "wavelengths")


def shapes(path):
    with opened(path) as file:
        out = {"cube": (file.height, file.width, file.count)}
        if all(TAG in file.tags(b) for b in file.indexes):
            out["wavelengths"] = (file.count,)
        return out


def read(path, names):
    out = {}
    with opened(path) as file:
        if "cube" in names:
            out["cube"] = np.ascontiguousarray(file.read().transpose(1, 2, 0))
        if "wavelengths" in names:
            tags = [file.tags(b) for b in file.indexes]
            out["wavelengths"] = np.array([float(t[TAG]) * NANOMETRES.get(t.get(UNITS, "").lower(), 1.0) for t in tags])
    return out


def write(path, variables):
    rasterio = library(path)
    cube = variables["cube"]
    rows, cols, bands = cube.shape
    with replacing(path) as temporary:
        settings = dict(driver="GTiff", height=rows, width=cols, count=bands, dtype=cube.dtype.name)
        with quiet(), rasterio.open(temporary, "w", **settings) as file:
            file.write(cube.transpose(2, 0, 1))
            for band, wl in enumerate(np.ravel(variables.get("wavelengths", ())), 1):
                file.update_tags(band, **{TAG: f"{float(wl):.10g}", UNITS: "Nanometers"})


@contextmanager
def opened(path):
    rasterio = library(path)
    with quiet(), rasterio.open(os.fspath(path)) as file:
        yield file


@contextmanager
def quiet():
    """Scenes without a georeference are normal here."""
    import warnings

    from rasterio.errors import NotGeoreferencedWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        yield


def library(path):
    import importlib.util

    if importlib.util.find_spec("rasterio") is None:
        raise MossFuseError(f"{path}: GeoTIFF files need rasterio; run pip install 'mossfuse[geotiff]'")
    import rasterio

    return rasterio
