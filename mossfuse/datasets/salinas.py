"""`salinas`: AVIRIS over the Salinas valley, 204 of 224 bands; the top-left 512 x 216 of 512 x 217 pixels."""

from mossfuse.datasets._nominal import aviris, without
from mossfuse.datasets._windows import Published, obtain_windows, read_window
from mossfuse.protocol import Dataset, RemoteFile

TERMS = "no terms stated by the distributor (Grupo de Inteligencia Computacional, UPV/EHU); research use is customary"
REMOVED = {*range(108, 113), *range(154, 168), 224}  # water vapour, 1-based, as in the distributor's corrected copy
KEPT = without(224, REMOVED)
FILE = RemoteFile(
    name="Salinas.mat",
    urls=(
        "https://www.ehu.eus/ccwintco/uploads/f/f1/Salinas.mat",
        "http://www.ehu.eus/ccwintco/uploads/f/f1/Salinas.mat",
        "http://www.ehu.es/ccwintco/uploads/f/f1/Salinas.mat",
    ),
    terms=TERMS,
    mirror_names=("remote_sensing/Salinas.mat", "salinas/Salinas.mat"),
)
DATASET = Dataset(
    name="salinas",
    title="AVIRIS Salinas",
    citation="AVIRIS Salinas Valley, JPL; as distributed by UPV/EHU",
    terms=TERMS,
    train=(),
    test=("salinas",),
    wavelengths=aviris(KEPT),
    shape=(512, 216, 204),
    files=(FILE,),
    url="http://www.ehu.eus/ccwintco/index.php/Hyperspectral_Remote_Sensing_Scenes",
    note="Nominal wavelengths. The part and the scale are ours.",
)
PUBLISHED = Published(
    dataset=DATASET,
    file=FILE,
    stored=(512, 217, 224),
    corners={"salinas": (0, 0)},
    kept=KEPT,
)


def obtain(scenes, folder, mirrors):
    return obtain_windows(PUBLISHED, scenes, folder, mirrors)


def read(scene, folder, mirrors):
    return read_window(PUBLISHED, scene, folder, mirrors)
