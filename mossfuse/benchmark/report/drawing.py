"""Choose the figures of a leaderboard, their names and captions."""

from dataclasses import dataclass

from mossfuse.benchmark.plan.cells import Training
from mossfuse.benchmark.report import figures
from mossfuse.benchmark.report.load import read_history
from mossfuse.benchmark.report.style import metric_title, slug
from mossfuse.benchmark.results.statistics import cliques, critical_difference, scene_values


@dataclass(frozen=True)
class Drawn:
    """A saved figure: kind, path without suffix below the report, caption (also its text alternative)."""

    kind: str
    stem: str
    caption: str


def counted_rows(results, board, ranked=False):
    """Return the scores that a board's means run over; ``ranked``: those of the ranked methods alone."""
    rows = results.board(board.dataset, board.degradation)
    rows = rows[rows["scene"].isin(board.scenes)]
    return rows[rows["method"].isin(board.ranked["method"])] if ranked else rows


def default_rows(results, methods):
    """Return one row per family of methods, variants of one method being a family: the row named like the method, else the first.

    The choice rests on names and on the order of the grid, never on scores.
    """
    families = {}
    for method in sorted(methods, key=results.methods.index):
        about = results.about(method)
        family = about.get("family") or about.get("refines") or method
        families.setdefault(family, []).append(method)
    chosen = {family if family in rows else rows[0] for family, rows in families.items()}
    return [method for method in methods if method in chosen]


def draw_board(results, board, colours, markers, site):
    """Draw every figure that the board's results allow; return kind -> Drawn."""
    if not board.metrics or board.ranked.empty:
        return {}
    metric, pairs = board.metrics[0], board.tests_of(board.metrics[0])
    name = metric_title(metric)
    ranked = counted_rows(results, board, ranked=True)
    values = scene_values(counted_rows(results, board), board.convention, metric)
    families = default_rows(results, list(board.ranked["method"]))
    ranks = critical_difference(ranked[ranked["method"].isin(families)], board.convention, metric)
    planned = [
        ("time", figures.quality_time(board, colours, markers),
         f"Mean {name} against run time (warm, nothing else running). Bars: 95 % interval of the mean, where there are enough "
         "scenes. Dashed line: Pareto front (no method is both faster and better)."),
        ("parameters", figures.quality_parameters(board, colours, markers), f"Mean {name} against the number of learned parameters."),
        ("scenes", figures.per_scene(values, board, colours), f"{name} of every scene; black line: mean."),
        ("differences", figures.differences(pairs, colours, metric),
         f"{name}: each method minus the reference, which the configuration names, paired by scene; 95 % intervals where there are "
         "enough scenes."),
        ("ranks", figures.rank_diagram(ranks, cliques(ranks), colours),
         "Mean ranks over scenes (1 is best) of one row per method, variants left out; methods joined by a bar do not differ "
         "significantly (Nemenyi, α = 0.05)."),
        ("convergence", figures.convergence(histories(results, board)),
         "Training losses (none uses the ground truth). Dashed: loss on held-out patches, used to select the weights."),
    ]  # fmt: skip
    drawn = [
        save_figure(site, kind, f"{slug(board.dataset, board.degradation)}--{kind}", figure, caption)
        for kind, figure, caption in planned
        if figure is not None
    ]
    return {figure.kind: figure for figure in drawn}


def save_figure(site, kind, name, figure, caption):
    """Save a figure as SVG, PNG and PDF under figures/ and return its Drawn."""
    stem = f"figures/{name}"
    figures.save(figure, site.path(f"{stem}.svg").parent, name)
    for suffix in ("png", "pdf"):
        site.path(f"{stem}.{suffix}")
    return Drawn(kind, stem, caption)


def seeds_of(results, board, method):
    """Return the seeds of a board's row, in the order of the grid."""
    rows = results.board(board.dataset, board.degradation)
    return list(dict.fromkeys(rows.loc[rows["method"] == method, "seed"]))


def histories(results, board):
    """Return title -> history tables: training by seed, per-scene fitting by scene (first seed)."""
    out, paths = {}, results.paths
    for method in board.table["method"]:
        place = (board.dataset, next(iter(board.shown.values())), method)
        seeds = seeds_of(results, board, method)
        trainings = (Training(*place, seed) for seed in seeds)
        trained = [paths.training(**vars(t)).history for t in trainings if t.name in results.trainings]
        fits = (
            paths.cell(board.dataset, board.shown[scene], method, scene, seeds[0]).history for scene in board.scenes
        )
        fitted = [path for path in fits if path.exists()]
        for title, logged in ((f"{method}: training", trained), (f"{method}: fusing", fitted)):
            tables = [t for t in map(read_history, logged) if len(t) > 1 and len(t.columns) > 1]
            if tables:
                out[title] = tables
    return out
