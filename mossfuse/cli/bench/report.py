"""Steps of workflow/rules/report.smk: report, first report and verdict; and ``show``, which prints what they found."""

import logging
import shutil

from mossfuse.cli.bench.job import load
from mossfuse.errors import MossFuseError

log = logging.getLogger("mossfuse")


def report(options):
    """Build the report, and the copy of it that Snakemake owns."""
    from mossfuse.benchmark.report.build import build_report

    paths = load(options).paths
    for stale in (paths.first.reports, paths.first.tables):
        shutil.rmtree(stale, ignore_errors=True)
    build_report(paths.results, paths.checkpoints, paths.data, paths.reports)
    shutil.rmtree(paths.report_copy, ignore_errors=True)
    shutil.copytree(paths.reports, paths.report_copy, ignore=shutil.ignore_patterns("README.md", ".gitignore"))


def first_board(options):
    """Print the leaderboards of the rows that need no training here; nothing is timed or drawn yet."""
    from mossfuse.files.atomic import write_text

    job = load(options)
    if not job.paths.report.exists():
        collect_first(job, timing={**job.settings["timing"], "scenes": "none"})
        print_boards(job.paths.first)
    write_text(
        job.paths.first_board, "the leaderboards of the rows that need no training were shown before the others\n"
    )


def first_report(options):
    """Report the rows that need no training here before anything is trained; do nothing where every row has been reported."""
    from mossfuse.benchmark.report.build import build_report
    from mossfuse.files.atomic import write_text

    job = load(options)
    if not job.paths.report.exists():
        paths = job.paths.first
        collect_first(job, timing=job.settings["timing"])
        # Without figures, so that the training starts sooner; the report that follows has them.
        build_report(paths.results, paths.checkpoints, paths.data, paths.reports, paths.tables, figures=False)
        say_report(paths)
    write_text(job.paths.first_report, "the rows that need no training were reported before the others\n")


def collect_first(job, timing):
    """Write the tables of the rows that need no training here to the folder of the first report."""
    from mossfuse.benchmark.plan.grid import Grid, untrained
    from mossfuse.benchmark.results.collect import collect

    reduced = untrained(job.settings, job.grid)
    collect(
        Grid({**reduced, "timing": timing, "name": f"{reduced['name']}, the rows that need no training"}),
        job.paths.first,
    )


def show(options):
    """Print the leaderboards, what failed and where the report is; open it with ``--open``."""
    import webbrowser

    paths = load(options).paths
    if not paths.report.exists():
        raise MossFuseError(f"there is no report at {paths.report} yet; run the benchmark first")
    print_boards(paths)
    say_report(paths)
    if options.open:
        webbrowser.open(paths.report.resolve().as_uri())


def print_boards(paths):
    """Print the leaderboards of the tables of ``paths``, and what failed."""
    from rich.console import Console

    from mossfuse.benchmark.report.board import make_board
    from mossfuse.benchmark.report.load import load_results
    from mossfuse.benchmark.report.terminal import show_boards

    content = load_results(paths.results, paths.checkpoints, paths.data, paths.tables)
    boards = [make_board(content, *place, content.conventions[0]) for place in content.boards]
    console = Console(highlight=False)
    show_boards(console, boards, failures_of(content.metrics))


def say_report(paths):
    """Print where the report is."""
    from rich.console import Console

    Console(highlight=False).print(f"report: {paths.report}", soft_wrap=True)


def failures_of(metrics):
    """Return [(cell, reason)] of the failed cells of the long table of scores."""
    failed = metrics[metrics["status"] != "ok"]
    keys = ["dataset", "degradation", "method", "scene", "seed", "reason"]
    rows = failed[keys].drop_duplicates().itertuples(index=False)
    return [(f"{r.dataset}/{r.degradation}/{r.method}/{r.scene} seed {r.seed}", r.reason) for r in rows]


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
