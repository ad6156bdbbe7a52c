"""`urban`: HYDICE over Copperas Cove, 162 of 210 bands; the top-left 288 x 288 of 307 x 307 pixels."""

from mossfuse.datasets._nominal import evenly, without
from mossfuse.datasets._windows import Published, obtain_windows, read_window
from mossfuse.protocol import Dataset, RemoteFile

TERMS = "no terms stated by the distributors"
URL = "https://rslab.ut.ac.ir/data"
REMOVED = {
    *range(1, 5),
    76,
    87,
    *range(101, 112),
    *range(136, 154),
    *range(198, 211),
}  # 1-based (Zhu, arXiv 1708.05125)
CENTRES = evenly(400, 2500, 210)
FILE = RemoteFile(
    name="Urban_R162.mat",
    urls=(),
    terms=TERMS,
    mirror_names=("remote_sensing/Urban_R162.mat", "urban/Urban_R162.mat"),
)
DATASET = Dataset(
    name="urban",
    title="HYDICE Urban",
    citation="F. Zhu: Hyperspectral Unmixing: Ground Truth Labeling, Datasets, Benchmark Performances and Survey. arXiv 1708.05125, 2017",
    terms=TERMS,
    train=(),
    test=("urban",),
    wavelengths=tuple(CENTRES[band - 1] for band in without(210, REMOVED)),
    shape=(288, 288, 162),
    files=(FILE,),
    url="https://rslab.ut.ac.ir/data",
    note="Nominal wavelengths. The part and the scale are ours. Not the crop of 'urban-crop'.",
)
PUBLISHED = Published(
    dataset=DATASET,
    file=FILE,
    stored=(307, 307, 162),
    corners={"urban": (0, 0)},
    by_hand=f"no lasting address is known: get Urban_R162.mat (variable Y, 162 x 94249) from {URL} or another distributor of the unmixing benchmarks",
)


def obtain(scenes, folder, mirrors):
    return obtain_windows(PUBLISHED, scenes, folder, mirrors)


def read(scene, folder, mirrors):
    return read_window(PUBLISHED, scene, folder, mirrors)
