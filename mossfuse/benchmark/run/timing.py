"""Time a method: data and weights loaded first, warm-up, synchronised device, median of repeats within a budget."""

import statistics
import time

from mossfuse.benchmark.run.provenance import device_facts
from mossfuse.devices import synchronise


def measure(request, method, module, *, pair, base):
    """Time one method on one pair in this process.

    request: checkpoint, prefix, suffix, params, seed, device, repeats, budget_s; base: the cube that a suffix refines. The first call is the
    warm-up (it loads weights and compiles); at least one further call is timed, more while budget_s lasts.
    Returns first_s, median_s, spread_s (interquartile range), cpu_s, repeats, parameters, flops.
    """
    from mossfuse.benchmark.run.memory import peak_rss_mb
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
        return module.fuse(
            seen, seed=request["seed"], device=device, checkpoint=request.get("checkpoint"), **request["params"]
        )

    before = peak_rss_mb()
    first, _, fusion = timed(once, device)
    walls, cpus = [], []
    while not walls or (len(walls) < request["repeats"] and sum(walls) + walls[-1] < request["budget_s"] - first):
        wall, cpu, fusion = timed(once, device)
        walls.append(wall)
        cpus.append(cpu)
    quartiles = statistics.quantiles(walls, n=4, method="inclusive") if len(walls) > 1 else (0, 0, 0)
    return {
        "first_s": first,
        "median_s": statistics.median(walls),
        "spread_s": quartiles[2] - quartiles[0],
        "cpu_s": statistics.median(cpus),
        "repeats": len(walls),
        "peak_above_start_mb": round(peak_rss_mb() - before, 1),
        "parameters": fusion.notes.get("parameters"),
        "flops": count_flops(once)
        if method.gpu and request["count_flops"] and walls[-1] < request["budget_s"]
        else None,
        **device_facts(device),
    }


def timed(call, device):
    """Return (wall seconds, CPU seconds, result) of one call, with the device idle before and after."""
    synchronise(device)
    wall, cpu = time.perf_counter(), time.process_time()
    result = call()
    synchronise(device)
    return time.perf_counter() - wall, time.process_time() - cpu, result


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
