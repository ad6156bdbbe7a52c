"""`pavia-university`: ROSIS over the university of Pavia, 103 bands, 430-860 nm; the top-left 608 x 320 of 610 x 340 pixels."""

from mossfuse.datasets._nominal import evenly
from mossfuse.datasets._windows import Published, obtain_windows, read_window
from mossfuse.protocol import Dataset, RemoteFile

TERMS = "no terms stated by the distributor (Grupo de Inteligencia Computacional, UPV/EHU); research use is customary"
FILE = RemoteFile(
    name="PaviaU.mat",
    urls=(
        "https://www.ehu.eus/ccwintco/uploads/e/ee/PaviaU.mat",
        "http://www.ehu.eus/ccwintco/uploads/e/ee/PaviaU.mat",
        "http://www.ehu.es/ccwintco/uploads/e/ee/PaviaU.mat",
    ),
    terms=TERMS,
    mirror_names=("remote_sensing/PaviaU.mat", "pavia-university/PaviaU.mat"),
)
DATASET = Dataset(
    name="pavia-university",
    title="ROSIS Pavia University",
    citation="Pavia University, P. Gamba, University of Pavia; as distributed by UPV/EHU",
    terms=TERMS,
    train=(),
    test=("pavia-university",),
    wavelengths=evenly(430, 860, 103),
    shape=(608, 320, 103),
    files=(FILE,),
    url="http://www.ehu.eus/ccwintco/index.php/Hyperspectral_Remote_Sensing_Scenes",
    note="Nominal wavelengths. The part and the scale are ours.",
)
PUBLISHED = Published(
    dataset=DATASET,
    file=FILE,
    stored=(610, 340, 103),
    corners={"pavia-university": (0, 0)},
)


def obtain(scenes, folder, mirrors):
    return obtain_windows(PUBLISHED, scenes, folder, mirrors)


def read(scene, folder, mirrors):
    return read_window(PUBLISHED, scene, folder, mirrors)
