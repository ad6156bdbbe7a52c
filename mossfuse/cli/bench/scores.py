"""Steps of workflow/rules/score.smk: score, curve, collect."""

import logging

from mossfuse.cli.bench.job import load, parse_cell

log = logging.getLogger("mossfuse")


def score(options):
    """Score one finished cell in every convention."""
    from mossfuse.benchmark.results.score_cell import score_cell

    job = load(options)
    cell = parse_cell(options.cell, job.grid)
    score_cell(
        files=job.paths.of_cell(cell),
        conventions=job.grid.conventions_of(cell),
        pair=job.paths.pair(cell.dataset, cell.degradation, cell.scene),
        truth=job.paths.scene(cell.dataset, cell.scene),
    )


def curve(options):
    """Score the cubes that a cell saved during its fit."""
    from mossfuse.benchmark.results.curve import score_iterates

    job = load(options)
    cell = parse_cell(options.cell, job.grid)
    files = job.paths.of_cell(cell)
    score_iterates(
        iterates=files.iterates,
        truth=job.paths.scene(cell.dataset, cell.scene),
        ratio=job.grid.degradations[cell.degradation].ratio,
        convention=job.settings["conventions"][0],
        output=files.curve,
    )


def limits(options):
    """Score the limits that read the truth, on every pair that a run has made, into limits.csv beside the tables."""
    from mossfuse.benchmark.results.limits import score_limits
    from mossfuse.degradations.gaps import has_gaps
    from mossfuse.errors import MossFuseError
    from mossfuse.files.atomic import write_rows

    job = load(options)
    cells = dict.fromkeys((cell.dataset, cell.degradation, cell.scene) for cell in job.grid.cells())
    masked = [cell for cell in cells if has_gaps(job.grid.degradations[cell[1]])]
    if masked and len(masked) == len(cells):
        raise MossFuseError(
            f"{masked[0][1]} leaves pixels unmeasured, where no limit is defined; choose a degradation without masked clouds"
        )
    if masked:
        log.warning("%d pairs with pixels that were not measured have no limits and are left out", len(masked))
    rows = []
    for dataset, degradation, scene in cells:
        if (dataset, degradation, scene) in masked:
            continue
        truth, pair = job.paths.scene(dataset, scene), job.paths.pair(dataset, degradation, scene)
        if truth.is_file() and pair.is_file():
            found = score_limits(truth, pair, tuple(job.settings["conventions"]))
            rows += [(dataset, degradation, scene, *row) for row in found]
    if not rows:
        raise MossFuseError(f"no pair of this configuration is in {job.paths.data}; run the comparison first")
    write_rows(job.paths.limits, ("dataset", "degradation", "scene", "limit", "convention", "metric", "value"), rows)


def collect(options):
    """Gather every cell into the tables."""
    from mossfuse.benchmark.results.collect import collect as gather

    job = load(options)
    gather(job.grid, job.paths)
