"""`cave-26`: the CAVE scene balloons at full size with 26 of its 31 bands; never a row of `cave`.

Eight bands are original PNGs, eighteen were recovered from a column-resized copy (94 % of the pixels exact, 99.9 %
within one of 65535 steps where it could be checked). Missing: 610, 630, 650, 670 and 690 nm.
"""

from mossfuse.datasets import _cave as cave
from mossfuse.protocol import Dataset, RemoteFile

BANDS = (*range(1, 21), 21, 23, 25, 27, 29, 31)
FILES = {
    "balloons": RemoteFile(
        name="balloons_ms_26band.mat",
        urls=(),
        sha256="3a3e22458e5eb2341faf72b061d6c020f33f71ddbe00fef0bebdb86ddd6477ec",
        size=12_389_688,
        terms="a derived file that is published nowhere; development data",
        mirror_names=("CAVE_26band/balloons_ms_26band.mat",),
    ),
}
DATASET = Dataset(
    name="cave-26",
    title="CAVE balloons, 26 of 31 bands",
    citation=cave.CITATION,
    terms=cave.TERMS,
    train=(),
    test=("balloons",),
    wavelengths=cave.nanometres(BANDS),
    shape=(512, 512, 26),
    files=tuple(FILES.values()),
    url=cave.URL,
    note="Partly recovered bands: its scores are not CAVE scores.",
)


def obtain(scenes, folder, mirrors):
    from mossfuse.datasets._remote import obtain_remote

    return obtain_remote(DATASET, FILES, scenes, folder, mirrors)


def read(scene, folder, mirrors):
    from mossfuse.datasets._remote import read_remote

    return read_remote(DATASET, FILES, scene, folder, mirrors, key="cube")
