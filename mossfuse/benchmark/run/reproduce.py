"""Compute a cell again from its record alone, and compare every step with what the record says."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mossfuse.benchmark.plan.cells import Cell
from mossfuse.benchmark.plan.grid import Grid
from mossfuse.benchmark.plan.paths import CellFiles, Paths
from mossfuse.benchmark.plan.settings import check_settings
from mossfuse.errors import MossFuseError
from mossfuse.files.atomic import read_json
from mossfuse.files.hashing import sha256_of
from mossfuse.methods import split_suffix

PACKAGES = ("python", "torch", "numpy", "scipy", "scikit-image")
RECORD = CellFiles(Path()).run.name


@dataclass(frozen=True)
class Entry:
    """One entry of a record beside its value now; ``decides``: whether the cube is the same only where it is."""

    name: str
    recorded: str
    now: str

    @property
    def equal(self) -> bool:
        """Whether both are the same."""
        return self.recorded == self.now


@dataclass(frozen=True)
class Reproduction:
    """A cell computed again: its name, the entries compared, whether the cube has the same bytes, and how far it is off.

    difference: largest difference of two values of the cubes; None where the recorded cube is not there any more.
    """

    cell: str
    entries: tuple[Entry, ...]
    equal: bool
    difference: float | None

    @property
    def digits(self) -> int | None:
        """Decimal digits behind the point to which all values agree; None for equal or unknown ones."""
        if self.equal or not self.difference:
            return None
        return max(0, math.floor(-math.log10(self.difference)))


def find_record(name: str, results: Path) -> Path:
    """Return the record that a path (of a record, or of its folder) or a cell's name below ``results`` means."""
    places = (Path(name), Path(name) / RECORD, results / name / RECORD)
    for place in places:
        if place.is_file():
            return place
    raise MossFuseError(
        f"there is no cell '{name}'; give the path of a {RECORD} or of its folder, or "
        f"DATASET/DEGRADATION/METHOD/SCENE/seedN of a cell below {results}"
    )


def reproduce(
    path: Path, work: Path, *, checkpoint: Path | None = None, device: str = "auto", mirrors: Iterable[Path] = (),
    log: Path | None = None,
) -> Reproduction:  # fmt: skip
    """Compute the cell of the record ``path`` again below the empty folder ``work`` and compare; nothing else is written.

    checkpoint: weights where they no longer are where the record says. Raises MossFuseError where the record does not hold
    enough, the cell failed, or what it needs is missing or has another hash.
    """
    record = read_json(path)
    if record["status"] != "ok":
        raise MossFuseError(f"{path}: this cell failed ({record['reason']}), so that there is no cube to compare with")
    if "configuration" not in record:
        raise MossFuseError(f"{path} was written by a version that did not record enough; run the benchmark again")
    grid = Grid(check_settings(record["configuration"], str(path)))
    cell = Cell(*(record[key] for key in ("dataset", "degradation", "method", "scene", "seed")))
    paths = Paths(work / "results", work / "reports", work / "checkpoints", work / "data")
    mirrors = [*mirrors, Paths().registry]
    make_pair_of(grid, cell, paths, mirrors)
    base = None
    if grid.rows[cell.method].suffix:
        base = base_of(record, path, cell, grid, paths, checkpoint, device, mirrors, log)
        checkpoint = None
    elif record["inputs"]["checkpoint"]:
        checkpoint = weights_of(record, path, checkpoint)
    now = run(cell, grid, paths, record, checkpoint, base, device, mirrors, log)
    files, stored = paths.of_cell(cell), CellFiles(path.parent).cube
    equal = now["output"] == record["output"]
    there = stored.is_file() and stored.stat().st_size > 0
    difference = None if equal or not there or now["output"] is None else largest_difference(stored, files.cube)
    return Reproduction(cell.name, tuple(compare(record, now)), equal, difference)


def make_pair_of(grid: Grid, cell: Cell, paths: Paths, mirrors: list[Path]) -> None:
    """Fetch, prepare and degrade the scene of a cell, unless that was done."""
    from mossfuse.benchmark.run.single import make_pairs

    if not paths.pair(cell.dataset, cell.degradation, cell.scene).exists():
        make_pairs(grid, cell, paths, mirrors, (cell.scene,))


def run(
    cell: Cell, grid: Grid, paths: Paths, record: Mapping[str, Any], checkpoint: Path | None, base: Path | None,
    device: str, mirrors: list[Path], log: Path | None,
) -> dict[str, Any]:  # fmt: skip
    """Run the cell as its record says and return the new record; raise MossFuseError where it fails."""
    from mossfuse.benchmark.run.cell import run_cell
    from mossfuse.benchmark.run.made_elsewhere import take_cube
    from mossfuse.benchmark.run.origin import describe_origin
    from mossfuse.benchmark.run.single import closed_to_methods, see

    files, pair = paths.of_cell(cell), paths.pair(cell.dataset, cell.degradation, cell.scene)
    row, origin = grid.rows[cell.method], describe_origin(grid, cell)
    if row.external is not None:
        files.folder.mkdir(parents=True, exist_ok=True)
        now = take_cube(cell, row, files=files, pair=pair, origin=origin)
    else:
        now = run_cell(
            cell,
            row,
            files=files,
            pair=pair,
            closed=closed_to_methods(paths, mirrors),
            origin=origin,
            checkpoint=checkpoint,
            base=base,
            device=device if record.get("device") != "cpu" else "cpu",
            threads=record["threads"],
            limit_s=grid.config["limits"]["fuse_s"],
            log=log,
        )
    if now["status"] != "ok":
        raise MossFuseError(f"{cell.name} fails now: {now['reason']}{see(log)}")
    return now


def weights_of(record: Mapping[str, Any], path: Path, given: Path | None) -> Path:
    """Return the file of the weights that a record names, with its hash; raise MossFuseError where it is not there."""
    wanted = record["inputs"]["checkpoint"]
    file = given or Path(record["checkpoint"])
    if not file.is_file():
        raise MossFuseError(f"{path} needs the weights {file}, which are not there; give their path with --checkpoint")
    found = sha256_of(file)
    if found != wanted:
        raise MossFuseError(
            f"{file} are other weights than those of {path} (sha256 {found[:16]}..., recorded {wanted[:16]}...); give the "
            "right ones with --checkpoint"
        )
    return file


def base_of(
    record: Mapping[str, Any], path: Path, cell: Cell, grid: Grid, paths: Paths, checkpoint: Path | None, device: str,
    mirrors: list[Path], log: Path | None,
) -> Path:  # fmt: skip
    """Compute the cube that a refinement starts from again and return its path.

    Its own record stands beside the refinement's; without one it is computed from the refinement's configuration.
    """
    own = None
    above = path.absolute().parents[2]
    for other in sorted((above.parent / split_suffix(cell.method)[0] / cell.scene).glob(f"*/{RECORD}")):
        found = read_json(other)
        if found.get("output") == record["inputs"]["base"]:
            own, before = other, found
    seed = before["seed"] if own else cell.seed
    base = Cell(cell.dataset, cell.degradation, split_suffix(cell.method)[0], cell.scene, seed)
    row = grid.rows[base.method]
    weights = None
    if own and before["inputs"]["checkpoint"]:
        weights = weights_of(before, own, checkpoint)
    elif row.method is not None and (row.trained_here or row.weights):
        weights = checkpoint
        if weights is None:
            raise MossFuseError(f"{path}: the weights of '{base.method}' are needed; give their path with --checkpoint")
    run(base, grid, paths, record if own is None else before, weights, None, device, mirrors, log)
    return paths.of_cell(base).cube


def compare(record: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Entry]:
    """Yield what two records of one cell are made from, side by side, in the order in which a cell is made."""
    for title, *keys in (
        ("scene", "pair", "made_from", "truth"),
        ("spectral response", "pair", "made_from", "srf"),
        ("PSF", "pair", "made_from", "psf"),
        ("pair", "inputs", "pair"),
        ("pair as read", "pair_read"),
        ("weights", "inputs", "checkpoint"),
        ("cube refined", "inputs", "base"),
        ("code of the row", "code", "row"),
        ("code of the harness", "code", "harness"),
        ("device", "device_name"),
        ("threads", "threads"),
        ("BLAS", "blas"),
        *((package, "versions", package) for package in PACKAGES),
        ("cube", "output"),
    ):
        before, after = value_at(record, keys), value_at(now, keys)
        if before or after:
            yield Entry(title, before or "not recorded", after or "none")


def value_at(record: Any, keys: Iterable[str]) -> str:
    """Return the value at a path of keys as text; '' where there is none."""
    for key in keys:
        record = record.get(key) if isinstance(record, Mapping) else None
    return "" if record is None else str(record)


def largest_difference(first: Path, second: Path) -> float:
    """Return the largest difference of two values of two cubes; infinite for unequal shapes."""
    import numpy as np

    from mossfuse.files import read_prepared

    one, two = read_prepared(first)[0], read_prepared(second)[0]
    return float(np.abs(one.astype(np.float64) - two).max()) if one.shape == two.shape else math.inf
