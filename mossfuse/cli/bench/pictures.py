"""Steps of workflow/rules/pictures.smk: draw-cell, draw-pair."""

from mossfuse.cli.bench.job import load, parse_cell


def draw_cell(options):
    """Draw one finished cell."""
    from mossfuse.benchmark.pictures import draw

    job = load(options)
    cell = parse_cell(options.cell, job.grid)
    draw.draw_cell(files=job.paths.of_cell(cell), truth=job.paths.scene(cell.dataset, cell.scene))


def draw_pair(options):
    """Draw the truth and the two inputs of one scene."""
    from mossfuse.benchmark.pictures import draw

    paths = load(options).paths
    place = (options.dataset, options.degradation, options.scene)
    draw.draw_pair(
        pair=paths.pair(*place), truth=paths.scene(options.dataset, options.scene), folder=paths.scene_view(*place)
    )
