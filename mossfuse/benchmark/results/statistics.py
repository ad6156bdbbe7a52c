"""Statistics over scenes, from the long results table (metrics.csv): who is better, by how much, how surely.

Every function takes that table as a pandas DataFrame, one convention and one metric, and returns a DataFrame keyed by
dataset and board (a degradation with all its replicates). The unit is the SCENE: seeds, sampling lattices and draws of the noise
are averaged first, because they are no independent scenes; each of them has a spread of its own. Rows
with ``seen_in_training`` stay out unless ``include_seen``; failed cells leave a hole that the counts state.
Identical images give PSNR +inf: means show inf, ranks treat it as the best value, inf - inf counts as no difference.
"""

import math
from functools import cache

import numpy as np
import pandas as pd

from mossfuse.benchmark.results.intervals import interval_of_mean
from mossfuse.benchmark.results.signed_rank import equivalence, smallest_p, wilcoxon
from mossfuse.errors import MossFuseError
from mossfuse.metrics import find_column

GROUP = ["dataset", "board"]
CELL = ["dataset", "degradation", "method", "scene", "seed"]
REPLICATE = ["lattice", "draw"]
COLUMNS = [*CELL, "board", *REPLICATE, "seen_in_training", "status", "convention", "metric", "value"]
PAIRED_COLUMNS = [
    *GROUP, "method", "other", "n", "zeros", "missing", "mean_difference", "median_difference", "ci_low", "ci_high", "p",
    "smallest_p", "wins", "ties", "losses", "tie", "margin", "p_equivalence",
]  # fmt: skip


def scene_values(table, convention, metric, *, include_seen=False):
    """Return one row per method and scene: value (mean over seeds, then over replicates), and its spreads with their counts.

    seed_std: over seeds within a replicate, root mean square over replicates; lattice_std: over the sampling lattices of the
    means over seeds and draws; draw_std: over the draws of the noise, likewise. All with n - 1, NaN for a single one.
    seeds, lattices, draws: how many there are. A scene on which the metric has no value (an
    empty one, with its reason) has no row.

    Raises MossFuseError for a missing column or a row that stands twice.
    """
    return over_replicates(replicate_values(table, convention, metric, include_seen=include_seen))


def over_replicates(cells):
    """Return what ``scene_values`` returns, from what ``replicate_values`` returns."""
    keys = [*GROUP, "method", "scene"]
    with np.errstate(invalid="ignore"):
        squares = cells.assign(seed_std=cells["seed_std"] ** 2)
        out = squares.groupby(keys, sort=True).agg(
            value=("value", "mean"), seed_std=("seed_std", "mean"), seeds=("seeds", "min")
        )
        out["seed_std"] **= 0.5
        for factor in REPLICATE:
            means = cells.groupby([*keys, factor], sort=True)["value"].mean().groupby(keys, sort=True)
            out[f"{factor}_std"], out[f"{factor}s"] = means.std(), means.size()
    return out.reset_index()


def scene_means(table, convention, metric, *, include_seen=False):
    """Return (method, scene) -> value, as ``scene_values`` of one board has it, without the spreads and at a tenth of the cost."""
    cells = replicate_values(table, convention, metric, include_seen=include_seen)
    with np.errstate(invalid="ignore"):
        return cells.groupby(["method", "scene"], sort=True)["value"].mean()


def replicate_values(table, convention, metric, *, include_seen=False):
    """Return one row per method, scene and replicate: value (mean over seeds), seed_std, seeds; see ``scene_values``."""
    rows = scored_rows(table, include_seen)
    rows = rows[(rows["convention"] == convention) & (rows["metric"] == metric)]
    twice = rows.duplicated(CELL)
    if twice.any():
        raise MossFuseError(
            f"the results table holds {'/'.join(map(str, rows.loc[twice, CELL].iloc[0]))} more than once for "
            f"{convention} {metric}; collect it again"
        )
    keys = [*GROUP, "method", "scene", *REPLICATE]
    with np.errstate(invalid="ignore"):
        values = rows.assign(value=pd.to_numeric(rows["value"], errors="coerce")).dropna(subset="value")
        cells = values.groupby(keys, sort=True)["value"]
        return cells.agg(value="mean", seed_std="std", seeds="count").reset_index()


def spread_of_means(cells, factor):
    """Return the standard deviation (n - 1), over the levels of a factor ('lattice' or 'draw'), of the mean over scenes.

    cells: rows of ``replicate_values`` of one method. NaN for one level.
    """
    if cells[factor].nunique() < 2:
        return math.nan
    with np.errstate(invalid="ignore"):
        return float(cells.groupby([factor, "scene"])["value"].mean().groupby(factor).mean().std())


def root_mean_square(values):
    """Return the root mean square of the values that are no NaN; NaN without any."""
    known = values.dropna()
    return float(np.sqrt((known**2).mean())) if len(known) else np.nan


def scored_rows(table, include_seen):
    """Return the rows of finished cells, those on scenes seen in training left out unless asked for."""
    rows = unseen_rows(table, include_seen)
    return rows[rows["status"] == "ok"]


def unseen_rows(table, include_seen):
    missing = [column for column in COLUMNS if column not in table.columns]
    if missing:
        raise MossFuseError(f"the results table lacks the column {', '.join(missing)}; collect it again")
    if include_seen:
        return table
    return table[table["seen_in_training"].astype(str).str.lower() != "true"]


def failed_scenes(table, *, include_seen=False):
    """Return one row per method: scenes in which at least one seed failed (count and names)."""
    rows = unseen_rows(table, include_seen)
    rows = rows[rows["status"] != "ok"]
    grouped = rows.groupby([*GROUP, "method"], sort=True)["scene"]
    return grouped.agg(failed=lambda s: s.nunique(), scenes=lambda s: ", ".join(sorted(set(s)))).reset_index()


def summary(table, convention, metric, *, include_seen=False, level=0.95, seed=0):
    """Return one row per method: n (scenes), failed (scenes with a failed seed), mean, median, std, ci_low, ci_high of
    the mean over scenes (NaN for few scenes), seed_std (root mean square over scenes; NaN where no scene has two seeds), and the
    standard deviation of the mean over sampling lattices (lattice_std) and draws of the noise (draw_std), with their numbers."""
    cells = replicate_values(table, convention, metric, include_seen=include_seen)
    values = over_replicates(cells)
    of_method = dict(list(cells.groupby([*GROUP, "method"], sort=True)))
    failed = failed_scenes(table, include_seen=include_seen).set_index([*GROUP, "method"])["failed"]
    rows = []
    for key, group in values.groupby([*GROUP, "method"], sort=True):
        v = group["value"].to_numpy()
        low, high = interval_of_mean(v, level=level, seed=seed)
        row = dict(zip([*GROUP, "method"], key, strict=True))
        row |= {"n": len(v), "failed": int(failed.get(key, 0)), "mean": v.mean(), "median": np.median(v)}
        row |= {"std": sample_std(v), "ci_low": low, "ci_high": high}
        row["seed_std"] = root_mean_square(group["seed_std"])
        for factor in REPLICATE:
            row |= {
                f"{factor}s": int(group[f"{factor}s"].min()),
                f"{factor}_std": spread_of_means(of_method[key], factor),
            }
        rows.append(row)
    columns = [*GROUP, "method", "n", "failed", "mean", "median", "std", "ci_low", "ci_high", "seed_std"]
    columns += [name for factor in REPLICATE for name in (f"{factor}s", f"{factor}_std")]
    return pd.DataFrame(rows, columns=columns)


def spread_over(factor, table, convention, metric, *, include_seen=False):
    """Return one row per method: how a scene's value varies over seeds, sampling lattices or draws of the noise.

    factor: 'seed', 'lattice' or 'draw'. Columns: scenes (with two of them or more), count (of seeds, ..., the smallest), std
    (n - 1, root mean square over scenes), largest (of the scenes). Empty where every scene has one.
    """
    values = scene_values(table, convention, metric, include_seen=include_seen)
    values = values[values[f"{factor}s"] > 1]
    return (
        values.groupby([*GROUP, "method"], sort=True)
        .agg(
            scenes=("scene", "size"),
            count=(f"{factor}s", "min"),
            std=(f"{factor}_std", root_mean_square),
            largest=(f"{factor}_std", "max"),
        )
        .reset_index()
    )


def paired(table, convention, metric, *, reference=None, margin=None, include_seen=False, tie=None, level=0.95, seed=0):
    """Compare methods over the scenes that both finished, every pair of them or each one against ``reference``.

    Differences are ``method`` minus ``other`` in the metric's unit. Columns: n (pairs), zeros (pairs without any difference,
    which the test leaves out), missing (scenes that only one of the two finished), mean_difference, median_difference,
    ci_low, ci_high (of the mean difference; NaN for few scenes), p (Wilcoxon signed rank, two-sided, exact, not corrected),
    smallest_p (what the pairs that differ can reach at best), wins, ties, losses of ``method`` (a tie: closer than ``tie``,
    by default the metric's own threshold, given in the column ``tie``), margin, p_equivalence (two one-sided tests against
    the Margin; NaN without one).
    """
    column = find_column(metric)
    sign = direction(column)
    tie = column.tie if tie is None else tie
    values = scene_values(table, convention, metric, include_seen=include_seen)
    rows = []
    for key, group in values.groupby(GROUP, sort=True):
        wide = group.pivot(index="scene", columns="method", values="value").sort_index()
        for first, second in method_pairs(list(wide.columns), reference):
            present = wide[[first, second]].notna()
            both = wide.loc[present.all(axis=1), [first, second]].to_numpy()
            d = differences(both[:, 0], both[:, 1])
            low, high = interval_of_mean(d, level=level, seed=seed)
            row = dict(zip(GROUP, key, strict=True)) | {"method": first, "other": second, "n": len(d)}
            row |= {"zeros": int((d == 0).sum()), "missing": int(present.any(axis=1).sum() - len(d))}
            with np.errstate(invalid="ignore"):
                row["mean_difference"] = d.mean() if len(d) else np.nan
            row |= {"median_difference": np.median(d) if len(d) else np.nan, "ci_low": low, "ci_high": high}
            row |= {"p": wilcoxon(d), "smallest_p": smallest_p(len(d) - row["zeros"])}
            better = sign * d
            row |= {"wins": int((better > tie).sum()), "losses": int((better < -tie).sum())}
            row |= {"ties": len(d) - row["wins"] - row["losses"], "tie": tie}
            row |= {"margin": "" if margin is None else str(margin)}
            row["p_equivalence"] = np.nan if margin is None else equivalence(d, margin.at(both[:, 1]))
            rows.append(row)
    return pd.DataFrame(rows, columns=PAIRED_COLUMNS)


def method_pairs(methods, reference):
    """Return every unordered pair, or (method, reference) for every other method."""
    if reference is None:
        return [(a, b) for i, a in enumerate(methods) for b in methods[i + 1 :]]
    return [(m, reference) for m in methods if m != reference] if reference in methods else []


def critical_difference(table, convention, metric, *, include_seen=False, alpha=0.05):
    """Return mean ranks (1 is best) with Friedman's test and Nemenyi's critical difference (Demsar, JMLR 2006, section 3.2.2).

    One row per method, best first: mean_rank, n (scenes that EVERY method finished), dropped (scenes with a hole),
    methods (k), p_friedman (NaN below three methods), cd (two mean ranks further apart than this differ at ``alpha``),
    alpha, remark (why few scenes prove little; empty where nothing is to be said). A method without a single value is
    no column here; ``failed_scenes`` names it.
    """
    sign = direction(find_column(metric))
    values = scene_values(table, convention, metric, include_seen=include_seen)
    rows = []
    for key, group in values.groupby(GROUP, sort=True):
        wide = group.pivot(index="scene", columns="method", values="value").sort_index()
        complete = wide.dropna()
        n, k = complete.shape
        ranks = complete.rank(axis=1, ascending=sign < 0)
        mean_rank = ranks.mean() if n else pd.Series(np.nan, index=wide.columns)
        common = {"n": n, "dropped": len(wide) - n, "methods": k, "p_friedman": friedman(ranks.to_numpy())}
        common |= {"cd": nemenyi(k, n, alpha), "alpha": alpha, "remark": small_sample_remark(n, k, len(wide) - n)}
        for method, rank in mean_rank.sort_values(kind="stable").items():
            rows.append(dict(zip(GROUP, key, strict=True)) | {"method": method, "mean_rank": rank} | common)
    columns = [*GROUP, "method", "mean_rank", "n", "dropped", "methods", "p_friedman", "cd", "alpha", "remark"]
    return pd.DataFrame(rows, columns=columns)


def cliques(ranks):
    """Return the bars of a critical-difference diagram: maximal runs of methods whose mean ranks lie within one cd.

    ranks: result of ``critical_difference``. Columns: first, last (methods), low, high (mean ranks), size.
    """
    rows = []
    for key, group in ranks.groupby(GROUP, sort=True):
        group = group.sort_values("mean_rank", kind="stable").reset_index(drop=True)
        rank, cd = group["mean_rank"].to_numpy(), group["cd"].iloc[0]
        reached = -1
        for start in range(len(rank)):
            stop = int(np.searchsorted(rank, rank[start] + cd, side="right")) - 1
            if stop > start and stop > reached:
                reached = stop
                row = {"first": group["method"][start], "last": group["method"][stop]}
                row |= {"low": rank[start], "high": rank[stop], "size": stop - start + 1}
                rows.append(dict(zip(GROUP, key, strict=True)) | row)
    return pd.DataFrame(rows, columns=[*GROUP, "first", "last", "low", "high", "size"])


def direction(column):
    """Return +1 where a higher value is better, -1 where a lower one is; raise MossFuseError where neither is."""
    if column.better is None:
        raise MossFuseError(f"the metric '{column.name}' is a count and ranks no method; choose another one")
    return -1 if column.lower_is_better else 1


def differences(first, second):
    """Return first - second, 0 where both are the same infinity."""
    with np.errstate(invalid="ignore"):
        return np.where(first == second, 0.0, first - second)


def sample_std(values):
    with np.errstate(invalid="ignore"):
        return float(np.std(values, ddof=1)) if len(values) > 1 else np.nan


def friedman(ranks):
    """Return p of Friedman's test (chi-square, corrected for ties) of (scenes, methods) ranks; NaN where it is undefined."""
    from scipy.stats import chi2

    n, k = ranks.shape
    if n < 2 or k < 3:
        return np.nan
    spread = ((ranks - (k + 1) / 2) ** 2).sum()
    if spread == 0:
        return 1.0
    between = ((ranks.sum(axis=0) - n * (k + 1) / 2) ** 2).sum()
    return float(chi2.sf((k - 1) * between / spread, k - 1))


def nemenyi(k, n, alpha=0.05):
    """Return the critical difference of mean ranks, q_alpha sqrt(k (k + 1) / (6 n)); NaN below two methods or without scenes."""
    if k < 2 or n < 1:
        return np.nan
    return nemenyi_quantile(k, alpha) * math.sqrt(k * (k + 1) / (6 * n))


@cache
def nemenyi_quantile(k, alpha):
    """Return q_alpha: the studentized range of k means with infinitely many degrees of freedom, divided by sqrt(2)."""
    from scipy.stats import studentized_range

    return float(studentized_range.ppf(1 - alpha, k, np.inf)) / math.sqrt(2)


def small_sample_remark(n, k, dropped):
    """Return one or two sentences that a reader of few scenes must see, or ''."""
    said = []
    if dropped:
        said.append(f"{dropped} of {n + dropped} scenes are left out because a method failed there.")
    if k < 2 or n < 2:
        said.append("Too few methods or scenes for a test; the ranks are a description.")
        return " ".join(said)
    if smallest_p(n) > 0.05:
        said.append(f"With {n} scenes no paired test can reach p = 0.05 (the smallest is {smallest_p(n):.3g}).")
    if n <= 10 or k <= 5:
        said.append(
            "The Friedman test is only approximate here (Demšar 2006 recommends more than 10 scenes and 5 methods)."
        )
    if nemenyi(k, n) >= k - 1:
        said.append("The critical difference exceeds the largest possible gap, so no two methods are distinguishable.")
    return " ".join(said)
