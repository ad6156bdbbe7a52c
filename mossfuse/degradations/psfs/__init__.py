"""Families of PSFs, one file each, which defines ``PSF`` or ``PSFS`` (mossfuse.PsfFamily)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from mossfuse.degradations.spelling import disallowed, unreadable
from mossfuse.discovery import Catalogue, Kind, search
from mossfuse.errors import MossFuseError
from mossfuse.protocol import PsfFamily

if TYPE_CHECKING:
    import numpy as np


def misspelled(family: PsfFamily, module: ModuleType) -> str | None:
    """Return a complaint about a family whose spellings cannot be read back."""
    if family.width and family.width not in family.ranges:
        return f"the width of PSF family '{family.name}' is '{family.width}', which is no parameter; it has: {', '.join(family.ranges)}"
    return unreadable(family)


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
