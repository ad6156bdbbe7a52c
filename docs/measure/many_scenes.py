"""Measure a closed-form grid of many scenes end to end: jobs, wall and CPU seconds, and what Snakemake's main process takes for each job.

    python docs/measure/many_scenes.py 100              # bicubic on 100 scenes of 64 x 64, tables alone
    python docs/measure/many_scenes.py 12 100 --save    # two sizes, to docs/evidence/many-scenes
    python docs/measure/many_scenes.py 100 --report     # with pictures and report
    python docs/measure/many_scenes.py 12 --methods bicubic,nsgp

The scenes are random smooth cubes of a dataset that exists for the run alone. CPU seconds are those of every process of the run. Cubes are
removed once they are scored (keep_cubes: none), and the largest number of cubes that were there at one time is printed.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import yaml

from mossfuse.benchmark.plan.paths import Paths

ROOT = Path(__file__).resolve().parents[2]
TICKS = os.sysconf("SC_CLK_TCK")
HEAD = ("grid", "jobs", "wall s", "CPU s", "main process, CPU s", "a job", "cubes at one time")
CUBE = Paths().cell("", "", "", "", 0).cube.name
DATASET = """
from mossfuse.protocol import Dataset
SCENES = tuple(f"scene{{n:04d}}" for n in range({count}))
DATASET = Dataset(name="many", title="Many scenes", citation="-", terms="-", train=(), test=SCENES, shape=(64, 64, 31),
                  wavelengths=tuple(range(400, 710, 10)))
def obtain(scenes, folder, mirrors):
    return {{scene: {{"source": "generated", "files": [], "sha256": {{}}, "verified": True}} for scene in scenes}}
def read(scene, folder, mirrors):
    import numpy as np
    from mossfuse.benchmark.check.pairs import make_pair
    return make_pair(seed=int(scene[5:]))[1], np.arange(400.0, 710.0, 10.0)
"""


@dataclass
class Spent:
    """CPU seconds of the main process, and of the warm process with all that it has waited for."""

    main_s: float = 0.0
    warm_s: float = 0.0
    cubes: int = 0


def main() -> None:
    """Print a row for each number of scenes, and save them where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenes", type=int, nargs="+")
    parser.add_argument("--methods", default="bicubic")
    parser.add_argument("--report", action="store_true", help="pictures and report as well")
    parser.add_argument("--cores", default="2")
    parser.add_argument("--save", action="store_true", help="write docs/evidence/many-scenes")
    options = parser.parse_args()
    rows = []
    for scenes in options.scenes:
        rows.append(measure(scenes, options))
        sys.stdout.write(f"{' | '.join(rows[-1])}\n")
        sys.stdout.flush()
    if options.save:
        sys.path.insert(0, str(ROOT))
        from recording import record

        sizes = " ".join(map(str, options.scenes))
        record("many-scenes", "many-scenes", HEAD, rows, f"docs/measure/many_scenes.py {sizes} --save")


def measure(scenes: int, options: argparse.Namespace) -> tuple[str, ...]:
    """Run the grid of so many scenes in a temporary folder and return its row."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "datasets").mkdir()
        (folder / "datasets" / "many.py").write_text(DATASET.format(count=scenes), encoding="utf-8")
        entry = {
            "dataset": "many",
            "degradations": ["x8-gauss7s2-nikond5100"],
            "methods": options.methods.split(","),
            "seeds": [0],
        }
        config = {"grid": [entry], "keep_cubes": "none", "timing": {"scenes": "none"}}
        (folder / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
        environment = {**os.environ, "MOSSFUSE_DATASETS": str(folder / "datasets"), "PYTHONPATH": str(ROOT)}
        command = [sys.executable, str(Path(sys.executable).parent / "snakemake"), "-s", str(ROOT / "Snakefile"), "--cores", options.cores,
                   *([] if options.report else ["tables"])]  # fmt: skip
        began = time.perf_counter()
        with open(folder / "log.txt", "wb") as log:
            process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
        spent = follow(process, folder)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        text = (folder / "log.txt").read_text(encoding="utf-8", errors="replace")
        if status:
            raise SystemExit(text[-3000:])
        jobs = text.count("\nFinished jobid")
        cpu = usage.ru_utime + usage.ru_stime + spent.warm_s
        numbers = (
            f"{wall:.0f}",
            f"{cpu:.0f}",
            f"{spent.main_s:.1f}",
            f"{spent.main_s / max(jobs, 1):.3f}",
            f"{spent.cubes}",
        )
        return (f"{scenes} scenes, {options.methods}, {'report' if options.report else 'tables'}", f"{jobs}", *numbers)


def follow(process: subprocess.Popen, folder: Path) -> Spent:
    """Return what the main and the warm process took by the time the former ended; the last look is at most 0.2 s early."""
    spent, warm = Spent(), None
    while os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        spent.main_s = own_cpu(process.pid)
        warm = warm or warm_process(process.pid)
        if warm:
            spent.warm_s = max(spent.warm_s, own_cpu(warm, children=True))
        spent.cubes = max(spent.cubes, sum(1 for _ in (folder / Paths().results).rglob(CUBE)))
        time.sleep(0.2)
    return spent


def own_cpu(pid: int, children: bool = False) -> float:
    """Return the CPU seconds of a process, with those of the children that it has waited for; 0 where it has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11 : 15 if children else 13])) / TICKS


def warm_process(pid: int) -> int | None:
    """Return the process that forks the short jobs of a workflow; None before it has started."""
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split():
        try:
            if b"mossfuse.warm_process" in Path(f"/proc/{child}/cmdline").read_bytes():
                return int(child)
        except OSError:
            continue
    return None


if __name__ == "__main__":
    main()
