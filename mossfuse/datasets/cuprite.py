"""`cuprite`: AVIRIS reflectance over Cuprite, 188 of 224 bands; the top-left 512 x 608 of 512 x 614 pixels."""

from mossfuse.datasets._nominal import aviris, without
from mossfuse.datasets._windows import Published, obtain_windows, read_window
from mossfuse.protocol import Dataset, RemoteFile

TERMS = "no terms stated by the distributor (Grupo de Inteligencia Computacional, UPV/EHU); research use is customary"
REMOVED = {
    1,
    2,
    *range(104, 114),
    *range(148, 168),
    *range(221, 225),
}  # noise and water vapour, 1-based (Zhu, arXiv 1708.05125)
KEPT = without(224, REMOVED)
FILE = RemoteFile(
    name="Cuprite_f970619t01p02_r02_sc03.a.rfl.mat",
    urls=(
        "https://www.ehu.eus/ccwintco/uploads/7/7d/Cuprite_f970619t01p02_r02_sc03.a.rfl.mat",
        "http://www.ehu.eus/ccwintco/uploads/7/7d/Cuprite_f970619t01p02_r02_sc03.a.rfl.mat",
        "http://www.ehu.es/ccwintco/uploads/7/7d/Cuprite_f970619t01p02_r02_sc03.a.rfl.mat",
    ),
    terms=TERMS,
    mirror_names=(
        "remote_sensing/Cuprite_f970619t01p02_r02_sc03.a.rfl.mat",
        "cuprite/Cuprite_f970619t01p02_r02_sc03.a.rfl.mat",
    ),
)
DATASET = Dataset(
    name="cuprite",
    title="AVIRIS Cuprite",
    citation="AVIRIS f970619t01p02_r02_sc03, JPL; as distributed by UPV/EHU",
    terms=TERMS,
    train=(),
    test=("cuprite",),
    wavelengths=aviris(KEPT),
    shape=(512, 608, 188),
    files=(FILE,),
    url="http://www.ehu.eus/ccwintco/index.php/Hyperspectral_Remote_Sensing_Scenes",
    note="Nominal wavelengths. The part and the scale are ours.",
)
PUBLISHED = Published(
    dataset=DATASET,
    file=FILE,
    stored=(512, 614, 224),
    corners={"cuprite": (0, 0)},
    kept=KEPT,
)


def obtain(scenes, folder, mirrors):
    return obtain_windows(PUBLISHED, scenes, folder, mirrors)


def read(scene, folder, mirrors):
    return read_window(PUBLISHED, scene, folder, mirrors)
