"""Nikon D700: the official code's 3 x 31 matrix, a file of the registry."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mossfuse.protocol import Response


def matrix(mirrors: Sequence[str | Path] | None, folder: str | Path | None) -> np.ndarray:
    """Return the (3, 31) matrix: red, green and blue at 400-700 nm."""
    from mossfuse.files import read_array
    from mossfuse.remote.registry import obtain_file

    path = obtain_file("nikon-d700", mirrors, folder).path
    return read_array(path, key="resp")


def hif_matrix(mirrors: Sequence[str | Path] | None, folder: str | Path | None) -> np.ndarray:
    """Return the (3, 31) matrix that DHIF-Net's family of papers uses, red, green and blue at 400-700 nm."""
    from mossfuse.files import read_array
    from mossfuse.remote.registry import obtain_file

    return read_array(obtain_file("nikon-d700-hif", mirrors, folder).path).T


RESPONSES = (
    Response(
        name="nikon-d700",
        title="Nikon D700 (the CAVE protocol)",
        citation="MossFuse, dataset/resp.mat (same numbers as MHF-net)",
        table=matrix,
        wavelengths=tuple(range(400, 701, 10)),
    ),
    Response(
        name="nikon-d700-by-band",
        title="Nikon D700, its 31 columns by band number: what is customary for 31-band cubes of another range (Harvard)",
        citation="MossFuse, dataset/resp.mat",
        table=matrix,
        wavelengths=tuple(range(400, 701, 10)),
        by_band=True,
    ),
    Response(
        name="nikon-d700-hif",
        title="Nikon D700, the table of the supervised papers (DHIF-Net, SFNO); its red curve differs from the CAVE protocol's",
        citation="HIFtool, Dataloader_tool/srflib/NikonD700.npy",
        table=hif_matrix,
        wavelengths=tuple(range(400, 701, 10)),
    ),
)
