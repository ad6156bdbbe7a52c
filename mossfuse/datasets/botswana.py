"""`botswana`: EO-1 Hyperion over the Okavango delta, 145 of 242 bands; the top-left 1472 x 256 of 1476 x 256 pixels."""

from mossfuse.datasets._nominal import hyperion
from mossfuse.datasets._windows import Published, obtain_windows, read_window
from mossfuse.protocol import Dataset, RemoteFile

TERMS = "no terms stated by the distributor (Grupo de Inteligencia Computacional, UPV/EHU); research use is customary"
BANDS = (
    *range(10, 56),
    *range(82, 98),
    *range(102, 120),
    *range(134, 165),
    *range(187, 221),
)  # 1-based, as the file has them
FILE = RemoteFile(
    name="Botswana.mat",
    urls=(
        "https://www.ehu.eus/ccwintco/uploads/7/72/Botswana.mat",
        "http://www.ehu.eus/ccwintco/uploads/7/72/Botswana.mat",
        "http://www.ehu.es/ccwintco/uploads/7/72/Botswana.mat",
    ),
    terms=TERMS,
    mirror_names=("remote_sensing/Botswana.mat", "botswana/Botswana.mat"),
)
DATASET = Dataset(
    name="botswana",
    title="EO-1 Hyperion Botswana",
    citation="J. Ham, Y. Chen, M. M. Crawford, J. Ghosh: Investigation of the random forest framework for classification of hyperspectral data. IEEE TGRS 43(3), 2005; as distributed by UPV/EHU",
    terms=TERMS,
    train=(),
    test=("botswana",),
    wavelengths=hyperion(BANDS),
    shape=(1472, 256, 145),
    files=(FILE,),
    url="http://www.ehu.eus/ccwintco/index.php/Hyperspectral_Remote_Sensing_Scenes",
    note="Wavelengths of the sensor's band numbers. The part and the scale are ours.",
)
PUBLISHED = Published(
    dataset=DATASET,
    file=FILE,
    stored=(1476, 256, 145),
    corners={"botswana": (0, 0)},
)


def obtain(scenes, folder, mirrors):
    return obtain_windows(PUBLISHED, scenes, folder, mirrors)


def read(scene, folder, mirrors):
    return read_window(PUBLISHED, scene, folder, mirrors)
