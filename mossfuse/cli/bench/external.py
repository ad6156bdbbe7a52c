"""The verb ``bench fuse`` for every row: cells of cubes made elsewhere are taken, the others are run."""

from mossfuse.cli.bench import cells
from mossfuse.cli.bench.job import load, parse_cell, say


def fuse(options):
    """Run one cell, or take the cube that was made elsewhere for it.

    Rows made elsewhere have a digest of their own (mossfuse.benchmark.plan.covered), so that the scale of their cubes runs no method again.
    """
    job = load(options)
    if job.grid.rows[parse_cell(options.cell, job.grid).method].external is None:
        cells.fuse(options)
    else:
        take(options)


def take(options):
    """Take the cube that was made elsewhere for a cell."""
    from mossfuse.benchmark.data.unchanged import require_unchanged
    from mossfuse.benchmark.run.made_elsewhere import take_cube
    from mossfuse.benchmark.run.origin import describe_origin

    job = load(options)
    cell = parse_cell(options.cell, job.grid)
    pair = job.paths.pair(cell.dataset, cell.degradation, cell.scene)
    require_unchanged(pair, job.paths.pair_facts(cell.dataset, cell.degradation, cell.scene), "file_sha256")
    origin = describe_origin(job.grid, cell, options.code, options.harness)
    record = take_cube(cell, job.grid.rows[cell.method], files=job.paths.of_cell(cell), pair=pair, origin=origin)
    say(record, cell.name, "taken")
