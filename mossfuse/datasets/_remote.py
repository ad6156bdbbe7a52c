"""Datasets whose scenes are one published array file each, named by its sha256."""

from pathlib import Path

import numpy as np

from mossfuse.datasets._cubes import read_stored, reflectance, require_shape
from mossfuse.errors import MossFuseError
from mossfuse.progress import track


def obtain_remote(dataset, remotes, scenes, folder, mirrors):
    """Return the records of scenes that are one RemoteFile each; raise one MossFuseError that names every missing scene."""
    from mossfuse.remote.download import obtain

    records, problems = {}, {}
    for scene in track(scenes, f"checking {dataset.name}"):
        try:
            got = obtain(remotes[scene], Path(folder) / "raw", mirrors)
        except MossFuseError as error:
            problems[scene] = str(error)
            continue
        name = remotes[scene].name
        records[scene] = {
            "source": got.source,
            "files": [name],
            "sha256": {name: got.sha256},
            "verified": got.verified,
            "paths": [str(got.path)],
        }
    if problems:
        raise MossFuseError(f"dataset '{dataset.name}' lacks {', '.join(problems)}: {'; '.join(problems.values())}")
    return records


def read_remote(dataset, remotes, scene, folder, mirrors, key):
    """Return (cube, wavelengths) of a scene that is the variable ``key`` of its file, stored as it is used."""
    stored, path = stored_array(dataset, remotes, scene, folder, mirrors, key)
    require_shape(stored, dataset.shape, path, dataset.name)
    return reflectance(stored, path), np.array(dataset.wavelengths)


def stored_array(dataset, remotes, scene, folder, mirrors, key):
    """Return (array as stored, path) of a scene's file."""
    from mossfuse.remote.download import obtain

    path = obtain(remotes[scene], Path(folder) / "raw", mirrors).path
    return read_stored(path, (key,)), path
