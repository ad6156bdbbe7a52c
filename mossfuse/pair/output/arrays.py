"""A cube in a file of named arrays (.mat, .npz, .h5; .npy holds the cube alone), beside what is known of it.

HDF5 crashes the process where the disk fills up under it. All of a cube's room is therefore reserved in the file before its
first pixel: what comes after writes into bytes that exist.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from mossfuse.files import cube_writer, format_module, h5, mat
from mossfuse.files.atomic import replacing, require_space
from mossfuse.pair.output.encoding import Encoding
from mossfuse.pair.output.reserve import fill
from mossfuse.pair.result import Result


@contextmanager
def tiles(
    path: Path, result: Result, *, encoding: Encoding, georeference: Mapping[str, Any] | None, provenance: Mapping[str, Any],
    estimates: Mapping[str, Any],
) -> Iterator[Any]:  # fmt: skip
    """Yield put(rows, cols, values)."""
    variables = {**facts_of(result, provenance), **estimates}
    module = format_module(path).__name__.rpartition(".")[2]
    if module == "h5":
        with hdf5(path, result.shape, variables) as put:
            yield put
    elif module == "mat":
        with matlab(path, result.shape, variables) as put:
            yield put
    else:
        single = path.suffix.lower() == ".npy"
        with cube_writer(path, result.shape, **({} if single else variables)) as put:
            yield put


def facts_of(result: Result, provenance: Mapping[str, Any]) -> dict[str, Any]:
    """Return the variables beside the cube: bands, ground position and provenance; what is not known is absent."""
    place = result.georeference
    known = {
        "wavelengths": result.wavelengths,
        "fwhm": result.fwhm,
        "good_bands": None if result.good_bands is None else result.good_bands.astype(np.uint8),
        "transform": None if place is None else np.array(place.transform),
        "crs": (place.crs or None) if place is not None else None,
        "provenance": json.dumps(provenance, default=str) if provenance else None,
    }
    return {name: value for name, value in known.items() if value is not None}


@contextmanager
def hdf5(path: Path, shape: tuple[int, int, int], variables: Mapping[str, Any]) -> Iterator[Any]:
    """Yield put for an HDF5 file."""
    import h5py

    chunks = (*(min(n, side) for n, side in zip(shape, h5.TILE, strict=False)), shape[2])
    with replacing(path) as temporary:
        require_space(path, shape)
        h5.write(temporary, variables)
        with reserved(temporary, shape, chunks) as file:
            data = file["cube"]

            def put(rows: slice, cols: slice, values: np.ndarray) -> None:
                data[rows, cols] = values

            assert isinstance(file, h5py.File)
            yield put


@contextmanager
def matlab(path: Path, shape: tuple[int, int, int], variables: Mapping[str, Any]) -> Iterator[Any]:
    """Yield put for a MATLAB v7.3 file, whose axes are reversed."""
    chunks = (1, *(min(n, side) for n, side in zip(shape[1::-1], h5.TILE[::-1], strict=True)))
    with replacing(path) as temporary:
        require_space(path, shape)
        temporary.write_bytes(mat.encoded(dict(variables) or {"ratio": 0}))
        with reserved(temporary, shape[::-1], chunks) as file:
            data = file["cube"]
            data.attrs["MATLAB_class"] = np.bytes_("single")

            def put(rows: slice, cols: slice, values: np.ndarray) -> None:
                data[:, cols, rows] = values.transpose(2, 1, 0)

            yield put


@contextmanager
def reserved(path: Path, shape: tuple[int, ...], chunks: tuple[int, ...]) -> Iterator[Any]:
    """Yield the HDF5 file with a float32 dataset ``cube``, all of whose chunks have their place on the disk."""
    import h5py

    with open(path, "r+b") as stream:  # room for the chunks, which are padded, and for HDF5's own index of them
        blocks = [-(-n // c) for n, c in zip(shape, chunks, strict=True)]
        needed = 4 * int(np.prod(blocks)) * int(np.prod(chunks)) + 256 * int(np.prod(blocks)) + (1 << 16)
        held = path.stat().st_size
        fill(stream.fileno(), held + needed)
        stream.truncate(held)
    with h5py.File(path, "r+") as file:
        settings = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        settings.set_chunk(chunks)
        settings.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
        settings.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
        h5py.h5d.create(file.id, b"cube", h5py.h5t.IEEE_F32LE, h5py.h5s.create_simple(shape), settings)
    with open(path, "r+b") as stream:
        fill(stream.fileno(), path.stat().st_size)
    with h5py.File(path, "r+") as file:
        yield file
