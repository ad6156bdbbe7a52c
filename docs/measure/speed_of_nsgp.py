"""Measure processor seconds and memory of nsgp: a 512 x 512 scene, and a 4096 x 4096 one written to a file tile by tile.

    python docs/measure/speed_of_nsgp.py [--size 512] [--large 4096] [--noisy] [--save]

Ratio 32, 31 bands, blind, one thread, each row in a separate process. The scene is the embedded ``twins``, repeated for
the large one. Seconds are those of the method (PSF, SRF and noise estimated; every tile predicted and, for the large
scene, written to HDF5), after one warm-up on a small pair; memory is the peak resident set of the whole process, inputs
and torch included. Targets are printed beside the values; nothing is asserted. --save writes the rows to docs/evidence/speed-nsgp or speed-nsgp-noisy, from which
the table of docs/nsgp.md is made.
"""

import argparse
import json
import platform
import resource
import subprocess
import sys
import tempfile
import time
from multiprocessing import Process
from pathlib import Path

import numpy as np

RATIO, UNIT = 32, 1 if sys.platform == "darwin" else 1024  # bytes in a unit of ru_maxrss
TARGETS = {"nsgp-fast": "1 s, 1 GB", "nsgp": "2 s (hoped 1), 1 GB", "nsgp, tiles to a file": "3 GB"}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=512, help="side of the small scene, a multiple of 32 up to 512")
    parser.add_argument("--large", type=int, default=4096, help="side of the large scene, a multiple of SIZE; 0: none")
    parser.add_argument("--noisy", action="store_true", help="noise of 30 / 35 dB on HSI / MSI")
    parser.add_argument("--save", action="store_true", help="write the rows to docs/evidence/speed")
    parser.add_argument("--alone", nargs=3, metavar=("ROW", "SIDE", "PAIR"), help=argparse.SUPPRESS)  # in its process
    options = parser.parse_args()
    if options.alone:
        name, side, path = options.alone
        print(json.dumps(measure(name, int(side), path)))
        return
    rows = [("nsgp-fast", options.size), ("nsgp", options.size)]
    rows += [("nsgp, tiles to a file", options.large)] if options.large else []
    from recording import record

    from mossfuse.benchmark.run.provenance import processor_name

    noise = "SNR 30 / 35 dB" if options.noisy else "no noise"
    print(f"{processor_name()}, {platform.system()}, one thread, ratio {RATIO}, 31 bands, {noise}\n")
    print("| method | scene | CPU s | wall s | peak GB | target |\n|---|---|---|---|---|---|")
    lines: list[list[str]] = []
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder, "pair.npz"))
        # Not in this process: a child's peak starts at its parent's.
        made = Process(target=save_images, args=(path, options.size, options.noisy))
        made.start(), made.join()
        for name, side in rows:
            command = [sys.executable, __file__, "--alone", name, str(side), path]
            found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
            figures = f"{found['cpu']:.2f} | {found['wall']:.2f} | {found['peak'] / 1e9:.2f}"
            print(f"| {name} | {side} x {side} | {figures} | {TARGETS[name]} |", flush=True)
            lines.append([name, f"{side} x {side}", *figures.split(" | "), TARGETS[name]])
    if options.save:
        name = "nsgp-noisy" if options.noisy else "nsgp"
        head = ["method", "scene", "CPU s", "wall s", "peak GB", "target"]
        make = f"docs/measure/speed_of_nsgp.py{' --noisy' * options.noisy} --save"
        record(f"speed-{name}", name, head, lines, make, code=("nsgp", "nsgp-fast"))


def measure(name, side, path):
    """Return {'cpu', 'wall' in s, 'peak' in bytes} of one row."""
    import torch

    from mossfuse.files import cube_writer
    from mossfuse.methods import nsgp

    torch.set_num_threads(1)
    setting = "fast" if name == "nsgp-fast" else "best"
    for _ in nsgp.fuse_tiles(pair(path, 64), setting=setting)[1]:
        pass
    observation = pair(path, side)
    shape = (side, side, observation.hsi.shape[2])
    wall, cpu = time.perf_counter(), time.process_time()
    _, tiles = nsgp.fuse_tiles(observation, setting=setting)
    if "file" in name:
        with tempfile.TemporaryDirectory(dir=".") as folder, cube_writer(Path(folder, "cube.h5"), shape) as put:
            for place, values in tiles:
                put(*place, values)
    else:
        cube = np.empty(shape, np.float32)
        for place, values in tiles:
            cube[place] = values
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return {"wall": wall, "cpu": cpu, "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * UNIT}


def save_images(path, size, noisy):
    """Write hsi and msi: the official degradation of ``twins`` at ``size`` px."""
    from mossfuse.datasets import phantom
    from mossfuse.degradations import degrade, find_degradation, load_srf

    truth, wavelengths = phantom.read("twins", None, None, size=size)
    degradation = find_degradation("x32-gauss31s2-nikond5100" + ("-snr30-35" if noisy else ""))
    made = degrade(truth, degradation, load_srf(degradation.srf, wavelengths))
    np.savez(path, hsi=made.hsi, msi=made.msi)


def pair(path, side):
    """Return the stored pair, cut or repeated to ``side`` px; the PSF's support and phase are known."""
    from mossfuse.physics.psf_geometry import official_geometry
    from mossfuse.protocol import Observation, Sensor

    support, phase = official_geometry(RATIO)
    stored = np.load(path)
    times = -(-side // len(stored["msi"]))
    hsi, msi = (np.tile(stored[name], (times, times, 1)) for name in ("hsi", "msi"))
    cut = side // RATIO
    sensor = Sensor(psf_shape=(support, support), phase=(phase, phase))
    return Observation(hsi=hsi[:cut, :cut], msi=msi[:side, :side], ratio=RATIO, sensor=sensor)


if __name__ == "__main__":
    main()
