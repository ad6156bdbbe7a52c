"""A user's own folder of cubes as a dataset, described by a YAML file that lies beside them.

Cubes are files that ``mossfuse.files`` reads, or folders with one PNG for each band in the order of the numbers in their names.
The description says what the files do not: what counts as 1, wavelengths, split, terms.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mossfuse.errors import MossFuseError, extra_needed, suggestion
from mossfuse.protocol import Dataset

if TYPE_CHECKING:
    import numpy as np

DESCRIPTION = "dataset.yaml"
KEYS = {
    "name": str, "title": str, "citation": str, "terms": str, "full_scale": (int, float), "multiple": int,
    "wavelengths": list, "scenes": dict,
}  # fmt: skip
FILE_KEYS = {"file": str, "key": str}


def described(path: Path) -> tuple[Dataset, Callable[..., Any], Callable[..., Any]]:
    """Return (dataset, its ``obtain``, its ``read``) for the folder around the description at ``path``.

    Raises MossFuseError that names the key that is wrong.
    """
    about = read_description(path)
    split = {name: about["scenes"].get(name) or {} for name in ("train", "test")}
    places = {scene: place for part in split.values() for scene, place in part.items()}
    dataset = Dataset(
        name=about["name"],
        title=about["title"],
        citation=about["citation"],
        terms=about["terms"],
        train=tuple(split["train"]),
        test=tuple(split["test"]),
        wavelengths=tuple(float(wl) for wl in about["wavelengths"]),
        url=str(path.parent),
        note=f"Own scenes, described in {path.name}: {about['full_scale']:g} counts as 1.",
    )

    def obtain(scenes: Sequence[str], folder: Path, mirrors: Sequence[Path]) -> dict[str, dict[str, Any]]:
        return {scene: record_of(path, files_of(path.parent, places[scene])) for scene in scenes}

    def read(scene: str, folder: Path, mirrors: Sequence[Path]) -> tuple[np.ndarray, np.ndarray]:
        return read_scene(path, about, places[scene])

    return dataset, obtain, read


def read_description(path: Path) -> dict[str, Any]:
    """Return the checked content of a description."""
    with extra_needed(f"{path}, a description in YAML,"):
        import yaml
    try:
        about = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise MossFuseError(f"{path} cannot be read as YAML ({' '.join(str(error).split())}); correct it") from error
    if not isinstance(about, dict):
        raise MossFuseError(f"{path} must hold the keys {', '.join(KEYS)}; write it with mossfuse data add")
    for key in about:
        if key not in KEYS:
            raise MossFuseError(f"{path} has the unknown key '{key}'; {suggestion(str(key), KEYS)}")
    for key, kind in KEYS.items():
        if not isinstance(about.get(key), kind) or isinstance(about.get(key), bool):
            raise MossFuseError(f"{path}: '{key}' is missing or of another type; see mossfuse data add --help")
    if not 0 < about["full_scale"] < math.inf or about["multiple"] < 1:
        raise MossFuseError(f"{path}: 'full_scale' and 'multiple' must be positive")
    for number in about["wavelengths"]:
        if not isinstance(number, int | float) or isinstance(number, bool) or not 0 < number < math.inf:
            raise MossFuseError(f"{path}: 'wavelengths' holds {number!r}, which is no wavelength in nm; correct it")
    for part, scenes in about["scenes"].items():
        if part not in ("train", "test") or not isinstance(scenes or {}, Mapping):
            raise MossFuseError(f"{path}: 'scenes' must hold 'train' and 'test', each with scene: {{file: NAME}}")
        for scene, place in (scenes or {}).items():
            if not isinstance(place, Mapping) or "file" not in place or set(place) - set(FILE_KEYS):
                raise MossFuseError(f"{path}: scene '{scene}' must be {{file: NAME}} or {{file: NAME, key: VARIABLE}}")
    return about


def files_of(root: Path, place: Mapping[str, str]) -> list[Path]:
    """Return the files of a scene: one file, or the PNGs of its folder in the order of their bands."""
    path = root / place["file"]
    if path.is_dir():
        return band_files(path)
    if not path.is_file():
        raise MossFuseError(f"{path} does not exist; correct {DESCRIPTION} beside it")
    return [path]


def band_files(folder: Path) -> list[Path]:
    """Return the PNGs of a folder in the order of the last number in their names; [] where one has no number or two have the same."""
    found = {}
    for path in folder.iterdir():
        if path.suffix.lower() == ".png" and not path.name.startswith("."):
            numbers = re.findall(r"\d+", path.stem)
            if not numbers or int(numbers[-1]) in found:
                return []
            found[int(numbers[-1])] = path
    return [found[number] for number in sorted(found)]


def record_of(description: Path, files: Sequence[Path]) -> dict[str, Any]:
    """Return the record of a scene; the description counts as one of its raw files, because it decides the values."""
    from mossfuse.files.hashing import sha256_of

    every = [*files, description]
    sums = {str(path.relative_to(description.parent)): sha256_of(path) for path in every}
    return {
        "source": "folder",
        "files": list(sums),
        "sha256": sums,
        "verified": False,
        "paths": [str(path) for path in every],
    }


def stored_cube(files: Sequence[Path], key: str | None = None) -> tuple[np.ndarray, np.ndarray | None, float | None]:
    """Return (cube (rows, cols, bands) as stored, wavelengths (bands,) in nm or None, value that counts as 1 where the file states it) of a scene's files."""
    import numpy as np

    from mossfuse.files.reading import read_image

    if files[0].suffix.lower() != ".png":
        image = read_image(files[0], key)
        if image.measured is not None:
            gaps = image.measured.size - int(image.measured.sum())
            raise MossFuseError(
                f"{files[0]} has no data in {gaps} of its pixels; a scene is a truth, so crop or fill them"
            )
        return image.values, image.wavelengths, image.white
    bands = [read_png(path) for path in files]
    sizes = {band.shape for band in bands}
    if len(sizes) > 1 or len(next(iter(sizes))) != 2:
        raise MossFuseError(f"{files[0].parent} must hold grey PNGs of one size; it holds {sorted(sizes)}")
    return np.stack(bands, axis=-1), None, None


def read_png(path: Path) -> np.ndarray:
    """Return the pixels of a PNG as stored; raise MossFuseError where it is damaged."""
    import numpy as np
    from PIL import Image

    try:
        with Image.open(path) as image:
            return np.asarray(image)
    except (OSError, SyntaxError, ValueError) as error:
        raise MossFuseError(f"{path} is a damaged PNG ({error}); get it again") from error


def read_scene(description: Path, about: Mapping[str, Any], place: Mapping[str, str]) -> tuple[np.ndarray, np.ndarray]:
    """Return (cube float32, wavelengths) of a scene: its top-left part whose sides are multiples, over the full scale.

    Bands are put in the ascending order of their wavelengths.
    """
    import numpy as np

    files = files_of(description.parent, place)
    stored, _, _ = stored_cube(files, place.get("key"))
    wavelengths = np.asarray(about["wavelengths"], np.float64)
    if stored.shape[2] != wavelengths.size:
        raise MossFuseError(
            f"{files[0]} has {stored.shape[2]} bands and {description} lists {wavelengths.size} wavelengths; correct the list"
        )
    rows, cols = (side - side % about["multiple"] for side in stored.shape[:2])
    if not rows or not cols:
        raise MossFuseError(
            f"{files[0]} has {stored.shape[0]}x{stored.shape[1]} pixels, less than 'multiple' of {description}; lower it"
        )
    order = np.argsort(wavelengths, kind="stable")
    cube = stored[:rows, :cols][..., order].astype(np.float64) / about["full_scale"]
    return cube.astype(np.float32), wavelengths[order]
