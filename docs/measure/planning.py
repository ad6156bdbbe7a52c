"""Measure what planning costs: CPU seconds of `mossfuse plan`, of Snakemake's plan, and of a dry run that lists every job.

    python docs/measure/planning.py --save          # both grids, to docs/evidence/planning
    python docs/measure/planning.py --profile 30    # and the functions in which Snakemake's plan takes the most time

Two grids of 36 closed-form and trained rows, in an empty folder: 12 scenes, 3 degradations and 3 seeds; 100 scenes, 1 and 1. Nothing is run,
and no scene has to exist. Snakemake's plan is a dry run with `--quiet`, which ends when the jobs are known; without it Snakemake goes through them to
print them.
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
SNAKEMAKE = ("-m", "snakemake", "-s", str(ROOT / "Snakefile"), "--cores", "2", "--dry-run")
WAYS = {
    "`mossfuse plan`": ("-m", "mossfuse", "plan", "config.yaml"),
    "Snakemake's plan": (*SNAKEMAKE, "--quiet"),
    "and its list of jobs": (*SNAKEMAKE, "--quiet", "rules"),
}
HEAD = ("grid", "jobs", *(f"{way}, CPU s" for way in WAYS))


def configuration(scenes: int, degradations: int, seeds: int) -> dict:
    """Return the configuration of a grid of 36 rows."""
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


def prepare(folder: Path, scenes: int, degradations: int, seeds: int) -> None:
    """Write the configuration of a grid and the dataset that it names."""
    (folder / "datasets").mkdir(parents=True)
    (folder / "datasets" / "many.py").write_text(DATASET.format(count=scenes + 2), encoding="utf-8")
    text = yaml.safe_dump(configuration(scenes, degradations, seeds))
    (folder / "config.yaml").write_text(text, encoding="utf-8")


def measure(folder: Path, command: tuple[str, ...], *options: str) -> tuple[float, float, str]:
    """Return (CPU seconds, wall seconds, output) of a way of planning in a prepared folder; options: of Python."""
    environment = {**os.environ, "MOSSFUSE_DATASETS": str(folder / "datasets"), "PYTHONPATH": str(ROOT)}
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        [sys.executable, *options, *command], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    after, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter() - start
    printed = done.stdout + done.stderr
    if "Traceback" in printed or (done.returncode and "snakemake" in command):
        raise SystemExit(printed)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime, wall, printed


def main() -> None:
    """Print a table of both grids."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--profile", type=int, default=0, metavar="N", help="print the N most expensive functions")
    parser.add_argument("--save", action="store_true", help="write docs/evidence/planning")
    options = parser.parse_args()
    rows = []
    for name, grid in GRIDS.items():
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place) / "run"
            prepare(folder, *grid)
            found = {way: measure(folder, command) for way, command in WAYS.items()}
            jobs = int(re.search(r"^total +(\d+)", found["and its list of jobs"][2], re.M)[1])
            rows.append((name, f"{jobs:,}", *(f"{cpu:.1f}" for cpu, _, _ in found.values())))
            sys.stdout.write(f"{' | '.join(rows[-1])}\n")
            sys.stdout.flush()
            if options.profile:
                out = Path(place) / "profile"
                measure(folder, WAYS["Snakemake's plan"], "-m", "cProfile", "-o", str(out))
                script = (
                    f"import pstats; pstats.Stats({str(out)!r}).sort_stats('cumtime').print_stats({options.profile})"
                )
                subprocess.run([sys.executable, "-c", script], check=True)
    if options.save:
        from recording import record

        record("planning", "planning", HEAD, rows, "docs/measure/planning.py --save")


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main()
