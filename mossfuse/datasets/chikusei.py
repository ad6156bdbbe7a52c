"""`chikusei`: Hyperspec-VNIR-C over Chikusei, 128 bands, 363-1018 nm, in tiles of 512 x 512 of the central 2304 x 2048 of 2517 x 2335 pixels.

The first four tiles, along the top, are the test scenes of SSPSR and of the papers after it; train: the three rows of tiles below.
"""

from mossfuse.datasets._nominal import evenly
from mossfuse.datasets._windows import Published, obtain_windows, read_window
from mossfuse.protocol import Dataset, RemoteFile

TERMS = "CC BY 3.0; acknowledge the Space Application Laboratory, University of Tokyo, and cite the report"
TOP, LEFT, SIDE = 106, 143, 512  # the central part begins at MATLAB's (107, 144)
TILES = {f"tile-{1 + 4 * row + col}": (TOP + SIDE * row, LEFT + SIDE * col) for row in range(4) for col in range(4)}
FILE = RemoteFile(
    name="Hyperspec_Chikusei_MATLAB.zip",
    urls=(
        "http://park.itc.u-tokyo.ac.jp/sal/hyperdata/Hyperspec_Chikusei_MATLAB.zip",
        "https://www.sal.t.u-tokyo.ac.jp/hyperdata/Hyperspec_Chikusei_MATLAB.zip",
    ),
    terms=TERMS,
    mirror_names=("chikusei/Hyperspec_Chikusei_MATLAB.zip", "remote_sensing/Hyperspec_Chikusei_MATLAB.zip"),
)
DATASET = Dataset(
    name="chikusei",
    title="Hyperspec-VNIR-C Chikusei",
    citation="N. Yokoya, A. Iwasaki: Airborne hyperspectral data over Chikusei. Technical report SAL-2016-05-27, University of Tokyo, 2016",
    terms=TERMS,
    train=tuple(TILES)[4:],
    test=tuple(TILES)[:4],
    wavelengths=evenly(363, 1018, 128),
    shape=(SIDE, SIDE, 128),
    files=(FILE,),
    url="https://naotoyokoya.com/Download.html",
    note="Test: the four tiles of SSPSR (Jiang et al., IEEE TCI 2020); which patches of the rest it trains on is its own choice, ours are twelve tiles. The scale is ours. Nominal wavelengths.",
)
PUBLISHED = Published(
    dataset=DATASET,
    file=FILE,
    stored=(2517, 2335, 128),
    corners=TILES,
    member="HyperspecVNIR_Chikusei_20140729.mat",
)


def obtain(scenes, folder, mirrors):
    return obtain_windows(PUBLISHED, scenes, folder, mirrors)


def read(scene, folder, mirrors):
    return read_window(PUBLISHED, scene, folder, mirrors)
