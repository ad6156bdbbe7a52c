"""`pavia-centre`: ROSIS over the centre of Pavia, 102 bands, 430-860 nm; the top-left 1088 x 704 of 1096 x 715 pixels."""

from mossfuse.datasets._nominal import evenly
from mossfuse.datasets._windows import Published, obtain_windows, read_window
from mossfuse.protocol import Dataset, RemoteFile

TERMS = "no terms stated by the distributor (Grupo de Inteligencia Computacional, UPV/EHU); research use is customary"
FILE = RemoteFile(
    name="Pavia.mat",
    urls=(
        "https://www.ehu.eus/ccwintco/uploads/e/e3/Pavia.mat",
        "http://www.ehu.eus/ccwintco/uploads/e/e3/Pavia.mat",
        "http://www.ehu.es/ccwintco/uploads/e/e3/Pavia.mat",
    ),
    terms=TERMS,
    mirror_names=("remote_sensing/Pavia.mat", "pavia-centre/Pavia.mat"),
)
DATASET = Dataset(
    name="pavia-centre",
    title="ROSIS Pavia Centre",
    citation="Pavia Centre, P. Gamba, University of Pavia; as distributed by UPV/EHU",
    terms=TERMS,
    train=(),
    test=("pavia-centre",),
    wavelengths=evenly(430, 860, 102),
    shape=(1088, 704, 102),
    files=(FILE,),
    url="http://www.ehu.eus/ccwintco/index.php/Hyperspectral_Remote_Sensing_Scenes",
    note="Nominal wavelengths. The part and the scale are ours. Not the crop of 'pavia-crop'.",
)
PUBLISHED = Published(
    dataset=DATASET,
    file=FILE,
    stored=(1096, 715, 102),
    corners={"pavia-centre": (0, 0)},
)


def obtain(scenes, folder, mirrors):
    return obtain_windows(PUBLISHED, scenes, folder, mirrors)


def read(scene, folder, mirrors):
    return read_window(PUBLISHED, scene, folder, mirrors)
