"""Steps of workflow/rules/fuse.smk: fuse and time."""

from mossfuse.cli.bench.job import device_of, load, parse_cell, say, start_log

CALLS = 3  # of a method that a timing needs at most: a warm-up, a timed one, and one that counts operations


def fuse(options):
    """Run one cell."""
    from mossfuse.benchmark.data.unchanged import require_unchanged
    from mossfuse.benchmark.run.cell import run_cell
    from mossfuse.benchmark.run.origin import describe_origin

    job = load(options)
    cell = parse_cell(options.cell, job.grid)
    row, files = job.grid.rows[cell.method], job.paths.of_cell(cell)
    pair = job.paths.pair(cell.dataset, cell.degradation, cell.scene)
    require_unchanged(pair, job.paths.pair_facts(cell.dataset, cell.degradation, cell.scene), "file_sha256")
    origin = describe_origin(job.grid, cell, options.code, options.harness)
    record = run_cell(
        cell,
        row,
        files=files,
        pair=pair,
        closed=job.closed,
        origin=origin,
        checkpoint=options.checkpoint,
        base=options.base,
        device=device_of(options),
        threads=job.settings["threads"]["fuse"],
        limit_s=job.settings["limits"]["fuse_s"],
        log=start_log(options),
    )
    say(record, cell.name, f"fused in {record.get('seconds', 0):.2f} s")


def time(options):
    """Time one cell."""
    from mossfuse.benchmark.run.cell import time_cell

    job = load(options)
    cell = parse_cell(options.cell, job.grid)
    time_cell(
        cell,
        job.grid.rows[cell.method],
        files=job.paths.of_cell(cell),
        pair=job.paths.pair(cell.dataset, cell.degradation, cell.scene),
        closed=job.closed,
        checkpoint=options.checkpoint,
        base=options.base,
        device=device_of(options),
        timing=job.settings["timing"],
        threads=job.settings["threads"]["fuse"],
        limit_s=CALLS * job.settings["limits"]["fuse_s"] + job.settings["timing"]["budget_s"],
        log=start_log(options),
    )
