"""Arrays inside structs and cells of MATLAB files, by paths such as ``scene/cube`` and ``images/2`` (cells count from 1)."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from mossfuse.files import h5, mat


def shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """Return {name: shape}: the plain variables, as the format's own module lists them, and the arrays inside others."""
    return mat.shapes(path) | {name: value.shape for name, value in inner(path).items()}


def read(path: Path, names: tuple[str, ...]) -> dict[str, Any]:
    """Return {name: array or str} of the named variables."""
    plain = mat.shapes(path)
    found = mat.read(path, tuple(n for n in names if n in plain))
    rest = [n for n in names if n not in plain]
    return found | ({n: v for n, v in inner(path).items() if n in rest} if rest else {})


def inner(path: Path) -> dict[str, Any]:
    """Return the numeric arrays inside structs and cells by name."""
    import h5py

    if h5py.is_hdf5(path):
        with h5py.File(path, "r") as file:
            return dict(referenced(file))
    from scipy.io import loadmat, whosmat

    outer = [name for name, _, kind in whosmat(path) if kind in ("struct", "cell")]
    if not outer:
        return {}
    held = loadmat(path, variable_names=outer)
    return {key: value for name in outer for key, value in walk(name, held[name])}


def walk(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Yield (name, array) of what scipy returns for a struct or a cell; a single element has no number."""
    if value.dtype.names:
        for number, element in enumerate(value.ravel(order="F"), 1):
            place = name if value.size == 1 else f"{name}/{number}"
            for key in value.dtype.names:
                yield from walk(f"{place}/{key}", np.asarray(element[key]))
    elif value.dtype == object:
        for number, element in enumerate(value.ravel(order="F"), 1):
            yield from walk(name if value.size == 1 else f"{name}/{number}", np.asarray(element))
    elif value.dtype.kind in "buif" and value.size:
        yield name, value


def referenced(file: Any) -> Iterator[tuple[str, Any]]:
    """Yield (name, array) of what cells and arrays of structs of a v7.3 file refer to."""
    import h5py

    found: list[tuple[str, Any]] = []

    def visit(name: str, item: Any) -> None:
        if name.startswith("#") or not isinstance(item, h5py.Dataset) or item.dtype != h5py.ref_dtype:
            return
        references = np.ravel(item[()])
        for number, reference in enumerate(references, 1):
            target = file[reference] if reference else None  # an empty cell refers to nothing
            if isinstance(target, h5py.Dataset) and target.dtype.kind in "buif":
                found.append((name if references.size == 1 else f"{name}/{number}", h5.value_of(target)))

    file.visititems(visit)
    return iter(found)
