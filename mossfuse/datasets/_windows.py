"""Scenes that are windows of one published array: the classic airborne and satellite cubes.

One rule for all of them: negative numbers count as 0, and 1 is the 99.99 % quantile of the whole array's kept bands (of every
n-th row and column of a large one), above which values are clipped. So a few saturated numbers do not set the scale, and every
scene of one array has the same.
"""

from __future__ import annotations

import logging
import math
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mossfuse.errors import MossFuseError
from mossfuse.protocol import Dataset, RemoteFile

if TYPE_CHECKING:
    import numpy as np

    Part = Callable[[slice, slice], np.ndarray]

WHITE = 0.9999
SAMPLED = 256  # rows and columns, about, of the grid on which the quantile is taken
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Published:
    """One published array, and the scenes that are cut out of it.

    stored: (rows, cols, bands) of the array; a file that holds (bands, pixels) has them in MATLAB's column order.
    corners: scene -> (row, col) of its first pixel; its size is that of the dataset's shape.
    kept: 1-based numbers of the bands that are used; () for all of them.
    member: name of the file inside a zip archive that ``file`` is; it may lie beside the archive instead.
    by_hand: how a person gets the file where it has no address that may be given here.
    """

    dataset: Dataset
    file: RemoteFile
    stored: tuple[int, int, int]
    corners: Mapping[str, tuple[int, int]]
    kept: tuple[int, ...] = ()
    member: str = ""
    by_hand: str = ""


def obtain_windows(
    published: Published, scenes: Sequence[str], folder: Path, mirrors: Sequence[Path]
) -> dict[str, dict[str, Any]]:
    """Return the record of every scene, whose raw file is the same; raise MossFuseError where it is missing or another one."""
    from mossfuse.remote.download import forget_hash

    got = find_array(published, scenes, folder, mirrors)
    try:
        with opened(published, got.path):
            pass
    except MossFuseError:
        forget_hash(Path(folder) / "raw", got.path.name)  # the right file may take its place
        raise
    record = {
        "source": got.source,
        "files": [got.path.name],
        "sha256": {got.path.name: got.sha256},
        "verified": got.verified,
        "paths": [str(got.path)],
    }
    return {scene: dict(record) for scene in scenes}


def read_window(
    published: Published, scene: str, folder: Path, mirrors: Sequence[Path]
) -> tuple[np.ndarray, np.ndarray]:
    """Return (cube (rows, cols, bands) float32 in [0, 1], wavelengths (bands,) in nm) of a scene."""
    import numpy as np

    rows, cols, _ = published.dataset.shape or published.stored
    row, col = published.corners[scene]
    bands = [band - 1 for band in published.kept] or slice(None)
    path = find_array(published, (scene,), folder, mirrors).path
    with opened(published, path) as part:
        steps = (max(1, math.ceil(n / SAMPLED)) for n in published.stored)
        sample = part(*(slice(None, None, step) for step, _ in zip(steps, "rc", strict=False)))[..., bands]
        window = part(slice(row, row + rows), slice(col, col + cols))[..., bands]
    sample = np.nan_to_num(sample.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    white = float(np.quantile(sample, WHITE))
    if not white > 0:
        raise MossFuseError(f"{path} has hardly a positive number; it is not the array of '{published.dataset.name}'")
    return np.clip(window.astype(np.float32) / np.float32(white), 0, 1), np.array(published.dataset.wavelengths)


def find_array(published: Published, scenes: Sequence[str], folder: Path, mirrors: Sequence[Path]) -> Any:
    """Return the Obtained file that holds the array, downloading and unpacking it where that is needed.

    Raises MossFuseError that names the scenes and says what to do by hand.
    """
    from mossfuse.remote.download import obtain, offline

    raw = Path(folder) / "raw"
    try:
        if not published.member:
            return obtain(published.file, raw, mirrors)
        member = RemoteFile(published.member, (), mirror_names=beside(published.file, published.member))
        try:
            with offline():
                return obtain(member, raw, mirrors)
        except MossFuseError:
            unpack(obtain(published.file, raw, mirrors).path, published.member, raw)
            return obtain(member, raw, ())
    except MossFuseError as error:
        said = f"; {published.by_hand}" if published.by_hand else ""
        raise MossFuseError(f"dataset '{published.dataset.name}' lacks {', '.join(scenes)}: {error}{said}") from error


def beside(archive: RemoteFile, member: str) -> tuple[str, ...]:
    """Return the places in a mirror of a file that lies where its archive may lie."""
    return tuple(str(Path(name).with_name(member)) for name in archive.mirror_names)


def unpack(archive: Path, member: str, folder: Path) -> None:
    """Copy the file called ``member``, in any folder of a zip archive, to ``folder``."""
    from mossfuse.files.atomic import replacing
    from mossfuse.remote.archives import MOST_RATIO, copy_member

    with zipfile.ZipFile(archive) as bundle:
        names = [name for name in bundle.namelist() if name.rpartition("/")[2] == member]
        if not names:
            raise MossFuseError(f"{archive} holds no {member}; get the archive again")
        with replacing(folder / member) as part, bundle.open(names[0]) as source:
            copy_member(source, part, MOST_RATIO * archive.stat().st_size)


@contextmanager
def opened(published: Published, path: Path) -> Iterator[Part]:
    """Yield ``part(rows, cols)``, which reads a part (rows, cols, bands) of the array, as stored.

    Raises MossFuseError where the file is damaged or holds no array of that shape.
    """
    suffix = path.suffix.lower()
    with sentence(path):
        if suffix in (".tif", ".tiff", ".lan"):
            yield from_array(arrange(published, {"the image": read_tiff(path)}, path))
        elif suffix == ".pix":
            yield from_array(arrange(published, {"the image": read_with_gdal(path)}, path))
        elif is_hdf5(path):
            with open_hdf5(path) as file:
                yield from_hdf5(published, file, path)
        else:
            yield from_array(arrange(published, read_mat(published, path), path))


@contextmanager
def sentence(path: Path) -> Iterator[None]:
    """Raise what other people's readers raise as one MossFuseError that names the file."""
    try:
        yield
    except (MossFuseError, MemoryError):
        raise
    except Exception as error:  # other people's readers, on a damaged file
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise MossFuseError(
            f"{path} cannot be read, it is damaged or of another type than its name says ({reason}); get it again"
        ) from error


def from_array(cube: np.ndarray) -> Part:
    """Return ``part(rows, cols)`` of a cube in memory."""
    return lambda rows, cols: cube[rows, cols]


def is_hdf5(path: Path) -> bool:
    """Return whether a file is HDF5, as MATLAB v7.3 writes it."""
    import h5py

    return bool(h5py.is_hdf5(path))


def open_hdf5(path: Path) -> Any:
    """Return an open HDF5 file."""
    import h5py

    return h5py.File(path, "r")


def from_hdf5(published: Published, file: Any, path: Path) -> Part:
    """Return ``part(rows, cols)`` of the array in an HDF5 file: MATLAB stores it with its axes reversed."""
    from mossfuse.files.h5 import arrays

    found = dict(arrays(file))
    for item in found.values():
        if item.shape == published.stored[::-1]:
            return lambda rows, cols, item=item: item[:, cols, rows].transpose(2, 1, 0)  # type: ignore[misc]
    return from_array(arrange(published, {name: item[()].T for name, item in found.items()}, path))


def read_mat(published: Published, path: Path) -> dict[str, np.ndarray]:
    """Return the arrays of a MATLAB v5 file whose size can be that of the array."""
    from mossfuse.files import mat, read_variables

    sizes = mat.shapes(path)
    wanted = [name for name, shape in sizes.items() if math.prod(shape) == math.prod(published.stored)]
    if not wanted:
        raise unlike(published, sizes, path)
    return read_variables(path, wanted)


def read_tiff(path: Path) -> np.ndarray:
    """Return the image of a TIFF with many bands, whichever way they are interleaved."""
    from mossfuse.errors import extra_needed

    with extra_needed(f"{path}, a TIFF,"):
        import tifffile

    return tifffile.imread(path)


def read_with_gdal(path: Path) -> np.ndarray:
    """Return the bands (bands, rows, cols) of an ENVI or PCIDSK file, which GDAL recognises by its content.

    Raises MossFuseError where an uncompressed file is smaller than its pixels: GDAL reads zeros there.
    """
    import warnings

    import numpy as np

    from mossfuse.errors import extra_needed

    with extra_needed(f"{path}, an ENVI or PCIDSK image,"):
        import rasterio
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with rasterio.open(path) as file:
            pixels = file.height * file.width * sum(np.dtype(kind).itemsize for kind in file.dtypes)
            held = path.stat().st_size
            if file.compression is None and held < pixels:
                raise MossFuseError(f"{path} is cut short: {held} of at least {pixels} bytes; get it again")
            return file.read()


def arrange(published: Published, arrays: Mapping[str, np.ndarray], path: Path) -> np.ndarray:
    """Return the array of the documented size as (rows, cols, bands); raise MossFuseError that lists what there is instead."""
    rows, cols, bands = published.stored
    for array in arrays.values():
        if array.shape == (rows, cols, bands):
            return array
        if array.shape == (bands, rows, cols):
            return array.transpose(1, 2, 0)
        if array.shape == (bands, rows * cols):  # one column per pixel, in MATLAB's order
            return array.T.reshape(rows, cols, bands, order="F")
    raise unlike(published, {name: array.shape for name, array in arrays.items()}, path)


def unlike(published: Published, sizes: Mapping[str, tuple[int, ...]], path: Path) -> MossFuseError:
    """Return the error that a file holds no array of the documented size."""
    held = ", ".join(f"{name} {'x'.join(map(str, shape))}" for name, shape in sizes.items()) or "nothing"
    wanted = "x".join(map(str, published.stored))
    return MossFuseError(
        f"{path} holds no array of {wanted}, as '{published.dataset.name}' is published; it holds {held}; get the full file, "
        "not a crop or a copy without some bands"
    )
