"""Measure what planning costs: the seconds until a dry run of the whole workflow has been printed, and where they go.

    python docs/measure/planning.py                 # both grids: CPU and wall seconds, number of jobs
    python docs/measure/planning.py --profile 30    # and the functions that take the most time

Two grids of 36 closed-form and trained rows, in an empty folder: 12 scenes, 3 degradations and 3 seeds; 100 scenes, 1 and 1. Nothing is run,
and no scene has to exist.
"""

import argparse
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
DATASET = """
from mossfuse.protocol import Dataset
SCENES = tuple(f"scene{{n:03d}}" for n in range({count}))
DATASET = Dataset(name="many", title="Many scenes", citation="-", terms="-", train=SCENES[:2], test=SCENES[2:],
                  wavelengths=tuple(range(400, 710, 10)))
def obtain(scenes, folder, mirrors):
    raise NotImplementedError
def read(scene, folder, mirrors):
    raise NotImplementedError
"""
DEGRADATIONS = ["x8-gauss7s2-nikond5100", "x8-gauss7s2-nikond5100-snr35-40", "x4-gauss3s2-nikond5100"]
ROWS = 36
GRIDS = {"12 scenes, 36 rows, 3 degradations, 3 seeds": (12, 3, 3), "100 scenes, 36 rows": (100, 1, 1)}


def configuration(scenes: int, degradations: int, seeds: int) -> dict:
    """Return the configuration of a grid of 36 rows."""
    sys.path.insert(0, str(ROOT))
    from mossfuse.methods import catalogue

    names = [name for name, (method, _) in catalogue().entries.items() if not method.weights][:ROWS]
    assert len(names) == ROWS
    entry = {
        "dataset": "many",
        "degradations": DEGRADATIONS[:degradations],
        "methods": names,
        "seeds": list(range(seeds)),
    }
    return {"grid": [entry]}


def plan(folder: Path, scenes: int, degradations: int, seeds: int, *options: str) -> tuple[float, float, int, str]:
    """Return (CPU seconds, wall seconds, jobs, output) of a dry run in an empty folder."""
    (folder / "datasets").mkdir(parents=True)
    (folder / "datasets" / "many.py").write_text(DATASET.format(count=scenes + 2), encoding="utf-8")
    environment = {**os.environ, "MOSSFUSE_DATASETS": str(folder / "datasets"), "PYTHONPATH": str(ROOT)}
    os.environ["MOSSFUSE_DATASETS"] = environment["MOSSFUSE_DATASETS"]
    config = folder / "config.yaml"
    config.write_text(yaml.safe_dump(configuration(scenes, degradations, seeds)), encoding="utf-8")
    command = [
        sys.executable,
        *options,
        "-m",
        "snakemake",
        "-s",
        str(ROOT / "Snakefile"),
        "--cores",
        "2",
        "-n",
        "-q",
        "rules",
    ]
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    after, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter() - start
    printed = done.stdout + done.stderr
    if done.returncode:
        raise SystemExit(printed)
    cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return cpu, wall, int(re.search(r"^total +(\d+)", printed, re.M)[1]), printed


def main() -> None:
    """Print a table of both grids."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--profile", type=int, default=0, metavar="N", help="print the N most expensive functions")
    options = parser.parse_args()
    sys.stdout.write("| grid | jobs | CPU s | wall s |\n|---|---|---|---|\n")
    for name, grid in GRIDS.items():
        with tempfile.TemporaryDirectory() as folder:
            cpu, wall, jobs, _ = plan(Path(folder), *grid)
            sys.stdout.write(f"| {name} | {jobs} | {cpu:.1f} | {wall:.1f} |\n")
            sys.stdout.flush()
        if options.profile:
            with tempfile.TemporaryDirectory() as folder:
                out = Path(folder) / "profile"
                plan(Path(folder) / "run", *grid, "-m", "cProfile", "-o", str(out))
                script = (
                    f"import pstats; pstats.Stats({str(out)!r}).sort_stats('cumtime').print_stats({options.profile})"
                )
                subprocess.run([sys.executable, "-c", script], check=True)


if __name__ == "__main__":
    main()
