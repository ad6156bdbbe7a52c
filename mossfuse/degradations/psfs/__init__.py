"""Families of PSFs, one file each, which defines ``PSF`` or ``PSFS`` (mossfuse.PsfFamily)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from mossfuse.degradations.spelling import PLACE, disallowed
from mossfuse.discovery import Catalogue, Kind, search
from mossfuse.errors import MossFuseError
from mossfuse.protocol import PsfFamily

if TYPE_CHECKING:
    import numpy as np


def misspelled(family: PsfFamily, module: ModuleType) -> str | None:
    """Return a complaint about a family whose spellings cannot be read back."""
    if not family.spellings or isinstance(family.spellings, str):
        return f"PSF family '{family.name}' needs a tuple of spellings, such as ('{family.name}{{size}}',)"
    for spelling in family.spellings:
        if not spelling.split("{")[0].isalpha() or not spelling.islower():
            return f"spelling '{spelling}' must begin with lower-case letters, which no other family has"
        unknown = {place[1] for place in PLACE.finditer(spelling)} - set(family.ranges)
        if unknown:
            return f"spelling '{spelling}' names {', '.join(sorted(unknown))}, which is no parameter; it has: {', '.join(family.ranges)}"
    return None


KIND = Kind(
    "PSF family",
    ("PSF", "PSFS"),
    (),
    "MOSSFUSE_DEGRADATIONS",
    lambda: [Path(__file__).resolve().parent],
    misspelled,
    PsfFamily,
)


@cache
def catalogue() -> Catalogue:
    """Return every PSF family that can be found, and the files that cannot be used with their reasons."""
    return search(KIND)


def find_psf_family(name: str) -> tuple[PsfFamily, ModuleType]:
    """Return (PsfFamily, module) of a name; raise MossFuseError with the nearest names."""
    return catalogue().find(name)


def make_psf(psf: Mapping[str, Any]) -> np.ndarray:
    """Return the kernel of a Degradation's ``psf`` mapping: (rows, cols) float64, sums to 1.

    Raises MossFuseError for an unknown family and for parameters that it does not have or allow.
    """
    family, params = split_family(psf)
    complaint = disallowed(family, params)
    if complaint:
        raise MossFuseError(complaint)
    return family.kernel(**{**family.params, **params})


def split_family(psf: Mapping[str, Any]) -> tuple[PsfFamily, dict[str, Any]]:
    """Return the family that a ``psf`` mapping names, and its parameters."""
    if "family" not in psf:
        raise MossFuseError(f"a PSF needs a family, such as {{'family': 'gaussian', ...}}, not {dict(psf)}")
    return find_psf_family(psf["family"])[0], {name: value for name, value in psf.items() if name != "family"}


def unusable_psf(psf: Mapping[str, Any]) -> str | None:
    """Return why a ``psf`` mapping names no PSF, or None."""
    try:
        family, params = split_family(psf)
    except MossFuseError as error:
        return str(error)
    return disallowed(family, params)
