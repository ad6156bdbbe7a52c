"""Read and write cubes: MATLAB v5 and v7.3, NumPy, HDF5, ENVI and (optional) GeoTIFF.

Cubes are laid out (rows, cols, bands) in memory whatever the format stores. One module per format; each offers
``shapes(path) -> {name: shape}``, ``read(path, names) -> {name: array}``, ``write(path, variables)`` and
``holds(path)``: the names it can store (None: any), and ``tiles(path, shape, variables)``: a context manager for
cubes that are written piece by piece. Every write is atomic: a temporary file in the same folder takes the name in one step when it is complete.
"""

import importlib
import re
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from mossfuse.errors import MossFuseError, suggestion
from mossfuse.files.atomic import replacing

FORMATS = {
    ".mat": "mat",
    ".npy": "npy",
    ".npz": "npy",
    ".h5": "h5",
    ".hdf5": "h5",
    ".hdr": "envi",
    ".img": "envi",
    ".bsq": "envi",
    ".bil": "envi",
    ".bip": "envi",
    ".tif": "geotiff",
    ".tiff": "geotiff",
}
CUBE_NAMES = ("cube", "rad", "hsi", "msi", "ref")
WAVELENGTH_NAMES = ("wavelengths", "wavelength", "wavelength_nm")


def read_array(path, key=None):
    """Return one numeric array of a file, as stored (dtype kept).

    key: name of the variable; None takes the only cube of the file (or the one called ``cube``, ``rad``,
        ``hsi``, ``msi`` or ``ref``). Raises MossFuseError if the file or key is missing, ambiguous or unreadable.
    """
    path = Path(path)
    module = existing_file(path)
    key = choose(path, guarded(module.shapes, path), key)
    return guarded(module.read, path, (key,))[key]


def read_variables(path, names=None):
    """Return {name: array or str} of those variables among ``names`` (None: all) that the file holds."""
    path = Path(path)
    module = existing_file(path)
    held = guarded(module.shapes, path)
    wanted = tuple(held) if names is None else tuple(n for n in names if n in held)
    return guarded(module.read, path, wanted)


def read_cube(path, key=None):
    """Return (cube (rows, cols, bands), wavelengths (bands,) in nm or None) of a user's file; a flat image gets one band.

    Units of wavelengths, gains and products' bands by the rules of mossfuse.files.reading, which also knows masks, bad bands and
    ground position. key: name of the variable, where the file holds several. Raises MossFuseError as ``read_array`` does, and where a list does not fit the bands.
    """
    # No import statement: the rules for users' files would count in the digest of every method that reads weights.
    image = importlib.import_module("mossfuse.files.reading").read_image(path, key)
    return image.values, image.wavelengths


def read_prepared(path):
    """Return (cube (rows, cols, bands), wavelengths (bands,) in nm or None) of a file that the benchmark wrote, as stored."""
    found = read_variables(path, ("cube", *WAVELENGTH_NAMES))
    if "cube" not in found or found["cube"].ndim != 3:
        raise MossFuseError(f"{path} holds no cube (rows, cols, bands); delete it and run again")
    lists = (np.ravel(found[n]).astype(np.float64) for n in WAVELENGTH_NAMES if n in found)
    return found["cube"], next((wl for wl in lists if wl.size == found["cube"].shape[2]), None)


def write_cube(path, cube, wavelengths=None, **extra):
    """Write a cube (rows, cols, bands) with its wavelengths (nm) and further arrays, atomically.

    ``.mat`` is MATLAB v7.3 (variables ``cube``, ``wavelengths``, ``extra``), which both MATLAB and h5py open.
    Entries that are None are left out. Raises MossFuseError if the format cannot hold ``extra`` or writing fails.
    """
    variables = {"cube": np.asarray(cube), "wavelengths": wavelengths, **extra}
    if variables["cube"].ndim != 3:
        raise MossFuseError(f"a cube has rows, cols and bands, not shape {text(variables['cube'].shape)} ({path})")
    write_variables(path, variables)


def write_variables(path, variables):
    """Write named arrays, numbers and strings into one file, atomically; None entries are left out."""
    path = Path(path)
    module = format_module(path)
    module.write(path, holdable(path, module, variables))


@contextmanager
def cube_writer(path, shape, wavelengths=None, **extra):
    """Write a float32 cube of ``shape`` (rows, cols, bands) tile by tile: yields put(rows, cols, values).

    rows, cols: slices; values: the tile (rows, cols, bands). Only a tile is held in memory (.npz: the whole cube). The
    file takes its name when the block ends well. extra: as for write_cube.
    """
    path = Path(path)
    module = format_module(path)
    variables = holdable(path, module, {"wavelengths": wavelengths, **extra})
    with module.tiles(path, tuple(map(int, shape)), variables) as put:
        yield put


def can_hold(path, name):
    """Return whether the format of ``path`` can hold a variable beside the cube."""
    held = format_module(Path(path)).holds(Path(path))
    return held is None or name in held


def holdable(path, module, variables):
    """Return the variables that are not None; raise MossFuseError if the format cannot hold one of them."""
    kept = {name: value for name, value in variables.items() if value is not None}
    surplus = sorted(set(kept) - set(module.holds(path) or kept))
    if surplus:
        raise MossFuseError(f"{path}: this format cannot hold {', '.join(surplus)}; write a .mat, .npz or .h5 file")
    return kept


def parts(path):
    """Return the files that reading or writing ``path`` touches: ENVI's are two, every other format's is one, as is a file of an unknown type."""
    path = Path(path)
    if path.suffix.lower() not in FORMATS:
        envi = importlib.import_module("mossfuse.files.envi")
        return envi.parts(path) if path.is_file() and envi.headers_of(path) else (path,)
    return getattr(format_module(path), "parts", lambda one: (one,))(path)


def read_georeference(path):
    """Return what places an image on the ground, for ``georeference=`` of a writer of the same format; None without.

    Kept as its format has it: fields of an ENVI header, coordinate system and transform of a GeoTIFF.
    """
    path = Path(path)
    read = getattr(existing_file(path), "georeference", None)
    return None if read is None else guarded(read, path)


def format_module(path):
    """Return the module for the name of a file that may not exist, also of one being written (``.part``, or a name made by ``replacing``).

    Raise MossFuseError with the known file types for any other name.
    """
    suffix = Path(re.sub(r"(\.part|\.\d+\.tmp)$", "", path.name)).suffix.lower()
    if suffix not in FORMATS:
        raise MossFuseError(f"{path}: unknown file type '{suffix}'; use one of {', '.join(FORMATS)}")
    return importlib.import_module(f"mossfuse.files.{FORMATS[suffix]}")


def existing_file(path):
    """Return the module for an existing file: ENVI's also for a raw file of any name (.dat, .raw, no suffix) with a header beside it.

    Raises MossFuseError for a missing file or a folder, and for an unknown type.
    """
    if not path.exists():
        raise MossFuseError(f"file {path} does not exist; check the path")
    if path.is_dir():
        raise MossFuseError(f"{path} is a folder; name the file inside it")
    if path.suffix.lower() not in FORMATS:
        envi = importlib.import_module("mossfuse.files.envi")
        if envi.headers_of(path):
            return envi
    return format_module(path)


def guarded(function, path, *args):
    """Call a reader; turn any exception that a damaged or foreign file causes into a one-line error."""
    try:
        return function(path, *args)
    except (MossFuseError, MemoryError):
        raise
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise MossFuseError(
            f"{path} cannot be read, it is damaged or of another type than its name says ({reason}); get or write it again"
        ) from error


def choose(path, shapes, key):
    """Return the name of the variable for ``key``, or of the only one that can be a cube."""
    listing = ", ".join(f"{name} ({text(shape)})" for name, shape in shapes.items()) or "nothing"
    if key is not None:
        if key in shapes:
            return key
        raise MossFuseError(f"{path} has no variable '{key}' (it holds {listing}); {suggestion(key, shapes)}")
    for least in (3, 2):
        cubes = [
            name for name, shape in shapes.items() if len(shape) == least and min(shape) > (0 if least == 3 else 1)
        ]
        named = [name for name in CUBE_NAMES if name in cubes]
        if named or len(cubes) == 1:
            return (named or cubes)[0]
        if cubes:
            raise MossFuseError(f"{path} holds several arrays ({listing}); select one with a key (FILE:KEY)")
    raise MossFuseError(f"{path} holds no image; it holds {listing}")


def text(shape):
    """Return '48x64x3' for a shape."""
    return "x".join(map(str, shape)) or "a single value"


__all__ = [
    "can_hold",
    "cube_writer",
    "parts",
    "read_array",
    "read_cube",
    "read_georeference",
    "read_prepared",
    "read_variables",
    "replacing",
    "write_cube",
    "write_variables",
]
