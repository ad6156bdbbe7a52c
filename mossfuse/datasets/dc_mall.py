"""`dc-mall`: HYDICE over the Mall in Washington DC, 191 of 210 bands; the top-left 1280 x 288 of 1280 x 307 pixels."""

from mossfuse.datasets._nominal import evenly
from mossfuse.datasets._windows import Published, obtain_windows, read_window
from mossfuse.protocol import Dataset, RemoteFile

TERMS = "no terms seen; distributed by Purdue University with MultiSpec"
URL = "https://engineering.purdue.edu/~biehl/MultiSpec/hyperspectral.html"
FILE = RemoteFile(
    name="dc.tif",
    urls=(),
    terms=TERMS,
    mirror_names=("remote_sensing/dc.tif", "dc-mall/dc.tif"),
)
DATASET = Dataset(
    name="dc-mall",
    title="HYDICE Washington DC Mall",
    citation="D. A. Landgrebe: Signal Theory Methods in Multispectral Remote Sensing. Wiley, 2003 (the data come with the book)",
    terms=TERMS,
    train=(),
    test=("dc-mall",),
    wavelengths=evenly(400, 2400, 191),
    shape=(1280, 288, 191),
    files=(FILE,),
    url="https://engineering.purdue.edu/~biehl/MultiSpec/hyperspectral.html",
    note="Nominal wavelengths: which 19 of the 210 bands are missing is not stated, so they are spaced evenly. The part and the scale are ours.",
)
PUBLISHED = Published(
    dataset=DATASET,
    file=FILE,
    stored=(1280, 307, 191),
    corners={"dc-mall": (0, 0)},
    by_hand=f"the address of the file has changed several times: get the multi-band TIFF of the DC Mall (dc.tif) from {URL}",
)


def obtain(scenes, folder, mirrors):
    return obtain_windows(PUBLISHED, scenes, folder, mirrors)


def read(scene, folder, mirrors):
    return read_window(PUBLISHED, scene, folder, mirrors)
