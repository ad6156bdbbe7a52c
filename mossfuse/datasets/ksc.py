"""`ksc`: AVIRIS over the Kennedy Space Center, the 176 bands of the file; the top-left 512 x 608 of 512 x 614 pixels."""

from mossfuse.datasets._nominal import evenly
from mossfuse.datasets._windows import Published, obtain_windows, read_window
from mossfuse.protocol import Dataset, RemoteFile

TERMS = "no terms stated by the distributor (Grupo de Inteligencia Computacional, UPV/EHU); research use is customary"
FILE = RemoteFile(
    name="KSC.mat",
    urls=(
        "https://www.ehu.eus/ccwintco/uploads/2/26/KSC.mat",
        "http://www.ehu.eus/ccwintco/uploads/2/26/KSC.mat",
        "http://www.ehu.es/ccwintco/uploads/2/26/KSC.mat",
    ),
    terms=TERMS,
    mirror_names=("remote_sensing/KSC.mat", "ksc/KSC.mat"),
)
DATASET = Dataset(
    name="ksc",
    title="AVIRIS Kennedy Space Center",
    citation="J. Ham, Y. Chen, M. M. Crawford, J. Ghosh: Investigation of the random forest framework for classification of hyperspectral data. IEEE TGRS 43(3), 2005; as distributed by UPV/EHU",
    terms=TERMS,
    train=(),
    test=("ksc",),
    wavelengths=evenly(400, 2500, 176),
    shape=(512, 608, 176),
    files=(FILE,),
    url="http://www.ehu.eus/ccwintco/index.php/Hyperspectral_Remote_Sensing_Scenes",
    note="Nominal wavelengths: which 48 of the 224 bands are missing is not stated, so they are spaced evenly. The part and the scale are ours.",
)
PUBLISHED = Published(
    dataset=DATASET,
    file=FILE,
    stored=(512, 614, 176),
    corners={"ksc": (0, 0)},
)


def obtain(scenes, folder, mirrors):
    return obtain_windows(PUBLISHED, scenes, folder, mirrors)


def read(scene, folder, mirrors):
    return read_window(PUBLISHED, scene, folder, mirrors)
