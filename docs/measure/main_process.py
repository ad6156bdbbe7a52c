"""Measure what Snakemake's main process takes for each job in workflows of empty jobs, as this workflow runs it and as Snakemake does by itself.

    python docs/measure/main_process.py                      # 50, 500, 2,000 and 5,000 jobs
    python docs/measure/main_process.py 50 500 --save        # to docs/evidence/main-process

A workflow has chains of four jobs (prepare, degrade, fuse, score) of which all first ones wait from the start, and one job that reads every last one; each touches its output.
CPU seconds are those of the main process alone, planning included, less those of a dry run of the same workflow, which ends where the first job would start.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SNAKEFILE = """
from mossfuse.benchmark.run.pace import pace

rule all:
    input: expand("score/{{n}}", n=range({chains}))
    output: "all.txt"
    shell: "touch {{output}}"

rule prepare:
    output: "prepare/{{n}}"
    shell: "touch {{output}}"

rule degrade:
    input: "prepare/{{n}}"
    output: "degrade/{{n}}"
    shell: "touch {{output}}"

rule fuse:
    input: "degrade/{{n}}", "prepare/{{n}}"
    output: "fuse/{{n}}"
    shell: "touch {{output}}"

rule score:
    input: "fuse/{{n}}", "prepare/{{n}}"
    output: "score/{{n}}"
    priority: 1
    shell: "touch {{output}}"

onstart:
    if {paced}:
        pace(workflow.scheduler)
"""
HEAD = ("jobs", "way", "main process, CPU s a job", "its children, CPU s a job", "wall s a job")
WAYS = {"this workflow": True, "Snakemake alone": False}
MOST_ALONE = 500  # jobs up to which Snakemake is measured without pace.py
FEW, REPEATS = 200, 5  # below so many jobs the start's own spread is large beside them: medians of so many runs


def cpu_of(pid: int) -> tuple[float, float]:
    """Return the CPU seconds of a process that has ended and was not waited for, and of its children."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
    ticks = os.sysconf("SC_CLK_TCK")
    return (int(fields[11]) + int(fields[12])) / ticks, (int(fields[13]) + int(fields[14])) / ticks


def spent(folder: Path, *arguments: str) -> tuple[float, float, float]:
    """Run Snakemake in a folder; return the CPU seconds of its main process, of the children, and wall seconds."""
    command = [sys.executable, "-m", "snakemake", "--cores", "2", "--quiet", "rules", *arguments]
    began = time.perf_counter()
    with open(folder / "log.txt", "wb") as log:
        process = subprocess.Popen(
            command, cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=log, stderr=log
        )
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    wall = time.perf_counter() - began
    own, children = cpu_of(process.pid)
    if process.wait():
        raise SystemExit((folder / "log.txt").read_text(encoding="utf-8", errors="replace")[-2000:])
    return own, children, wall


def measure(jobs: int, paced: bool) -> tuple[float, float, float]:
    """Return CPU seconds of the main process, of its children, and wall seconds for each job of a workflow of about ``jobs``."""
    chains = max(1, (jobs - 1) // 4)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "Snakefile").write_text(SNAKEFILE.format(chains=chains, paced=paced), encoding="utf-8")
        planned, whole = [], []
        for _ in range(REPEATS if jobs < FEW else 1):
            planned.append(spent(folder, "--forceall", "--dry-run", "--quiet", "progress"))
            whole.append(spent(folder, "--forceall"))
    both = [[statistics.median(values) for values in zip(*runs, strict=True)] for runs in (whole, planned)]
    return tuple((a - b) / (4 * chains + 1) for a, b in zip(*both, strict=True))  # type: ignore[return-value]


def main() -> None:
    """Print a row for each number of jobs and way, and save them where asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("jobs", nargs="*", type=int, default=[50, 500, 2000, 5000])
    parser.add_argument("--save", action="store_true", help="write docs/evidence/main-process")
    options = parser.parse_args()
    rows = []
    for jobs in options.jobs:
        for way, paced in WAYS.items():
            if paced or jobs <= MOST_ALONE:
                own, children, wall = measure(jobs, paced)
                rows.append((f"{jobs:,}", way, f"{own:.3f}", f"{children:.3f}", f"{wall:.2f}"))
                sys.stdout.write(f"{' | '.join(rows[-1])}\n")
                sys.stdout.flush()
    if options.save:
        sys.path.insert(0, str(ROOT))
        from recording import record

        record("main-process", "main-process", HEAD, rows, "docs/measure/main_process.py --save")


if __name__ == "__main__":
    main()
