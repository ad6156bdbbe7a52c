"""What Snakemake's decision that nothing is to do depends on, and a certificate that a finished run leaves nothing to do.

Both are for mossfuse.benchmark.plan.settled, which decides before Snakemake is started.
"""

from __future__ import annotations

import json
import os
import sysconfig
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from mossfuse.benchmark.plan import settled
from mossfuse.benchmark.plan.digest import ROOT
from mossfuse.benchmark.plan.grid import Grid
from mossfuse.benchmark.plan.paths import Paths
from mossfuse.discovery import CONSTANTS

# A certificate looks at every job; a run with more has its record once Snakemake itself has found nothing to do.
MOST_JOBS = 2000
TIMESTAMP = ".snakemake_timestamp"  # the time of a folder that Snakemake owns
# Snakemake's own settings of a user and of a machine.
PROFILES = ("~/.config/snakemake", "/etc/xdg/snakemake")


def watch(grid: Grid, paths: Paths, settings: Mapping[str, Any], workflow: Any) -> None:
    """Write the files that this workflow reads, and those that it makes."""
    if not workflow.is_main_process:
        return
    base = Path(workflow.basedir)
    read: list[str | Path] = [base / "Snakefile", base / "workflow", ROOT / "mossfuse", ROOT / "baselines"]
    read += [*workflow.configfiles, *map(os.path.expanduser, PROFILES), *raw_files(paths)]
    read += folders_named((*CONSTANTS, "MOSSFUSE_MIRRORS"))
    read += [os.path.expanduser(str(folder)) for folder in settings["mirrors"]]
    read += [row.weights for row in grid.rows.values() if row.weights and Path(row.weights).suffix]
    patterns = {name: row.external["pattern"] for name, row in grid.rows.items() if row.external is not None}
    if patterns:
        read += [patterns[cell.method].format(**vars(cell)) for cell in grid.cells() if cell.method in patterns]
    made: list[str | Path] = [paths.results, paths.reports, paths.checkpoints, paths.data]
    made += [Path(".snakemake", name) for name in ("metadata", "incomplete", "locks")]
    settled.write_watched(read, made, [sysconfig.get_path("purelib")])


def folders_named(variables: Iterable[str]) -> Iterator[str]:
    """Yield the folders that environment variables name."""
    for variable in variables:
        yield from map(os.path.expanduser, filter(None, os.environ.get(variable, "").split(os.pathsep)))


def raw_files(paths: Paths) -> Iterator[str]:
    """Yield the raw files of the scenes that have been fetched, wherever they lie."""
    for _, _, record in paths.fetched_scenes():
        yield from json.loads(record.read_text(encoding="utf-8")).get("state", {})


def certify(grid: Grid, paths: Paths, settings: Mapping[str, Any], workflow: Any) -> None:
    """Certify a finished run where every job is in order, by the rules of Snakemake's own start; scenes may have been fetched meanwhile."""
    jobs = list(workflow.dag.jobs)
    if len(jobs) <= MOST_JOBS and all(in_order(job, workflow.persistence) for job in jobs):
        watch(grid, paths, settings, workflow)
        settled.certify()


def in_order(job: Any, persistence: Any) -> bool:
    """Return whether a job would not run again: files, their times, parameters as they are now, and what Snakemake has recorded."""
    if not job.output:
        return True
    times = [time_of(path) for path in job.output]
    if None in times:
        return False
    oldest = min(time for time in times if time is not None)
    for path in job.input:
        newest = time_of(path, follow=True)
        if newest is None or (newest > oldest and not path.is_ancient):
            return False
    job._params = None  # asked again, as after a new start: they may depend on files that this run has made
    return not (
        not persistence.has_metadata(job)
        or persistence.has_outdated_metadata(job)
        or persistence.params_changed(job)
        or any(persistence.input_changed(job))
        or any(persistence.code_changed(job))
        or any(persistence.software_stack_changed(job))
    )


def time_of(path: Any, follow: bool = False) -> float | None:
    """Return the time of a file, or of a folder that Snakemake owns, as Snakemake sees it; None where there is none.

    follow: the newer one of a link and of the file that it names.
    """
    name = str(path)
    stamp = os.path.join(name, TIMESTAMP)
    name = stamp if os.path.isdir(name) and os.path.exists(stamp) else name
    try:
        time = os.lstat(name).st_mtime
        return max(time, os.stat(name).st_mtime) if follow else time
    except OSError:
        return None
