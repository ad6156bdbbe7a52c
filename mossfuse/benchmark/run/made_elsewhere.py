"""Cubes made elsewhere: read, brought to the scale [0, 1], checked and copied into their cell; nothing is run.

Their scale follows the rule of ``mossfuse score`` (mossfuse.files.scaling.white_of_cube), what their file states, or ``white:`` of the configuration. A cube
whose scale is not known is a failed row with its reason, not a poor one.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mossfuse.benchmark.data.pairs import read_pair
from mossfuse.benchmark.run.cell import EMPTY, facts_of, finish_cell
from mossfuse.benchmark.run.records import start_record
from mossfuse.errors import MossFuseError
from mossfuse.files import text, write_cube
from mossfuse.files.hashing import sha256_of
from mossfuse.files.reading import read_image
from mossfuse.files.scaling import white_of_cube

if TYPE_CHECKING:
    from mossfuse.benchmark.plan.cells import Cell
    from mossfuse.benchmark.plan.grid import Row
    from mossfuse.benchmark.plan.paths import CellFiles

REMEDY = "give the row `white:`, the value that counts as 1, under `external:` of the configuration"


def take_cube(
    cell: Cell, row: Row, *, files: CellFiles, pair: Path, origin: Mapping[str, Any] = EMPTY
) -> dict[str, Any]:
    """Copy the cube that the row's pattern names into the cell and return the record; an unusable cube is its failure.

    origin: entries of the record on what the cell is made from.
    """
    about = row.external
    assert about is not None
    source = Path(about["pattern"].format(**vars(cell)))
    record = start_record(
        cell,
        params={},
        threads=None,
        inputs={"pair": sha256_of(pair), "checkpoint": None, "base": None},
        **facts_of(pair),
        **origin,
        weights="external",
        knows=[],
        trains="external",
    )

    def copy(cube: Path, history: Path) -> dict[str, Any]:
        try:
            white = copy_cube(source, about.get("key"), about.get("white"), pair, cube)
        except MossFuseError as error:
            return {"status": "failed", "reason": str(error)}
        history.write_text("step\n", encoding="utf-8")
        notes = {"source": source.name, "source_sha256": sha256_of(source), "white": white}
        return {"status": "ok", "reason": "", "notes": notes}

    found: dict[str, Any] = finish_cell(record, files, copy)
    return found


def copy_cube(source: Path, key: str | None, white: float | None, pair: Path, target: Path) -> float:
    """Write the cube of ``source`` as float32 on the scale [0, 1] and return the value that counted as 1.

    white: that value where the configuration has it. Raises MossFuseError unless the cube fits the pair, is finite and has a known scale.
    """
    observation = read_pair(pair, knows=frozenset())
    image = read_image(source, key)
    stored = np.asarray(image.values)
    expected = (*observation.msi.shape[:2], observation.hsi.shape[2])
    if stored.shape != expected:
        raise MossFuseError(f"{source} holds a cube of shape {text(stored.shape)}, the scene needs {text(expected)}")
    if not np.isfinite(stored).all():
        raise MossFuseError(f"{source} holds values that are not finite; fix the file")
    level = float(white or image.white or white_of_cube(stored, str(source), REMEDY))
    write_cube(target, np.divide(stored, np.float32(level), dtype=np.float32), observation.wavelengths)
    return level
