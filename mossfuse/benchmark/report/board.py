"""The leaderboard of one dataset under one degradation and its replicates, as a table of numbers."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from mossfuse.benchmark.report.facts import place_facts
from mossfuse.benchmark.report.standing import reasons
from mossfuse.benchmark.report.style import TUNED, clock_title
from mossfuse.benchmark.results.ranking import Run, field_of, ranks
from mossfuse.benchmark.results.statistics import summary
from mossfuse.metrics import all_columns, find_column
from mossfuse.protocol import describe_knowledge

TRAINED_ON = {
    "none": "nothing",
    "scene": "this scene",
    "dataset": "training pairs",
    "supervised": "training pairs with ground truth",
    "authors": "authors' weights",
    "given": "given weights",
    "external": "external cube",
}


BUDGETS = {"none": "no training", "authors": "authors' training", "given": "not run here", "external": "not run here"}


@dataclass(frozen=True)
class Board:
    """One leaderboard.

    table: one row per method, best first: rank (NaN: not ranked), method, title, shortened (its training), tuned
        (the scenes that count on which its defaults were chosen), knows, blind, trained_on, budget, steps, licence, weights,
        standing, why (the reason without a rank), tier (0: none; see mossfuse.benchmark.report.tiers), seeds,
        for every metric its mean, {metric}_median, {metric}_low and {metric}_high, {metric}_lattice and {metric}_draw (standard deviations of the
        mean over sampling lattices and draws of the noise, NaN for one), then scenes, failed, seen, parameters (of the
        timed runs, of the scored ones where none was timed), train_s and train_cpu_s (of trainings that ran alone), and for each
        clock k time_k (warm), spread_k (interquartile range), cold_k (first call), memory_k (MiB, peak of the timed runs): means
        over the timed scenes.
    degradation: without phase and draw. metrics: names of the metric columns; scenes: those that count; clocks: list of
    Clock. shown: scene -> full degradation of the replicate whose pictures are shown, the first one. lattices, draws: numbers
    of replicates behind a mean. tests: comparisons with the reference (mossfuse.benchmark.report.comparisons); pairs: all pairs
    of ranked rows in the leading metric (mossfuse.benchmark.report.tiers).
    """

    dataset: str
    degradation: str
    convention: str
    table: pd.DataFrame
    metrics: list
    scenes: list
    seen_scenes: list
    clocks: list
    shown: dict
    lattices: int = 1
    draws: int = 1
    tests: pd.DataFrame = field(default_factory=pd.DataFrame)
    pairs: pd.DataFrame = field(default_factory=pd.DataFrame)

    @property
    def slug(self):
        return f"{self.dataset}--{self.degradation}"

    @property
    def compared(self):
        """Return the metrics of paired comparisons, in the order of the columns."""
        return [metric for metric in self.metrics if find_column(metric).shown == "everywhere"]

    @property
    def ranked(self):
        return self.table[self.table["rank"].notna()]

    def tests_of(self, metric):
        """Return the comparisons in one metric, in the order of the table; empty where there are none."""
        return self.tests[self.tests["metric"] == metric] if len(self.tests) else self.tests


def make_board(results, dataset, degradation, convention):
    """Return the Board of a dataset and degradation under a convention, ranked by the convention's first metric.

    Means run over the same scenes for every ranked method: those that no method has seen in training (a method that
    has seen them all is listed without a rank instead). A method with a failed scene, or one that was not run on
    every scene, is not ranked either.
    """
    rows = results.board(dataset, degradation)
    runs = rows[["method", "scene", "seen_in_training", "status", "degradation"]].itertuples(index=False, name=None)
    field = field_of(Run(method, scene, seen, status == "ok", place) for method, scene, seen, status, place in runs)
    counted = rows[rows["scene"].isin(field.scenes)]
    present = set(rows.loc[rows["convention"] == convention, "metric"])
    metrics = [name for name, column in all_columns().items() if column.shown != "table" and name in present]
    table = pd.DataFrame({"method": list(dict.fromkeys(rows["method"]))})
    for metric in metrics:
        means = summary(counted, convention, metric).set_index("method")
        for column, source in ((metric, "mean"), (f"{metric}_median", "median"), (f"{metric}_low", "ci_low"), (f"{metric}_high", "ci_high"),
                               (f"{metric}_lattice", "lattice_std"), (f"{metric}_draw", "draw_std")):  # fmt: skip
            table[column] = means[source].reindex(table["method"]).to_numpy(dtype=float)
    facts = [row_facts(results, rows, name, field.standings[name], field.scenes) for name in table["method"]]
    table = pd.concat([table, pd.DataFrame(facts)], axis=1)
    clocks = add_times(table, results.timing, dataset, degradation)
    facts = [place_facts(results, name, dataset, degradation) for name in table["method"]]
    counts = pd.Series([entry.get("parameters") for entry in facts], dtype=float)
    table["parameters"] = table["parameters"].fillna(counts)
    table["seeds"] = [len(entry.get("seeds", ())) for entry in facts]
    table["steps"] = [entry.get("training_iterations") or entry.get("iterations") for entry in facts]
    table["tier"] = 0
    leading = metrics[0] if metrics else None
    found = reasons(results, rows, convention, leading, table, field.scenes)
    table["standing"], table["why"] = [standing for standing, _ in found], [why for _, why in found]
    ranked = order_rows(table, metrics)
    shown = rows.drop_duplicates("scene").set_index("scene")["degradation"].to_dict()
    return Board(
        dataset, degradation, convention, ranked, metrics, field.scenes, field.left_out, clocks, shown,
        lattices=rows["lattice"].nunique(), draws=rows["draw"].nunique(),
    )  # fmt: skip


def row_facts(results, rows, method, standing, scenes):
    """Return what a leaderboard says of a method beside its scores; scenes: those that count."""
    about, weights = results.about(method), rows.loc[rows["method"] == method, "weights"].iloc[0]
    tuned = [scene for scene in results.tuned_on(method, rows["dataset"].iloc[0]) if scene in scenes]
    return {
        "title": results.title(method) + (f" {TUNED}" if tuned else ""),
        "shortened": bool(results.about(method).get("shortened")),
        "tuned": tuned,
        "knows": knowledge(about, weights),
        "blind": blindness(about, weights),
        "budget": budget(about, weights),
        "licence": about.get("licence") or "",
        "trained_on": TRAINED_ON.get(weights, weights),
        "weights": weights,
        "standing": standing.status,
        "scenes": standing.finished,
        "failed": standing.failed,
        "seen": standing.seen,
    }


def knowledge(about, weights):
    """Return what a row is given of the sensor, as text."""
    if weights == "external":
        return "unknown"
    return describe_knowledge(about.get("knows", [])).removeprefix("blind: ").replace("phase", "sampling position")


def blindness(about, weights):
    """Return 'yes' for a row that is given neither PSF nor SRF."""
    return "unknown" if weights == "external" else "no" if {"psf", "srf"} & set(about.get("knows", [])) else "yes"


def budget(about, weights):
    """Return whether a row learns as long as in its paper."""
    return "reduced" if about.get("shortened") else BUDGETS.get(weights, "as published")


@dataclass(frozen=True)
class Clock:
    """One device that methods were timed on. scenes: the timed ones; others: processors that other work kept busy, at most."""

    device: str
    device_name: str
    threads: float
    scenes: tuple
    others: float

    @property
    def title(self):
        return clock_title((self.device, self.device_name, self.threads))


def add_times(table, timing, dataset, degradation):
    """Add parameters, training seconds and, for each clock, time, cold start and memory; return the clocks.

    A method that was not timed on every scene of a clock has no time there.
    """
    own = timing[(timing["dataset"] == dataset) & (timing["board"] == degradation)]
    once = ["parameters", "train_s", "train_cpu_s"]
    means = own.groupby("method")[once].mean() if len(own) else pd.DataFrame(columns=once)
    for column in once:
        table[column] = means[column].reindex(table["method"]).to_numpy(dtype=float)
    clocks = []
    same_clock = own[own["median_s"].notna()].groupby(["device", "device_name", "threads"], dropna=False, sort=False)
    for (device, name, threads), rows in same_clock:
        scenes = tuple(dict.fromkeys(rows["scene"]))
        grouped = rows.groupby("method")
        complete = grouped["scene"].nunique() == len(scenes)
        columns = {"time": grouped["median_s"].mean(), "cold": grouped["first_s"].mean()}
        columns["spread"] = grouped["spread_s"].mean()
        columns["memory"] = grouped["peak_gpu_mb" if device == "cuda" else "peak_rss_mb"].max()
        for column, values in columns.items():
            table[f"{column}_{len(clocks)}"] = values.where(complete).reindex(table["method"]).to_numpy(dtype=float)
        clocks.append(Clock(device, name, threads, scenes, rows["other_cores"].max()))
    return clocks


def order_rows(table, metrics):
    """Return the table with ranks: ranked methods first, by the first metric; then the others, in the order of the results."""
    if not metrics:
        return table.assign(rank=np.nan)
    candidates = table[table["standing"] == "ranked"]
    means = dict(zip(candidates["method"], candidates[metrics[0]], strict=True))
    places = ranks(means, find_column(metrics[0]).lower_is_better)
    table["rank"] = table["method"].map(places).astype(float)
    return table.sort_values("rank", kind="stable", na_position="last").reset_index(drop=True)


def marks(table, metric):
    """Return 'best', 'second' or '' for every row, by the values as they are printed, among the ranked methods.

    An infinite value has no mark: it says that a cube equals the truth, or that a score is broken.
    """
    column = find_column(metric)
    shown = table[metric].round(column.decimals).where(table["rank"].notna() & np.isfinite(table[metric]))
    if column.better is None or shown.notna().sum() < 2:
        return [""] * len(table)
    levels = sorted(shown.dropna().unique(), reverse=not column.lower_is_better)[:2]
    names = {level: name for level, name in zip(levels, ("best", "second"), strict=False)}
    return [names.get(value, "") for value in shown]
