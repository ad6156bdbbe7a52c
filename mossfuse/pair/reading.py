"""Read what a user names: images as ``FILE`` or ``FILE:VARIABLE``, spectral responses, point spread functions."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mossfuse.errors import MossFuseError
from mossfuse.files import read_array, read_cube, read_variables, text
from mossfuse.pair.cameras import resample_response

TABLES = (".csv", ".txt", ".dat")
SRF_NAMES = ("srf", "srf_hat", "resp", "R")
PSF_NAMES = ("psf", "psf_hat", "kernel")
SHORTEST_NM = 100  # a first column that rises from above this is wavelengths


def split_key(name: str | Path) -> tuple[Path, str | None]:
    """Return ('scene.mat', 'HSim') for 'scene.mat:HSim'; (name, None) without a variable or if such a file exists."""
    head, _, key = str(name).rpartition(":")
    return (Path(head), key) if head and key and not Path(name).exists() else (Path(name), None)


def read_image(name: str | Path) -> tuple[np.ndarray, np.ndarray | None]:
    """Read (image (rows, cols, bands) as stored, wavelengths (nm) or None) of FILE or FILE:VARIABLE."""
    return read_cube(*split_key(name))


def read_srf(name: str | Path, wavelengths: np.ndarray | None = None) -> np.ndarray:
    """Read a spectral response: a matrix (M, B) or (B, M), or a table of wavelength (nm), response, response, ... per line.

    wavelengths: (B,) nm of the HSI, to which a table is resampled. Text (.csv, .txt, .dat) or any file of arrays.
    """
    table = read_matrix(name, SRF_NAMES)
    for each in (table, table.T):
        first = each[:, 0]
        if len(first) > 1 and each.shape[1] > 1 and first[0] > SHORTEST_NM and (np.diff(first) > 0).all():
            return resample_response(each[:, 1:], first, wavelengths)
    return table


def read_psf(name: str | Path) -> tuple[np.ndarray, tuple[int, int] | None]:
    """Read (kernel (k_rows, k_cols), phase (row, col) if the file holds one, otherwise None)."""
    path, _ = split_key(name)
    kernel = read_matrix(name, PSF_NAMES)
    held = {} if path.suffix.lower() in TABLES else read_variables(path, ("phase",))
    if "phase" not in held:
        return kernel, None
    row, col = (int(n) for n in np.ravel(held["phase"]))
    return kernel, (row, col)


def read_matrix(name: str | Path, usual: Sequence[str]) -> np.ndarray:
    """Read a two-dimensional array of a file; ``usual`` names are looked for first."""
    path, key = split_key(name)
    if path.suffix.lower() in TABLES:
        return read_table(path)
    if key is None and path.is_file():
        found = read_variables(path, usual)
        key = next((n for n in usual if n in found), None)
    matrix = np.squeeze(read_array(path, key))
    matrix = np.atleast_2d(matrix) if matrix.ndim < 2 else matrix
    if matrix.ndim != 2 or matrix.dtype.kind not in "buif":
        raise MossFuseError(
            f"{name} holds an array of shape {text(matrix.shape)}; a table of rows and columns is needed"
        )
    return matrix.astype(np.float64)


def read_table(path: Path) -> np.ndarray:
    """Read the numbers of a text file, separated by commas, semicolons or blanks; leading lines of words are skipped."""
    if not path.is_file():
        raise MossFuseError(f"file {path} does not exist; check the path")
    lines = [
        line.replace(",", " ").replace(";", " ").split()
        for line in path.read_text(errors="replace", encoding="utf-8").splitlines()
    ]
    rows = [row for row in map(numbers, lines) if row]
    if not rows or len(set(map(len, rows))) > 1:
        raise MossFuseError(f"{path} is not a table of numbers with equally many on every line; fix it")
    return np.array(rows)


def numbers(words: Sequence[str]) -> list[float] | None:
    """Return the words as numbers, or None if one of them is not a number."""
    try:
        return [float(word) for word in words]
    except ValueError:
        return None
