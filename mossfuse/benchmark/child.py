"""The child process: load the inputs, call the method, check and write what it returns.

This is the only place where an exception of the science is caught: it becomes the row's reason.
"""

import json
import logging
import sys
import time
import traceback
from pathlib import Path

from mossfuse.benchmark.memory import peak_rss_mb
from mossfuse.benchmark.provenance import device_facts, write_json
from mossfuse.files.atomic import write_text


def main(task, request_file, outcome_file):
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s: %(message)s")
    request = json.loads(Path(request_file).read_text())
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
    return {"status": "failed", "reason": " ".join(reason.split())}


def choose_device(method, wanted):
    """'cuda' where the method can use it, one exists and it was not refused; otherwise 'cpu'."""
    if not method.gpu or wanted == "cpu":
        return "cpu"
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def load_row(request):
    from mossfuse.methods import find_method

    return find_method(request["method"])


def fuse(request):
    """Fuse one pair; writes request['cube'] and returns what run.json records."""
    import numpy as np

    from mossfuse.benchmark.degrade import read_pair
    from mossfuse.errors import MossFuseError
    from mossfuse.files import read_cube, write_cube

    method, module = load_row(request)
    pair = read_pair(request["pair"], knows=method.knows)
    device = choose_device(method, request["device"])
    start, cpu = time.perf_counter(), time.process_time()
    if request["suffix"]:
        from mossfuse.refine import refine

        base = read_cube(request["base"])[0]
        start, cpu = time.perf_counter(), time.process_time()
        fusion = refine(request["suffix"], base, pair, **request["params"])
    else:
        params = {**request["params"], **({"iterates": request["iterates"]} if request["iterates"] else {})}
        fusion = module.fuse(pair, seed=request["seed"], device=device, checkpoint=request["checkpoint"], **params)
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    cube = np.asarray(fusion.cube)
    expected = (*pair.msi.shape[:2], pair.hsi.shape[2])
    if cube.shape != expected:
        raise MossFuseError(f"the method returned a cube of shape {cube.shape}, the scene needs {expected}")
    if not np.isfinite(cube).all():
        bad = ~np.isfinite(cube)
        kind = "NaN" if np.isnan(cube).any() else "infinite"
        raise MossFuseError(f"the method returned {kind} values in {int(bad.sum())} of {bad.size} samples")
    estimates = {
        k: np.asarray(v) for k, v in (("psf_hat", fusion.psf_hat), ("srf_hat", fusion.srf_hat)) if v is not None
    }
    write_cube(request["cube"], cube.astype(np.float32), pair.wavelengths, **estimates)
    write_history(request["history"], fusion.history)
    return {"seconds": seconds, "cpu_seconds": cpu, "notes": dict(fusion.notes), **device_facts(device)}


def train(request):
    """Train a method on its training scenes; writes the checkpoint request['weights']."""
    from mossfuse.benchmark.degrade import read_pair
    from mossfuse.files import read_cube

    method, module = load_row(request)
    pairs = [read_pair(path, knows=method.knows) for path in request["pairs"]]
    truths = [read_cube(path)[0] for path in request["truths"]] if method.trains == "supervised" else None
    device = choose_device(method, request["device"])
    start, cpu = time.perf_counter(), time.process_time()
    history = module.train(
        pairs,
        seed=request["seed"],
        device=device,
        path=request["weights"],
        resume=True,
        truths=truths,
        **request["params"],
    )
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    write_history(request["history"], history)
    return {"seconds": seconds, "cpu_seconds": cpu, "scenes": request["scenes"], **device_facts(device)}


def clock(request):
    """Time a method: inputs loaded first, one warm-up, device synchronised, repeats within a budget."""
    from mossfuse.benchmark.timing import measure

    return measure(request, *load_row(request))


def write_history(path, history):
    """Columns of a history as CSV; an empty file with a header line where there is none."""
    import pandas as pd

    frame = pd.DataFrame({name: list(values) for name, values in history.items()})
    if "step" not in frame.columns:
        frame.insert(0, "step", range(len(frame)))
    write_text(path, frame.to_csv(index=False, float_format="%.8g"))


TASKS = {"fuse": fuse, "train": train, "time": clock}

if __name__ == "__main__":
    main(*sys.argv[1:])
