"""One cell of the grid from the outside: run the method in a child, write run.json whatever happens."""

import json
import os
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path

from mossfuse.benchmark.plan.digest import source_digest
from mossfuse.benchmark.run.child import SPENT
from mossfuse.benchmark.run.isolation import run_child
from mossfuse.benchmark.run.provenance import code_state, versions
from mossfuse.files.atomic import write_json
from mossfuse.files.hashing import sha256_of


def run_cell(cell, row, *, folder, pair, checkpoint=None, base=None, device="auto", threads=1, limit_s=3600, log=None):
    """Fuse one cell: writes folder/run.json, fused.mat and history.csv; returns the record.

    A method that fails leaves status 'failed' with its reason, an empty fused.mat and an empty history.
    checkpoint: weights file or None; base: cube that a suffix refines. Where the row asks for iterates, they are left in
    folder/iterates; what an earlier run with other settings left there is removed.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(folder / "iterates", ignore_errors=True)
    (folder / "curve.csv").unlink(missing_ok=True)
    if row.iterates:
        (folder / "iterates").mkdir()
    started = datetime.now(UTC).isoformat(timespec="seconds")
    record = {
        **{key: getattr(cell, key) for key in ("dataset", "degradation", "method", "scene", "seed")},
        "weights": row.weights_kind,
        "knows": sorted(row.method.knows),
        "trains": row.method.trains,
        "params": dict(row.params),
        "threads": threads,
        "started": started,
        "versions": versions(),
        **code_state(),
        "inputs": {"pair": sha256_of(pair), "checkpoint": None, "base": None},
    }
    part = {name: folder / f".part.{name}" for name in ("fused.mat", "history.csv")}
    reason = blocked_by(checkpoint, base, record["inputs"])
    if reason:
        outcome = {"status": "failed", "reason": reason}
    else:
        request = {
            **asked_of(cell, row, pair, checkpoint, base, device),
            "iterates": {"folder": str(folder / "iterates"), "every": row.iterates} if row.iterates else None,
            "cube": str(part["fused.mat"]),
            "history": str(part["history.csv"]),
        }
        outcome = run_child("fuse", request, threads=threads, limit_s=limit_s, log=log)
    return finish(record, outcome, folder, part)


def blocked_by(checkpoint, base, inputs):
    """Reason why a cell cannot even start ('' where it can); fills the inputs' hashes."""
    if checkpoint:
        training = Path(checkpoint).with_name("train.json")
        if Path(checkpoint).stat().st_size == 0:
            return f"training failed: {read_reason(training)}"
        inputs["checkpoint"] = sha256_of(checkpoint)
    if base:
        if Path(base).stat().st_size == 0:
            return f"the row it refines failed: {read_reason(Path(base).with_name('run.json'))}"
        inputs["base"] = sha256_of(base)
    return ""


def read_reason(path):
    return json.loads(Path(path).read_text())["reason"]


def finish(record, outcome, folder, part):
    """Move the child's files into place (or leave empty ones) and write run.json last."""
    ok = outcome["status"] == "ok"
    for name, temporary in part.items():
        if ok:
            os.replace(temporary, folder / name)
        else:
            temporary.unlink(missing_ok=True)
            (folder / name).write_bytes(b"")
    record["output"] = sha256_of(folder / "fused.mat") if ok else None
    record = {**record, **outcome}
    write_json(folder / "run.json", record)
    return record


def run_external(cell, row, *, folder, pair):
    """A cube made elsewhere becomes a cell: read, checked, copied; never run here."""
    import numpy as np

    from mossfuse.benchmark.data.pairs import read_pair
    from mossfuse.errors import MossFuseError
    from mossfuse.files import read_array, write_cube

    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    source = Path(row.external["pattern"].format(**{**vars(cell)}))
    part = {name: folder / f".part.{name}" for name in ("fused.mat", "history.csv")}
    record = {
        **vars(cell),
        "weights": "external",
        "knows": [],
        "trains": "external",
        "params": {},
        "threads": None,
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {},
        **code_state(),
        "inputs": {"pair": sha256_of(pair), "checkpoint": None, "base": None},
    }
    try:
        observation = read_pair(pair, knows=frozenset())
        cube = np.asarray(read_array(source, key=row.external.get("key")), np.float32)
        expected = (*observation.msi.shape[:2], observation.hsi.shape[2])
        if cube.shape != expected:
            raise MossFuseError(f"{source} holds a cube of shape {cube.shape}, the scene needs {expected}")
        if not np.isfinite(cube).all():
            raise MossFuseError(f"{source} holds values that are not finite; mend the file")
        write_cube(part["fused.mat"], cube, observation.wavelengths)
        part["history.csv"].write_text("step\n")
        outcome = {"status": "ok", "reason": "", "notes": {"source": source.name, "source_sha256": sha256_of(source)}}
    except MossFuseError as error:
        outcome = {"status": "failed", "reason": str(error)}
    return finish(record, outcome, folder, part)


def train_row(
    row, *, label, degradation, seed, folder, pairs, truths, scenes, device="auto", threads=1, limit_s=172800, log=None
):
    """Train a row's method; writes folder/weights.pt, history.csv, train.json (status 'failed' keeps its reason)."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    weights, history = folder / "weights.pt", folder / "history.csv"
    # Weights in the making live outside the rule's outputs: the workflow removes those when a run is cut short.
    making = folder / "resume" / "weights.pt"
    request = {
        "method": row.method.name,
        "params": dict(row.train),
        "seed": seed,
        "device": device,
        "pairs": [str(p) for p in pairs],
        "truths": [str(p) for p in truths],
        "scenes": list(scenes),
        "weights": str(making),
        "history": str(making.with_name("history.csv")),
    }
    record = {
        "dataset": label,
        "degradation": degradation,
        "method": row.name,
        "seed": seed,
        "scenes": list(scenes),
        "params": dict(row.train),
        "threads": threads,
        "versions": versions(),
        **code_state(),
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "inputs": {str(p): sha256_of(p) for p in pairs},
    }
    own = [source_digest(row.module.__file__), request["params"], seed, record["inputs"]]
    forget_another(making.parent, json.dumps(own, sort_keys=True))
    started = time.perf_counter()
    outcome = run_child("train", request, threads=threads, limit_s=limit_s, log=log)
    if outcome["status"] == "ok":
        os.replace(making, weights)
        os.replace(request["history"], history)
        making.with_name(SPENT).unlink(missing_ok=True)
        outcome["output"] = sha256_of(weights)
    else:
        weights.write_bytes(b"")
        history.write_text("step\n")
    record = {**record, "wall_seconds": time.perf_counter() - started, **outcome}
    write_json(folder / "train.json", record)
    return record


def forget_another(folder, own):
    """Empty the folder of a training in the making unless ``own`` (its code, settings, seed and pairs) began it."""
    mark = folder / "own.json"
    if folder.is_dir() and not (mark.exists() and mark.read_text() == own):
        shutil.rmtree(folder)
    folder.mkdir(exist_ok=True)
    mark.write_text(own)


def asked_of(cell, row, pair, checkpoint, base, device):
    """What a child has to know to run one cell, be it for its cube or for its time."""
    return {
        "method": row.method.name,
        "suffix": row.suffix,
        "params": dict(row.params),
        "seed": cell.seed,
        "device": device,
        "pair": str(pair),
        "checkpoint": str(checkpoint) if checkpoint and not row.suffix else None,
        "base": str(base) if base else None,
    }


def time_cell(cell, row, *, folder, pair, checkpoint, base, device, timing, threads, limit_s, log=None):
    """Time one cell in a child of its own; writes folder/time.json (blank where the cell itself failed)."""
    folder = Path(folder)
    run = json.loads((folder / "run.json").read_text())
    outcome = {"status": "failed", "reason": run["reason"]}
    if run["status"] == "ok":
        request = {
            **asked_of(cell, row, pair, checkpoint, base, device),
            "repeats": timing["repeats"],
            "budget_s": timing["budget_s"],
            "count_flops": not row.suffix,
        }
        outcome = run_child("time", request, threads=threads, limit_s=limit_s, log=log)
    write_json(folder / "time.json", {**outcome, "threads": threads})
