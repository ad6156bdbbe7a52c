"""NumPy files: .npy holds one cube and nothing else (wavelengths are left out), .npz named arrays."""

from contextlib import contextmanager
from pathlib import Path

import numpy as np

from mossfuse.files.atomic import replacing
from mossfuse.files.raw import put_pixels

ONLY = "cube"


def holds(path):
    """Return the names that the format can store (None: any)."""
    return (ONLY, "wavelengths") if single(path) else None


def shapes(path):
    """Return {name: shape} of what the file holds."""
    if single(path):
        return {ONLY: np.load(path, mmap_mode="r", allow_pickle=False).shape}
    with np.load(path, allow_pickle=False) as file:
        return {name: file[name].shape for name in file.files}


def read(path, names):
    """Return {name: array or str} of the named variables."""
    if single(path):
        return {ONLY: np.load(path, allow_pickle=False)} if names else {}
    with np.load(path, allow_pickle=False) as file:
        return {name: as_text(file[name]) for name in names}


def write(path, variables):
    """Write the variables in one step."""
    with replacing(path) as temporary, open(temporary, "wb") as stream:
        if single(path):
            np.save(stream, variables[ONLY], allow_pickle=False)
        else:
            np.savez_compressed(stream, **variables)


@contextmanager
def tiles(path, shape, variables):
    """An .npz file is compressed as a whole, so its cube is held in memory."""
    if not single(path):
        cube = np.empty(shape, np.float32)

        def put(rows, cols, values):
            cube[rows, cols] = values

        yield put
        write(path, {ONLY: cube, **variables})
        return
    with replacing(path) as temporary, open(temporary, "wb") as stream:
        header = {"descr": "<f4", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(stream, header)
        yield put_pixels(stream, stream.tell(), shape)


def single(path):
    return ".npz" not in Path(path).suffixes


def as_text(value):
    return str(value) if value.dtype.kind == "U" and value.ndim == 0 else value
