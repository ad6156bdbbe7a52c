"""`moffett`: AVIRIS over Moffett Field, a 50 x 50 crop with 189 bands, of which 186 hold a signal; the top-left 48 x 48 pixels."""

from mossfuse.datasets._nominal import evenly, without
from mossfuse.datasets._windows import Published, obtain_windows, read_window
from mossfuse.protocol import Dataset, RemoteFile

TERMS = "not stated by the distributors"
REMOVED = {*range(107, 113), *range(147, 152), 201, 202, 203}  # 1-based, of 203 bands: 'removed_bands' of the file
KEPT = tuple(range(4, 190))  # 1-based, of the file's bands: the first three hold one and the same number in every pixel
CENTRES = evenly(400, 2500, 203)
FILE = RemoteFile(
    name="Moffett_vca.mat",
    urls=(
        "https://github.com/ricardoborsoi/unmixing_spectral_variability/raw/d069df8/methods/DeepGUn/other_methods/PLMMv1/demo/Moffett_vca.mat",
    ),
    size=1273357,
    sha256="164d34913e2aa4901d480851d32e9d4db268d980e67afb7d754a0446b9bf0780",
    terms=TERMS,
    mirror_names=("remote_sensing/moffett_vca.mat",),
)
DATASET = Dataset(
    name="moffett",
    title="AVIRIS Moffett Field, 50 x 50 crop",
    citation="AVIRIS Moffett Field, JPL; as distributed with PLMM (P.-A. Thouvenin, N. Dobigeon, J.-Y. Tourneret, IEEE TSP 64(2), 2016)",
    terms=TERMS,
    train=(),
    test=("moffett",),
    wavelengths=tuple(CENTRES[band - 1] for band in without(203, REMOVED))[KEPT[0] - 1 :],
    shape=(48, 48, 186),
    files=(FILE,),
    url="https://github.com/ricardoborsoi/unmixing_spectral_variability",
    note="Nominal wavelengths: 203 spaced evenly over 400-2500 nm, of which the file names the 189 it keeps; its first three are constant and left out. The part and the scale are ours.",
)
PUBLISHED = Published(
    dataset=DATASET,
    file=FILE,
    stored=(50, 50, 189),
    corners={"moffett": (0, 0)},
    kept=KEPT,
)


def obtain(scenes, folder, mirrors):
    return obtain_windows(PUBLISHED, scenes, folder, mirrors)


def read(scene, folder, mirrors):
    return read_window(PUBLISHED, scene, folder, mirrors)
