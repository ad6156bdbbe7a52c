"""MATLAB files: v4, v5 and v7 through scipy, v7.3 (HDF5) through h5py; always written as v7.3 by hdf5storage."""

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
    return None


def shapes(path):
    import h5py

    if h5py.is_hdf5(path):
        return h5.shapes(path)
    from scipy.io import whosmat

    return {name: shape for name, shape, kind in whosmat(path) if kind in CLASSES}


def read(path, names):
    import h5py

    if h5py.is_hdf5(path):
        return h5.read(path, names)
    from scipy.io import loadmat

    found = loadmat(path, variable_names=list(names)) if names else {}
    return {name: text_or_array(found[name]) for name in names}


def text_or_array(value):
    return "".join(np.ravel(value)) if value.dtype.kind == "U" else value


def write(path, variables):
    import hdf5storage

    with replacing(path) as temporary:
        hdf5storage.write(
            variables, path="/", filename=str(temporary), matlab_compatible=True, gzip_compression_level=1
        )
        with open(temporary, "r+b") as stream:  # the date in the free text would make equal contents unequal files
            stream.write(HEADER.ljust(TEXT_LENGTH))
