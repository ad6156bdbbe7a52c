"""Time a method: data and weights in memory first, one cold call, then the median of warm ones within a budget."""

import os
import statistics
import sys
import time
from contextlib import contextmanager

from mossfuse.arithmetic import full_precision
from mossfuse.benchmark.run.other_work import other_work
from mossfuse.benchmark.run.provenance import device_facts
from mossfuse.devices import synchronise
from mossfuse.errors import MossFuseError


def measure(request, method, module, *, pair, base):
    """Time one method on one pair in this process.

    request: checkpoint, prefix, suffix, params, seed, device, repeats, budget_s; base: the cube that a suffix refines. The
    first call is cold: it imports, reads weights and compiles. At least one further call is timed, more while budget_s lasts; a
    method that reads its weights in one of these is refused (MossFuseError). Returns first_s (the cold call), median_s, spread_s
    (interquartile range) and cpu_s of the warm calls, repeats, other_cores (processors that other work kept busy meanwhile, on average;
    None where the system does not say), peak_rss_mb and peak_gpu_mb of all calls, parameters, flops.
    """
    from mossfuse.benchmark.run.memory import peak_gpu_mb, peak_rss_mb
    from mossfuse.devices import choose_device
    from mossfuse.preprocess import preprocess
    from mossfuse.refine import device_of, refine

    device = choose_device(method, request["device"])
    if request["suffix"]:
        device = device_of(request["suffix"], device)

    def once():
        if request["suffix"]:
            return refine(request["suffix"], base, pair, device=device, **request["params"])
        seen = preprocess(request["prefix"], pair, device)
        with full_precision(device):
            return module.fuse(
                seen, seed=request["seed"], device=device, checkpoint=request.get("checkpoint"), **request["params"]
            )

    seconds, fusion = time_calls(
        once,
        device,
        repeats=request["repeats"],
        budget_s=request["budget_s"],
        weights=request.get("checkpoint"),
        name=method.name,
    )
    memory = {"peak_rss_mb": round(peak_rss_mb(), 1), "peak_gpu_mb": peak_gpu_mb(device)}
    countable = method.gpu and request["count_flops"] and seconds["median_s"] < request["budget_s"]
    return {
        **seconds,
        **memory,
        "parameters": fusion.notes.get("parameters"),
        "flops": count_flops(once) if countable else None,
        **device_facts(device),
    }


def time_calls(call, device, *, repeats, budget_s, weights, name):
    """Return (seconds of a cold call and of warm ones, as ``measure`` does; what the last call returned)."""
    first, _, result = timed(call, device)
    walls, cpus = [], []
    with left_closed(weights, name), other_work() as others:
        while not walls or (len(walls) < repeats and sum(walls) + walls[-1] < budget_s - first):
            wall, cpu, result = timed(call, device)
            walls.append(wall)
            cpus.append(cpu)
        others_s = others()
    quartiles = statistics.quantiles(walls, n=4, method="inclusive") if len(walls) > 1 else (0, 0, 0)
    return {
        "first_s": first,
        "median_s": statistics.median(walls),
        "spread_s": quartiles[2] - quartiles[0],
        "cpu_s": statistics.median(cpus),
        "repeats": len(walls),
        "other_cores": None if others_s is None else round(others_s / sum(walls), 2),
    }, result


def timed(call, device):
    """Return (wall seconds, CPU seconds, result) of one call, with the device idle before and after."""
    synchronise(device)
    wall, cpu = time.perf_counter(), time.process_time()
    result = call()
    synchronise(device)
    return time.perf_counter() - wall, time.process_time() - cpu, result


WATCHED = []  # [path, number of times it was opened] of the files that are watched now
HOOKED = []


@contextmanager
def left_closed(path, name):
    """Raise MossFuseError at the end of the block where the file ``path`` (None: no file) was opened inside it.

    name: of the method. What libraries open outside Python's own functions is not seen.
    """
    if path is None:
        yield
        return
    if not HOOKED:
        sys.addaudithook(count_openings)
        HOOKED.append(True)
    entry = [os.path.realpath(path), 0]
    WATCHED.append(entry)
    try:
        yield
    finally:
        WATCHED.remove(entry)
    if entry[1]:
        raise MossFuseError(
            f"method '{name}' reads its weights in every call, so its time would include that; keep them in memory between "
            "calls (mossfuse.files.kept)"
        )


def count_openings(event, arguments):
    """Count the openings of watched files (an audit hook)."""
    if event == "open" and WATCHED and isinstance(arguments[0], (str, bytes)):
        place = os.path.realpath(os.fsdecode(arguments[0]))
        for entry in WATCHED:
            entry[1] += entry[0] == place


def count_flops(call):
    """Return the floating-point operations of one call's convolutions and matrix products (2 per multiply-add), as executed."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # the counter sees only its own thread, and MossFuse distributes tiles over threads
    with FlopCounterMode(display=False) as counter:
        call()
    torch.set_num_threads(threads)
    return counter.get_total_flops()
