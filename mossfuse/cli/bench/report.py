"""Steps of workflow/rules/report.smk: report and verdict."""

import logging
import shutil

from mossfuse.cli.bench.job import load
from mossfuse.errors import MossFuseError

log = logging.getLogger("mossfuse")


def report(options):
    """Build the report, and the copy of it that Snakemake owns."""
    from mossfuse.benchmark.report import build_report

    paths = load(options).paths
    build_report(paths.results, paths.checkpoints, paths.data, paths.reports)
    shutil.rmtree(paths.report_copy, ignore_errors=True)
    shutil.copytree(paths.reports, paths.report_copy, ignore=shutil.ignore_patterns("README.md", ".gitignore"))


def verdict(options):
    """Exit with an error if any cell failed, and clear its status so that the next run retries only those cells."""
    from mossfuse.benchmark.results.verdict import verdict as judge

    job = load(options)
    runs = [job.paths.of_cell(cell) for cell in job.grid.runs()]
    trainings = [job.paths.training(**vars(training)) for training in job.grid.trainings()]
    failures = judge(runs, trainings, job.paths.verdict)
    if failures:
        listing = "\n".join(f"  {line}" for line in failures)
        raise MossFuseError(
            f"{len(failures)} of {len(runs) + len(trainings)} runs failed; everything else and the report are "
            f"finished, and the next run retries only these:\n{listing}"
        )
    log.info("%d cells finished; open %s", len(runs), job.paths.report)
