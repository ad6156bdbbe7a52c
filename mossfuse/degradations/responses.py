"""Spectral responses by name: the matrix that turns HSI bands into MSI bands.

A response is tabulated at its own wavelengths; other bands inside that range get it by linear interpolation. Rows
are then divided by their sums, so a grey spectrum keeps its level (dusongcheng/MossFuse dataset/resp.mat has that
form: 3 x 31, red, green, blue).
"""

import difflib
import logging
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mossfuse.errors import MossFuseError

VISIBLE = tuple(range(400, 701, 10))
OPTICAL = tuple(range(350, 2601))
# Landsat 8 OLI bands 2-7, lower and upper edge in nm (USGS): blue, green, red, near infrared, two short-wave infrared.
LANDSAT8 = ((452, 512), (533, 590), (636, 673), (851, 879), (1566, 1651), (2107, 2294))
# WorldView-2 multispectral bands, lower and upper edge in nm (data sheet): coastal, blue, green, yellow, red, red edge,
# near infrared 1 and 2.
WORLDVIEW2 = ((400, 450), (450, 510), (510, 580), (585, 625), (630, 690), (705, 745), (770, 895), (860, 1040))
THIN_SHARE = 0.1  # below this part of a channel's response inside the bands a warning is due
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Response:
    """table(mirrors, folder) -> (M, N) response at ``wavelengths`` (N,), in nm.

    by_band: the columns belong to band 1, 2, ... whatever their wavelengths (no interpolation).
    """

    title: str
    citation: str
    table: Callable
    wavelengths: tuple[float, ...] = VISIBLE
    by_band: bool = False


def nikon_d700(mirrors, folder):
    """The official code's 3 x 31 matrix, from the registry."""
    from mossfuse.files import read_array
    from mossfuse.remote.registry import obtain_file

    path = obtain_file("nikon-d700", mirrors, folder).path
    return read_array(path, key="resp")


def nikon_d5100(mirrors, folder):
    """The embedded table of the phantom dataset."""
    from mossfuse import spectra

    return spectra.nikon_d5100()


def boxes(edges):
    """Channels that see everything between two wavelengths alike: (len(edges), len(OPTICAL))."""
    return np.array([[low <= nm <= high for nm in OPTICAL] for low, high in edges], np.float64)


RESPONSES = {
    "nikon-d700": Response(
        "Nikon D700 (the CAVE protocol)", "MossFuse, dataset/resp.mat (same numbers as MHF-net)", nikon_d700
    ),
    "nikon-d700-by-band": Response(
        "Nikon D700, its 31 columns by band number: what is customary for 31-band cubes of another range (Harvard)",
        "MossFuse, dataset/resp.mat",
        nikon_d700,
        by_band=True,
    ),
    "nikon-d5100": Response(
        "Nikon D5100, measured", "Darrodi et al., JOSA A 32, 381 (2015), doi 10.1364/JOSAA.32.000381", nikon_d5100
    ),
    "landsat8": Response(
        "Landsat 8 OLI, six bands as boxes between their edges",
        "USGS, Landsat 8 band designations",
        lambda mirrors, folder: boxes(LANDSAT8),
        OPTICAL,
    ),
    "landsat8-vnir": Response(
        "Landsat 8 OLI, the four bands below 900 nm as boxes",
        "USGS, Landsat 8 band designations",
        lambda mirrors, folder: boxes(LANDSAT8[:4]),
        OPTICAL,
    ),
    "worldview2": Response(
        "WorldView-2, its eight multispectral bands as boxes between their edges",
        "DigitalGlobe, WorldView-2 data sheet",
        lambda mirrors, folder: boxes(WORLDVIEW2),
        OPTICAL,
    ),
}


def find_response(name):
    """The Response of a name; MossFuseError lists the nearest ones."""
    if name not in RESPONSES:
        near = difflib.get_close_matches(name, RESPONSES, n=3)
        hint = f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(sorted(RESPONSES))}"
        raise MossFuseError(f"unknown spectral response '{name}'; {hint}")
    return RESPONSES[name]


def load_srf(name, wavelengths, mirrors=None, folder=None):
    """The response at these bands: (M, B) float64, rows sum to 1.

    wavelengths: (B,) nm. mirrors: as for ``registry.obtain_file``; folder: where a downloaded file is kept (None: the user's cache).
    MossFuseError for an unknown name and for bands outside the tabulated range.
    """
    response = find_response(name)
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
        return table / table.sum(1, keepdims=True)
    rows = np.stack([np.interp(wavelengths, known, row) for row in table])
    warn_of_thin_rows(name, rows, table, wavelengths, known)
    return rows / rows.sum(1, keepdims=True)


def warn_of_thin_rows(name, rows, table, wavelengths, known):
    """Refuse a channel that sees none of the bands; say which ones see little of them."""
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
