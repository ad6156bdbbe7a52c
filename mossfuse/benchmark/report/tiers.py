"""Tiers of a leaderboard: rows that the stated test does not tell apart share one.

The test: Wilcoxon's signed-rank test of the leading metric over scenes, two-sided, exact, corrected by Holm. A pair with the
reference has the p of ``comparisons``, where it was named before there were results; all other pairs of a board are a second
family, so that every pair has one p wherever it is shown.
"""

import dataclasses
import math
from itertools import combinations

import numpy as np
import pandas as pd

from mossfuse.benchmark.report import style
from mossfuse.benchmark.report.comparisons import reference_of
from mossfuse.benchmark.report.drawing import counted_rows
from mossfuse.benchmark.results.signed_rank import holm, smallest_p, wilcoxon
from mossfuse.benchmark.results.statistics import differences, scene_values

ALPHA = 0.05
COLUMNS = ["dataset", "board", "method", "other", "n", "mean_difference", "p", "p_holm", "tests", "metric"]


def with_tiers(results, boards):
    """Return the boards with their pairs (Board.pairs) and the tiers of their rows (column 'tier' of Board.table)."""
    return [add_tiers(results, board) for board in boards]


def add_tiers(results, board):
    """Return one board with its pairs and tiers; no tier where so few scenes can tell nothing apart."""
    pairs = pairs_of(results, board)
    found = {}
    if can_separate(board, pairs):
        ps = {(row.method, row.other): row.p_holm for row in pairs.itertuples()}
        found = tiers(list(board.ranked["method"]), ps)
    table = board.table.assign(tier=[found.get(method, 0) for method in board.table["method"]])
    return dataclasses.replace(board, table=table, pairs=pairs)


def pairs_of(results, board):
    """Return every pair of ranked rows in the leading metric: ``method`` minus ``other``, the better-ranked one first."""
    if not board.metrics or len(board.ranked) < 2:
        return pd.DataFrame(columns=COLUMNS)
    metric, methods, reference = board.metrics[0], list(board.ranked["method"]), reference_of(results)
    values = scene_values(counted_rows(results, board, ranked=True), board.convention, metric)
    wide = values.pivot(index="scene", columns="method", values="value").sort_index()
    named = board.tests_of(metric)
    known = {row.method: row for row in named.itertuples()} if len(named) else {}
    rows = []
    for method, other in combinations(methods, 2):
        both = wide[[method, other]].dropna().to_numpy()
        d = differences(both[:, 0], both[:, 1])
        row = {"dataset": board.dataset, "board": board.degradation, "method": method, "other": other, "n": len(d)}
        row |= {"mean_difference": d.mean() if len(d) else math.nan, "metric": metric}
        outsider = known.get(method if other == reference else other) if reference in (method, other) else None
        if outsider is not None and not math.isnan(outsider.p):
            row |= {"p": outsider.p, "p_holm": outsider.p_holm, "tests": outsider.tests}
        else:
            row |= {"p": wilcoxon(d), "p_holm": math.nan, "tests": 0}
        rows.append(row)
    pairs = pd.DataFrame(rows, columns=COLUMNS)
    open_ones = pairs["p_holm"].isna()
    pairs.loc[open_ones, "p_holm"] = holm(pairs.loc[open_ones, "p"])
    pairs.loc[open_ones, "tests"] = int(pairs.loc[open_ones, "p"].notna().sum())
    return pairs


def can_separate(board, pairs):
    """Return whether the smallest p that the board's scenes allow can be significant after the correction."""
    return bool(len(pairs)) and smallest_p(int(pairs["n"].max())) * int(pairs["tests"].min()) < ALPHA


def tiers(methods, p_values):
    """Return method -> tier, 1 is best. methods: by rank; p_values: (better-ranked, other) -> corrected p.

    A row that differs from the first one of the present tier starts the next tier.
    """
    out, head, tier = {}, None, 0
    for method in methods:
        p = math.nan if head is None else p_values.get((head, method), math.nan)
        if head is None or (not np.isnan(p) and p < ALPHA):
            head, tier = method, tier + 1
        out[method] = tier
    return out


def pair_of(board, method, other):
    """Return the row of Board.pairs of two methods, whichever comes first, or None."""
    if not len(board.pairs):
        return None
    pairs = board.pairs
    own = pairs[
        ((pairs["method"] == method) & (pairs["other"] == other))
        | ((pairs["method"] == other) & (pairs["other"] == method))
    ]
    return None if own.empty else own.iloc[0]


def tier_rows(board):
    """Return, for every ranked row of a board with tiers, the pair that decided its tier, as texts for the statistics page."""
    rows, heads = [], {}
    for row in board.ranked.to_dict("records") if board.table["tier"].any() else ():
        method, tier = row["method"], row["tier"]
        other = heads.get(tier) or heads.get(tier - 1, "")
        heads.setdefault(tier, method)
        pair = pair_of(board, method, other) if other else None
        out = {"method": method, "tier": tier_name(tier), "other": other, "difference": "–", "p": "–", "p_holm": "–"}
        if pair is not None:
            difference = pair["mean_difference"] * (1 if pair["method"] == method else -1)
            out["difference"] = style.number(board.metrics[0], difference, sign=True)
            out |= {"p": style.p_value(pair["p"]), "p_holm": style.p_value(pair["p_holm"])}
        rows.append(out)
    return rows


def tier_name(tier):
    """Return a tier as a letter; beyond the alphabet as its number; '' for none."""
    return "" if not tier else chr(64 + tier) if tier <= 26 else str(tier)
