"""What lies around a method when it runs: a benchmark's folders, with the truth in them, and names everywhere."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from mossfuse.benchmark.check.claims import Unmet
from mossfuse.benchmark.check.pairs import make_pair
from mossfuse.benchmark.data.pairs import write_pair
from mossfuse.benchmark.plan.cells import Cell
from mossfuse.benchmark.plan.paths import Paths
from mossfuse.benchmark.run.borders import Borders
from mossfuse.benchmark.run.guard import watching
from mossfuse.files import write_cube

SMALL = {"rows": 32, "cols": 32, "ratio": 8}


@dataclass(frozen=True)
class Surroundings:
    """A place and its names. poisoned: whether the truth there holds NaN alone."""

    cell: Cell
    poisoned: bool


# The second has other names throughout, those of another draw of the noise, and no truth.
TRUE = Surroundings(Cell("phantom", "x8-gauss7s2-nikond5100-snr30-35", "method", "beads", 0), poisoned=False)
SHUFFLED = Surroundings(Cell("cave", "x4-box4-nikond700-snr30-35-noise3", "other", "balloons", 5), poisoned=True)


@contextmanager
def surrounded(around: Surroundings, folder: Path) -> Iterator[None]:
    """Work, inside the block, in ``folder`` made to look like that of a benchmark with the pair ``make_pair(**SMALL)``.

    Raises Unmet where a file of the scene or of the results is opened; their names are in the folder and in sys.argv.
    """
    cell, paths = around.cell, Paths(*(folder / part for part in ("results", "reports", "checkpoints", "data")))
    truth, pair = contents(around.poisoned)
    write(paths.scene(cell.dataset, cell.scene), truth)
    write(paths.pair(cell.dataset, cell.degradation, cell.scene), pair)
    before, arguments = Path.cwd(), sys.argv
    os.chdir(folder)
    sys.argv = [cell.name]
    reasons: list[str] = []
    try:
        with watching(Borders.around(paths.trees)) as reasons:
            yield
    except Exception:
        if not reasons:  # else what was opened explains it
            raise
    finally:
        os.chdir(before)
        sys.argv = arguments
    if reasons:
        raise Unmet(f"{reasons[0]}; use what is in the observation")


def write(path: Path, content: bytes) -> None:
    """Write a file and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


@cache
def contents(poisoned: bool) -> tuple[bytes, bytes]:
    """Return the bytes of the files of the scene and of its pair."""
    pair, truth = make_pair(**SMALL)
    with tempfile.TemporaryDirectory() as folder:
        files = Path(folder, "truth.mat"), Path(folder, "pair.mat")
        write_cube(files[0], np.full_like(truth, np.nan) if poisoned else truth, pair.wavelengths)
        write_pair(files[1], pair)
        return files[0].read_bytes(), files[1].read_bytes()
