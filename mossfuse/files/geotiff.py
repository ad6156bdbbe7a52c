"""GeoTIFF through rasterio, an optional dependency: ``pip install 'mossfuse[geotiff]'``.

A file written here holds pixels, wavelengths and, where one is given, the georeference of another GeoTIFF.
"""

import logging
import os
from contextlib import contextmanager

import numpy as np

from mossfuse.errors import MossFuseError, extra_needed
from mossfuse.files.atomic import replacing, require_space
from mossfuse.files.image import Georeference, Image
from mossfuse.files.no_data import mark_measured
from mossfuse.files.wavelengths import in_nanometres

TAG, UNITS = "wavelength", "wavelength_units"
IMAGERY = "IMAGERY"  # GDAL's domain of band facts
MOST_BANDS = 4096  # beyond the bands of any sensor: a damaged count would be looked for one by one


def holds(path):
    """Return the names that the format can store (None: any)."""
    library(path)
    return ("cube", "wavelengths", "georeference")


def shapes(path):
    """Return {name: shape} of what the file holds."""
    with opened(path) as file:
        out = {"cube": (file.height, file.width, file.count)}
        if stored_wavelengths(file, list(file.indexes), path) is not None:
            out["wavelengths"] = (file.count,)
        return out


def read(path, names):
    """Return {name: array or str} of the named variables."""
    out = {}
    with opened(path) as file:
        if "cube" in names:
            out["cube"] = np.ascontiguousarray(file.read().transpose(1, 2, 0))
        if "wavelengths" in names:
            out["wavelengths"] = stored_wavelengths(file, list(file.indexes), path)
    return out


def image(path):
    """Return the mossfuse.files.image.Image: pixels without an alpha band, scales applied, masks, band facts, ground position."""
    from rasterio.enums import ColorInterp, MaskFlags

    with opened(path) as file:
        bands = [b for b, kind in zip(file.indexes, file.colorinterp, strict=True) if kind is not ColorInterp.alpha]
        if not bands:
            raise MossFuseError(f"{path} holds an alpha band and nothing else; name another file")
        cube = np.ascontiguousarray(file.read(bands).transpose(1, 2, 0))
        flags = {flag for b in bands for flag in file.mask_flag_enums[b - 1]}
        measured = None
        if MaskFlags.per_dataset in flags or MaskFlags.alpha in flags:
            measured = file.dataset_mask() > 0
        if file.nodata is not None:
            declared = mark_measured(cube, file.nodata)
            measured = declared if measured is None else measured & declared
        gains, offsets = (np.array([values[b - 1] for b in bands]) for values in (file.scales, file.offsets))
        if (gains != 1).any() or (offsets != 0).any():
            cube = cube.astype(np.float32) * gains.astype(np.float32) + offsets.astype(np.float32)
        named = tuple(file.descriptions[b - 1] or "" for b in bands)
        widths = [file.tags(b, ns=IMAGERY).get("FWHM_UM") for b in bands]
        return Image(
            values=cube, wavelengths=stored_wavelengths(file, bands, path), measured=measured, nodata=file.nodata,
            fwhm=np.array(widths, np.float64) * 1e3 if all(widths) else None, georeference=place_of(file),
            band_names=named if any(named) else (), source=str(path), good_bands=good_bands(file, bands),
        )  # fmt: skip


def stored_wavelengths(file, bands, path):
    """Return the wavelengths (bands,) in nm of the bands' tags, GDAL's own (IMAGERY) or ``wavelength``; None where one lacks it."""
    central = [file.tags(b, ns=IMAGERY).get("CENTRAL_WAVELENGTH_UM") for b in bands]
    if all(central):
        return in_nanometres(central, "um", str(path))
    tags = [{name.lower(): value for name, value in file.tags(b).items()} for b in bands]
    if not all(TAG in t for t in tags):
        return None
    return in_nanometres([t[TAG] for t in tags], tags[0].get(UNITS, ""), str(path))


def good_bands(file, bands):
    """Return (bands,) False where GDAL carried an ENVI list of bad bands into the tag ``bbl``; None without one."""
    tags = [file.tags(b).get("bbl") for b in bands]
    return np.array([tag != "0" for tag in tags]) if any(tags) else None


def place_of(file):
    """Return the Georeference of an open file, or None where it has none or is tied by ground control points."""
    if file.crs is None and file.transform.is_identity:
        return None
    if file.transform.is_identity:
        return None
    return Georeference("" if file.crs is None else file.crs.to_wkt(), tuple(file.transform)[:6])


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
        if file.count > MOST_BANDS:
            raise MossFuseError(
                f"{path} states {file.count} bands, more than {MOST_BANDS}; it is damaged, get or write it again"
            )
        yield file


@contextmanager
def quiet():
    """Suppress the warning about scenes without a georeference, which are normal here, and GDAL's own lines on an error, which is raised as well."""
    import sys
    import warnings

    from rasterio.errors import NotGeoreferencedWarning

    log, hooks = logging.getLogger("rasterio"), (sys.excepthook, sys.unraisablehook)
    level = log.level

    def shown(kind, *rest):
        if kind is not UnicodeDecodeError:  # what is left where GDAL quotes the bytes of a damaged file
            hooks[0](kind, *rest)

    log.setLevel(logging.CRITICAL)
    sys.excepthook = shown
    sys.unraisablehook = lambda found: None if found.exc_type is UnicodeDecodeError else hooks[1](found)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            yield
    finally:
        log.setLevel(level)
        sys.excepthook, sys.unraisablehook = hooks


def library(path):
    """Return rasterio; raise MossFuseError that names the extra where it is not installed."""
    with extra_needed(f"{path}, a GeoTIFF,"):
        import rasterio

        return rasterio
