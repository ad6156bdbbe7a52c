"""HDF5 files, and the HDF5 inside MATLAB v7.3 files.

MATLAB stores columns first, so an array that it wrote appears with reversed axes; such arrays carry the attribute
``MATLAB_class`` and are transposed back. Arrays without it are taken as they are.
"""

import io
from contextlib import contextmanager

import numpy as np

from mossfuse.files.atomic import replacing, require_space, write_bytes

TILE = (128, 256)  # rows, cols of a chunk, the tile in which nsgp predicts


def holds(path):
    """Return the names that the format can store (None: any)."""
    return None


def shapes(path):
    """Return {name: shape} of what the file holds."""
    import h5py

    with h5py.File(path, "r") as file:
        return {name: shape_of(item) for name, item in arrays(file)}


def read(path, names):
    """Return {name: array or str} of the named variables."""
    import h5py

    with h5py.File(path, "r") as file:
        return {name: value_of(file[name]) for name in names}


def write(path, variables):
    """Write the variables in one step, by way of the memory: the HDF5 library crashes where the disk fills up under it."""
    import h5py

    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        for name, value in variables.items():
            file[name] = value
    write_bytes(path, content.getbuffer())


@contextmanager
def tiles(path, shape, variables):
    import h5py

    with replacing(path) as temporary:
        require_space(path, shape)
        with h5py.File(temporary, "w") as file:
            for name, value in variables.items():
                file[name] = value
            chunks = (*(min(n, side) for n, side in zip(shape, TILE, strict=False)), shape[2])
            data = file.create_dataset("cube", shape, np.float32, chunks=chunks)

            def put(rows, cols, values):
                data[rows, cols] = values

            yield put


def arrays(file):
    """Return (name, dataset) of every numeric or text dataset, in the file's order; MATLAB's own folders are skipped."""
    import h5py

    found = []

    def visit(name, item):
        wanted = isinstance(item, h5py.Dataset) and (item.dtype.kind in "buif" or h5py.check_string_dtype(item.dtype))
        if wanted and not name.startswith("#") and item.shape is not None:
            found.append((name, item))

    file.visititems(visit)
    return found


def shape_of(item):
    if "MATLAB_empty" in item.attrs:
        return tuple(int(n) for n in item[()])
    return tuple(item.shape[::-1] if "MATLAB_class" in item.attrs else item.shape)


def value_of(item):
    import h5py

    kind = item.attrs.get("MATLAB_class")
    if h5py.check_string_dtype(item.dtype):
        return item.asstr()[()]
    if "MATLAB_empty" in item.attrs:
        return "" if kind == b"char" else np.zeros(shape_of(item))
    value = item[()]
    if kind is None:
        return value
    value = np.ascontiguousarray(value.T)
    return "".join(map(chr, np.ravel(value, order="F"))) if kind == b"char" else value
