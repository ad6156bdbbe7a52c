"""`cave-26-oil`: the CAVE scene oil_painting at full size with 26 of its 31 bands; never a row of `cave`.

Eight bands are original PNGs, eighteen were recovered from a column-resized copy, as those of `cave-26` (balloons); the file is
made by docs/measure/recover_oil_painting.py. Missing: 610, 630, 650, 670 and 690 nm. The scene is a test scene of the supervised
papers' split (20 training, 12 test scenes) and a training scene of MossFuse's.
"""

from mossfuse.datasets import _cave as cave
from mossfuse.protocol import Dataset, RemoteFile

BANDS = (*range(1, 21), 21, 23, 25, 27, 29, 31)
SHAPE = (512, 512, 26)
FILES = {
    "oil_painting": RemoteFile(
        name="oil_painting_ms_26band.npy",
        urls=(),
        sha256="2551ba99f15df10b68a8e320b9e120f942bffaa50f5cdf9f5a62ee1e2a0b49a0",
        size=13631616,
        terms="a derived file that is published nowhere; docs/measure/recover_oil_painting.py makes it",
        mirror_names=("CAVE_26band/oil_painting_ms_26band.npy",),
    ),
}
DATASET = Dataset(
    name="cave-26-oil",
    title="CAVE oil_painting, 26 of 31 bands",
    citation=cave.CITATION,
    terms=cave.TERMS,
    train=(),
    test=("oil_painting",),
    wavelengths=cave.nanometres(BANDS),
    shape=SHAPE,
    files=tuple(FILES.values()),
    url=cave.URL,
    note="Partly recovered bands: its scores are not CAVE scores.",
)


def obtain(scenes, folder, mirrors):
    from mossfuse.datasets._remote import obtain_remote

    return obtain_remote(DATASET, FILES, scenes, folder, mirrors)


def read(scene, folder, mirrors):
    import numpy as np

    from mossfuse.datasets._cubes import reflectance, require_shape
    from mossfuse.files import read_array
    from mossfuse.remote.download import obtain as find

    path = find(FILES[scene], folder / "raw", mirrors).path
    stored = read_array(path)
    require_shape(stored, SHAPE, path, DATASET.name)
    return reflectance(stored, path), np.array(DATASET.wavelengths)
