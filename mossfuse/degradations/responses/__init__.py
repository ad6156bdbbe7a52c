"""Spectral responses (SRFs), one file each, which defines ``RESPONSE`` or ``RESPONSES`` (mossfuse.Response).

A response is tabulated at its own wavelengths; other bands inside that range get it by linear interpolation. Rows
are then divided by their sums, so a grey spectrum keeps its level (dusongcheng/MossFuse dataset/resp.mat has that
form: 3 x 31, red, green, blue).
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from types import ModuleType

import numpy as np

from mossfuse.discovery import Catalogue, Kind, search
from mossfuse.errors import MossFuseError
from mossfuse.protocol import Response

THIN_SHARE = 0.1  # a channel with less than this part of its response inside the bands is reported
log = logging.getLogger(__name__)


def unusable(response: Response, module: ModuleType) -> str | None:
    """Return a complaint about a response without a table, or whose name cannot be spelled in a degradation's name."""
    if not callable(response.table):
        return f"spectral response '{response.name}': table must be a function (mirrors, folder) -> array"
    if not response.name.replace("-", "").isalnum() or response.name != response.name.lower():
        return f"spectral response '{response.name}' may have lower-case letters, digits and hyphens in its name"
    return None


KIND = Kind(
    "spectral response",
    ("RESPONSE", "RESPONSES"),
    (),
    "MOSSFUSE_DEGRADATIONS",
    lambda: [Path(__file__).resolve().parent],
    unusable,
    Response,
)


@cache
def catalogue() -> Catalogue:
    """Return every spectral response that can be found, and the files that cannot be used with their reasons."""
    return search(KIND)


def find_response(name: str) -> tuple[Response, ModuleType]:
    """Return (Response, module) of a name; raise MossFuseError with the nearest names."""
    return catalogue().find(name)


def load_srf(
    name: str,
    wavelengths: Sequence[float] | np.ndarray,
    mirrors: Sequence[str | Path] | None = None,
    folder: str | Path | None = None,
) -> np.ndarray:
    """Return the named response at these bands: (M, B) float64, rows sum to 1.

    wavelengths: (B,) nm. mirrors: as for ``registry.obtain_file``; folder: where a downloaded file is
    kept (None: the user's cache).
    Raises MossFuseError for an unknown name and for bands outside the tabulated range.
    """
    return response_at(find_response(name)[0], wavelengths, mirrors, folder)


def response_at(
    response: Response,
    wavelengths: Sequence[float] | np.ndarray,
    mirrors: Sequence[str | Path] | None = None,
    folder: str | Path | None = None,
) -> np.ndarray:
    """Return a Response at these bands; see ``load_srf``."""
    rows = rows_at(response, wavelengths, mirrors, folder)
    return rows / rows.sum(1, keepdims=True)


def load_levels(
    name: str,
    wavelengths: Sequence[float] | np.ndarray,
    mirrors: Sequence[str | Path] | None = None,
    folder: str | Path | None = None,
) -> np.ndarray:
    """Return the sums of the named response's rows at these bands over the largest of them, (M,) float64; see ``load_srf``."""
    sums = rows_at(find_response(name)[0], wavelengths, mirrors, folder).sum(1)
    return sums / sums.max()


def rows_at(
    response: Response,
    wavelengths: Sequence[float] | np.ndarray,
    mirrors: Sequence[str | Path] | None = None,
    folder: str | Path | None = None,
) -> np.ndarray:
    """Return a Response at these bands as its table has it, (M, B) float64, not normalised; see ``load_srf``."""
    name = response.name
    wavelengths = np.asarray(wavelengths, np.float64)
    known = np.asarray(response.wavelengths, np.float64)
    if response.by_band and wavelengths.size != known.size:
        raise MossFuseError(
            f"spectral response '{name}' has {known.size} columns, one per band, and the cube has {wavelengths.size} "
            "bands; choose another response"
        )
    if not response.by_band and (wavelengths.min() < known.min() or wavelengths.max() > known.max()):
        raise MossFuseError(
            f"spectral response '{name}' is known from {known.min():g} to {known.max():g} nm and the bands go from "
            f"{wavelengths.min():g} to {wavelengths.max():g} nm; choose another response or leave those bands out"
        )
    table = np.asarray(response.table(mirrors, folder), np.float64)
    if response.by_band:
        return table
    rows = np.stack([np.interp(wavelengths, known, row) for row in table])
    warn_of_thin_rows(name, rows, table, wavelengths, known)
    return rows


def warn_of_thin_rows(
    name: str, rows: np.ndarray, table: np.ndarray, wavelengths: np.ndarray, known: np.ndarray
) -> None:
    """Raise MossFuseError for a channel that sees none of the bands; warn of those that see little of them."""
    step = np.median(np.diff(wavelengths)) if wavelengths.size > 1 else known[1] - known[0]
    share = rows.sum(1) * step / (table.sum(1) * (known[1] - known[0]))
    if (rows.sum(1) <= 0).any():
        raise MossFuseError(
            f"channel {int(np.argmin(rows.sum(1))) + 1} of spectral response '{name}' sees none of the bands "
            f"({wavelengths.min():g}-{wavelengths.max():g} nm); choose another response"
        )
    for channel in np.flatnonzero(share < THIN_SHARE):
        log.warning(
            "channel %d of '%s' has only %.0f %% of its response inside the bands",
            channel + 1,
            name,
            100 * share[channel],
        )
