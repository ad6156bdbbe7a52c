"""NumPy files: .npy holds one cube and nothing else (wavelengths are left out), .npz named arrays."""

from pathlib import Path

import numpy as np

from mossfuse.files.atomic import replacing

ONLY = "cube"


def holds(path):
    return (ONLY, "wavelengths") if single(path) else None


def shapes(path):
    if single(path):
        return {ONLY: np.load(path, mmap_mode="r", allow_pickle=False).shape}
    with np.load(path, allow_pickle=False) as file:
        return {name: file[name].shape for name in file.files}


def read(path, names):
    if single(path):
        return {ONLY: np.load(path, allow_pickle=False)} if names else {}
    with np.load(path, allow_pickle=False) as file:
        return {name: as_text(file[name]) for name in names}


def write(path, variables):
    with replacing(path) as temporary, open(temporary, "wb") as stream:
        if single(path):
            np.save(stream, variables[ONLY], allow_pickle=False)
        else:
            np.savez_compressed(stream, **variables)


def single(path):
    return ".npz" not in Path(path).suffixes


def as_text(value):
    return str(value) if value.dtype.kind == "U" and value.ndim == 0 else value
