"""`jasper-ridge-100`, `samson-95`, `pavia-crop-100`, `urban-crop-100`, `moffett-50`: published airborne crops with every pixel.

The files, values and nominal wavelengths are those of `jasper-ridge`, `samson`, `pavia-crop`, `urban-crop` and `moffett`, which keep
the part whose sides are multiples of eight. The sides here are multiples of five, for ratio 5. They have no labels.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np

from mossfuse.datasets import moffett
from mossfuse.datasets._windows import obtain_windows, read_window
from mossfuse.datasets.remote_sensing import DATASETS as PARTS
from mossfuse.datasets.remote_sensing import FILES, KEYS

SIDES = {"jasper-ridge": (100, 100), "samson": (95, 95), "pavia-crop": (100, 100), "urban-crop": (80, 100), "moffett": (50, 50)}  # fmt: skip


def whole(part):
    """Return the dataset with all pixels of a part's file, named after its longer side."""
    sides = SIDES[part.name]
    name = f"{part.name}-{max(sides)}"
    return replace(part, name=name, test=(name,), shape=(*sides, part.shape[2]))


PART_OF = {whole(part).name: part.name for part in PARTS}
REMOTES = {name: FILES[part] for name, part in PART_OF.items()}
MOFFETT = whole(moffett.DATASET)
DATASETS = (*map(whole, PARTS), MOFFETT)
PUBLISHED = replace(moffett.PUBLISHED, dataset=MOFFETT, corners={MOFFETT.name: (0, 0)})


def obtain(scenes, folder, mirrors):
    from mossfuse.datasets._remote import obtain_remote

    if scenes[0] == MOFFETT.name:
        return obtain_windows(PUBLISHED, scenes, folder, mirrors)
    return obtain_remote(dataset_of(scenes[0]), REMOTES, scenes, folder, mirrors)


def read(scene, folder, mirrors):
    from mossfuse.datasets._cubes import require_shape
    from mossfuse.datasets._remote import stored_array

    if scene == MOFFETT.name:
        return read_window(PUBLISHED, scene, folder, mirrors)
    dataset, part = dataset_of(scene), PART_OF[scene]
    stored, path = stored_array(dataset, REMOTES, scene, Path(folder), mirrors, KEYS[part])
    if part == "jasper-ridge":  # one column per pixel, pixels in MATLAB's column order
        stored = stored.T.reshape(dataset.shape, order="F") / stored.max()
    require_shape(stored, dataset.shape, path, dataset.name)
    return stored.astype(np.float32), np.array(dataset.wavelengths)


def dataset_of(scene):
    return next(dataset for dataset in DATASETS if dataset.name == scene)
