"""MATLAB files: v4, v5 and v7 through scipy, v7.3 (HDF5) through h5py; always written as v7.3 by hdf5storage."""

import io
from contextlib import contextmanager

import numpy as np

from mossfuse.files import h5
from mossfuse.files.atomic import replacing, require_space, write_bytes

USER_BLOCK = 512  # bytes before the HDF5 content, of which MATLAB reads the first 128
# Free text (constant: a date would make equal contents unequal files), then what MATLAB knows its files by.
HEADER = b"MATLAB 7.3 MAT-file, Platform: mossfuse, HDF5 schema 1.00 .".ljust(116) + bytes(8) + b"\x00\x02IM"
CLASSES = (
    "double",
    "single",
    "logical",
    "char",
    *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)),
)


def holds(path):
    """Return the names that the format can store (None: any)."""
    return None


def shapes(path):
    """Return {name: shape} of what the file holds."""
    import h5py

    if h5py.is_hdf5(path):
        return h5.shapes(path)
    from scipy.io import whosmat

    return {name: shape for name, shape, kind in whosmat(path) if kind in CLASSES}


def read(path, names):
    """Return {name: array or str} of the named variables."""
    import h5py

    if h5py.is_hdf5(path):
        return h5.read(path, names)
    from scipy.io import loadmat

    found = loadmat(path, variable_names=list(names)) if names else {}
    return {name: text_or_array(found[name]) for name in names}


def text_or_array(value):
    return "".join(np.ravel(value)) if value.dtype.kind == "U" else value


def write(path, variables):
    """Write the variables in one step, by way of the memory: the HDF5 library crashes where the disk fills up under it."""
    write_bytes(path, encoded(variables))


@contextmanager
def tiles(path, shape, variables):
    import h5py

    with replacing(path) as temporary:
        require_space(path, shape)
        # MATLAB's frame and the small arrays
        temporary.write_bytes(encoded({"cube": np.zeros((1, 1), np.float32), **variables}))
        with h5py.File(temporary, "r+") as file:
            del file["cube"]
            chunks = (1, *(min(n, side) for n, side in zip(shape[1::-1], h5.TILE[::-1], strict=True)))
            data = file.create_dataset("cube", shape[::-1], np.float32, chunks=chunks)
            data.attrs["MATLAB_class"] = np.bytes_("single")

            def put(rows, cols, values):
                data[:, cols, rows] = values.transpose(2, 1, 0)

            yield put


def encoded(variables):
    """Return the bytes of a MATLAB v7.3 file with these variables."""
    import h5py
    from hdf5storage import Options
    from hdf5storage.utilities import LowLevelFile

    content = io.BytesIO()
    with h5py.File(content, "w", userblock_size=USER_BLOCK) as file:
        options = Options(matlab_compatible=True, gzip_compression_level=1)
        LowLevelFile(file, options).write_data(file["/"], "/", variables, None)
    content.getbuffer()[: len(HEADER)] = HEADER
    return content.getbuffer()
