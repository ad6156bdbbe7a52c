"""Steps of workflow/rules/score.smk: score, curve, collect."""

from mossfuse.cli.bench.job import load, parse_cell


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


def collect(options):
    """Gather every cell into the tables."""
    from mossfuse.benchmark.results.collect import collect as gather

    job = load(options)
    gather(job.grid, job.paths)
