"""Measure speed and memory of the network against the released operations, with the same weights, machine and run.

    python docs/measure/speed_of_the_network.py [inference] [compiled] [training] [tiles] [large] [--threads 2] [--weights FILE] [--save]

Prints one table per part, every value beside its target; nothing is asserted about time. Variants alternate, and the smallest of
the repeats counts (other work on the machine only adds time; far slower variants are not repeated); CPU seconds are printed beside wall seconds. Memory is the
growth of the peak resident set over inputs and weights, each variant in a separate process.
``as released`` is mossfuse.network.released: every decoder, the PSF at every pixel, planar tensors. The exit status is 1
where a float32 variant differs by more than 5e-5 (tiles against the whole image: 1e-4). --save writes the tables to docs/evidence/speed, from
which those of docs/speed.md are made.
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import numpy as np
import torch

from mossfuse.files import cube_writer
from mossfuse.network import checkpoint, released
from mossfuse.network.architecture import MossFuse
from mossfuse.network.blocks import recompute_blocks
from mossfuse.network.inference import run_network
from mossfuse.network.reparameterise import reparameterise
from mossfuse.network.tiled import fuse_tiles
from mossfuse.physics.tensors import to_array
from mossfuse.training.losses import fusion_loss, loss_terms

REFERENCE = "as released"
SAME, SAME_TILED = 5e-5, 1e-4
SLOW = 3
PARTS = ("inference", "compiled", "training", "tiles", "large")
CHECKPOINT = "CAVE_32_model.pth"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)} (default: all)")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument(
        "--weights", help=f"a checkpoint; default: {CHECKPOINT} in MOSSFUSE_MIRRORS, else random weights"
    )
    parser.add_argument("--save", action="store_true", help="write the tables to docs/evidence/speed")
    parser.add_argument(
        "--alone", nargs=2, metavar=("VARIANT", "FILE"), help=argparse.SUPPRESS
    )  # in a separate process
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    if options.alone:
        alone(options, *options.alone)
        return
    unknown = set(options.parts) - set(PARTS)
    if unknown:
        parser.error(f"unknown part {', '.join(sorted(unknown))}; choose from {', '.join(PARTS)}")
    path = weights_path(options)
    weights = f"weights {Path(path).name}" if path else "random weights"
    print(f"{processor()}, {options.threads} threads, torch {torch.__version__}, {weights}", flush=True)
    failures = [part for part in options.parts or PARTS if not globals()[part](options)]
    if failures:
        sys.exit(f"results differ by more than allowed in: {', '.join(failures)}")


def inference(options, size=512):
    """Measure one scene without compilation; return whether all float32 variants agree."""
    network, pair = load(options), scene(size)
    folded = reparameterise(network)
    variants = {
        REFERENCE: partial(as_released, network, pair),
        "rewritten operations, no unused decoder": partial(whole, network, pair),
        "+ re-parameterised": partial(whole, folded, pair),
        "+ tiles of 128 px (the default on a CPU)": lambda: join_tiles(run_network(folded, *pair), pair),
        "+ bfloat16": lambda: join_tiles(run_network(folded, *pair, precision="bfloat16"), pair),
    }
    goals = {"+ tiles of 128 px (the default on a CPU)": "0.56, hoped 0.45"}
    return table(options, "inference", f"inference, {size} x {size}", compare(variants, options.repeats), goals)


def compiled(options, size=512):
    """Measure the same through torch.compile, with a separate, empty cache."""
    if shutil.which(os.environ.get("CXX", "g++")) is None:
        print("\ncompiled: not measured, there is no g++ here")
        return True
    network, pair = load(options), scene(size)
    folded = reparameterise(network)
    with tempfile.TemporaryDirectory() as cache:
        os.environ["TORCHINDUCTOR_CACHE_DIR"] = cache
        variants = {
            REFERENCE: partial(as_released, network, pair),
            "compiled": lambda: join_tiles(run_network(folded, *pair, compile=True), pair),
            "compiled, bfloat16": lambda: join_tiles(
                run_network(folded, *pair, compile=True, precision="bfloat16"), pair
            ),
        }
        before = os.times()
        variants["compiled"]()
        spent = sum(os.times()[:4]) - sum(before[:4])
        results = compare(variants, options.repeats)
    good = table(options, "compiled", f"torch.compile, {size} x {size}", results, {"compiled": "hoped 0.35"})
    print(f"compiling and the first pass: {spent:.0f} s of processor time")
    return good


def training(options):
    """Measure one training step, batch 2 of 128 x 128."""
    results = compare({name: make(options) for name, make in STEPS.items()}, options.repeats)
    peaks = {name: in_process(options, name)["peak"] for name in STEPS}
    goals = {"ours": ("0.9, hoped 0.6", "0.75"), "ours, recompute": ("", "0.5")}
    print("\ntraining step (forward, losses, backward, Adam), batch 2, 128 x 128")
    line = "{:16} {:>7} {:>7} {:>7} {:>7}  {:16} {:>8} {:>7}  {:7}".format
    print(line("", "wall s", "CPU s", "wall", "CPU", "at most", "peak MB", "ratio", "at most"))
    rows = []
    for name, (wall, cpu, _) in results.items():
        ratios = (wall / results[REFERENCE][0], cpu / results[REFERENCE][1], peaks[name] / peaks[REFERENCE])
        wall_ratio, cpu_ratio, peak_ratio = (f"{ratio:.2f}" for ratio in ratios)
        time_goal, peak_goal = goals.get(name, ("", ""))
        figures = (f"{wall:.2f}", f"{cpu:.2f}", wall_ratio, cpu_ratio, time_goal, f"{peaks[name]:.0f}", peak_ratio)
        rows.append([name, *figures, peak_goal])
        print(line(*rows[-1]))
    head = [
        "step",
        "wall s",
        "CPU s",
        "share of wall",
        "share of CPU",
        "target",
        "peak MB",
        "share of peak",
        "peak target",
    ]
    save(options, "training", head, rows)
    return True


def tiles(options):
    """Measure tiles of 256 px on 1024 x 1024 against the whole image."""
    with tempfile.TemporaryDirectory() as folder:
        found = {name: in_process(options, name, Path(folder, f"{name}.npy")) for name in LARGE}
        cubes = {name: np.load(Path(folder, f"{name}.npy"), mmap_mode="r") for name in LARGE}
        reference = next(iter(LARGE))
        differences = {name: float(np.abs(cube - cubes[reference]).max()) for name, cube in cubes.items()}
    print("\n1024 x 1024")
    line = "{:34} {:>7} {:>7} {:>8} {:>7}  {:8} {:>10}  {:8}".format
    print(line("", "wall s", "CPU s", "peak MB", "ratio", "at most", "difference", "at most"))
    rows = []
    for name, each in found.items():
        ratio = f"{each['peak'] / found[reference]['peak']:.2f}"
        goals = ("", "") if name == reference else ("0.35", f"{SAME_TILED:.0e}")
        figures = (f"{each['wall']:.1f}", f"{each['cpu']:.1f}", f"{each['peak']:.0f}", ratio, goals[0])
        rows.append([name, *figures, f"{differences[name]:.1e}", goals[1]])
        print(line(*rows[-1]))
    head = ["1024 x 1024", "wall s", "CPU s", "peak MB", "share", "target", "largest difference", "at most"]
    save(options, "tiles", head, rows)
    return max(differences.values()) <= SAME_TILED


def large(options, size=2048):
    """Measure ``mossfuse fuse`` on a pair of files."""
    with tempfile.TemporaryDirectory() as folder:
        weights = weights_path(options) or Path(folder, "random.pt")
        if not Path(weights).exists():
            checkpoint.save(weights, load(options))
        for name, image in zip(("hr", "lr"), scene(size), strict=True):
            np.save(Path(folder, name), image)
        found = in_process(options, "fuse", folder, weights)
    print(f"\n{size} x {size}, mossfuse fuse from file to file: wall {found['wall']:.0f} s, CPU {found['cpu']:.0f} s,")
    print(f"peak {found['whole_peak'] / 1000:.2f} GB of the whole process (at most 6)")
    row = [f"{size} x {size}", f"{found['wall']:.0f}", f"{found['cpu']:.0f}", f"{found['whole_peak'] / 1000:.2f}", "6"]
    save(options, "large", ["mossfuse fuse", "wall s", "CPU s", "peak GB", "at most"], [row])
    return True


# --- the work


def load(options):
    """Return the network in evaluation mode: released weights where they are available, else random ones, none at its initial value."""
    path = weights_path(options)
    if path:
        return checkpoint.load(path)[0]
    torch.manual_seed(0)
    network = MossFuse(**checkpoint.RELEASED_CONFIG)
    with torch.no_grad():
        for name, tensor in network.state_dict().items():
            if tensor.is_floating_point() and not name.startswith("blind"):
                tensor += 0.02 * torch.rand_like(tensor)
    return network.eval()


def weights_path(options):
    folders = [Path(p) for p in os.environ.get("MOSSFUSE_MIRRORS", "").split(os.pathsep) if p]
    return options.weights or next((str(f / CHECKPOINT) for f in folders if (f / CHECKPOINT).exists()), None)


def scene(size, ratio=32):
    """Return (msi (size, size, 3), hsi (size / ratio, size / ratio, 31)) float32: a phantom scene of 256 px, repeated or cut."""
    from mossfuse.datasets import phantom
    from mossfuse.physics.psf import gaussian_psf
    from mossfuse.physics.sampling import BlurSample

    truth, wavelengths = phantom.read("twins", None, None, size=256)
    srf = np.exp(-0.5 * ((wavelengths - np.array([[610], [540], [460]])) / 30) ** 2)
    msi = (truth @ (srf / srf.sum(1, keepdims=True)).T).astype(np.float32)
    hsi = BlurSample(gaussian_psf(ratio - 1, 2.0), (ratio // 2 - 1,) * 2, ratio, truth.shape)(truth)
    times = (-(-size // len(msi)),) * 2 + (1,)
    return tuple(np.tile(image, times)[:n, :n] for image, n in ((msi, size), (hsi.astype(np.float32), size // ratio)))


def tensors(msi, hsi):
    return [torch.from_numpy(image.transpose(2, 0, 1).copy())[None] for image in (msi, hsi)]


@torch.inference_mode()
def as_released(network, pair):
    return to_array(released.forward(network, *tensors(*pair)).hr_hsi)


@torch.inference_mode()
def whole(network, pair):
    return to_array(network.fuse_only(*tensors(*pair)))


def join_tiles(parts, pair):
    """Return the cube of all tiles."""
    cube = np.empty((*pair[0].shape[:2], pair[1].shape[2]), np.float32)
    for region, values in parts:
        cube[region] = values
    return cube


def trainable(options, decoders, size=128, batch=2):
    """Return (network in training mode, its patches)."""
    full = load(options)
    network = MossFuse(**{**full.config, "decoders": decoders})
    own = network.state_dict()
    network.load_state_dict({name: value for name, value in full.state_dict().items() if name in own})
    msi, hsi = scene(batch * size)
    low = size * len(hsi) // len(msi)
    patches = [tensors(msi[k * size :, :][:size, :size], hsi[k * low :, :][:low, :low]) for k in range(batch)]
    return network.train(), *(torch.cat(images) for images in zip(*patches, strict=True))


def released_step(options):
    """Run the released script's step: two backward passes over one retained graph, flags switched between them."""
    network, msi, hsi = trainable(options, decoders=True)
    adam = torch.optim.Adam(network.parameters(), 9e-5)

    def step():
        terms = loss_terms(released.forward(network, msi, hsi), msi, hsi, network.blind.geometry)
        adam.zero_grad()
        network.blind.requires_grad_(False)
        fusion_loss(terms, "released").backward(retain_graph=True)
        network.requires_grad_(False)
        network.blind.requires_grad_(True)
        terms["blind"].backward(retain_graph=True)
        network.requires_grad_(True)
        adam.step()

    return step


def our_step(options, recompute=False):
    """Run the step of mossfuse.training.loop: only decoders that the loss needs, one backward pass."""
    network, msi, hsi = trainable(options, decoders=False)
    recompute_blocks(network, recompute)
    adam = torch.optim.Adam(network.parameters(), 9e-5, fused=True)

    def step():
        terms = loss_terms(network(msi, hsi), msi, hsi, network.blind.geometry)
        adam.zero_grad()
        (fusion_loss(terms, "released") + terms["blind"]).backward()
        adam.step()

    return step


STEPS = {REFERENCE: released_step, "ours": our_step, "ours, recompute": partial(our_step, recompute=True)}


# --- measuring


def compare(variants, repeats):
    """Return {name: (wall s, CPU s, result)} of alternating variants: a warm-up round, then the smallest of ``repeats``.

    A variant whose warm-up took more than SLOW times the first one's is not repeated: no repeat would make it the faster one.
    """
    results, walls, cpus = {}, {name: [] for name in variants}, {name: [] for name in variants}
    first = next(iter(variants))
    for turn in range(repeats + 1):
        for name, call in variants.items():
            if turn > 1 and walls[name][0] > SLOW * walls[first][0]:
                continue
            wall, cpu = time.perf_counter(), time.process_time()
            results[name] = call()
            walls[name].append(time.perf_counter() - wall)
            cpus[name].append(time.process_time() - cpu)
    return {name: (min(walls[name][1:]), min(cpus[name][1:]), results[name]) for name in variants}


def save(options, name, head, rows):
    """Write a table to docs/evidence/speed where that was asked for."""
    if options.save:
        from recording import record

        make = f"docs/measure/speed_of_the_network.py {' '.join(options.parts)} --threads {options.threads} --save"
        record("speed", name, head, rows, " ".join(make.split()), code=("mossfuse",), threads=options.threads)


def table(options, name, title, results, goals):
    """Print times as shares of the reference's, and differences from it; return False where a float32 one differs too much."""
    print(f"\n{title}")
    line = "{:42} {:>7} {:>7} {:>6} {:>6}  {:16} {:>10} {:>9}".format
    print(line("", "wall s", "CPU s", "wall", "CPU", "at most", "difference", "rms"))
    first, worst, rows = results[REFERENCE], 0.0, []
    for row, (wall, cpu, cube) in results.items():
        error = cube - first[2]
        largest, rms = float(np.abs(error).max()), float(np.sqrt((error.astype(np.float64) ** 2).mean()))
        worst = max(worst, 0.0 if "bfloat16" in row else largest)
        shares = (f"{wall / first[0]:.2f}", f"{cpu / first[1]:.2f}")
        rows.append([row, f"{wall:.2f}", f"{cpu:.2f}", *shares, goals.get(row, ""), f"{largest:.1e}", f"{rms:.1e}"])
        print(line(*rows[-1]), flush=True)
    head = ["variant", "wall s", "CPU s", "share of wall", "share of CPU", "target", "largest difference", "rms"]
    save(options, name, head, rows)
    print(f"largest float32 difference {worst:.1e}, at most {SAME:.0e}")
    return worst <= SAME


def alone(options, name, path):
    """Run one variant in this process and print its seconds and the growth of its peak resident set in MB."""
    if name == "fuse":
        lr, hr, out = (str(Path(path, file)) for file in ("lr.npy", "hr.npy", "out.npy"))
        call = partial(command_line, ["fuse", lr, hr, "-o", out, "--method", "mossfuse", "--no-preview"])
        call = partial(call, ["--weights", str(weights_path(options))])
    elif name in STEPS:
        call = STEPS[name](options)
    else:
        network, pair = reparameterise(load(options)), scene(1024)
        call = partial(LARGE[name], network, pair, path)
    before, wall, cpu = peak_mb(), time.perf_counter(), time.process_time()
    for _ in range(2 if name in STEPS else 1):  # the second training step has every buffer of the optimiser
        call()
    spent = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    print(json.dumps({**spent, "peak": peak_mb() - before, "whole_peak": peak_mb()}))


def command_line(*arguments):
    from mossfuse.__main__ import main

    main(sum(arguments, []))


def peak_mb():
    """Return the largest resident set of this process so far, in 10^6 bytes."""
    from mossfuse.benchmark.run.memory import peak_rss_mb

    return peak_rss_mb() * 2**20 / 1e6


def in_process(options, name, path="-", weights=None):
    """Return what ``alone`` prints, run with the same threads and weights."""
    call = [sys.executable, __file__, "--threads", str(options.threads), "--alone", name, str(path)]
    weights = weights or weights_path(options)
    environment = {**os.environ, **dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS"), str(options.threads))}
    call += ["--weights", str(weights)] if weights else []
    done = subprocess.run(call, stdout=subprocess.PIPE, text=True, check=True, env=environment)
    return json.loads(done.stdout.splitlines()[-1])


def whole_to_file(network, pair, path):
    np.save(path, whole(network, pair))


def tiles_to_file(network, pair, path, **settings):
    with cube_writer(path, (*pair[0].shape[:2], pair[1].shape[2])) as put:
        for region, values in fuse_tiles(network, *pair, tile=256, **settings):
            put(*region, values)


LARGE = {
    "whole image": whole_to_file,
    "tiles of 256 px": tiles_to_file,
    "tiles of 256 px, features in files": partial(tiles_to_file, kept_bytes=0),
}


def processor():
    """Return the name of the processor and the number of cores."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        name = next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        name = platform.processor() or platform.machine()
    return f"{name}, {os.cpu_count()} cores"


if __name__ == "__main__":
    main()
