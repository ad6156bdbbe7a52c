"""Write the description of a user's folder of cubes from what it holds, and say what had to be assumed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mossfuse.datasets._folder import DESCRIPTION, band_files, stored_cube
from mossfuse.errors import MossFuseError, extra_needed
from mossfuse.files import FORMATS
from mossfuse.files.atomic import write_text
from mossfuse.files.scaling import full_bits

SHORT, STEP = 400.0, 10.0  # nm: wavelengths of bands that say nothing about theirs
MULTIPLE = 32  # sides of scenes where all are long enough: every usual ratio divides it
SHORTER = 8
LEAST_BANDS = 4
MODULE = '''"""Scenes of {folder}, as dataset.yaml beside this file describes them; written by mossfuse data add."""

from pathlib import Path

from mossfuse.datasets._folder import described

DATASET, obtain, read = described(Path(__file__).with_name("dataset.yaml"))
'''


@dataclass(frozen=True)
class Found:
    """A cube of the folder: its scene, how the description names it, its shape, largest and smallest value, type, wavelengths, stated scale."""

    scene: str
    place: dict[str, str]
    shape: tuple[int, int, int]
    range: tuple[float, float]
    kind: str
    wavelengths: tuple[float, ...] | None
    white: float | None


def describe_folder(folder: Path, name: str | None = None) -> tuple[dict[str, Any], list[str], list[str]]:
    """Return (description, assumptions, what was passed over) of the cubes in a folder.

    Raises MossFuseError where there is none, where they differ in their bands, and for a folder with Python files.
    """
    found, passed_over = find_cubes(folder)
    if not found:
        said = f" ({'; '.join(passed_over)})" if passed_over else ""
        raise MossFuseError(
            f"{folder} holds no cube{said}; put cubes ({', '.join(sorted(FORMATS))}) or folders of numbered PNG bands there"
        )
    counts = sorted({cube.shape[2] for cube in found})
    if len(counts) > 1:
        listed = ", ".join(f"{cube.scene}: {cube.shape[2]}" for cube in found)
        raise MossFuseError(
            f"the cubes of {folder} differ in their bands ({listed}); give each kind a folder of its own"
        )
    assumed: list[str] = []
    about = {
        "name": name or spelled(folder.resolve().name),
        "title": folder.resolve().name,
        "citation": "not stated",
        "terms": "own data",
        "full_scale": full_scale(found, assumed),
        "multiple": multiple(found, assumed),
        "wavelengths": wavelengths(found, counts[0], assumed),
        "scenes": {"train": {}, "test": {cube.scene: cube.place for cube in found}},
    }
    assumed.append("every scene is a test scene; move those to train from which methods may learn")
    return about, assumed, passed_over


def find_cubes(folder: Path) -> tuple[list[Found], list[str]]:
    """Return the cubes of a folder in the order of their names, and one sentence for each file that is none."""
    found, passed_over = [], []
    for path in sorted(folder.iterdir()):
        pngs = band_files(path) if path.is_dir() else []
        raw = path.suffix.lower() in (".img", ".bsq", ".bil", ".bip") and path.with_suffix(".hdr").is_file()
        if path.name.startswith(".") or raw or not (pngs or path.suffix.lower() in FORMATS):
            continue
        try:
            cube, centres, white = stored_cube(pngs or [path])
        except MossFuseError as error:
            passed_over.append(str(error))
            continue
        if cube.ndim != 3 or cube.shape[2] < LEAST_BANDS or cube.dtype.kind not in "uif":
            passed_over.append(f"{path.name} is no cube of {LEAST_BANDS} or more bands")
            continue
        bounds = (float(np.nanmin(cube)), float(np.nanmax(cube)))
        listed = None if centres is None else tuple(float(wl) for wl in centres)
        shape = (cube.shape[0], cube.shape[1], cube.shape[2])
        found.append(Found(path.stem, {"file": path.name}, shape, bounds, cube.dtype.kind, listed, white))
    twice = {cube.scene for cube in found if sum(other.scene == cube.scene for other in found) > 1}
    if twice:
        raise MossFuseError(f"{folder} holds two cubes called {', '.join(sorted(twice))}; rename or remove one")
    return found, passed_over


def full_scale(found: list[Found], assumed: list[str]) -> float:
    """Return the value that counts as 1: what every file states, for integers the smallest 2^k - 1 that holds every value, else 1 or the largest."""
    lowest, largest = min(cube.range[0] for cube in found), max(cube.range[1] for cube in found)
    if lowest < 0:
        assumed.append(f"the smallest value is {lowest:g}: values below 0 are refused; correct or replace them")
    stated = {cube.white for cube in found}
    if len(stated) == 1 and None not in stated:
        scale = max(largest, *(white for white in stated if white))
        assumed.append(
            f"full_scale: {scale:g}, the scale that the files state, or the largest value where it is larger"
        )
        return scale
    if all(cube.kind in "ui" for cube in found):
        scale = full_bits(largest)
        assumed.append(
            f"full_scale: {scale:g}, the full scale of as many bits as the largest value ({largest:g}) needs"
        )
        return scale
    if largest <= 1:
        return 1.0
    assumed.append(f"full_scale: {largest:g}, the largest value of all scenes")
    return largest


def multiple(found: list[Found], assumed: list[str]) -> int:
    """Return the number that the sides of every scene are cut to a multiple of."""
    shortest = min(min(cube.shape[:2]) for cube in found)
    number = MULTIPLE if shortest >= 4 * MULTIPLE else SHORTER if shortest >= SHORTER else 1
    if any(side % number for cube in found for side in cube.shape[:2]):
        assumed.append(f"multiple: {number}, scenes are cut to sides that are multiples of it, from the top left")
    return number


def wavelengths(found: list[Found], bands: int, assumed: list[str]) -> list[float]:
    """Return the wavelengths (nm) that the files state, or assumed ones."""
    stated = {cube.wavelengths for cube in found} - {None}
    if len(stated) > 1:
        assumed.append("wavelengths: those of the first file that states any; the files differ")
    for cube in found:
        if cube.wavelengths is not None:
            return [round(wl, 3) for wl in cube.wavelengths]
    assumed.append(f"wavelengths: {SHORT:g} nm and {STEP:g} nm further for every band, because no file states them")
    return [SHORT + STEP * band for band in range(bands)]


def spelled(text: str) -> str:
    """Return a text as the name of a dataset: lower-case letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "own-scenes"


def write_description(folder: Path, about: dict[str, Any], assumed: list[str]) -> tuple[Path, Path]:
    """Write dataset.yaml, with the assumptions as comments, and the module beside it that makes it a dataset; return both."""
    with extra_needed("mossfuse data add"):
        import yaml
    comments = "".join(f"# ASSUMED {line}\n" for line in assumed)
    text = yaml.safe_dump(about, sort_keys=False, allow_unicode=True, default_flow_style=None, width=120)
    description = folder / DESCRIPTION
    module = folder / f"{about['name'].replace('-', '_')}.py"
    write_text(description, comments + text)
    write_text(module, MODULE.format(folder=folder.resolve().name))
    return description, module
