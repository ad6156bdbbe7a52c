"""`cave-2x2`: the 32 CAVE scenes averaged over 2 x 2 pixels, 256 x 256 x 31, with the split of `cave`; never a row of `cave`.

The files are those of `cave`, in whose folder they are looked for as well. Every scene is checked at full size before it is averaged.
"""

from dataclasses import replace
from pathlib import Path

from mossfuse.datasets import _cave, cave
from mossfuse.datasets._scenes import obtain_scenes, read_scene
from mossfuse.protocol import Dataset

DATASET = Dataset(
    name="cave-2x2",
    title="CAVE averaged over 2 x 2 pixels",
    citation=_cave.CITATION,
    terms=_cave.TERMS,
    train=_cave.TRAIN,
    test=_cave.TEST,
    wavelengths=_cave.nanometres(_cave.BANDS),
    shape=(256, 256, 31),
    files=(cave.ARCHIVE,),
    url=_cave.URL,
    note="Reduced: its scores are not CAVE scores. For sweeps, where full scenes take too long.",
)
LAYOUT = replace(cave.LAYOUT, dataset=replace(DATASET, shape=cave.DATASET.shape))


def obtain(scenes, folder, mirrors):
    return obtain_scenes(LAYOUT, scenes, folder, further_mirrors(folder, mirrors))


def read(scene, folder, mirrors):
    """Return (cube (256, 256, 31) float32 in [0, 1], wavelengths (31,) in nm); raise MossFuseError as `cave` does."""
    cube, wavelengths = read_scene(LAYOUT, scene, folder, further_mirrors(folder, mirrors))
    rows, cols, bands = cube.shape
    return cube.reshape(rows // 2, 2, cols // 2, 2, bands).mean((1, 3)), wavelengths


def further_mirrors(folder, mirrors):
    """Return the mirrors and, after them, the folders of `cave` beside this dataset's, which hold the same scenes."""
    other = Path(folder).parent / cave.DATASET.name
    return [*mirrors, *(place for place in (other, other / "raw") if place.is_dir())]
