"""`cave`: the 32 CAVE scenes at full size, 512 x 512 x 31, 400-700 nm.

Scene names are those of the archive without its suffix ``_ms`` (``balloons`` lies in ``balloons_ms/``). Accepted:
the official PNGs, one or two folders deep, or one ``.mat`` per scene (variable rad, hsi, cube or ref; v5 or v7.3).
Anything but 512 x 512 x 31 is refused: reduced copies are datasets of their own (cave-half, cave-26, cave-8).
"""

import os
import re
import shutil
import tempfile
import zipfile
from pathlib import Path

from mossfuse.datasets import _cave as cave
from mossfuse.datasets._scenes import Layout, obtain_scenes, read_picture, read_scene
from mossfuse.errors import MossFuseError
from mossfuse.protocol import Dataset, RemoteFile

ARCHIVE = RemoteFile(
    name="complete_ms_data.zip",
    urls=(
        "https://cave.cs.columbia.edu/old/databases/multispectral/zip/complete_ms_data.zip",
        "https://www.cs.columbia.edu/CAVE/databases/multispectral/zip/complete_ms_data.zip",
        "https://www1.cs.columbia.edu/CAVE/databases/multispectral/zip/complete_ms_data.zip",
    ),
    terms=cave.TERMS,
    mirror_names=("CAVE/complete_ms_data.zip", "cave/complete_ms_data.zip"),
)
DATASET = Dataset(
    name="cave",
    title="CAVE multispectral image database",
    citation=cave.CITATION,
    terms=cave.TERMS,
    train=cave.TRAIN,
    test=cave.TEST,
    wavelengths=cave.nanometres(cave.BANDS),
    shape=(512, 512, 31),
    files=(ARCHIVE,),
    url=cave.URL,
    note="Split of the official MossFuse code. Its released weights were trained on the train scenes.",
)
MOST_BYTES = 1 << 22  # of a band: 512 x 512 pixels of 16 bits, four channels, twice
KEYS = ("rad", "hsi", "cube", "ref")
BAND_IN_ARCHIVE = r"(?:.*/)?{scene}_ms/(?:.*/)?(?!\._)[^/]*_(\d\d)\.png"
PICTURE_IN_ARCHIVE = r"(?:.*/)?{scene}_ms/(?:.*/)?(?!\._)[^/]*_RGB\.bmp"


def locate(base, scene):
    from mossfuse.datasets._bands import band_files, band_folder

    folder = band_folder(base, scene)
    if folder is not None:
        return band_files(folder, cave.BANDS)
    return next(([p] for p in (base / f"{scene}_ms.mat", base / f"{scene}.mat") if p.is_file()), [])


def load(dataset, scene, files):
    from mossfuse.datasets._bands import read_bands
    from mossfuse.datasets._cubes import read_stored, reflectance, require_shape

    if len(files) > 1:
        return read_bands(files, dataset.shape, eight_bit=scene in cave.EIGHT_BIT)
    stored = read_stored(files[0], KEYS)
    require_shape(stored, dataset.shape, files[0], dataset.name)
    return reflectance(stored, files[0])


def fetch(dataset, scenes, folder, mirrors):
    """Take the bands of ``scenes`` out of the official archive into folder/raw/<scene>_ms/."""
    from mossfuse.remote.download import obtain as obtain_file

    archive = obtain_file(ARCHIVE, folder, mirrors).path
    for scene in scenes:
        extract(archive, scene, Path(folder) / "raw" / f"{scene}_ms")


def extract(archive, scene, target):
    """Extract the PNG bands of one scene, all or none, and its colour picture where there is one."""
    from mossfuse.files.atomic import writing
    from mossfuse.remote.archives import copy_member

    wanted = re.compile(BAND_IN_ARCHIVE.format(scene=re.escape(scene)), re.IGNORECASE)
    with zipfile.ZipFile(archive) as bundle, writing(target):
        members = {
            f"{scene}_ms_{match[1]}.png": name for name in bundle.namelist() if (match := wanted.fullmatch(name))
        }
        if not members:
            raise MossFuseError(
                f"{archive} holds no bands of scene '{scene}'; delete it and run again to download it again"
            )
        coloured = re.compile(PICTURE_IN_ARCHIVE.format(scene=re.escape(scene)), re.IGNORECASE)
        pictures = {f"{scene}_RGB.bmp": name for name in bundle.namelist() if coloured.fullmatch(name)}
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(dir=target.parent, prefix="."))
        try:
            for file, name in {**members, **pictures}.items():
                with bundle.open(name) as source:
                    copy_member(source, temporary / file, MOST_BYTES)
            temporary.chmod(0o755)
            os.replace(temporary, target)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def picture_of(files):
    from mossfuse.datasets._bands import picture_beside

    return picture_beside(files)


LAYOUT = Layout(
    dataset=DATASET,
    locate=locate,
    load=load,
    picture=picture_of,
    manual="or put the scenes' folders (<scene>_ms/ with 31 PNGs) into {raw}",
    subfolders=("", "CAVE", "cave", "complete_ms_data", "CAVE/complete_ms_data", "cave/complete_ms_data"),
    fetch=fetch,
    known={"chart_and_stuffed_toy": "9e445068862c810a6b06bcc43ee12ec8a540ec5cb6d84d71db992a24c5e007ad"},
)


def obtain(scenes, folder, mirrors):
    return obtain_scenes(LAYOUT, scenes, folder, mirrors)


def read(scene, folder, mirrors):
    return read_scene(LAYOUT, scene, folder, mirrors)


def picture(scene, folder, mirrors):
    return read_picture(LAYOUT, scene, folder, mirrors)
