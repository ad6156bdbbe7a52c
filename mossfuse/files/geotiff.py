"""GeoTIFF through rasterio, an optional dependency: ``pip install 'mossfuse[geotiff]'``.

A file written here holds pixels, wavelengths and, where one is given, the georeference of another GeoTIFF.
"""

import os
from contextlib import contextmanager

import numpy as np

from mossfuse.errors import extra_needed
from mossfuse.files.atomic import replacing, require_space

TAG, UNITS = "wavelength", "wavelength_units"
NANOMETRES = {"micrometers": 1e3, "um": 1e3}


def holds(path):
    """Return the names that the format can store (None: any)."""
    library(path)
    return ("cube", "wavelengths", "georeference")


def shapes(path):
    """Return {name: shape} of what the file holds."""
    with opened(path) as file:
        out = {"cube": (file.height, file.width, file.count)}
        if all(TAG in file.tags(b) for b in file.indexes):
            out["wavelengths"] = (file.count,)
        return out


def read(path, names):
    """Return {name: array or str} of the named variables."""
    out = {}
    with opened(path) as file:
        if "cube" in names:
            out["cube"] = np.ascontiguousarray(file.read().transpose(1, 2, 0))
        if "wavelengths" in names:
            tags = [file.tags(b) for b in file.indexes]
            out["wavelengths"] = np.array([float(t[TAG]) * NANOMETRES.get(t.get(UNITS, "").lower(), 1.0) for t in tags])
    return out


def georeference(path):
    """Return {'geotiff': {'crs', 'transform'}} or, if points tie the image to the ground, 'gcps'; None without either."""
    with opened(path) as file:
        points, crs = file.gcps
        if points:
            return {"geotiff": {"gcps": points, "crs": crs}}
        if file.crs is None and file.transform.is_identity:
            return None
        return {"geotiff": {"crs": file.crs, "transform": file.transform}}


def write(path, variables):
    """Write the variables in one step."""
    cube = variables["cube"]
    with created(path, cube.shape, cube.dtype.name, variables) as file:
        file.write(cube.transpose(2, 0, 1))


@contextmanager
def tiles(path, shape, variables):
    library(path)
    require_space(path, shape)  # GDAL reports a full disk on stderr alone
    from rasterio.windows import Window

    with created(path, shape, "float32", variables, tiled=True, blockxsize=256, blockysize=128) as file:

        def put(rows, cols, values):
            window = Window(cols.start, rows.start, values.shape[1], values.shape[0])
            file.write(values.transpose(2, 0, 1), window=window)

        yield put


@contextmanager
def created(path, shape, dtype, variables, **settings):
    """Yield an open GeoTIFF for a cube of ``shape``, with wavelengths and georeference; takes its name at the end."""
    rasterio = library(path)
    rows, cols, bands = shape
    place = dict(variables.get("georeference", {}).get("geotiff", {}))
    settings |= {
        "driver": "GTiff",
        "height": rows,
        "width": cols,
        "count": bands,
        "dtype": dtype,
        "bigtiff": "if_safer",
    }
    with replacing(path) as temporary, quiet(), rasterio.open(temporary, "w", **settings, **place) as file:
        for band, wl in enumerate(np.ravel(variables.get("wavelengths", ())), 1):
            file.update_tags(band, **{TAG: f"{float(wl):.10g}", UNITS: "Nanometers"})
        yield file


@contextmanager
def opened(path):
    rasterio = library(path)
    with quiet(), rasterio.open(os.fspath(path)) as file:
        yield file


@contextmanager
def quiet():
    """Suppress the warning about scenes without a georeference, which are normal here."""
    import warnings

    from rasterio.errors import NotGeoreferencedWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        yield


def library(path):
    """Return rasterio; raise MossFuseError that names the extra where it is not installed."""
    with extra_needed(f"{path}, a GeoTIFF,"):
        import rasterio

        return rasterio
