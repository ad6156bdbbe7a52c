"""Read what a user names: images as ``FILE`` or ``FILE:VARIABLE``, spectral responses, point spread functions."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mossfuse.errors import MossFuseError
from mossfuse.files import read_array, read_variables, text
from mossfuse.files.image import Image
from mossfuse.files.reading import read_image as read_whole_image
from mossfuse.pair.cameras import resample_response
from mossfuse.pair.text_tables import read_table

TABLES = (".csv", ".txt", ".dat")
SRF_NAMES = ("srf", "srf_hat", "resp", "R")
PSF_NAMES = ("psf", "psf_hat", "kernel")
SHORTEST_NM = 100  # a first column that lies above this is wavelengths
SHORTEST_UM = 0.2


def split_key(name: str | Path) -> tuple[Path, str | None]:
    """Return ('scene.mat', 'HSim') for 'scene.mat:HSim'; (name, None) without a variable or if such a file exists."""
    whole = Path(name).expanduser()
    head, _, key = str(whole).rpartition(":")
    return (Path(head), key) if head and key and not whole.exists() else (whole, None)


def read_image(name: str | Path) -> tuple[np.ndarray, np.ndarray | None]:
    """Read (image (rows, cols, bands) as stored, wavelengths (nm) or None) of FILE or FILE:VARIABLE."""
    image = open_image(name)
    return image.values, image.wavelengths


def open_image(name: str | Path) -> Image:
    """Read the Image of FILE or FILE:VARIABLE, or of a product's FOLDER or FOLDER:PART."""
    path, key = split_key(name)
    if path.exists() and not os.access(path, os.R_OK):
        raise MossFuseError(f"there is no permission to read {path}; change its permissions or name another file")
    try:
        return read_whole_image(path, key)
    except MossFuseError as error:
        if "unable to lock file" in str(error):
            raise MossFuseError(
                f"{path} is locked by another program, which may still write it; close it there"
            ) from error
        raise


def read_srf(name: str | Path, wavelengths: np.ndarray | None = None) -> np.ndarray:
    """Read a spectral response: a matrix (M, B) or (B, M), or a table of wavelength (nm), response, response, ... per line.

    wavelengths: (B,) nm of the HSI, to which a table is resampled. The table's may be in micrometres or descend. Text (.csv,
    .txt, .dat) or any file of arrays.
    """
    table = read_matrix(name, SRF_NAMES)
    for each in (table, table.T):
        at = table_wavelengths(each, wavelengths)
        if at is not None:
            return resample_response(each[:, 1:], at, wavelengths)
    return table


def table_wavelengths(table: np.ndarray, wavelengths: np.ndarray | None) -> np.ndarray | None:
    """Return the first column in nm where it is wavelengths: it rises or falls throughout, and lies above every response in nm.

    Micrometres and Angstroms are distinguished by the HSI's ``wavelengths``, with which they must overlap.
    """
    first = table[:, 0]
    steps = np.diff(first)
    if table.shape[0] < 2 or table.shape[1] < 2 or not ((steps > 0).all() or (steps < 0).all()):
        return None
    if first.min() > SHORTEST_NM:
        angstroms = wavelengths is not None and not overlap(first, wavelengths) and overlap(first / 10, wavelengths)
        return first / 10 if angstroms else first
    if wavelengths is not None and first.min() >= SHORTEST_UM and overlap(1e3 * first, wavelengths):
        return 1e3 * first
    return None


def overlap(one: np.ndarray, other: np.ndarray) -> bool:
    """Return whether two ranges of wavelengths share at least half of the smaller one."""
    low, high = max(one.min(), other.min()), min(one.max(), other.max())
    return float(high - low) >= 0.5 * min(float(np.ptp(one)), float(np.ptp(other)))


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
