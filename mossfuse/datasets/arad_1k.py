"""`arad-1k`: the spectral images of the NTIRE 2022 challenge (ARAD_1K), 31 bands, 400-700 nm; registration only.

MATLAB v7.3 files of 482 x 512 x 31 values in [0, 1], variable ``cube``; used here: the first 480 rows, a multiple of 32. Train: the 900
training images; test: the 50 validation images, because the spectra of the test images were never published.
"""

from mossfuse.datasets._scenes import Layout, obtain_scenes, one_file, read_scene
from mossfuse.protocol import Dataset

URL = "https://codalab.lisn.upsaclay.fr/competitions/721"
STORED = (482, 512, 31)
DATASET = Dataset(
    name="arad-1k",
    title="ARAD_1K (NTIRE 2022 spectral reconstruction challenge)",
    citation="B. Arad, R. Timofte, R. Yahel et al.: NTIRE 2022 Spectral Recovery Challenge and Data Set. CVPRW 2022",
    terms="registration with the organisers is required; no download address may be given here",
    train=tuple(f"ARAD_1K_{n:04d}" for n in range(1, 901)),
    test=tuple(f"ARAD_1K_{n:04d}" for n in range(901, 951)),
    wavelengths=tuple(float(nm) for nm in range(400, 701, 10)),
    shape=(480, 512, 31),
    url=URL,
    note="Registration only. First 480 rows of 482; the challenge's validation images are the test scenes here.",
)


def load(dataset, scene, files):
    from mossfuse.datasets._cubes import read_stored, reflectance, require_shape

    stored = read_stored(files[0], ("cube",))
    require_shape(stored, STORED, files[0], dataset.name)
    rows, cols, _ = dataset.shape
    return reflectance(stored[:rows, :cols], files[0])


LAYOUT = Layout(
    dataset=DATASET,
    locate=one_file(("{scene}.mat",)),
    load=load,
    subfolders=(
        "ARAD_1K", "arad-1k", "ARAD_1K/Train_Spec", "ARAD_1K/Train_spectral", "ARAD_1K/Valid_spectral", "Train_Spec",
        "Train_spectral", "Valid_spectral",
    ),
    manual=(
        f"it cannot be downloaded without registration: register at {URL}, then put the .mat files (Train_spectral, Valid_spectral) "
        "into {raw} or into ARAD_1K/ of a folder of MOSSFUSE_MIRRORS"
    ),
)  # fmt: skip


def obtain(scenes, folder, mirrors):
    return obtain_scenes(LAYOUT, scenes, folder, mirrors)


def read(scene, folder, mirrors):
    return read_scene(LAYOUT, scene, folder, mirrors)
