"""Third-party files that are not datasets: spectral responses and authors' weights, by name.

The workflow keeps them in its data folder. Every other caller leaves the user's current folder alone: files go to the
cache folder of the user's account, or to the folder that MOSSFUSE_CACHE names.
"""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from mossfuse.errors import MossFuseError, suggestion
from mossfuse.protocol import RemoteFile

if TYPE_CHECKING:
    from mossfuse.remote.download import Obtained

MOSSFUSE_COMMIT = "878207caeebd24b7e8d28f3aaefbfa6e2fa5cf22"
HIFTOOL_COMMIT = "af678e34dcda4cf6a396f72b2b617d25f5870240"
SFNO_COMMIT = "156fecb52c230e554d46e9c3be8533263fa9eb75"
AUTHORS_TERMS = "terms not stated by the authors; not redistributed here"


def in_repository(repository: str, commit: str, path: str) -> tuple[str, str]:
    """Return the URLs of a file of a public repository at one commit."""
    return (
        f"https://raw.githubusercontent.com/{repository}/{commit}/{path}",
        f"https://github.com/{repository}/raw/{commit}/{path}",
    )


def in_mossfuse(path: str) -> tuple[str, str]:
    """Return the URLs of a file of the official MossFuse repository at the commit whose numbers are quoted here."""
    return in_repository("dusongcheng/MossFuse", MOSSFUSE_COMMIT, path)


REGISTRY = {
    "nikon-d700": RemoteFile(
        name="MossFuse_resp.mat",
        urls=in_mossfuse("dataset/resp.mat"),
        sha256="39acc125b2c61d3f46c11ff25461319d8e88ba9c08603909f01c459421ca5d4f",
        size=458,
        terms=AUTHORS_TERMS,
        mirror_names=("srf/MossFuse_resp.mat", "dataset/resp.mat", "resp.mat"),
    ),
    "mossfuse-cave-x32": RemoteFile(
        name="CAVE_32_model.pth",
        urls=in_mossfuse("model/CAVE_32_model.pth"),
        sha256="8f9a4526df3f587b425cce56cf14952de58f3df2ab8fb25137670d44bccef348",
        size=2_515_283,
        terms=AUTHORS_TERMS,
        mirror_names=("model/CAVE_32_model.pth",),
    ),
    "nikon-d700-hif": RemoteFile(
        name="HIFtool_NikonD700.npy",
        urls=in_repository("Caoxuheng/HIFtool", HIFTOOL_COMMIT, "Dataloader_tool/srflib/NikonD700.npy"),
        sha256="e9e2844daeb662437b56d86a946466728c55e61d5511b2268ae93e0ffebd155c",
        size=872,
        terms="see LICENSE in that repository; not redistributed here",
        mirror_names=("srf/HIFtool_NikonD700.npy", "Dataloader_tool/srflib/NikonD700.npy"),
    ),
    "sentinel2a": RemoteFile(
        name="hif_s2a_srf.csv",
        urls=in_repository(
            "incredet/HyperSpectralSuperResolution",
            "d5732a0eca294c49d09828ed225384e33638437d",
            "hif-benchmarking/data/s2a_srf.csv",
        ),
        sha256="2abbc60485b9b25f1e061f924dbb63a3479ffcd988e7a20c2abd6c804e7ef79b",
        size=66_123,
        terms="curves published by ESA; terms of the copy not stated; not redistributed here",
        mirror_names=("srf/hif_s2a_srf.csv", "data/s2a_srf.csv"),
    ),
    "landsat8-measured": RemoteFile(
        name="NonRegSRNet_Landsat.mat",
        urls=in_repository(
            "magamig/hif-benchmarking",
            "67662aa44c02f2f29a1d67c9fa6f5485c93e9011",
            "methods/_NonRegSRNet/data/Landsat.mat",
        ),
        sha256="50db8b7eeea7034483a6955109142a926f1e32e06057df8a1d3cdd879baf3bbd",
        size=10_262,
        terms="curves published by the USGS; terms of the copy not stated; not redistributed here",
        mirror_names=("srf/NonRegSRNet_Landsat.mat",),
    ),
    "ikonos": RemoteFile(
        name="HySure_ikonos_spec_resp.mat",
        urls=in_repository("alfaiate/HySure", "e2a3daf2350dd8e136165d3d737a429a73938496", "data/ikonos_spec_resp.mat"),
        sha256="039b5db00616eced50e41a6232b0b5a3e672e98efba0a90357b6e206030cfb17",
        size=5_749,
        terms="in a repository under GPL-3.0; not redistributed here",
        mirror_names=("srf/HySure_ikonos_spec_resp.mat", "data/ikonos_spec_resp.mat"),
    ),
    "sfno-cave-x4": RemoteFile(
        name="SFNO_BestModel_ts.pt",
        urls=in_repository("weili419/SFNO", SFNO_COMMIT, "CAVE/Checkpoint/BestModel_ts.pt"),
        sha256="7c761933b0099110443a3398ab200880c6dcd979ad1ace29acab7f9b4ed585dd",
        terms=AUTHORS_TERMS,
        mirror_names=("CAVE/Checkpoint/BestModel_ts.pt", "BestModel_ts.pt"),
        # Its 97 tensors by name, as float32 arrays of one .npz archive.
        derived=(
            RemoteFile(
                name="sfno_cave_x4_weights.npz",
                urls=(),
                sha256="590580a21b84a73cf60b455b908f7aa31aa2488be4b00cc0ea3099d0c239e20b",
            ),
        ),
    ),
}


def cache_folder() -> Path:
    """Return the folder for downloaded registry files outside a workflow; it need not exist yet."""
    named = os.environ.get("MOSSFUSE_CACHE")
    if named:
        return Path(named).expanduser() / "registry"
    from platformdirs import user_cache_path

    return user_cache_path("mossfuse", appauthor=False) / "registry"


def obtain_file(name: str, mirrors: Iterable[str | Path] | None = None, folder: str | Path | None = None) -> "Obtained":
    """Make a registry file available; return Obtained (path, source, sha256, verified).

    mirrors: folders searched first; None: those of MOSSFUSE_MIRRORS. folder: where the file is, or is downloaded to, if
    no mirror holds it; None: ``cache_folder``. Raises MossFuseError for an unknown name, and where no source has the file.
    """
    from mossfuse.remote.download import mirror_folders, obtain

    if name not in REGISTRY:
        raise MossFuseError(f"the registry has no file '{name}'; {suggestion(name, REGISTRY, 'it has')}")
    folder = cache_folder() if folder is None else Path(folder)
    return obtain(REGISTRY[name], folder, mirror_folders() if mirrors is None else mirrors)
