"""Steps of the workflow that differ where a degradation leaves pixels unmeasured: degrade, score, curve, draw-cell, draw-pair.

The verb is the same for every degradation. What runs under masks has digests of its own (mossfuse.benchmark.plan.covered), so that it makes,
scores and draws nothing else again.
"""

from mossfuse.cli.bench import data, pictures, scores
from mossfuse.cli.bench.job import degradation_of, load, parse_cell


def degrade(options):
    """Make the degraded pair of one scene."""
    (degrade_masked if pair_has_gaps(options) else data.degrade)(options)


def score(options):
    """Score one finished cell in every convention."""
    (score_masked if cell_has_gaps(options) else scores.score)(options)


def curve(options):
    """Score the cubes that a cell saved during its fit."""
    (curve_masked if cell_has_gaps(options) else scores.curve)(options)


def draw_cell(options):
    """Draw one finished cell."""
    (draw_cell_masked if cell_has_gaps(options) else pictures.draw_cell)(options)


def draw_pair(options):
    """Draw the truth and the two inputs of one scene."""
    (draw_pair_masked if pair_has_gaps(options) else pictures.draw_pair)(options)


def pair_has_gaps(options):
    """Return whether the job's degradation leaves pixels unmeasured."""
    from mossfuse.degradations.gaps import has_gaps

    return has_gaps(degradation_of(options.degradation, load(options).grid))


def cell_has_gaps(options):
    """Return whether the degradation of the job's cell leaves pixels unmeasured."""
    from mossfuse.degradations.gaps import has_gaps

    grid = load(options).grid
    return has_gaps(grid.degradations[parse_cell(options.cell, grid).degradation])


def degrade_masked(options):
    """Make the pair of one scene and fill what was not measured."""
    from mossfuse.benchmark.data.masked_pair import make_masked_pair

    job = load(options)
    job.grid.block_of(options.dataset)
    make_masked_pair(
        degradation_of(options.degradation, job.grid),
        truth=job.paths.scene(options.dataset, options.scene),
        path=job.paths.pair(options.dataset, options.degradation, options.scene),
        scene=options.scene,
        mirrors=job.mirrors,
        registry=job.paths.registry,
    )


def score_masked(options):
    """Score what was measured of one finished cell."""
    from mossfuse.benchmark.results.score_masked import score_masked_cell

    job = load(options)
    cell = parse_cell(options.cell, job.grid)
    score_masked_cell(
        files=job.paths.of_cell(cell),
        conventions=job.grid.conventions_of(cell),
        pair=job.paths.pair(cell.dataset, cell.degradation, cell.scene),
        truth=job.paths.scene(cell.dataset, cell.scene),
        degradation=job.grid.degradations[cell.degradation],
    )


def curve_masked(options):
    """Score what was measured of the cubes that a cell saved during its fit."""
    from mossfuse.benchmark.results.score_masked import score_masked_iterates

    job = load(options)
    cell = parse_cell(options.cell, job.grid)
    files = job.paths.of_cell(cell)
    score_masked_iterates(
        iterates=files.iterates,
        truth=job.paths.scene(cell.dataset, cell.scene),
        degradation=job.grid.degradations[cell.degradation],
        convention=job.settings["conventions"][0],
        output=files.curve,
    )


def draw_cell_masked(options):
    """Draw what was measured of one finished cell."""
    from mossfuse.benchmark.pictures.draw_masked import draw_masked_cell

    job = load(options)
    cell = parse_cell(options.cell, job.grid)
    draw_masked_cell(
        files=job.paths.of_cell(cell),
        truth=job.paths.scene(cell.dataset, cell.scene),
        degradation=job.grid.degradations[cell.degradation],
    )


def draw_pair_masked(options):
    """Draw the truth and what was measured of the two inputs of one scene."""
    from mossfuse.benchmark.pictures.draw_masked import draw_masked_pair

    job = load(options)
    place = (options.dataset, options.degradation, options.scene)
    draw_masked_pair(
        pair=job.paths.pair(*place),
        truth=job.paths.scene(options.dataset, options.scene),
        folder=job.paths.scene_view(*place),
        degradation=degradation_of(options.degradation, job.grid),
    )
