"""From raw files to the scenes that every method sees: fetch them, record where they come from, read and check them."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from mossfuse.benchmark.data.labels import check_labels
from mossfuse.benchmark.data.raw_files import describe_files, has_changed
from mossfuse.benchmark.plan.downloads import incomplete_archive, missing_scenes
from mossfuse.benchmark.plan.paths import DatasetFiles
from mossfuse.datasets import find_dataset
from mossfuse.errors import MossFuseError, suggestion
from mossfuse.files.atomic import read_json, write_json
from mossfuse.remote.download import LEFT_ALONE, mirror_folders

RECORD = {"source": str, "files": list, "sha256": Mapping, "verified": bool}  # what obtain returns of a scene


def fetch_dataset(name, scenes, folder, mirrors=None, options=None):
    """Make the raw files of ``scenes`` available, write a record of each and return scene -> record.

    folder: of the dataset. mirrors: folders searched before any download; None takes those of MOSSFUSE_MIRRORS. options: those of the
    dataset, which name the files where its ``obtain`` takes options; they are kept in the record.
    MossFuseError names every scene that cannot be obtained, before anything else runs.
    """
    spec, module = find_dataset(name)
    check_scenes(spec, scenes)
    mirrors = mirror_folders() if mirrors is None else mirrors
    said = incomplete_archive(
        spec, module, missing_scenes(module, scenes, Path(folder), mirrors), Path(folder), mirrors
    )
    if said:
        raise MossFuseError(f"dataset '{spec.name}' is incomplete: {said}")
    try:
        own = (options or {}) if takes_options(module.obtain) else {}
        records = module.obtain(tuple(scenes), Path(folder), mirrors, **own)
    except MossFuseError as error:
        raise MossFuseError(sparing(str(error), mirrors)) from error
    check_records(spec.name, scenes, records)
    for scene, record in records.items():
        paths = record.pop("paths", ())
        record["state"] = describe_files(paths, record["sha256"]) if paths else {}
        if own:
            record["options"] = dict(own)
        path = DatasetFiles(Path(folder)).fetched(scene)
        before = read_json(path) if path.is_file() else {}
        # What an earlier run downloaded is now found in the folder.
        if record["source"] == "folder" and before.get("sha256") == record["sha256"]:
            record["source"] = before["source"]
        if record != before:
            write_json(path, record)
    return records


def takes_options(obtain) -> bool:
    """Return whether a dataset's ``obtain`` takes its options besides scenes, folder and mirrors."""
    return len(inspect.signature(obtain).parameters) > 3


def sparing(message: str, mirrors) -> str:
    """Return a message without the advice to delete what lies in a mirror: that is other people's, or shared."""
    parts = message.split("; ")
    for place, part in enumerate(parts[:-1]):
        if parts[place + 1].startswith("delete ") and any(f"{mirror}/" in part for mirror in map(str, mirrors)):
            parts[place + 1] = LEFT_ALONE
    return "; ".join(parts)


def check_records(name: str, scenes, records: Any) -> None:
    """Raise MossFuseError unless a dataset's ``obtain`` returned a complete record of every scene."""
    wanted = "{'source': str, 'files': [name], 'sha256': {name: hash}, 'verified': bool}"
    if not isinstance(records, Mapping):
        raise MossFuseError(
            f"dataset '{name}': obtain returned {type(records).__name__}; it must return scene -> {wanted}"
        )
    for scene in scenes:
        record = records.get(scene)
        if not isinstance(record, Mapping):
            raise MossFuseError(f"dataset '{name}': obtain returned no record of scene '{scene}'; it needs {wanted}")
        for key, kind in RECORD.items():
            if not isinstance(record.get(key), kind):
                raise MossFuseError(
                    f"dataset '{name}': obtain returned no usable '{key}' of scene '{scene}'; it needs {wanted}"
                )
        paths, sums = record.get("paths", ()), record["sha256"]
        if paths and len(paths) != len(sums):
            raise MossFuseError(
                f"dataset '{name}': obtain returned {len(paths)} 'paths' and {len(sums)} hashes of scene '{scene}'; "
                "name the path of each file, in the same order"
            )


def refresh_record(name, scene, folder, mirrors=None):
    """Fetch a scene again where its raw files have changed since they were recorded: they are checked and recorded."""
    path = DatasetFiles(Path(folder)).fetched(scene)
    record = read_json(path) if path.is_file() else {}
    if record and has_changed(record):
        fetch_dataset(name, (scene,), folder, mirrors, record.get("options"))


def prepare_scene(name, scene, folder, mirrors=None, path=None, **options):
    """Read one scene, write it (``cube`` float32 in [0, 1], ``wavelengths`` in nm, labels if it has any) and return the path.

    A dataset with a function ``picture`` adds the scene's colour picture, (H, W, 3) float32 in [0, 1], where there is one.

    path: where it is written; None: at its place in ``folder``. options: those of the dataset. Raise MossFuseError where
    the scene is not what the dataset promises.
    """
    from mossfuse.files import write_cube

    spec, module = find_dataset(name)
    check_scenes(spec, (scene,))
    mirrors = mirror_folders() if mirrors is None else mirrors
    found = module.read(scene, Path(folder), mirrors, **options)
    if not isinstance(found, tuple) or len(found) != 2:
        raise MossFuseError(
            f"read of dataset '{spec.name}' ({module.__file__}) must return (cube, wavelengths), not {type(found).__name__}"
        )
    cube, wavelengths = np.asarray(found[0]), found[1]
    default = all(spec.options.get(key) == value for key, value in options.items())
    validate_scene(cube, wavelengths, spec.shape if default else None, f"scene '{scene}' of dataset '{spec.name}'")
    labels = module.labels(scene, Path(folder), mirrors, **options) if hasattr(module, "labels") else {}
    check_labels(labels, f"scene '{scene}' of dataset '{spec.name}'")
    path = DatasetFiles(Path(folder)).scene(scene) if path is None else Path(path)
    picture = module.picture(scene, Path(folder), mirrors) if hasattr(module, "picture") else None
    write_cube(path, cube, wavelengths, picture=picture, **labels)
    return path


def check_scenes(spec, scenes):
    """Raise MossFuseError for a scene that the dataset does not have."""
    for scene in scenes:
        if scene not in spec.scenes:
            hint = suggestion(scene, spec.scenes, "it has")
            raise MossFuseError(f"dataset '{spec.name}' has no scene '{scene}'; {hint}")


def validate_scene(cube, wavelengths, shape, what):
    """Raise MossFuseError unless a cube is (H, W, B) float32, finite, in [0, 1], with one ascending wavelength per band."""
    if cube.ndim != 3 or cube.dtype != np.float32 or (shape is not None and cube.shape != tuple(shape)):
        raise MossFuseError(
            f"{what} is {cube.dtype} {cube.shape}, expected float32 {shape or '(rows, cols, bands)'}; check its files"
        )
    if np.shape(wavelengths) != cube.shape[2:] or (np.diff(wavelengths) <= 0).any():
        raise MossFuseError(f"{what} needs one wavelength per band in ascending order; fix the dataset's reader")
    bad = int((~np.isfinite(cube)).sum())
    if bad:
        raise MossFuseError(f"{what} has {bad} values that are NaN or infinite; get its files again or fix them")
    if cube.min() < 0 or cube.max() > 1:
        raise MossFuseError(
            f"{what} has values from {cube.min():g} to {cube.max():g}, outside 0 to 1; scale it or get its files again"
        )
