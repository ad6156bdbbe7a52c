"""Cubes made elsewhere: read, checked and copied into their cell; nothing is run."""

from pathlib import Path

from mossfuse.benchmark.run.cell import EMPTY, facts_of, finish_cell
from mossfuse.benchmark.run.records import start_record
from mossfuse.errors import MossFuseError
from mossfuse.files.hashing import sha256_of


def read_external(cell, row, *, files, pair, origin=EMPTY):
    """Copy the cube that the row's pattern names into the cell and return the record; an unusable cube is its failure.

    origin: entries of the record on what the cell is made from.
    """
    source = Path(row.external["pattern"].format(**vars(cell)))
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

    def copy(cube, history):
        try:
            copy_cube(source, row.external.get("key"), pair, cube)
        except MossFuseError as error:
            return {"status": "failed", "reason": str(error)}
        history.write_text("step\n", encoding="utf-8")
        return {"status": "ok", "reason": "", "notes": {"source": source.name, "source_sha256": sha256_of(source)}}

    return finish_cell(record, files, copy)


def copy_cube(source, key, pair, target):
    """Write the cube of ``source`` as float32; raise MossFuseError unless it fits the pair and is finite."""
    import numpy as np

    from mossfuse.benchmark.data.pairs import read_pair
    from mossfuse.files import read_array, write_cube

    observation = read_pair(pair, knows=frozenset())
    cube = np.asarray(read_array(source, key=key), np.float32)
    expected = (*observation.msi.shape[:2], observation.hsi.shape[2])
    if cube.shape != expected:
        raise MossFuseError(f"{source} holds a cube of shape {cube.shape}, the scene needs {expected}")
    if not np.isfinite(cube).all():
        raise MossFuseError(f"{source} holds values that are not finite; fix the file")
    write_cube(target, cube, observation.wavelengths)
