"""Measure what each rule of the workflow costs, from finished runs, and write the table that `mossfuse plan` reads.

python docs/measure/plan_costs.py FOLDER [FOLDER ...]

Each folder is one in which a run has finished (results, reports, data, logs, .snakemake). Bytes are those that the disk gives to the files of
each job, with its log and Snakemake's record of it. CPU seconds are those of one job of each rule, started again here, without the seconds
of the method itself. Where the folders hold scenes of different sizes, a straight line through them is fitted, by least squares of the
relative error; it may not fall.
"""

import os
import resource
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from mossfuse.benchmark.plan.costs import TABLE, units_of  # noqa: E402
from mossfuse.benchmark.plan.grid import Grid  # noqa: E402
from mossfuse.benchmark.plan.jobs import jobs_of  # noqa: E402
from mossfuse.benchmark.plan.paths import Paths  # noqa: E402
from mossfuse.benchmark.plan.settings import read_settings  # noqa: E402
from mossfuse.files.atomic import read_json, write_rows  # noqa: E402

VERBS = {"draw_cell": "draw-cell", "draw_pair": "draw-pair"}
TIMED = (
    "prepare",
    "degrade",
    "fuse",
    "time",
    "score",
    "draw_cell",
    "draw_pair",
    "collect",
    "report",
    "verdict",
    "scenes",
)


def main(folders):
    """Measure every folder and write the table."""
    found = defaultdict(list)  # (quantity, rule) -> [(units, cost)]
    for folder in folders:
        os.chdir(folder)
        settings = next(Path().rglob(Paths().settings.name))
        grid = Grid(read_settings(settings))
        paths = Paths.of(grid.config)
        jobs = [job for job in jobs_of(grid, paths) if job.product.exists()]
        extra = (occupied(Path("logs")) + occupied(Path(".snakemake"))) / len(jobs)
        for job in jobs:
            if job.rule == "train":
                continue  # weights are as large as their network: no size of one says anything about another
            size = pages(paths, grid) if job.rule == "report" else sum(map(occupied, products(job, grid, paths)))
            found["bytes", job.rule].append((units_of(job, grid), size + extra))
        for rule in TIMED:
            job = next((job for job in jobs if job.rule == rule), None)
            if job is not None:
                found["cpu_s", rule].append((units_of(job, grid), cpu_seconds(job, grid, paths, settings)))
    rows = [(*key, *line(np.array(points, float))) for key, points in sorted(found.items())]
    write_rows(TABLE, ("quantity", "rule", "fixed", "per_unit"), rows)


def occupied(path):
    """Return the bytes that the disk gives to a file, or to a folder and everything in it."""
    if not path.exists():
        return 0
    below = [path, *path.rglob("*")] if path.is_dir() else [path]
    return sum(512 * p.lstat().st_blocks for p in below)


def products(job, grid, paths):
    """Return the files of a job."""
    about = job.about
    if job.rule == "degrade":
        return [job.product, paths.pair_facts(about.dataset, about.degradation, about.scene)]
    if job.rule in ("fuse", "fuse_with_iterates"):
        files = paths.of_cell(about)
        return [files.run, files.cube, files.history]
    if job.rule == "score":
        files = paths.of_cell(about)
        return [files.score, files.bands, files.estimate]
    if job.rule == "train":
        return [job.product.parent]
    if job.rule == "collect":
        return [paths.metrics, paths.summary, paths.timing, paths.catalogue]
    return [job.product]


def pages(paths, grid):
    """Return the bytes of a report without its pictures, for each scene page."""
    return (occupied(paths.reports) - occupied(paths.reports / "view")) / len(grid.shown_replicates())


def cpu_seconds(job, grid, paths, settings):
    """Return the CPU seconds of a job that is started again, without the method's own seconds."""
    words = [VERBS.get(job.rule, job.rule), "--settings", str(settings)]
    about, own = job.about, 0.0
    if job.rule in ("fuse", "time", "score", "draw_cell"):
        words.append(about.name)
        record = read_json(paths.of_cell(about).run)
        own = record["cpu_seconds"]
        if job.rule == "time":
            own = own * 2
    elif job.rule in ("degrade", "draw_pair"):
        words += [about.dataset, about.degradation, about.scene]
    elif job.rule == "prepare":
        words += [about.dataset, about.scene]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    subprocess.run(
        [sys.executable, "-m", "mossfuse", "bench", *words], check=True, env=environment, capture_output=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return max(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime - own, 0.0)


def line(points):
    """Return (fixed, per unit) of the line through (units, cost): neither is negative."""
    units, costs = points.T
    if np.ptp(units) == 0:
        return float(costs.mean()), 0.0
    weights = 1 / np.maximum(costs, 1e-9)
    slope, fixed = np.polyfit(units, costs, 1, w=weights)
    if fixed < 0:
        return 0.0, float((weights * weights * units * costs).sum() / (weights * weights * units * units).sum())
    return (float(fixed), float(slope)) if slope > 0 else (float(np.average(costs, weights=weights)), 0.0)


if __name__ == "__main__":
    main([Path(folder).absolute() for folder in sys.argv[1:]])
