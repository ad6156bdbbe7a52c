"""One rule for the units of wavelengths, whatever the format: nanometres, from what the file says or from the numbers."""

import re
from collections.abc import Iterable
from typing import Any

import numpy as np

from mossfuse.errors import MossFuseError

NANOMETRES = {
    **dict.fromkeys(("nm", "nanometer", "nanometers", "nanometre", "nanometres"), 1.0),
    **dict.fromkeys(("um", "µm", "μm", "micron", "microns", "micrometer", "micrometers", "micrometre", "micrometres"), 1e3),
    **dict.fromkeys(("mm", "millimeter", "millimeters", "millimetre", "millimetres"), 1e6),
    **dict.fromkeys(("m", "meter", "meters", "metre", "metres"), 1e9),
    **dict.fromkeys(("a", "å", "angstrom", "angstroms", "ångström", "ångströms"), 0.1),
}  # fmt: skip
WAVENUMBERS = ("wavenumber", "wavenumbers", "cm-1", "1/cm", "cm^-1")
NOT_LENGTHS = ("index", "band", "bands", "ghz", "mhz", "unitless", "none")
UNKNOWN = ("", "unknown")
MICROMETRES_BELOW = 100.0  # without a unit, numbers that all lie below this are micrometres
METRES_BELOW = 1e-4


def in_nanometres(values: Iterable[Any] | np.ndarray, unit: str = "", where: str = "the file") -> np.ndarray | None:
    """Return wavelengths (bands,) in nm, float64; None for numbers that are no wavelengths (a unit such as 'Index').

    unit: as the file names it; unknown or empty: micrometres where all numbers lie below 100 (metres, below 1e-4),
    nanometres otherwise. Raises MossFuseError for text, NaN, zero or negative numbers, and for a unit that is none.
    """
    try:
        numbers = np.ravel(np.asarray(values, np.float64))
    except (TypeError, ValueError):
        raise MossFuseError(
            f"the wavelengths of {where} are not numbers; store one number (nm) for each band"
        ) from None
    name = re.sub(r"[\s.]", "", unit).casefold()
    if name in NOT_LENGTHS or numbers.size == 0:
        return None
    if not np.isfinite(numbers).all() or (numbers <= 0).any():
        raise MossFuseError(f"the wavelengths of {where} hold zero, negative or missing values; fix or remove them")
    if name in WAVENUMBERS:
        return 1e7 / numbers
    if name in NANOMETRES:
        return numbers * NANOMETRES[name]
    if name not in UNKNOWN:
        raise MossFuseError(f"the wavelengths of {where} are in '{unit}', which is not known; write nm or micrometers")
    return numbers * scale_of(numbers)


def widths_in_nanometres(
    values: Iterable[Any], unit: str, wavelengths: np.ndarray | None, stored: np.ndarray
) -> np.ndarray:
    """Return widths (bands,) in nm by the factor that was found for the wavelengths, ``stored`` as they are in the file."""
    numbers = np.ravel(np.asarray(values, np.float64))
    if wavelengths is None or wavelengths.size == 0:
        return numbers * NANOMETRES.get(unit.strip().casefold(), 1.0)
    if unit.strip().casefold() in WAVENUMBERS:
        return numbers * 1e7 / np.square(np.ravel(stored))
    return numbers * float(wavelengths[0] / np.ravel(stored)[0])


def scale_of(numbers: np.ndarray) -> float:
    """Return nanometres per unit of numbers without a unit."""
    largest = float(numbers.max())
    if largest < METRES_BELOW:
        return 1e9
    return 1e3 if largest < MICROMETRES_BELOW else 1.0
