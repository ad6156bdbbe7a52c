"""MATLAB files: v4, v5 and v7 through scipy, v7.3 (HDF5) through h5py; always written as v7.3 by hdf5storage."""

from contextlib import contextmanager

import numpy as np

from mossfuse.files import h5
from mossfuse.files.atomic import replacing

HEADER = b"MATLAB 7.3 MAT-file, Platform: mossfuse, HDF5 schema 1.00 ."
TEXT_LENGTH = 116  # bytes of free text at the start of the file
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
    """Write the variables in one step."""
    with replacing(path) as temporary:
        write_plain(temporary, variables)
        stamp(temporary)


@contextmanager
def tiles(path, shape, variables):
    import h5py

    with replacing(path) as temporary:
        write_plain(
            temporary, {"cube": np.zeros((1, 1), np.float32), **variables}
        )  # MATLAB's frame and the small arrays
        with h5py.File(temporary, "r+") as file:
            del file["cube"]
            chunks = (1, *(min(n, side) for n, side in zip(shape[1::-1], h5.TILE[::-1], strict=True)))
            data = file.create_dataset("cube", shape[::-1], np.float32, chunks=chunks)
            data.attrs["MATLAB_class"] = np.bytes_("single")

            def put(rows, cols, values):
                data[:, cols, rows] = values.transpose(2, 1, 0)

            yield put
        stamp(temporary)


def write_plain(path, variables):
    import hdf5storage

    hdf5storage.write(variables, path="/", filename=str(path), matlab_compatible=True, gzip_compression_level=1)


def stamp(path):
    """Write a constant into the free text: the date there would make equal contents unequal files."""
    with open(path, "r+b") as stream:
        stream.write(HEADER.ljust(TEXT_LENGTH))
