"""`houston2018`: CASI-1500 over Houston, 48 bands, 380-1050 nm, in tiles of 512 x 512 of the 1202 x 4172 pixels (IEEE GRSS contest 2018).

The file holds 50 bands; the last two are the viewing angle and the elevation.
"""

from mossfuse.datasets._nominal import evenly
from mossfuse.datasets._windows import Published, obtain_windows, read_window
from mossfuse.protocol import Dataset, RemoteFile

TERMS = (
    "registration with the IEEE GRSS Data Fusion Contest; acknowledge NCALM, University of Houston, and IEEE GRSS IADF"
)
URL = "https://hyperspectral.ee.uh.edu/?page_id=1075"
SIDE = 512
TILES = {f"tile-{1 + row + 2 * col}": (SIDE * row, SIDE * col) for col in range(8) for row in range(2)}
FILE = RemoteFile(
    name="20170218_UH_CASI_S4_NAD83.pix",
    urls=(),
    terms=TERMS,
    mirror_names=("houston2018/20170218_UH_CASI_S4_NAD83.pix", "FullHSIDataset/20170218_UH_CASI_S4_NAD83.pix"),
)
DATASET = Dataset(
    name="houston2018",
    title="CASI Houston 2018 (IEEE GRSS Data Fusion Contest)",
    citation="Y. Xu, B. Du, L. Zhang et al.: Advanced Multi-Sensor Optical Remote Sensing for Urban Land Use and Land Cover Classification: Outcome of the 2018 IEEE GRSS Data Fusion Contest. IEEE JSTARS 12(6), 2019",
    terms=TERMS,
    train=tuple(TILES)[:12],
    test=tuple(TILES)[12:],
    wavelengths=evenly(380, 1050, 48),
    shape=(SIDE, SIDE, 48),
    files=(FILE,),
    url="https://hyperspectral.ee.uh.edu/?page_id=1075",
    note="Split, tiles and scale are ours: the first twelve tiles from the west train, the last four test. Nominal wavelengths.",
)
PUBLISHED = Published(
    dataset=DATASET,
    file=FILE,
    stored=(1202, 4172, 50),
    corners=TILES,
    kept=tuple(range(1, 49)),
    by_hand=f"register at {URL}, then put 20170218_UH_CASI_S4_NAD83.pix and .hdr (Phase2/FullHSIDataset) there",
)


def obtain(scenes, folder, mirrors):
    return obtain_windows(PUBLISHED, scenes, folder, mirrors)


def read(scene, folder, mirrors):
    return read_window(PUBLISHED, scene, folder, mirrors)
