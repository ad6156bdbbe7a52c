"""The few figures of the report, drawn with seaborn and saved as SVG and PNG."""

import math
import re

import matplotlib
import numpy as np

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402
import seaborn as sns  # noqa: E402

from mossfuse.benchmark.report.style import metric_title, metric_unit  # noqa: E402
from mossfuse.metrics import find_column  # noqa: E402

INK, MUTED, LINE = "#1b1f24", "#69707a", "#d9dde2"
DARK = {INK: "#e6e9ed", MUTED: "#9aa2ac", LINE: "#363c44"}
WIDTH = 5.0
SCENE_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "p")
MOST_TERMS = 8  # loss terms of one panel
RATES, HELD_OUT = ("lr", "learning_rate"), "held_out"  # columns of a history that are no training loss
SETTINGS = {
    "font.family": "sans-serif", "font.sans-serif": ["DejaVu Sans"], "font.size": 9, "axes.titlesize": 10,
    "axes.titleweight": "bold", "axes.titlelocation": "left", "axes.labelcolor": MUTED, "axes.edgecolor": LINE,
    "axes.grid": True, "axes.axisbelow": True, "grid.color": LINE, "grid.linewidth": 0.6, "text.color": INK,
    "xtick.color": MUTED, "ytick.color": MUTED, "axes.spines.top": False, "axes.spines.right": False,
    "legend.frameon": False, "svg.fonttype": "none", "pdf.fonttype": 42, "svg.hashsalt": "mossfuse", "figure.facecolor": "white",
    "axes.facecolor": "none", "savefig.facecolor": "white", "figure.dpi": 100,
}  # fmt: skip


def themed(draw):
    """Wrap a drawing function so that it runs under the report's settings."""

    def wrapper(*args, **kwargs):
        with sns.axes_style("white"), matplotlib.rc_context(SETTINGS):
            return draw(*args, **kwargs)

    return wrapper


def axis_label(metric):
    unit = metric_unit(metric)
    return metric_title(metric) + (f" ({unit})" if unit else "")


@themed
def quality_time(board, colours, markers):
    """Draw mean quality against the median seconds of one fusion, one panel per clock, with the Pareto front; or return None."""
    metric = board.metrics[0]
    clocks = [k for k in range(len(board.clocks)) if board.ranked[f"time_{k}"].notna().sum() > 1]
    if not clocks:
        return None
    figure, axes = plt.subplots(1, len(clocks), figsize=(WIDTH * len(clocks), 3.7), squeeze=False, sharey=True)
    drawn = []
    for ax, clock in zip(axes[0], clocks, strict=True):
        table = board.ranked[board.ranked[f"time_{clock}"].notna()]
        drawn.append(scatter(ax, table, f"time_{clock}", metric, colours, markers))
        ax.set_xlabel(f"Seconds per scene, training not counted\n{board.clocks[clock].title}")
    axes[0][0].set_ylabel(axis_label(metric))
    name_points(drawn)
    return figure


@themed
def quality_parameters(board, colours, markers):
    """Draw mean quality against the number of parameters, methods without any in a strip at the left; or return None."""
    metric, table = board.metrics[0], board.ranked
    learned, others = table[table["parameters"] > 0], table[~(table["parameters"] > 0)]
    if learned.empty:
        return None
    spread = learned["parameters"].max() / learned["parameters"].min()
    figure, (left, right) = plt.subplots(
        1, 2, figsize=(WIDTH, 3.7), sharey=True, gridspec_kw={"width_ratios": [1.2, 2], "wspace": 0.06}
    )
    drawn = [scatter(right, learned, "parameters", metric, colours, markers, front=False)]
    centred = others.assign(strip=0.0)
    drawn.append(scatter(left, centred, "strip", metric, colours, markers, front=False, log=False))
    left.set(xlim=(-0.2, 1), xticks=[], xlabel="No learned parameters", ylabel=axis_label(metric))
    right.set_xlabel("Parameters\n")
    right.xaxis.set_major_locator(matplotlib.ticker.LogLocator(subs=(1, 2, 5) if spread < 30 else (1,)))
    right.xaxis.set_major_formatter(matplotlib.ticker.FuncFormatter(thousands))
    right.tick_params(left=False)
    name_points(drawn)
    return figure


def plain_numbers(axis):
    """Label a logarithmic axis with 0.001, 0.01, 0.1 instead of powers, at the decades alone."""
    axis.set_major_formatter(matplotlib.ticker.FuncFormatter(lambda value, position: f"{value:g}"))
    axis.set_minor_formatter(matplotlib.ticker.NullFormatter())


def thousands(value, position=None):
    """Return a large number as '130 K' or '1.5 M'."""
    return f"{value / 1e6:g} M" if value >= 1e6 else f"{value / 1e3:g} K" if value >= 1e3 else f"{value:g}"


def scatter(ax, table, x, metric, colours, markers, front=True, log=True):
    """Draw points with their 95 % intervals and the Pareto front as a step line; return (ax, x, y, names) for name_points."""
    table = table[np.isfinite(table[metric])]
    if log:
        ax.set_xscale("log")
        plain_numbers(ax.xaxis)
    if front:
        steps = pareto(table[x].to_numpy(), table[metric].to_numpy(), not find_column(metric).lower_is_better)
        best = table.iloc[steps]
        ax.step(
            best[x], best[metric], where="post", color=MUTED, linewidth=0.9, alpha=0.6, linestyle=(0, (4, 3)), zorder=1
        )
    for _, row in table.iterrows():
        ends = [[row[metric] - row[f"{metric}_low"]], [row[f"{metric}_high"] - row[metric]]]
        if np.isfinite(ends).all():
            ax.errorbar(
                row[x],
                row[metric],
                yerr=np.maximum(ends, 0),
                color=colours[row["method"]],
                linewidth=1,
                alpha=0.55,
                zorder=2,
            )
    sns.scatterplot(
        data=table, x=x, y=metric, hue="method", style="method", palette=colours, markers=markers, s=52, ax=ax,
        legend=False, edgecolor="white", linewidth=0.6, zorder=3,
    )  # fmt: skip
    if log and len(table):
        low, high = table[x].min(), table[x].max()
        ax.set_xlim(low / 2.2, high * 2.2 if high > low else low * 10)
    ax.margins(y=0.12)
    ax.set(xlabel="", ylabel="")
    return ax, table[x].to_numpy(), table[metric].to_numpy(), list(table["method"])


def pareto(cost, quality, higher):
    """Return the indices of the points that no other beats in both, in order of cost."""
    gain = quality if higher else -quality
    best, front = -math.inf, []
    for i in sorted(range(len(cost)), key=lambda i: (cost[i], -gain[i])):
        if gain[i] > best:
            best, front = gain[i], [*front, i]
    return front


def name_points(panels):
    """Write each point's name beside it in finished panels [(ax, x, y, names)], once their common scale is known."""
    panels[0][0].figure.canvas.draw()
    for ax, x, y, names in panels:
        name_panel(ax, x, y, names)


def name_panel(ax, x, y, names):
    """Write names beside their points, to the left in the right half; those that would overlap move up."""
    if not names:
        return
    pixels = ax.transData.transform(np.column_stack([x, y]))
    box = ax.get_window_extent()
    height, width, placed = 12.5, 6.2, []
    for i in sorted(range(len(names)), key=lambda i: pixels[i][1]):
        px, py = pixels[i]
        left = px > box.x0 + 0.55 * box.width
        length = width * len(names[i])
        start = px - 10 - length if left else px + 10
        level = py + 8
        for other_start, other_end, other_level in sorted(placed, key=lambda p: p[2]):
            if start < other_end and other_start < start + length and abs(level - other_level) < height:
                level = other_level + height
        placed.append((start, start + length, level))
        ax.annotate(
            names[i], (x[i], y[i]), xytext=((-10 if left else 10) * 0.72, (level - py) * 0.72), textcoords="offset points",
            ha="right" if left else "left", va="center", fontsize=8, color=INK,
        )  # fmt: skip


@themed
def per_scene(values, board, colours):
    """Draw every scene's value and the mean of each method. values: method, scene, value."""
    order = [m for m in board.table["method"] if m in set(values["method"])]
    values = values.assign(place=values["method"].map(order.index))
    scenes, height = list(dict.fromkeys(values["scene"])), 0.8 + 0.32 * len(order)
    shapes = (
        dict(zip(scenes, SCENE_MARKERS, strict=False))
        if len(scenes) <= len(SCENE_MARKERS)
        else dict.fromkeys(scenes, "o")
    )
    figure, ax = plt.subplots(figsize=(WIDTH, height))
    sns.scatterplot(
        data=values, x="value", y="place", hue="method", palette=colours, style="scene", markers=shapes, s=34, ax=ax,
        legend=False, alpha=0.85, edgecolor="white", linewidth=0.4, zorder=3,
    )  # fmt: skip
    if 1 < len(scenes) <= len(SCENE_MARKERS):
        keys = [plt.Line2D([], [], marker=shapes[s], color=MUTED, linestyle="", markersize=5, label=s) for s in scenes]
        ax.legend(
            handles=keys,
            loc="lower left",
            bbox_to_anchor=(0, 1),
            ncols=4,
            fontsize=8,
            borderaxespad=0.2,
            handletextpad=0.1,
        )
    for place, mean in values.groupby("place")["value"].mean().items():
        ax.plot([mean, mean], [place - 0.3, place + 0.3], color=INK, linewidth=1.6, zorder=2)
    name_rows(ax, order)
    ax.set(xlabel=axis_label(board.metrics[0]), ylabel="")
    return figure


def name_rows(ax, names):
    """Label horizontal rows with names at the left, the first one on top."""
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.tick_params(axis="y", labelcolor=INK, length=0)
    ax.grid(axis="y", visible=False)


@themed
def differences(pairs, colours, metric):
    """Draw the mean paired difference of every method to the reference, with its 95 % interval. pairs: rows of ``paired``."""
    if pairs.empty:
        return None
    pairs = pairs[np.isfinite(pairs["mean_difference"].astype(float))]
    if pairs.empty:
        return None
    figure, ax = plt.subplots(figsize=(WIDTH, 0.9 + 0.34 * len(pairs)))
    for k, (_, row) in enumerate(pairs.iterrows()):
        colour = colours[row["method"]]
        if np.isfinite([row["ci_low"], row["ci_high"]]).all():
            ax.plot(
                [row["ci_low"], row["ci_high"]], [k, k], color=colour, linewidth=2, solid_capstyle="round", alpha=0.6
            )
        ax.plot(
            row["mean_difference"], k, "o", color=colour, markersize=6, markeredgecolor="white", markeredgewidth=0.6
        )
    ax.axvline(0, color=INK, linewidth=1)
    name_rows(ax, list(pairs["method"]))
    ax.set(xlabel=f"Difference in {axis_label(metric)} to {pairs['other'].iloc[0]}, paired by scene", ylabel="")
    return figure


@themed
def rank_diagram(ranks, bars, colours):
    """Draw a critical-difference diagram (Demsar 2006), or return None: bars join ranks that do not differ significantly.

    ranks: rows of ``critical_difference`` of one board; bars: rows of ``cliques``.
    """
    ranks = ranks[np.isfinite(ranks["mean_rank"])]
    k = len(ranks)
    if k < 3:
        return None
    half = math.ceil(k / 2)
    height = 1.0 + 0.26 * half + 0.12 * len(bars)
    figure, ax = plt.subplots(figsize=(WIDTH, height))
    top = 0.34 * (len(bars) + 1)
    ax.set(xlim=(k + 0.15 + 1.6, 1 - 0.15 - 1.6), ylim=(top + 0.72 * half + 0.3, -1.3))
    ax.axis("off")
    ax.plot([1, k], [0, 0], color=INK, linewidth=1)
    for tick in range(1, k + 1):
        ax.plot([tick, tick], [0, -0.14], color=INK, linewidth=1)
        ax.text(tick, -0.28, str(tick), ha="center", va="bottom", fontsize=8, color=MUTED)
    cd = ranks["cd"].iloc[0]
    if np.isfinite(cd) and cd < k - 1:
        ax.plot([1, 1 + cd], [-0.95, -0.95], color=INK, linewidth=1.4)
        ax.text(1 + cd / 2, -1.02, f"critical difference {cd:.2f}", ha="center", va="bottom", fontsize=8)
    for i, (_, row) in enumerate(ranks.iterrows()):
        first = i < half
        level = top + 0.72 * (i if first else k - 1 - i) + 0.3
        edge = 1 - 0.2 if first else k + 0.2
        ax.plot(
            [row["mean_rank"], row["mean_rank"], edge], [0, level, level], color=colours[row["method"]], linewidth=1.2
        )
        text = f"{row['mean_rank']:.2f}  {row['method']}" if first else f"{row['method']}  {row['mean_rank']:.2f}"
        ax.text(
            edge - (0.06 if first else -0.06), level, text, ha="left" if first else "right", va="center", fontsize=8
        )
    for i, (_, bar) in enumerate(bars.iterrows()):
        ax.plot(
            [bar["low"] - 0.04, bar["high"] + 0.04],
            [0.26 + 0.3 * i] * 2,
            color=INK,
            linewidth=3.4,
            solid_capstyle="round",
        )
    return figure


@themed
def convergence(histories):
    """Draw logged losses over steps on a log scale, one panel per method, held-out losses dashed; or return None.

    histories: title -> list of history tables.
    """
    if not histories:
        return None
    columns = min(3, len(histories))
    lines = math.ceil(len(histories) / columns)
    figure, axes = plt.subplots(lines, columns, figsize=(max(WIDTH, 3.4 * columns), 2.6 * lines + 0.3), squeeze=False)
    for ax in axes.flat[len(histories) :]:
        ax.axis("off")
    for ax, (title, tables) in zip(axes.flat, histories.items(), strict=False):
        numbers = tables[0].select_dtypes("number").drop(columns=["step", *RATES, HELD_OUT], errors="ignore")
        names = [c for c in numbers.columns if (numbers[c] > 0).any()][:MOST_TERMS]
        lines_of = [
            (name, {"color": colour}) for name, colour in zip(names, sns.color_palette("deep", len(names)), strict=True)
        ]
        if HELD_OUT in tables[0]:
            lines_of.append((HELD_OUT, {"color": INK, "linestyle": (0, (4, 2))}))
        for name, look in lines_of:
            for number, table in enumerate(tables):
                ax.plot(
                    table["step"],
                    table[name].where(table[name] > 0),
                    **look,
                    linewidth=1,
                    alpha=0.8 if len(tables) < 3 else 0.5,
                    label=name.replace("_", " ") if number == 0 else None,
                )
        ax.set(yscale="log", title=title, xlabel="Step")
        plain_numbers(ax.yaxis)
        ax.legend(fontsize=7, loc="upper right")
    figure.tight_layout()
    return figure


@themed
def sweep_curves(levels, curves, looks, titles, label, metric):
    """Draw quality over the levels of a sweep with 95 % intervals, and a legend; a level at which a method has no rank is a gap.

    levels: numbers in rising order, None (without) last; curves: method -> [mean, low, high] of each level, or None.
    """
    figure, ax = plt.subplots(figsize=(WIDTH, 3.6))
    places = np.arange(len(levels))
    for method, three in curves.items():
        look = looks[method]
        mean, low, high = np.array([[finite_or_nan(v) for v in t or (None,) * 3] for t in three]).T
        if not np.isfinite(mean).any():
            continue
        dash = (0, tuple(float(n) / 2 for n in look.dash.split())) if look.dash else "-"
        ax.plot(
            places,
            mean,
            color=look.colour,
            marker=look.marker,
            linestyle=dash,
            linewidth=1.2,
            markersize=5,
            label=titles[method],
        )
        ax.fill_between(places, low, high, color=look.colour, alpha=0.12, linewidth=0)
    ax.set_xticks(places, ["none" if level is None else f"{level:g}" for level in levels])
    ax.set(xlabel=label, ylabel=axis_label(metric))
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=2, fontsize=8)
    return figure


def finite_or_nan(value):
    """Return a number, NaN for what is none or infinite."""
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else math.nan


def save(figure, folder, name):
    """Write NAME.svg (its greys follow the reader's dark mode), NAME.png and NAME.pdf; the same figure gives the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    with matplotlib.rc_context(SETTINGS):
        figure.draw_without_rendering()
        # Found once for all three: finding it takes as long as drawing.
        box = figure.get_tightbbox().padded(matplotlib.rcParams["savefig.pad_inches"])
        figure.savefig(folder / f"{name}.png", dpi=144, bbox_inches=box, metadata={"Software": None})
        undated = {"CreationDate": None, "Producer": None, "Creator": None}
        figure.savefig(folder / f"{name}.pdf", bbox_inches=box, metadata=undated)
        figure.patch.set_alpha(0)
        figure.savefig(folder / f"{name}.svg", bbox_inches=box, metadata={"Date": None, "Creator": None})
    plt.close(figure)
    path = folder / f"{name}.svg"
    path.write_text(with_dark_mode(path.read_text(encoding="utf-8")), encoding="utf-8")


def with_dark_mode(svg):
    """Return the SVG with system fonts and a style that swaps ink, muted and line colours in dark mode."""
    rules = "".join(
        f'[style*="{kind}: {light}"]{{{kind}:{dark} !important}}'
        for light, dark in DARK.items()
        for kind in ("fill", "stroke")
    )
    style = f"<style>@media (prefers-color-scheme: dark){{{rules}}}</style>"
    svg = svg.replace("'DejaVu Sans'", "system-ui, 'Segoe UI', Roboto, 'DejaVu Sans'")
    return re.sub(r"<defs>", f"<defs>{style}", svg, count=1)
