"""Train one row in a child process, and resume a training that was interrupted."""

import json
import os
import shutil
import threading
import time
from contextlib import contextmanager

from mossfuse.benchmark.plan.digest import source_digest
from mossfuse.benchmark.run.isolation import run_child
from mossfuse.benchmark.run.records import start_record
from mossfuse.files.atomic import write_json
from mossfuse.files.hashing import sha256_of


def train_row(training, row, *, files, pairs, truths, scenes, device="auto", threads=1, limit_s=172800, log=None):
    """Train a row's method; write weights, history and record (TrainingFiles) and return the record.

    A training that fails leaves status 'failed' with its reason, empty weights and an empty history. One that was
    interrupted is resumed if code, settings, seed and pairs are the same.
    """
    files.folder.mkdir(parents=True, exist_ok=True)
    unfinished = files.resume
    request = {
        "method": row.method.name,
        "params": dict(row.train),
        "seed": training.seed,
        "device": device,
        "pairs": [str(p) for p in pairs],
        "truths": [str(p) for p in truths],
        "scenes": list(scenes),
        "weights": str(unfinished.weights),
        "history": str(unfinished.history),
        "elapsed": str(unfinished.elapsed),
    }
    record = start_record(
        training,
        params=row.train,
        threads=threads,
        inputs={str(p): sha256_of(p) for p in pairs},
        scenes=list(scenes),
    )
    origin = [source_digest(row.module.__file__), request["params"], training.seed, record["inputs"]]
    clear_other_training(unfinished, json.dumps(origin, sort_keys=True))
    started = time.perf_counter()
    outcome = run_child("train", request, threads=threads, limit_s=limit_s, log=log)
    if outcome["status"] == "ok":
        os.replace(unfinished.weights, files.weights)
        os.replace(unfinished.history, files.history)
        unfinished.elapsed.unlink(missing_ok=True)
        outcome["output"] = sha256_of(files.weights)
    else:
        files.weights.write_bytes(b"")
        files.history.write_text("step\n", encoding="utf-8")
    record = {**record, "wall_seconds": time.perf_counter() - started, **outcome}
    write_json(files.record, record)
    return record


def clear_other_training(unfinished, origin):
    """Empty the folder of an unfinished training unless ``origin`` (its code, settings, seed and pairs) started it."""
    mark = unfinished.origin
    if unfinished.folder.is_dir() and not (mark.exists() and mark.read_text(encoding="utf-8") == origin):
        shutil.rmtree(unfinished.folder)
    unfinished.folder.mkdir(exist_ok=True)
    mark.write_text(origin, encoding="utf-8")


@contextmanager
def count_seconds(path, every_s=5.0):
    """Measure the block's time, including that of earlier attempts which were interrupted, as kept in ``path``.

    Yields a function that returns {'seconds', 'cpu_seconds'} so far. The file is updated every ``every_s`` seconds, so
    that a kill loses few of them.
    """
    before = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"seconds": 0.0, "cpu_seconds": 0.0}
    start, cpu = time.perf_counter(), time.process_time()
    ended = threading.Event()

    def so_far():
        return {
            "seconds": before["seconds"] + time.perf_counter() - start,
            "cpu_seconds": before["cpu_seconds"] + time.process_time() - cpu,
        }

    def keep():
        while not ended.wait(every_s):
            write_json(path, so_far())

    keeper = threading.Thread(target=keep, daemon=True)
    keeper.start()
    try:
        yield so_far
    finally:
        ended.set()
        keeper.join()
        write_json(path, so_far())
