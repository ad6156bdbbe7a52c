"""`cave-dhif`: the 32 CAVE scenes with the split of the supervised papers (DHIF-Net, SFNO): 20 scenes train, 12 test.

The same scenes and files as `cave`, in whose folder they are looked for as well. Six of the test scenes here are training scenes
there, so that weights trained under one split say nothing about the other. The papers' pairs have a PSF on an even support of
ratio x ratio pixels that fills the block of its LR pixel: ``x4-gauss4s2-nikond700hif``, ``x8-gauss8s2-nikond700hif``; the geometry of
the official MossFuse code, (ratio - 1) x (ratio - 1), is ``x8-gauss7s2-nikond700``. Either can be asked for with either split.
"""

from dataclasses import replace
from pathlib import Path

from mossfuse.datasets import _cave, cave
from mossfuse.datasets._scenes import obtain_scenes, read_picture, read_scene
from mossfuse.protocol import Dataset

TEST = (
    "superballs", "thread_spools", "oil_painting", "paints", "photo_and_face", "pompoms", "real_and_fake_apples",
    "real_and_fake_peppers", "sponges", "stuffed_toys", "jelly_beans", "watercolors",
)  # fmt: skip
DATASET = Dataset(
    name="cave-dhif",
    title="CAVE, split of the supervised papers (DHIF-Net, SFNO)",
    citation=_cave.CITATION,
    terms=_cave.TERMS,
    train=tuple(scene for scene in (*_cave.TRAIN, *_cave.TEST) if scene not in TEST),
    test=TEST,
    wavelengths=_cave.nanometres(_cave.BANDS),
    shape=(512, 512, 31),
    files=(cave.ARCHIVE,),
    url=_cave.URL,
    note="Test scenes as listed for SFNO (weili419/SFNO); the other 20 train. Scores are no scores of the split of `cave`.",
)
LAYOUT = replace(cave.LAYOUT, dataset=DATASET)


def further_mirrors(folder, mirrors):
    """Return the mirrors and, after them, the folders of `cave` beside this dataset's: its archive and its scenes are the same."""
    other = Path(folder).parent / cave.DATASET.name
    return [*mirrors, *(place for place in (other, other / "raw") if place.is_dir())]


def obtain(scenes, folder, mirrors):
    return obtain_scenes(LAYOUT, scenes, folder, further_mirrors(folder, mirrors))


def read(scene, folder, mirrors):
    return read_scene(LAYOUT, scene, folder, further_mirrors(folder, mirrors))


def picture(scene, folder, mirrors):
    return read_picture(LAYOUT, scene, folder, further_mirrors(folder, mirrors))
