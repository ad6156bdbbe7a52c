"""`ntire2018`: spectral images of the NTIRE 2018 challenge (BGU/ICVL), 31 bands, 400-700 nm; registration only.

MATLAB v7.3 files, variable ``rad`` (12-bit numbers, full scale 4095), up to 1392 x 1300 pixels; some scenes are smaller,
so the top-left 1024 x 1024 pixels are used. Test: the five public validation images; train: the 256 training images.
"""

from mossfuse.datasets._scenes import Layout, obtain_scenes, one_file, read_scene
from mossfuse.errors import MossFuseError
from mossfuse.protocol import Dataset

FULL_SCALE = 4095
URL = "https://competitions.codalab.org/competitions/18034"
DATASET = Dataset(
    name="ntire2018",
    title="NTIRE 2018 spectral reconstruction challenge (BGU HS)",
    citation="B. Arad, O. Ben-Shahar, R. Timofte et al.: NTIRE 2018 Challenge on Spectral Reconstruction from RGB Images. CVPRW 2018",
    terms="registration with the organisers is required; no download address may be given here",
    train=tuple(f"BGU_HS_{n:05d}" for n in range(1, 257)),
    test=tuple(f"BGU_HS_{n:05d}" for n in (257, 259, 261, 263, 265)),
    wavelengths=tuple(float(nm) for nm in range(400, 701, 10)),
    shape=(1024, 1024, 31),
    url=URL,
    note="Registration only. Top-left 1024 x 1024 pixels, over 4095.",
)


def load(dataset, scene, files):
    import numpy as np

    from mossfuse.datasets._cubes import read_stored

    stored = read_stored(files[0], ("rad",))
    rows, cols, bands = dataset.shape
    if stored.ndim != 3 or stored.shape[2] != bands or stored.shape[0] < rows or stored.shape[1] < cols:
        raise MossFuseError(
            f"{files[0]} holds {'x'.join(map(str, stored.shape))}, a scene of '{dataset.name}' has {bands} bands and at least "
            f"{rows}x{cols} pixels; get the spectral images of the challenge, not a reduced copy"
        )
    return (stored[:rows, :cols] / FULL_SCALE).astype(np.float32)


LAYOUT = Layout(
    dataset=DATASET,
    locate=one_file(("{scene}.mat",)),
    load=load,
    subfolders=(
        "NTIRE2018", "ntire2018", "NTIRE2018_Train1_Spectral", "NTIRE2018_Train2_Spectral", "NTIRE2018_Validate_Spectral",
    ),
    manual=(
        f"it cannot be downloaded without registration: register at {URL}, then put the .mat files (NTIRE2018_*_Spectral) into "
        "{raw} or into ntire2018/ of a folder of MOSSFUSE_MIRRORS"
    ),
)  # fmt: skip


def obtain(scenes, folder, mirrors):
    return obtain_scenes(LAYOUT, scenes, folder, mirrors)


def read(scene, folder, mirrors):
    return read_scene(LAYOUT, scene, folder, mirrors)
