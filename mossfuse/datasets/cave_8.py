"""`cave-8`: eight of the 31 bands (560, 580, ... 700 nm) of eleven CAVE scenes, full size; never rows of `cave`.

The official PNGs numbered 17, 19, ... 31. The blue channel of an RGB camera sees almost nothing in these bands.
"""

from mossfuse.datasets import _cave as cave
from mossfuse.datasets._scenes import Layout, obtain_scenes, read_picture, read_scene
from mossfuse.protocol import Dataset

BANDS = tuple(range(17, 32, 2))
KNOWN = {
    "balloons": "8c1ce0449d9eb0f0d6b14cd943a41d793b845605da992e7a334f84a7002bfe84",
    "beads": "1659c97159c5160e21681771d2e12cd03e509f9b90956af561173a5708739660",
    "cloth": "19f44b86ee2f31c2f8137e6e6cac55debc8c4bbc3ce7f57c62774575c48db22d",
    "face": "12d707da23b55a5e2399f3bd4077d20432440151bda99a415578113733e59f66",
    "feathers": "32306774972e71d982f322fa59b7ce98a33ae2f508b43d5a939796155051e645",
    "flowers": "ea79678dc41e70cae5e3ff412e28fdb14076cbbd2dcb8f3df6e01df215971832",
    "glass_tiles": "ecc7cdcd669340c50bc5f47f1db3395c773be3a9f5a311e5625ac77661843a5b",
    "jelly_beans": "8c746f5ba88cdeeb1a73ae5dd83ff8a6f17beb076901f4ccb421212e9611d0a5",
    "oil_painting": "0607c17309addb51cd29293f03a3d66b31abc15a17f3d937e8b7851faad03a27",
    "pompoms": "2b3ce9c53eab1cba3502d07d891b72bf286cef82783863eeaa287ca0cc56f1ba",
    "watercolors": "f0ece1ff617cf7cc1b0374fedee7f7b845cc395747d5217d20fa75b39763bc34",
}
DATASET = Dataset(
    name="cave-8",
    title="CAVE, eight bands (560-700 nm) of eleven scenes",
    citation=cave.CITATION,
    terms=cave.TERMS,
    train=tuple(s for s in cave.TRAIN if s in KNOWN),
    test=tuple(s for s in cave.TEST if s in KNOWN),
    wavelengths=cave.nanometres(BANDS),
    shape=(512, 512, 8),
    url=cave.URL,
    note="Eight bands only: scores are not CAVE scores. Role of each scene as in the official split of `cave`.",
)


def locate(base, scene):
    from mossfuse.datasets._bands import band_files, band_folder

    folder = band_folder(base, scene)
    return [] if folder is None else band_files(folder, BANDS)


def load(dataset, scene, files):
    from mossfuse.datasets._bands import read_bands

    return read_bands(files, dataset.shape, eight_bit=scene in cave.EIGHT_BIT)


def picture_of(files):
    from mossfuse.datasets._bands import picture_beside

    return picture_beside(files)


LAYOUT = Layout(
    dataset=DATASET,
    locate=locate,
    load=load,
    picture=picture_of,
    subfolders=("CAVE_8band_png", "cave-8"),
    known=KNOWN,
    manual=(
        "no address is known for these eight-band folders; put <scene>_ms/<scene>_ms_17.png ... _31.png (odd numbers, from the "
        "CAVE archive) into {raw} or into cave-8/ of a folder of MOSSFUSE_MIRRORS"
    ),
)


def obtain(scenes, folder, mirrors):
    return obtain_scenes(LAYOUT, scenes, folder, mirrors)


def read(scene, folder, mirrors):
    return read_scene(LAYOUT, scene, folder, mirrors)


def picture(scene, folder, mirrors):
    return read_picture(LAYOUT, scene, folder, mirrors)
