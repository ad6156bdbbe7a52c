"""The child process: load the inputs, call the method, check and write what it returns.

This is the only place where an exception of the science is caught: it becomes the row's reason.
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
from mossfuse.files.atomic import write_json, write_text


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


def load_row(request):
    from mossfuse.methods import find_method

    return find_method(request["method"])


def fuse(request):
    """Fuse one pair; writes request['cube'] and returns what run.json records."""
    import numpy as np

    from mossfuse.benchmark.data.pairs import read_pair
    from mossfuse.errors import MossFuseError
    from mossfuse.files import read_cube, write_cube

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
    with np.errstate(over="ignore"):  # what float32 cannot hold is refused as infinite below
        cube = np.asarray(fusion.cube).astype(np.float32)
    expected = (*pair.msi.shape[:2], pair.hsi.shape[2])
    if cube.shape != expected:
        raise MossFuseError(f"the method returned a cube of shape {cube.shape}, the scene needs {expected}")
    if not np.isfinite(cube).all():
        bad = ~np.isfinite(cube)
        kind = "NaN" if np.isnan(cube).any() else "infinite"
        raise MossFuseError(f"the method returned {kind} values in {int(bad.sum())} of {bad.size} samples")
    write_cube(request["cube"], cube, pair.wavelengths, **checked_estimates(fusion, pair))
    write_history(request["history"], fusion.history)
    return {"seconds": seconds, "cpu_seconds": cpu, "notes": dict(fusion.notes), **device_facts(device)}


def checked_estimates(fusion, pair):
    """{'psf_hat', 'srf_hat'} of those that the method returned; MossFuseError where one cannot be scored."""
    import numpy as np

    from mossfuse.errors import MossFuseError

    wanted = {"psf_hat": None, "srf_hat": (pair.msi.shape[2], pair.hsi.shape[2])}
    found = {k: np.asarray(getattr(fusion, k)) for k in wanted if getattr(fusion, k) is not None}
    for name, value in found.items():
        if value.ndim != 2 or wanted[name] not in (None, value.shape):
            needed = "two axes" if wanted[name] is None else f"shape {wanted[name]}"
            raise MossFuseError(f"the method returned {name} of shape {value.shape}, it needs {needed}")
        if not np.isfinite(value).all():
            raise MossFuseError(f"the method returned {name} with NaN or infinite values")
    if fusion.phase_hat is not None:
        found["phase_hat"] = np.array(fusion.phase_hat, np.int64)
    return found


def train(request):
    """Train a method on its training scenes; writes the checkpoint request['weights']."""
    from mossfuse.benchmark.data.pairs import read_pair
    from mossfuse.benchmark.run.training import count_seconds
    from mossfuse.files import read_cube

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
    write_history(request["history"], history)
    return {**seconds, "scenes": request["scenes"], **device_facts(device)}


def clock(request):
    """Time a method: inputs loaded first, one warm-up, device synchronised, repeats within a budget."""
    from mossfuse.benchmark.run.timing import measure

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
