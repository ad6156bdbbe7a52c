"""Check on one GPU, in about ten minutes, everything that docs/gpu.md asks for, and fill the tables of that page.

    python docs/measure/gpu_check.py                        # prints the tables
    python docs/measure/gpu_check.py --save --mps           # and writes docs/evidence/gpu-* and docs/gpu.md
    python docs/measure/gpu_check.py --device cpu --quick   # tries the script itself, in seconds, where there is no GPU

The CPU is the reference of every value; each comparison is made in one process with the same weights and seeds. A measurement that would
begin after --minutes is a row that says so, and so is one that fails. The exit status is 1 where no GPU answers, and where float32 on the GPU
differs from the CPU by more than 5e-4 with fixed weights.
"""

import argparse
import hashlib
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from unittest.mock import patch

import numpy as np
import torch

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).resolve().parent)]

from gpu_sharing import service, side_by_side, through_mps  # noqa: E402
from recording import record  # noqa: E402
from speed_of_the_network import join_tiles, load, scene, weights_path  # noqa: E402

from mossfuse.arithmetic import full_precision  # noqa: E402
from mossfuse.benchmark.check.pairs import make_pair  # noqa: E402
from mossfuse.benchmark.run.memory import peak_gpu_mb  # noqa: E402
from mossfuse.benchmark.run.provenance import device_facts  # noqa: E402
from mossfuse.benchmark.run.timing import timed  # noqa: E402
from mossfuse.fitting.stages import GRAPHS as GRAPHS_VARIABLE  # noqa: E402
from mossfuse.methods import catalogue, find_method  # noqa: E402
from mossfuse.network.inference import run_network  # noqa: E402
from mossfuse.network.reparameterise import reparameterise  # noqa: E402
from mossfuse.protocol import Observation, Sensor  # noqa: E402

SAME = 5e-4  # of values in [0, 1], float32 on another device, fixed weights
PAGE = ROOT / "docs" / "gpu.md"
LATE = "not measured, the time was up"
WAYS = ("one", "two")  # two runs with one seed


class Check:
    """What one run of the script shares: the device, the sizes, and the clock."""

    def __init__(self, device: str, quick: bool, minutes: float, weights: str | None, mps: bool = False) -> None:
        self.device, self.quick, self.weights, self.mps = device, quick, weights, mps
        self.end = time.monotonic() + 60 * minutes
        self.worst = 0.0

    def rows(self, named: dict[str, Callable[[], list[str]]], columns: int) -> Iterator[list[str]]:
        """Yield the row of every measurement: its name and what it returns, or why it returned nothing."""
        for name, measure in named.items():
            if time.monotonic() > self.end:
                found = [LATE]
            else:
                if self.device == "cuda":
                    torch.cuda.empty_cache()
                    torch.cuda.reset_peak_memory_stats()
                try:
                    found = measure()
                except Exception as error:  # a check goes on with the next row, whatever a kernel or a compiler says
                    traceback.print_exc()
                    found = [f"failed: {type(error).__name__}: {' '.join(str(error).split())[:120]}"]
            row = [name, *found, *[""] * (columns - 1 - len(found))]
            sys.stderr.write(" | ".join(row) + "\n")
            yield row

    def peak(self) -> str:
        """Return the largest memory on the GPU since the row began, in MB; '-' on a CPU."""
        peak = peak_gpu_mb(self.device)
        return "-" if peak is None else f"{peak * 2**20 / 1e6:.0f}"


# --- inference with fixed weights


INFERENCE = [
    "inference",
    "s, first call",
    "s, warm",
    "peak MB on the GPU",
    "largest difference from the CPU",
    "two runs",
]


def inference(check: Check) -> list[list[str]]:
    """Return the rows of the network with released weights (random ones where no mirror has them), ratio 32."""
    size = 64 if check.quick else 512
    network, pair = reparameterise(load(argparse.Namespace(weights=check.weights))), scene(size)
    began = time.perf_counter()
    reference = join_tiles(run_network(network, *pair), pair)
    seconds = time.perf_counter() - began
    variants = {
        "whole image": {},
        "tiles": {"tile": size // 2},
        "bfloat16": {"precision": "bfloat16"},
        "compiled": {"compile": True},
        "compiled, bfloat16": {"compile": True, "precision": "bfloat16"},
    }
    if check.quick:
        variants = {"tiles": variants["tiles"]}
    network = network.to(check.device)
    measures = {name: partial(infer, check, network, pair, reference, settings) for name, settings in variants.items()}
    cpu = [f"CPU, {torch.get_num_threads()} threads, {size} x {size}", "", f"{seconds:.3g}", "-", "", ""]
    return [cpu, *check.rows(measures, len(INFERENCE))]


def infer(check: Check, network, pair, reference: np.ndarray, settings: dict) -> list[str]:
    """Return the row of one way to run the network: seconds, memory, difference, bytes of two runs."""

    def once() -> np.ndarray:
        return join_tiles(run_network(network, *pair, device=check.device, **settings), pair)

    first, _, cube = timed(once, check.device)
    again = [timed(once, check.device) for _ in range(1 if check.quick else 5)]
    error = float(np.abs(cube - reference).max())
    if settings.get("precision") != "bfloat16":
        check.worst = max(check.worst, error)
    equal = all(other.tobytes() == cube.tobytes() for _, _, other in again)
    return [f"{first:.3g}", f"{min(wall for wall, _, _ in again):.3g}", check.peak(), f"{error:.1e}", same(equal)]


# --- training of the preset 'paper'


TRAINING = [
    "training, preset `paper`",
    "s per step",
    "hours of the whole schedule",
    "peak MB on the GPU",
    "weights of two runs",
]


def training(check: Check) -> list[list[str]]:
    """Return the rows of training MossFuse at the size of the paper, on embedded scenes, ratio 32."""
    variants = {
        "as it is (float32, deterministic)": {},
        "`deterministic: false`": {"deterministic": False},
        "`precision: bfloat16`, `deterministic: false`": {"precision": "bfloat16", "deterministic": False},
        "`recompute: true`": {"recompute": True},
    }
    if check.quick:
        variants = dict(list(variants.items())[:1])
    return list(check.rows({n: partial(train, check, changes) for n, changes in variants.items()}, len(TRAINING)))


def train(check: Check, changes: dict) -> list[str]:
    """Return the row of one way to train: two runs of n steps for their bytes, and one of 2 n for the time of a step."""
    method, module = find_method("mossfuse")
    settings = {**method.train_params, **method.presets["paper"], **changes, "held_out": 0}
    whole, steps, size = settings["steps"], 30, 256
    if check.quick:
        settings |= {"dim": 8, "num_blocks": 1, "patch": 32}
        steps, size = 1, 64
    msi, hsi = scene(size)
    pair = Observation(hsi=hsi, msi=msi, ratio=32, sensor=Sensor(psf_shape=(31, 31), phase=(15, 15)))
    seconds, sums = [], []
    with tempfile.TemporaryDirectory() as folder:
        for name, count in (*((way, steps) for way in WAYS), ("long", 2 * steps)):
            path = Path(folder) / f"{name}.pt"
            call = partial(
                module.train, [pair], seed=0, device=check.device, path=str(path), resume=False, **{**settings, "steps": count}
            )  # fmt: skip
            seconds.append(timed(call, check.device)[0])
            sums.append(hashlib.sha256(path.read_bytes()).hexdigest())
    step = max(seconds[2] - seconds[1], 0.0) / steps
    return [f"{step:.3g}", f"{whole * step / 3600:.3g}", check.peak(), same(sums[0] == sums[1])]


# --- every method that asks for a GPU


METHODS = [
    "method, preset `smoke`", "s on the CPU", "s on the GPU", "difference in PSNR, GPU - CPU", "largest difference of the cubes",
    "two runs on the GPU", "peak MB on the GPU",
]  # fmt: skip


def methods(check: Check) -> list[list[str]]:
    """Return one row for every method that asks for a GPU, trained where it is trained, on one small synthetic pair."""
    found = methods_with_gpu()
    if check.quick:
        found = {"mhf-net": found["mhf-net"]}
    named = {f"`{name}`": partial(compare, check, *pair) for name, pair in found.items()}
    return list(check.rows(named, len(METHODS)))


def methods_with_gpu() -> dict:
    """Return name -> (method, module) of every method that asks for a GPU, without those that are weights alone."""
    return {n: pair for n, pair in catalogue().entries.items() if pair[0].gpu and not pair[0].weights}


def compare(check: Check, method, module) -> list[str]:
    """Return the row of one method: the same training and fusion on the CPU, and twice on the GPU."""
    pair, truth = make_pair(rows=64, cols=64, ratio=8)
    with tempfile.TemporaryDirectory() as folder:
        wanted, cpu_s = fit(method, module, pair, truth, "cpu", Path(folder) / "cpu.pt")
        first, _ = fit(method, module, pair, truth, check.device, Path(folder) / "one.pt")
        second, gpu_s = fit(method, module, pair, truth, check.device, Path(folder) / "two.pt")  # kernels are loaded
    gain = decibels(first, truth) - decibels(wanted, truth)
    error = float(np.abs(first - wanted).max())
    return [
        f"{cpu_s:.2g}",
        f"{gpu_s:.2g}",
        f"{gain:+.3f} dB",
        f"{error:.1e}",
        same(first.tobytes() == second.tobytes()),
        check.peak(),
    ]


def fit(method, module, pair, truth, device: str, path: Path) -> tuple[np.ndarray, float]:
    """Return (cube, seconds) of a method's training, where it has one, and fusion with the preset 'smoke'."""
    seen = replace(pair, sensor=pair.sensor.restricted_to(method.knows))
    preset = method.presets.get("smoke", {})
    params = {**method.params, **{k: v for k, v in preset.items() if k in method.params}}
    trained = {**method.train_params, **{k: v for k, v in preset.items() if k in method.train_params}}
    learns = method.trains in ("dataset", "supervised")
    truths = [truth] if method.trains == "supervised" else None

    def call() -> np.ndarray:
        if learns:
            module.train([seen], seed=0, device=device, path=str(path), resume=False, truths=truths, **trained)
        with full_precision(device):
            return module.fuse(seen, seed=0, device=device, checkpoint=str(path) if learns else None, **params).cube

    seconds, _, cube = timed(call, device)
    return cube, seconds


def decibels(cube: np.ndarray, truth: np.ndarray) -> float:
    """Return the PSNR of a cube in dB, peak 1, over all values."""
    return -10 * float(np.log10(np.mean((cube.astype(np.float64) - truth) ** 2)))


# --- recorded steps


GRAPHS = [
    "method, preset `smoke`",
    "s, every step on its own",
    "s, recorded",
    "largest difference of the cubes",
    "same bytes",
]


def graphs(check: Check) -> list[list[str]]:
    """Return one row for every method that has stages whose steps are recorded as CUDA graphs."""
    names = ("pixel-mlp",) if check.quick else ("pixel-mlp", "pixel-mlp-blind", "m2u-net", "edip-net", "udaln")
    named = {f"`{name}`": partial(record_steps, check, *find_method(name)) for name in names}
    return list(check.rows(named, len(GRAPHS)))


def record_steps(check: Check, method, module) -> list[str]:
    """Return the row of one method with and without recorded steps; both are run once before they are timed."""
    pair, truth = make_pair(rows=64, cols=64, ratio=8)
    cubes, seconds = [], []
    for way in ("0", "1"):
        with patch.dict(os.environ, {GRAPHS_VARIABLE: way}):
            for _ in range(2):
                cube, took = fit(method, module, pair, truth, check.device, Path())
        cubes.append(cube)
        seconds.append(took)
    error = float(np.abs(cubes[0] - cubes[1]).max())
    return [*(f"{value:.2g}" for value in seconds), f"{error:.1e}", same(cubes[0].tobytes() == cubes[1].tobytes())]


# --- several fits at the same time


SHARING = ["`pixel-mlp` fits side by side, preset `paper`", "s until all have ended", "s a fit", "cubes"]


def sharing(check: Check) -> list[list[str]]:
    """Return one row for every number of fits that share the device, each in a process of its own, as ``fits_per_gpu`` lets them."""
    counts, size, changes = ((2,), 32, {"steps": 20}) if check.quick else ((1, 4, 12), 256, {})
    alone: set[str] = set()  # hash of the first row's cube

    def measure(count: int) -> list[str]:
        seconds, found = side_by_side(count, "pixel-mlp", check.device, size, **changes)
        alone.update(found if not alone else ())
        return [f"{seconds:.3g}", f"{seconds / count:.3g}", same(found == alone and len(alone) == 1)]

    def through_service(count: int) -> list[str]:
        with service():
            return measure(count)

    already = ", through MPS" if through_mps() else ""
    named = {f"{count}{already}": partial(measure, count) for count in counts}
    if check.mps and not already:
        named |= {f"{count}, through MPS": partial(through_service, count) for count in counts}
    return list(check.rows(named, len(SHARING)))


def same(equal: bool) -> str:
    """Return what a table says about the bytes of two runs."""
    return "same bytes" if equal else "different bytes"


# In the order of their weight: what comes last is left out where the time is up.
PARTS = {
    "inference": (INFERENCE, inference),
    "training": (TRAINING, training),
    "sharing": (SHARING, sharing),
    "methods": (METHODS, methods),
    "graphs": (GRAPHS, graphs),
}


def keep(name: str, head: list[str], rows: list[list[str]], *, mps: bool, **facts: str) -> None:
    """Write the rows of a part to its own folder of docs/evidence, since parts may be measured on different days."""
    service_too = " --mps" if mps and name == "sharing" else ""
    record(f"gpu-{name}", name, head, rows, f"docs/measure/gpu_check.py --save --parts {name}{service_too}", **facts)


def fill_page() -> None:
    """Fill the tables of docs/gpu.md from docs/evidence."""
    import tables
    from pages.store import Evidence

    PAGE.write_text(tables.filled(PAGE, Evidence(tables.FOLDER)), encoding="utf-8")


def main() -> int:
    """Measure and print or write the tables; return 1 where float32 with fixed weights differs too much."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument(
        "--quick", action="store_true", help="tiny sizes and few methods: tries the script, measures nothing"
    )
    parser.add_argument(
        "--parts", nargs="+", choices=PARTS, metavar="PART", help=f"of {', '.join(PARTS)}, in this order (default: all)"
    )
    parser.add_argument("--minutes", type=float, default=10.0, help="no measurement begins after so many")
    parser.add_argument(
        "--weights", help="a checkpoint; default: the released one in MOSSFUSE_MIRRORS, else random weights"
    )
    parser.add_argument(
        "--mps", action="store_true", help="fits side by side also through a Multi-Process Service, started for them"
    )
    parser.add_argument("--save", action="store_true", help="write docs/evidence/gpu-* and docs/gpu.md")
    options = parser.parse_args()
    if options.device == "cuda" and not torch.cuda.is_available():
        sys.exit(
            f"no GPU answers here (PyTorch {torch.__version__}); run this where one does, or try the script with --device cpu --quick"
        )
    if options.save and (options.device == "cpu" or options.quick):
        parser.error("--save takes a full run on a GPU")
    facts = device_facts(options.device)
    weights = "released weights" if weights_path(options) else "random weights"
    sys.stdout.write(f"{facts['device_name']}, driver {facts['driver']}, PyTorch {torch.__version__}, {weights}\n")
    check = Check(options.device, options.quick, options.minutes, options.weights, options.mps)
    for name in options.parts or PARTS:
        head, part = PARTS[name]
        rows = part(check)
        lines = [head, ["---"] * len(head), *rows]
        sys.stdout.write("\n" + "".join(f"| {' | '.join(line)} |\n" for line in lines))
        sys.stdout.flush()
        if options.save:
            device = f"{facts['device_name']}, driver {facts['driver']}"
            keep(name, head, rows, mps=options.mps, device=device, weights=weights)
    if options.save:
        fill_page()
    good = check.worst <= SAME
    sys.stdout.write(
        f"\nfloat32, fixed weights: largest difference from the CPU {check.worst:.1e}, at most {SAME:.0e}\n"
    )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
