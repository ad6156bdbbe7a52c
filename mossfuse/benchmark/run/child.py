"""The child process of one run: load the inputs, call the method, check and write what it returns.

This is the only place that catches an exception of a method: it becomes the row's failure reason.
"""

import json
import logging
import sys
import time
import traceback
from pathlib import Path

from mossfuse.benchmark.run.memory import peak_rss_mb
from mossfuse.benchmark.run.provenance import device_facts
from mossfuse.devices import choose_device
from mossfuse.errors import MossFuseError
from mossfuse.files.atomic import write_json
from mossfuse.files.tables import write_columns


def main(task, request_file, outcome_file):
    """Do the task ('fuse', 'train' or 'time') of the request and write its outcome: status, reason, measurements."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s: %(message)s")
    request = json.loads(Path(request_file).read_text(encoding="utf-8"))
    try:
        outcome = {"status": "ok", "reason": "", **TASKS[task](request)}
    except MemoryError:
        outcome = failed("out of memory")
    except Exception as error:
        traceback.print_exc()
        outcome = failed("out of GPU memory" if "out of memory" in str(error) else f"{type(error).__name__}: {error}")
    outcome["peak_rss_mb"] = round(peak_rss_mb(), 1)
    write_json(outcome_file, outcome)


def failed(reason):
    """Return the outcome of a run that failed, its reason on one line."""
    return {"status": "failed", "reason": " ".join(reason.split())}


def load_row(request):
    """Return (Method, module) of the request."""
    from mossfuse.methods import find_method

    return find_method(request["method"])


def fuse(request):
    """Fuse one pair, write cube and history, and return what the record of the run takes from it."""
    import numpy as np

    from mossfuse.benchmark.data.pairs import read_pair
    from mossfuse.files import read_cube, write_cube
    from mossfuse.fusion_check import check_fusion

    method, module = load_row(request)
    pair = read_pair(request["pair"], knows=method.knows)
    device = choose_device(method, request["device"])
    start, cpu = time.perf_counter(), time.process_time()
    if request["suffix"]:
        from mossfuse.refine import device_of, refine

        base, device = read_cube(request["base"])[0], device_of(request["suffix"], device)
        start, cpu = time.perf_counter(), time.process_time()
        fusion = refine(request["suffix"], base, pair, device=device, **request["params"])
    else:
        params = {**request["params"], **({"iterates": request["iterates"]} if request["iterates"] else {})}
        fusion = module.fuse(pair, seed=request["seed"], device=device, checkpoint=request["checkpoint"], **params)
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    fusion = check_fusion(fusion, pair)
    estimates = {name: getattr(fusion, name) for name in ("psf_hat", "srf_hat")}
    phase = None if fusion.phase_hat is None else np.array(fusion.phase_hat, np.int64)
    write_cube(request["cube"], fusion.cube, pair.wavelengths, **estimates, phase_hat=phase)
    write_columns(request["history"], fusion.history)
    return {"seconds": seconds, "cpu_seconds": cpu, "notes": dict(fusion.notes), **device_facts(device)}


def train(request):
    """Train a method on its training scenes, write weights and history, and return what the record takes from it."""
    from mossfuse.benchmark.data.pairs import read_pair
    from mossfuse.benchmark.run.training import count_seconds
    from mossfuse.files import read_cube
    from mossfuse.fusion_check import check_history

    method, module = load_row(request)
    pairs = [read_pair(path, knows=method.knows) for path in request["pairs"]]
    truths = [read_cube(path)[0] for path in request["truths"]] if method.trains == "supervised" else None
    device = choose_device(method, request["device"])
    with count_seconds(Path(request["elapsed"])) as so_far:
        history = module.train(
            pairs,
            seed=request["seed"],
            device=device,
            path=request["weights"],
            resume=True,
            truths=truths,
            **request["params"],
        )
        seconds = so_far()
    if not Path(request["weights"]).is_file():
        raise MossFuseError("train returned without weights; write them to the file `path`")
    write_columns(request["history"], check_history(history, "train"))
    return {**seconds, "scenes": request["scenes"], **device_facts(device)}


def clock(request):
    """Time a method on one pair; see mossfuse.benchmark.run.timing.measure."""
    from mossfuse.benchmark.run.timing import measure

    return measure(request, *load_row(request))


TASKS = {"fuse": fuse, "train": train, "time": clock}

if __name__ == "__main__":
    main(*sys.argv[1:])
