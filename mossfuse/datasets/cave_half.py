"""`cave-half`: the CAVE scene balloons reduced by two in rows and columns, 256 x 256 x 31; never a row of `cave`."""

from mossfuse.datasets import _cave as cave
from mossfuse.protocol import Dataset, RemoteFile

REPOSITORY = "jicongfan/STP-Tensor-Completion"
COMMIT = "ddc029c17df90463806c545445b862a43317f32c"
FILES = {
    "balloons": RemoteFile(
        name="balloons_ms.mat",
        urls=(
            f"https://raw.githubusercontent.com/{REPOSITORY}/{COMMIT}/balloons_ms.mat",
            f"https://github.com/{REPOSITORY}/raw/{COMMIT}/balloons_ms.mat",
        ),
        sha256="da5b677c017cb5a673e97b625cbabce3fd96baed5602e38e67b4aac1ecf50d1c",
        size=3_746_470,
        terms=cave.TERMS,
        mirror_names=("CAVE_256/balloons_ms.mat",),
    ),
}
DATASET = Dataset(
    name="cave-half",
    title="CAVE balloons at half size",
    citation=cave.CITATION,
    terms=cave.TERMS,
    train=(),
    test=("balloons",),
    wavelengths=cave.nanometres(cave.BANDS),
    shape=(256, 256, 31),
    files=tuple(FILES.values()),
    url=f"https://github.com/{REPOSITORY}",
    note="The whole scene reduced by two (16 bit, 31 bands): its scores are not CAVE scores.",
)


def obtain(scenes, folder, mirrors):
    from mossfuse.datasets._remote import obtain_remote

    return obtain_remote(DATASET, FILES, scenes, folder, mirrors)


def read(scene, folder, mirrors):
    from mossfuse.datasets._remote import read_remote

    return read_remote(DATASET, FILES, scene, folder, mirrors, key="Omsi")
