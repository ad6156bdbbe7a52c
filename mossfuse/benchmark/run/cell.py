"""Run or time one cell of the grid: start the method in a child process and record its outcome, whatever it is."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from mossfuse.benchmark.data.unchanged import require_unchanged
from mossfuse.benchmark.plan.paths import CellFiles, TrainingFiles
from mossfuse.benchmark.run.isolation import run_child
from mossfuse.benchmark.run.records import read_reason, start_record
from mossfuse.files.atomic import read_json, replacing, write_json
from mossfuse.files.hashing import sha256_of

EMPTY: Mapping[str, Any] = MappingProxyType({})


def run_cell(
    cell,
    row,
    *,
    files,
    pair,
    closed,
    origin=EMPTY,
    checkpoint=None,
    base=None,
    device="auto",
    threads=1,
    limit_s=3600,
    log=None,
):
    """Fuse one cell; write its record, cube and history (CellFiles) and return the record.

    A method that fails leaves status 'failed' with its reason, an empty cube and an empty history.
    pair: file of the degraded pair; checkpoint: weights file or None; base: cube that a suffix refines, or None; closed:
    folders of which the method may open nothing (mossfuse.benchmark.run.guard); origin: entries of the record on what the
    cell is made from (mossfuse.benchmark.run.origin). Where the row asks for iterates, they
    are left in files.iterates; those of an earlier run are removed.
    """
    files.folder.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(files.iterates, ignore_errors=True)
    files.curve.unlink(missing_ok=True)
    record = start_record(
        cell,
        params=row.params,
        threads=threads,
        inputs={"pair": sha256_of(pair), "checkpoint": None, "base": None},
        checkpoint=None if checkpoint is None else str(checkpoint),
        **facts_of(pair),
        **origin,
        weights=row.weights_kind,
        prefix=row.prefix,
        knows=sorted(row.knows),
        trains=row.method.trains,
    )
    reason = blocking_reason(checkpoint, base, record["inputs"])

    def run(cube, history):
        if reason:
            return {"status": "failed", "reason": reason}
        return run_child(
            "fuse",
            {**request_for(cell, row, device), "iterates": row.iterates},
            **handed(row, pair, checkpoint, base),
            targets={files.cube.name: cube, files.history.name: history, files.iterates.name: files.iterates},
            closed=closed,
            threads=threads,
            limit_s=limit_s,
            log=log,
        )

    record = finish_cell(record, files, run)
    if row.iterates:
        files.iterates.mkdir(exist_ok=True)  # the workflow expects it
    return record


def facts_of(pair):
    """Return the entry 'pair' of a record: what was written beside the pair when it was made."""
    facts = Path(pair).with_suffix(".json")
    return {"pair": read_json(facts) if facts.is_file() else None}


def blocking_reason(checkpoint, base, inputs):
    """Return why a cell cannot start ('' if it can), and add the hashes of its inputs to ``inputs``."""
    if checkpoint:
        if Path(checkpoint).stat().st_size == 0:
            return f"training failed: {read_reason(TrainingFiles(Path(checkpoint).parent).record)}"
        require_unchanged(checkpoint, TrainingFiles(Path(checkpoint).parent).record, "output")
        inputs["checkpoint"] = sha256_of(checkpoint)
    if base:
        if Path(base).stat().st_size == 0:
            return f"the row it refines failed: {read_reason(CellFiles(Path(base).parent).run)}"
        require_unchanged(base, CellFiles(Path(base).parent).run, "output")
        inputs["base"] = sha256_of(base)
    return ""


def finish_cell(record, files, run):
    """Call run(cube, history) -> outcome, move the two files it wrote into place, write the record last and return it.

    Where the outcome is a failure, both files are left empty, because the workflow expects them.
    """
    with replacing(files.history) as history, replacing(files.cube) as cube:
        outcome = run(cube, history)
        ok = outcome["status"] == "ok"
        if not ok:
            cube.write_bytes(b"")
            history.write_bytes(b"")
    record = {**record, "output": sha256_of(files.cube) if ok else None, **outcome}
    write_json(files.run, record)
    return record


def request_for(cell, row, device):
    """Return what a child process is asked for, to run one cell or to time it. The cell's names are not in it."""
    return {
        "method": row.method.name,
        "file": row.module.__file__,
        "prefix": row.prefix,
        "suffix": row.suffix,
        "knows": sorted(row.knows),
        "params": dict(row.params),
        "seed": cell.seed,
        "device": device,
        "gpu": row.method.gpu or (row.suffix or "").startswith("soft"),
    }


def handed(row, pair, checkpoint, base):
    """Return the files that the child process of a cell is handed, as arguments of ``run_child``."""
    shown = {"pair": pair, "base": base} if base else {"pair": pair}
    return {"shown": shown, "given": {"checkpoint": checkpoint} if checkpoint and not row.suffix else {}}


def time_cell(cell, row, *, files, pair, closed, checkpoint, base, device, timing, threads, limit_s, log=None):
    """Time one cell in a child process of its own and write files.time (status 'failed' where the cell itself failed)."""
    run = read_json(files.run)
    outcome = {"status": "failed", "reason": run["reason"]}
    if run["status"] == "ok":
        request = {
            **request_for(cell, row, device),
            "repeats": timing["repeats"],
            "budget_s": timing["budget_s"],
            "count_flops": not row.suffix,
        }
        outcome = run_child(
            "time",
            request,
            **handed(row, pair, checkpoint, base),
            closed=closed,
            threads=threads,
            limit_s=limit_s,
            log=log,
        )
    write_json(files.time, {**outcome, "threads": threads})
