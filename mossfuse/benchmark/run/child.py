"""The child process of one run: read the inputs, close the borders, call the method, check and write what it returns.

This is the only place that catches an exception of a method: it becomes the row's failure reason.
"""

import json
import logging
import sys
import time
import traceback
from pathlib import Path

from mossfuse.arithmetic import full_precision
from mossfuse.benchmark.plan.paths import CellFiles
from mossfuse.benchmark.run.guard import GUARD, confine
from mossfuse.benchmark.run.memory import peak_rss_mb
from mossfuse.benchmark.run.provenance import device_facts
from mossfuse.devices import choose_device
from mossfuse.errors import MossFuseError
from mossfuse.files.atomic import write_json
from mossfuse.files.tables import write_columns


def main(task, request_file, outcome_file):
    """Do the task ('fuse', 'train' or 'time') of the request and write its outcome: status, reason, measurements.

    All inputs are read first; then the borders of the method are closed; only then is its code loaded.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s: %(message)s")
    outcome_file = Path(outcome_file).absolute()
    request = json.loads(Path(request_file).read_text(encoding="utf-8"))
    Path(request_file).unlink()
    facts = {}
    try:
        inputs = {name: take(request, name) for name in INPUTS[task]}
        if task == "fuse":
            inputs["pair_read"] = hash_pair(inputs["pair"])  # now: a method may write to its arrays
        open_gpu(request)
        facts["isolation"] = confine(request.pop("closed"), request.pop("opened"))
        outcome = {"status": "ok", "reason": "", **TASKS[task](request, inputs)}
    except MemoryError:
        outcome = failed("out of memory")
    except Exception as error:
        traceback.print_exc()
        outcome = failed("out of GPU memory" if "out of memory" in str(error) else f"{type(error).__name__}: {error}")
    if GUARD.reasons:  # also where the method has caught the exception and gone on
        outcome = failed(GUARD.reasons[0])
    write_json(outcome_file, {"peak_rss_mb": round(peak_rss_mb(), 1), **outcome, **facts})


def failed(reason):
    """Return the outcome of a run that failed, its reason on one line."""
    return {"status": "failed", "reason": " ".join(reason.split())}


def open_gpu(request):
    """Start CUDA where the run may use it: a first start can need rights (to load a module) that are given up afterwards."""
    if request.get("gpu") and request["device"] != "cpu":
        import torch

        if torch.cuda.is_available():
            torch.cuda.init()


def take(request, name):
    """Remove the path, or list of paths, of an input from the request and return what its files hold; their links go too."""
    from mossfuse.benchmark.data.pairs import read_pair
    from mossfuse.files import read_prepared

    paths = request.pop(name) if name.startswith("pair") else request.pop(name, None)
    every = paths if isinstance(paths, list) else [paths] if paths else []
    if name.startswith("pair"):
        found = [read_pair(path, knows=frozenset(request["knows"])) for path in every]
    else:
        found = [read_prepared(path)[0] for path in every]
    for path in every:
        Path(path).unlink()
    return found if isinstance(paths, list) else found[0] if found else None


def hash_pair(pair):
    """Return the hash of a pair as the method receives it, without what the method does not know."""
    from mossfuse.benchmark.data.pairs import pair_sha256

    return pair_sha256(pair)


def load_row(request):
    """Return (Method, module) of the request: the first line of a method's code to run, with everything else closed.

    Its file alone is loaded: no other method's code runs here, and looking through all takes longer than many a cell.
    """
    from mossfuse.discovery import load, specs_of
    from mossfuse.methods import KIND

    module = load(KIND, Path(request["file"]))
    return next(method for method in specs_of(KIND, module) if method.name == request["method"]), module


def fuse(request, inputs):
    """Fuse one pair, write cube and history, and return what the record of the run takes from it."""
    import numpy as np

    from mossfuse.files import write_cube
    from mossfuse.fusion_check import check_fusion
    from mossfuse.preprocess import preprocess

    own = CellFiles(Path.cwd())
    pair, base = inputs["pair"], inputs["base"]
    method, module = load_row(request)
    device = choose_device(method, request["device"])
    start, cpu = time.perf_counter(), time.process_time()
    if request["suffix"]:
        from mossfuse.refine import device_of, refine

        device = device_of(request["suffix"], device)
        start, cpu = time.perf_counter(), time.process_time()
        fusion = refine(request["suffix"], base, pair, device=device, **request["params"])
    else:
        params = dict(request["params"])
        if request["iterates"]:
            params["iterates"] = {"folder": str(own.iterates), "every": request["iterates"]}
        seen = preprocess(request["prefix"], pair, device)
        with full_precision(device):
            fusion = module.fuse(
                seen, seed=request["seed"], device=device, checkpoint=request.get("checkpoint"), **params
            )
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    fusion = check_fusion(fusion, pair)
    estimates = {name: getattr(fusion, name) for name in ("psf_hat", "srf_hat")}
    phase = None if fusion.phase_hat is None else np.array(fusion.phase_hat, np.int64)
    write_cube(own.cube, fusion.cube, pair.wavelengths, **estimates, phase_hat=phase)
    write_columns(own.history, fusion.history)
    return {
        "seconds": seconds,
        "cpu_seconds": cpu,
        "notes": dict(fusion.notes),
        "pair_read": inputs["pair_read"],
        **device_facts(device),
    }


def train(request, inputs):
    """Train a method on its training scenes, write weights and history, and return what the record takes from it."""
    from mossfuse.benchmark.run.training import count_seconds
    from mossfuse.fusion_check import check_history

    method, module = load_row(request)
    device = choose_device(method, request["device"])
    with count_seconds(Path(request["elapsed"])) as so_far:
        history = module.train(
            inputs["pairs"],
            seed=request["seed"],
            device=device,
            path=request["weights"],
            resume=True,
            truths=inputs["truths"],
            **request["params"],
        )
        seconds = so_far()
    if not Path(request["weights"]).is_file():
        raise MossFuseError("train returned without weights; write them to the file `path`")
    write_columns(request["history"], check_history(history, "train"))
    return {**seconds, **device_facts(device)}


def clock(request, inputs):
    """Time a method on one pair; see mossfuse.benchmark.run.timing.measure."""
    from mossfuse.benchmark.run.timing import measure

    return measure(request, *load_row(request), pair=inputs["pair"], base=inputs["base"])


TASKS = {"fuse": fuse, "train": train, "time": clock}
INPUTS = {"fuse": ("pair", "base"), "train": ("pairs", "truths"), "time": ("pair", "base")}

if __name__ == "__main__":
    main(*sys.argv[1:])
