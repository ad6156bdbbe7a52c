"""Measure what scoring one cell of 512 x 512 x 31 costs: python docs/measure/scoring.py [--against FOLDER].

Prints CPU seconds of one core for each metric of `std1`, and of the conventions of the default configuration together. With
--against, the same cubes are scored by the code in FOLDER (a clone at another commit), turn by turn, and the ratio is printed.
The smallest of several runs counts, because other work on the machine only adds.
"""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
SHAPE, RATIO, CONVENTIONS = (512, 512, 31), 32, ("std1", "moss", "classical-table")
RUNS = 3


def cubes():
    """Return (truth, estimate) float32: a smooth random scene, and the same with noise that leaves [0, 1]."""
    from scipy.ndimage import gaussian_filter

    rng = np.random.default_rng(0)
    truth = np.clip(2 * gaussian_filter(rng.random(SHAPE), (4, 4, 1)) - 0.5, 0, 1).astype(np.float32)
    return truth, truth + 0.01 * rng.standard_normal(SHAPE).astype(np.float32)


def seconds(function, runs=RUNS):
    """Return the smallest CPU time of several calls."""
    found = []
    for _ in range(runs):
        start = time.process_time()
        function()
        found.append(time.process_time() - start)
    return min(found)


def score_conventions():
    """Return the CPU seconds of the conventions, scored as a cell's scores are by the code on PYTHONPATH."""
    from mossfuse import metrics

    truth, cube = cubes()
    if hasattr(metrics, "score_all"):
        facts = {"wavelengths": np.linspace(400, 700, SHAPE[2])}
        return seconds(lambda: metrics.score_all(truth, cube, RATIO, CONVENTIONS, facts), 1)
    return seconds(lambda: [metrics.score(truth, cube, RATIO, name) for name in CONVENTIONS], 1)


def measure(folder):
    """Return ``score_conventions`` of the code in a folder, in a process of its own."""
    environment = os.environ | {"PYTHONPATH": str(folder), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, __file__, "--one"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True)
    return float(done.stdout)


def show_metrics():
    """Print the CPU seconds of every metric of std1 by itself, which shares nothing with the others."""
    from mossfuse.metrics import metrics_of
    from mossfuse.metrics.preparation import as_pair, prepare

    x, y = prepare(*as_pair(*cubes()), "clip")
    facts = {"wavelengths": np.linspace(400, 700, SHAPE[2])}
    for metric in metrics_of("std1").values():
        if set(metric.needs) <= set(facts):
            known = {name: facts[name] for name in metric.needs}
            print(f"{metric.name:24}{seconds(lambda m=metric, k=known: m.compute(x, y, RATIO, **k)):8.2f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--against", type=Path, help="a clone at another commit")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(score_conventions())
        return
    folders = [ROOT, *([options.against] if options.against else [])]
    turns = np.array([[measure(folder) for folder in folders] for _ in range(RUNS)]).min(0)
    show_metrics()
    print(f"{' + '.join(CONVENTIONS):24}{turns[0]:8.2f}")
    if options.against:
        print(f"the same by {options.against}: {turns[1]:.2f}, ratio {turns[0] / turns[1]:.2f}")


if __name__ == "__main__":
    main()
