"""`harvard`: the fifty daylight scenes of Chakrabarti and Zickler, 31 bands, 420-720 nm.

Used here: the top-left 1024 x 1024 pixels of the 1040 x 1392 (a multiple of every ratio up to 32), variable ``ref``
as stored (not divided by the camera's sensitivity), over the crop's largest value. The official MossFuse code names no
split for it; here the first thirty scenes in name order train, the last twenty test. The 27 scenes under artificial
light are left out.
"""

import tarfile
from pathlib import Path

from mossfuse.datasets._scenes import Layout, obtain_scenes, one_file, read_scene
from mossfuse.errors import MossFuseError
from mossfuse.protocol import Dataset, RemoteFile

SCENES = tuple(
    f"img{group}{number}"
    for group, numbers in (
        ("", "12"), ("a", "12567"), ("b", "0123456789"), ("c", "1245789"), ("d", "234789"), ("e", "01234567"),
        ("f", "12345678"), ("h", "0123"),
    )
    for number in numbers
)  # fmt: skip
RAW_SHAPE = (1040, 1392, 31)
MOST_BYTES = 1 << 30  # of a scene: its values as float64, three times
ARCHIVE = RemoteFile(
    name="CZ_hsdb.tgz",
    urls=(
        "https://vision.seas.harvard.edu/hyperspec/d2x5g3/CZ_hsdb.tgz",
        "http://vision.seas.harvard.edu/hyperspec/d2x5g3/CZ_hsdb.tgz",
    ),
    terms="see http://vision.seas.harvard.edu/hyperspec/; non-commercial research",
    mirror_names=("Harvard/CZ_hsdb.tgz", "harvard/CZ_hsdb.tgz"),
)
DATASET = Dataset(
    name="harvard",
    title="Harvard real-world hyperspectral images, daylight",
    citation="A. Chakrabarti, T. Zickler: Statistics of Real-World Hyperspectral Images. CVPR 2011",
    terms=ARCHIVE.terms,
    train=SCENES[:30],
    test=SCENES[30:],
    wavelengths=tuple(float(nm) for nm in range(420, 721, 10)),
    shape=(1024, 1024, 31),
    files=(ARCHIVE,),
    url="http://vision.seas.harvard.edu/hyperspec/index.html",
    note=(
        "Split ours (30 / 20 in name order), each scene over its own maximum, top-left 1024 x 1024. The tabulated camera "
        "responses end at 700 nm: use 'nikon-d700-by-band'."
    ),
)


def load(dataset, scene, files):
    import numpy as np

    from mossfuse.datasets._cubes import read_stored, require_shape

    stored = read_stored(files[0], ("ref",))
    require_shape(stored, RAW_SHAPE, files[0], dataset.name)
    rows, cols, _ = dataset.shape
    cube = stored[:rows, :cols].astype(np.float64)
    largest = cube.max()
    if not largest > 0:
        raise MossFuseError(f"{files[0]}: 'ref' has no positive value; get the file again")
    return (cube / largest).astype(np.float32)


def fetch(dataset, scenes, folder, mirrors):
    """Take ``scenes`` out of the official archive (several gigabytes) into folder/raw."""
    from mossfuse.files.atomic import replacing
    from mossfuse.remote.archives import copy_member
    from mossfuse.remote.download import obtain as obtain_file

    archive = obtain_file(ARCHIVE, folder, mirrors).path
    wanted = {f"{scene}.mat" for scene in scenes}
    with tarfile.open(archive) as bundle:
        for member in bundle:
            name = member.name.rpartition("/")[2]
            if member.isfile() and name in wanted:
                with replacing(Path(folder) / "raw" / name) as part:
                    copy_member(bundle.extractfile(member), part, MOST_BYTES)
                wanted.discard(name)
    if wanted:
        raise MossFuseError(
            f"{archive} holds no {', '.join(sorted(wanted))}; delete it and run again, or get them by hand"
        )


LAYOUT = Layout(
    dataset=DATASET,
    locate=one_file(("{scene}.mat",)),
    load=load,
    manual=f"or get the scenes' .mat files from {DATASET.url} by hand and put them into {{raw}}",
    subfolders=("Harvard", "harvard", "CZ_hsdb", "Harvard/CZ_hsdb", "harvard/CZ_hsdb"),
    fetch=fetch,
)


def obtain(scenes, folder, mirrors):
    return obtain_scenes(LAYOUT, scenes, folder, mirrors)


def read(scene, folder, mirrors):
    return read_scene(LAYOUT, scene, folder, mirrors)
