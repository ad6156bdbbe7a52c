"""Files of other people that are no dataset: spectral responses and authors' weights, by name."""

import difflib
from pathlib import Path

from mossfuse.errors import MossFuseError
from mossfuse.protocol import RemoteFile

FOLDER = "data/_registry"
MOSSFUSE_COMMIT = "878207caeebd24b7e8d28f3aaefbfa6e2fa5cf22"
MOSSFUSE_TERMS = "terms not stated by the authors; not redistributed here"


def in_mossfuse(path):
    """URLs of a file of the official MossFuse repository at the commit whose numbers are quoted here."""
    repository = "dusongcheng/MossFuse"
    return (
        f"https://raw.githubusercontent.com/{repository}/{MOSSFUSE_COMMIT}/{path}",
        f"https://github.com/{repository}/raw/{MOSSFUSE_COMMIT}/{path}",
    )


REGISTRY = {
    "nikon-d700": RemoteFile(
        name="MossFuse_resp.mat",
        urls=in_mossfuse("dataset/resp.mat"),
        sha256="39acc125b2c61d3f46c11ff25461319d8e88ba9c08603909f01c459421ca5d4f",
        terms=MOSSFUSE_TERMS,
        mirror_names=("srf/MossFuse_resp.mat", "dataset/resp.mat", "resp.mat"),
    ),
    "mossfuse-cave-x32": RemoteFile(
        name="CAVE_32_model.pth",
        urls=in_mossfuse("model/CAVE_32_model.pth"),
        sha256="8f9a4526df3f587b425cce56cf14952de58f3df2ab8fb25137670d44bccef348",
        terms=MOSSFUSE_TERMS,
        mirror_names=("model/CAVE_32_model.pth",),
    ),
}


def obtain_file(name, mirrors=None, folder=FOLDER):
    """Obtained (path, source, sha256, verified) of a registry file, downloaded where no mirror holds it.

    mirrors: folders searched first; None takes those of MOSSFUSE_MIRRORS. MossFuseError for an unknown name.
    """
    from mossfuse.remote.download import mirror_folders, obtain

    if name not in REGISTRY:
        near = difflib.get_close_matches(name, REGISTRY, n=3)
        hint = f"did you mean {' or '.join(near)}?" if near else f"it has: {', '.join(sorted(REGISTRY))}"
        raise MossFuseError(f"the registry has no file '{name}'; {hint}")
    return obtain(REGISTRY[name], Path(folder), mirror_folders() if mirrors is None else mirrors)
