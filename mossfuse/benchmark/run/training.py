"""Train one row in a child process, and resume a training that was interrupted."""

import hashlib
import json
import os
import re
import shutil
import threading
import time
from contextlib import contextmanager

from mossfuse.benchmark.plan.digest import source_digest
from mossfuse.benchmark.run.isolation import run_child
from mossfuse.benchmark.run.other_work import other_work
from mossfuse.benchmark.run.records import start_record
from mossfuse.files.atomic import read_json, write_json, write_text
from mossfuse.files.hashing import sha256_of

TOKEN = re.compile("[0-9a-f]{16}")


def train_row(
    training, row, *, files, pairs, truths, scenes, closed, device="auto", threads=1, limit_s=172800, log=None
):
    """Train a row's method; write weights, those of kept steps, history and record (TrainingFiles) and return the record.

    A training that fails leaves status 'failed' with its reason, empty weights and an empty history. One that was
    interrupted is resumed if code, settings, seed and pairs are the same. closed: folders of which the method may open
    nothing but the place of its own training.
    """
    files.folder.mkdir(parents=True, exist_ok=True)
    record = start_record(
        training,
        params=row.train,
        threads=threads,
        inputs={str(p): sha256_of(p) for p in pairs},
        scenes=list(scenes),
    )
    origin = [
        training.name,
        source_digest(row.module.__file__),
        dict(row.train),
        sorted(row.knows),
        training.seed,
        record["inputs"],
    ]
    unfinished = take_up(files, json.dumps(origin, sort_keys=True))
    request = {
        "method": row.method.name,
        "file": row.module.__file__,
        "params": dict(row.train),
        "seed": training.seed,
        "device": device,
        "gpu": row.method.gpu,
        "knows": sorted(row.knows),
        "weights": str(unfinished.weights.absolute()),
        "history": str(unfinished.history.absolute()),
        "elapsed": str(unfinished.elapsed.absolute()),
    }
    started = time.perf_counter()
    for stale in files.iterates:
        stale.unlink()
    outcome = run_child(
        "train",
        request,
        shown={"pairs": list(pairs), **({"truths": list(truths)} if truths else {})},
        closed=closed,
        opened=(unfinished.folder,),
        threads=threads,
        limit_s=limit_s,
        log=log,
    )
    if outcome["status"] == "ok":
        os.replace(unfinished.weights, files.weights)
        os.replace(unfinished.history, files.history)
        for iterate in unfinished.iterates:
            os.replace(iterate, files.folder / iterate.name)
        shutil.rmtree(unfinished.folder)
        outcome["output"] = sha256_of(files.weights)
    else:
        files.weights.write_bytes(b"")
        files.history.write_text("step\n", encoding="utf-8")
    record = {**record, "wall_seconds": time.perf_counter() - started, **outcome}
    write_json(files.record, record)
    return record


def take_up(files, origin):
    """Return the TrainingFiles of the unfinished training that ``origin`` (its name, code, settings, seed and pairs) began.

    What another one has left is removed.
    """
    token, mark = hashlib.sha256(origin.encode()).hexdigest()[:16], files.resume
    before = mark.read_text(encoding="utf-8") if mark.exists() else ""
    if TOKEN.fullmatch(before) and before != token:
        shutil.rmtree(files.unfinished(before).folder, ignore_errors=True)
    unfinished = files.unfinished(token)
    unfinished.folder.mkdir(parents=True, exist_ok=True)
    write_text(mark, token)
    return unfinished


@contextmanager
def count_seconds(path, every_s=5.0):
    """Measure the block's time, including that of earlier attempts which were interrupted, as kept in ``path``.

    Yields a function that returns {'seconds', 'cpu_seconds', 'other_cores'} so far; other_cores: processors that other work
    kept busy meanwhile, on average (None where the system does not say, or an earlier attempt has not measured it). The
    file is updated every ``every_s`` seconds, so that a kill loses few of them.
    """
    before = {"seconds": 0.0, "cpu_seconds": 0.0, "other_cores": 0.0}
    if path.exists():
        before = {"other_cores": None, **read_json(path)}
    start, cpu = time.perf_counter(), time.process_time()
    ended = threading.Event()

    def so_far():
        seconds = before["seconds"] + time.perf_counter() - start
        others_s, known = others(), before["other_cores"]
        return {
            "seconds": seconds,
            "cpu_seconds": before["cpu_seconds"] + time.process_time() - cpu,
            "other_cores": None if None in (others_s, known) else (known * before["seconds"] + others_s) / seconds,
        }

    def keep():
        while not ended.wait(every_s):
            write_json(path, so_far())

    keeper = threading.Thread(target=keep, daemon=True)
    with other_work() as others:
        keeper.start()
        try:
            yield so_far
        finally:
            ended.set()
            keeper.join()
            write_json(path, so_far())
