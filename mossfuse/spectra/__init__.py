"""The measured spectra behind `phantom`, read from spectra.csv (sources and citations at its top)."""

import csv
from functools import cache
from pathlib import Path

import numpy as np

from mossfuse.errors import MossFuseError

TABLE = Path(__file__).with_name("spectra.csv")
BANDS = 31
ILLUMINANTS = ("A", "D50", "D55", "D65", "D75")


@cache
def table():
    """Return {name: (31,) float64, read-only} of every row of the CSV, in its order."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(line for line in file if not line.startswith("#"))
        next(rows)
        spectra = {name: np.array(values, dtype=np.float64) for name, *values in rows}
    for spectrum in spectra.values():
        spectrum.setflags(write=False)
    return spectra


def wavelengths():
    """Return (31,) float64: 400 to 700 nm in steps of 10 nm, the bands of every spectrum here."""
    return np.arange(400.0, 701.0, 10.0)


def fidelity_samples():
    """Return (99, 31) float32 reflectances CES01 .. CES99 of CIE 224:2017, in order of hue."""
    return np.array([table()[f"CES{number:02d}"] for number in range(1, 100)], np.float32)


def colour_checker():
    """Return {patch name: (31,) float32 reflectance} of the 24 ColorChecker patches, in chart order (ISO 17321-1)."""
    return {name[3:]: values.astype(np.float32) for name, values in table().items() if name.startswith("CC ")}


def illuminant(name):
    """Return (31,) float64 relative spectral power of CIE illuminant A, D50, D55, D65 or D75 (CIE 15).

    Raises MossFuseError for another name.
    """
    if name not in ILLUMINANTS:
        raise MossFuseError(f"illuminant '{name}' is not tabulated: choose from {', '.join(ILLUMINANTS)}")
    return table()[f"illuminant {name}"].copy()


def colour_matching_functions():
    """Return (31, 3) float64: x, y, z of the CIE 1931 2 degree standard observer (CIE 15)."""
    return np.stack([table()[f"cie1931 {axis}"] for axis in "xyz"], axis=1)


def nikon_d5100():
    """Return (3, 31) float64: sensitivities R, G, B of the Nikon D5100 (Darrodi et al. 2015), every row divided by its sum."""
    sensitivity = np.stack([table()[f"nikon-d5100 {channel}"] for channel in "rgb"])
    return sensitivity / sensitivity.sum(1, keepdims=True)
