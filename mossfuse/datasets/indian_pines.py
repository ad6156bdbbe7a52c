"""`indian-pines`: AVIRIS over Indiana, 200 of 220 bands; the top-left 144 x 144 of 145 x 145 pixels."""

from mossfuse.datasets._nominal import aviris, without
from mossfuse.datasets._windows import Published, obtain_windows, read_window
from mossfuse.protocol import Dataset, RemoteFile

TERMS = "no terms stated by the distributor (Grupo de Inteligencia Computacional, UPV/EHU); research use is customary"
REMOVED = {*range(104, 109), *range(150, 164), 220}  # water vapour, 1-based, as in the distributor's corrected copy
KEPT = without(220, REMOVED)
FILE = RemoteFile(
    name="Indian_pines.mat",
    urls=(
        "https://www.ehu.eus/ccwintco/uploads/2/22/Indian_pines.mat",
        "http://www.ehu.eus/ccwintco/uploads/2/22/Indian_pines.mat",
        "http://www.ehu.es/ccwintco/uploads/2/22/Indian_pines.mat",
    ),
    terms=TERMS,
    mirror_names=("remote_sensing/Indian_pines.mat", "indian-pines/Indian_pines.mat"),
)
DATASET = Dataset(
    name="indian-pines",
    title="AVIRIS Indian Pines",
    citation="M. F. Baumgardner, L. L. Biehl, D. A. Landgrebe: 220 Band AVIRIS Hyperspectral Image Data Set: June 12, 1992 Indian Pine Test Site 3. Purdue University Research Repository, 2015",
    terms=TERMS,
    train=(),
    test=("indian-pines",),
    wavelengths=aviris(KEPT),
    shape=(144, 144, 200),
    files=(FILE,),
    url="http://www.ehu.eus/ccwintco/index.php/Hyperspectral_Remote_Sensing_Scenes",
    note="Nominal wavelengths (the sensor's 224 bands, of which the file holds the first 220). The part and the scale are ours.",
)
PUBLISHED = Published(
    dataset=DATASET,
    file=FILE,
    stored=(145, 145, 220),
    corners={"indian-pines": (0, 0)},
    kept=KEPT,
)


def obtain(scenes, folder, mirrors):
    return obtain_windows(PUBLISHED, scenes, folder, mirrors)


def read(scene, folder, mirrors):
    return read_window(PUBLISHED, scene, folder, mirrors)
