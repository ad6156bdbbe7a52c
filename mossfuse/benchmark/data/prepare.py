"""From raw files to the scenes every method sees: data/<dataset>/scenes/<scene>.mat and fetched/<scene>.json."""

import json
from pathlib import Path

import numpy as np

from mossfuse.benchmark.plan.paths import DatasetFiles
from mossfuse.datasets import find_dataset
from mossfuse.errors import MossFuseError, suggestion
from mossfuse.remote.download import mirror_folders


def fetch_dataset(name, scenes, folder, mirrors=None):
    """Make the raw files of ``scenes`` available and write a record folder/fetched/<scene>.json each; returns the records.

    mirrors: folders searched before any download; None takes those of MOSSFUSE_MIRRORS. MossFuseError names every
    scene that cannot be had, before anything else runs.
    """
    from mossfuse.files.atomic import write_json

    spec, module = find_dataset(name)
    check_scenes(spec, scenes)
    records = module.obtain(tuple(scenes), Path(folder), mirror_folders() if mirrors is None else mirrors)
    for scene, record in records.items():
        path = DatasetFiles(Path(folder)).fetched(scene)
        before = json.loads(path.read_text()) if path.is_file() else {}
        # What an earlier run downloaded is now found in the folder.
        if record["source"] == "folder" and before.get("sha256") == record["sha256"]:
            record["source"] = before["source"]
        if record != before:
            write_json(path, record)
    return records


def prepare_scene(name, scene, folder, mirrors=None, path=None, **options):
    """Write one scene as folder/scenes/<scene>.mat (``cube`` float32 in [0, 1], ``wavelengths`` nm); returns the path.

    options: those of the dataset. MossFuseError where the scene is not what the dataset promises.
    """
    from mossfuse.files import write_cube

    spec, module = find_dataset(name)
    check_scenes(spec, (scene,))
    mirrors = mirror_folders() if mirrors is None else mirrors
    cube, wavelengths = module.read(scene, Path(folder), mirrors, **options)
    default = all(spec.options.get(key) == value for key, value in options.items())
    validate_scene(cube, wavelengths, spec.shape if default else None, f"scene '{scene}' of dataset '{spec.name}'")
    path = DatasetFiles(Path(folder)).scene(scene) if path is None else Path(path)
    write_cube(path, cube, wavelengths)
    return path


def check_scenes(spec, scenes):
    """Raise MossFuseError for a scene that the dataset does not have."""
    for scene in scenes:
        if scene not in spec.scenes:
            hint = suggestion(scene, spec.scenes, "it has")
            raise MossFuseError(f"dataset '{spec.name}' has no scene '{scene}'; {hint}")


def validate_scene(cube, wavelengths, shape, what):
    """Refuse a cube that is not (H, W, B) float32, finite, within [0, 1], with one ascending wavelength per band."""
    if cube.ndim != 3 or cube.dtype != np.float32 or (shape is not None and cube.shape != tuple(shape)):
        raise MossFuseError(
            f"{what} is {cube.dtype} {cube.shape}, expected float32 {shape or '(rows, cols, bands)'}; check its files"
        )
    if len(wavelengths) != cube.shape[2] or (np.diff(wavelengths) <= 0).any():
        raise MossFuseError(f"{what} needs one wavelength per band in ascending order; fix the dataset's reader")
    bad = int((~np.isfinite(cube)).sum())
    if bad:
        raise MossFuseError(f"{what} has {bad} values that are NaN or infinite; get its files again or fix them")
    if cube.min() < 0 or cube.max() > 1:
        raise MossFuseError(
            f"{what} has values from {cube.min():g} to {cube.max():g}, outside 0 to 1; scale it or get its files again"
        )
