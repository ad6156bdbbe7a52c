"""Measure what a cell costs beside its method: CPU and wall seconds of fusing and scoring bicubic, as new processes and warm.

    python docs/measure/overhead.py [CELLS] [--save]          # to docs/evidence/overhead

Both ways take turns within one run, so that their ratio holds on a machine that does other work. CPU seconds are of all processes
of a job, with what the warm process spends on it; its start is a line of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from mossfuse.benchmark.plan.covered import CoveredCode
from mossfuse.benchmark.plan.grid import Grid
from mossfuse.benchmark.plan.paths import Paths
from mossfuse.benchmark.plan.settings import check_settings
from mossfuse.benchmark.run import warm
from mossfuse.datasets import find_dataset

SETTINGS = Paths().settings.name

DEGRADATION = "x8-gauss7s2-nikond5100"
HEAD = ("job", "way", "cells", "CPU s a cell, mean", "wall s, median")
TICKS = os.sysconf("SC_CLK_TCK")


def bench(verb: str, *arguments: str, address: str = "") -> None:
    """Run a verb of ``mossfuse bench`` as the workflow does."""
    command = [sys.executable, "-m", "mossfuse", "bench", verb, "--settings", SETTINGS, *arguments]
    subprocess.run(command, check=True, env={**os.environ, warm.VARIABLE: address}, stderr=subprocess.DEVNULL)


def prepare(count: int) -> list[str]:
    """Make scenes and pairs in the current folder and return ``count`` cells, row by row."""
    spec = find_dataset("phantom")[0]
    scenes = list(spec.test)
    rows = {f"bicubic{number}": {"method": "bicubic"} for number in range(-(-count // len(scenes)))}
    grid = {"dataset": "phantom", "as": "small", "options": {"size": 64}, "degradations": [DEGRADATION], "scenes": scenes,
            "methods": list(rows), "seeds": [0]}  # fmt: skip
    settings = check_settings({"grid": [grid], "methods": rows, "conventions": ["std1"]}, "the script")
    Path(SETTINGS).write_text(json.dumps(settings), encoding="utf-8")
    bench("fetch")
    for scene in scenes:
        bench("prepare", "small", scene)
        bench("degrade", "small", DEGRADATION, scene)
    return [f"small/{DEGRADATION}/{row}/{scene}/seed0" for row in rows for scene in scenes][:count]


def cpu_of(pid: int) -> float:
    """Return the CPU seconds of a process and of those it has waited for."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
    return sum(map(int, fields[11:15])) / TICKS


def spent() -> float:
    """Return the CPU seconds of the processes that this one has waited for."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def main(count: int) -> list[tuple[str, ...]]:
    """Print and return a table: CPU and wall seconds per cell of fusing and of scoring, both ways."""
    cells = prepare(count)
    grid = Grid(json.loads(Path(SETTINGS).read_text(encoding="utf-8")))
    covered = CoveredCode(grid)
    known = ("--code", covered.row("bicubic0"), "--harness", covered.harness("fuse"))  # as the workflow hands them over
    server = warm.start(1)
    address = os.environ.pop(warm.VARIABLE)
    place = Path(address.split("|")[2])
    while not place.exists():
        time.sleep(0.1)
    start = cpu_of(server)
    rows: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for cell in cells:
        for verb in ("fuse", "score"):
            for way, given in (("new processes", ""), ("warm", address)):
                before, wall = spent() + cpu_of(server), time.perf_counter()
                bench(
                    verb, *(("--log", "log.txt", "--gpu", "0", *known) if verb == "fuse" else ()), cell, address=given
                )
                wall = time.perf_counter() - wall
                if given:
                    wait_for(server)
                rows.setdefault((verb, way), []).append((spent() + cpu_of(server) - before, wall))
    table = [("start of the warm process", "", "1", f"{start:.2f}", "")]
    for (verb, way), values in rows.items():
        cpu, wall = zip(*values, strict=True)
        table.append((verb, way, f"{len(cells)}", f"{statistics.mean(cpu):.2f}", f"{statistics.median(wall):.2f}"))
    for row in (HEAD, *table):
        sys.stdout.write(f"{' | '.join(row)}\n")
    return table


def wait_for(server: int) -> None:
    """Wait until the warm process has taken leave of all its children, which it does within its interval."""
    children = Path(f"/proc/{server}/task/{server}/children")
    while children.read_text(encoding="utf-8").strip():
        time.sleep(0.05)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cells", nargs="?", type=int, default=30)
    parser.add_argument("--save", action="store_true", help="write docs/evidence/overhead")
    options = parser.parse_args()
    here = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        found = main(options.cells)
        os.chdir(here)
    if options.save:
        from recording import record

        record("overhead", "overhead", HEAD, found, f"docs/measure/overhead.py {options.cells} --save")
