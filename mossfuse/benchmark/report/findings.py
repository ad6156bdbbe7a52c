"""Plain sentences about a leaderboard, made from its numbers alone."""

import math

from mossfuse.benchmark.report.style import CONTROL, TUNED, metric_title, number, p_value, with_unit
from mossfuse.benchmark.report.tiers import ALPHA, pair_of
from mossfuse.benchmark.results.signed_rank import smallest_p
from mossfuse.benchmark.results.statistics import scene_values, summary
from mossfuse.metrics import find_column

SHOWN = 5  # methods in a sentence
LEARNED = ("scene", "dataset", "supervised", "authors", "given")


def findings(results, board):
    """Return sentences: the leader, its margin, the evidence, training, other metrics, what is below the floor, holes."""
    ranked, metrics = board.ranked, board.metrics
    if not metrics or ranked.empty:
        return ["No method finished every scene, so no ranking is given.", *holes(results, board)]
    out = [lead(board, metrics[0]), *evidence(results, board, metrics[0])]
    out += training(ranked, metrics[0])
    out += tuned(results, board, metrics[0])
    out += other_leaders(ranked, metrics)
    out += below_floor(ranked, board.compared)
    return out + holes(results, board)


def lead(board, metric):
    """Return a sentence about the leader and its margin."""
    ranked, n = board.ranked, len(board.scenes)
    first = ranked.iloc[0]
    places = f"over {n} scenes" if n > 1 else "on the one scene"
    low, high = first[f"{metric}_low"], first[f"{metric}_high"]
    ends = "" if math.isnan(low) else f" (95 % interval {number(metric, low)} to {number(metric, high)})"
    adjective = "lowest" if find_column(metric).lower_is_better else "highest"
    text = f"{first['title']} has the {adjective} mean {metric_title(metric)} {places}: {with_unit(metric, first[metric])}{ends}"
    if len(ranked) < 2:
        return f"{text}; no other method is ranked."
    return f"{text}, {gap(metric, first, ranked.iloc[1])} ahead of {ranked.iloc[1]['title']}."


def evidence(results, board, metric):
    """Return sentences on how surely the leader leads: scenes won against the second, and the test against the reference."""
    ranked = board.ranked
    if len(ranked) < 2 or len(board.scenes) < 2:
        return []
    rows = results.board(board.dataset, board.degradation)
    rows = rows[rows["scene"].isin(board.scenes)]
    values = scene_values(rows, board.convention, metric).pivot(index="scene", columns="method", values="value")
    first, second = ranked["method"].iloc[:2]
    ahead = values[first] < values[second] if find_column(metric).lower_is_better else values[first] > values[second]
    n = len(values)
    won = int(ahead.sum())
    text = f"It beats the runner-up on {'all' if won == n else won if won else 'none'} of {n} scenes".replace(
        "all of ", "all "
    )
    if smallest_p(n) > 0.05:
        few = f"{n} scenes are too few for a significance test (smallest possible p = {smallest_p(n):.3g})"
        return [f"{text}. {few}, so this ranking is descriptive."]
    return [f"{text}.", *against_second(board, first, second), *tested(results, board, metric, first)]


def against_second(board, first, second):
    """Return a sentence on the test of the leader against the runner-up, and on who shares its tier."""
    pair = pair_of(board, first, second)
    if pair is None or math.isnan(pair["p_holm"]):
        return []
    verdict = "significant" if pair["p_holm"] < ALPHA else "not significant"
    out = [
        f"The difference to the runner-up is {verdict} (Wilcoxon signed-rank, Holm-corrected over {pair['tests']} pairs: "
        f"p {p_sign(pair['p_holm'])})."
    ]
    ranked = board.ranked
    shared = ranked[(ranked["tier"] == 1) & (ranked["method"] != first)] if ranked["tier"].any() else ranked.iloc[:0]
    if len(shared):
        out.append(f"Its tier, the methods that do not differ from it significantly: {listed(shared['title'])}.")
    return out


def tested(results, board, metric, method):
    """Return a sentence on the test of a method against the reference; none where there is no such test."""
    tests = board.tests_of(metric)
    tests = tests[(tests["method"] == method) & tests["p_holm"].notna()] if len(tests) else tests
    if tests.empty:
        return []
    test = tests.iloc[0]
    if test["smallest_p"] * test["tests"] > 0.05:
        return [
            f"With {test['n']} scenes and the {test['tests']} tests of this report no Holm-corrected p can reach 0.05, so the comparison "
            "with the reference is descriptive."
        ]
    verdict = "significant" if test["p_holm"] < 0.05 else "not significant"
    return [
        f"Against the reference, {results.title(test['other'])}, its difference is {verdict} (Wilcoxon, Holm-corrected over the "
        f"{test['tests']} tests of this report: p {p_sign(test['p_holm'])})."
    ]


def p_sign(p):
    return p_value(p) if p < 0.001 else f"= {p_value(p)}"


def gap(metric, first, second):
    return with_unit(metric, abs(first[metric] - second[metric]))


def training(ranked, metric):
    """Return a sentence that compares the best untrained method with the best learned one.

    A method that learns for fewer steps than in its paper says nothing about learning, so it is not compared.
    """
    full = ranked[~ranked["shortened"].astype(bool)]
    untrained, learned = full[full["weights"] == "none"], full[full["weights"].isin(LEARNED)]
    if untrained.empty or learned.empty:
        return []
    a, b = untrained.iloc[0], learned.iloc[0]
    kind = f" (trained on: {b['trained_on']})" if b["weights"] in ("scene", "dataset", "supervised") else ""
    how = f"the best learned method, {b['title']}{kind}"
    if a["rank"] < b["rank"]:
        return [f"The best untrained method, {a['title']}, is {gap(metric, a, b)} ahead of {how}."]
    if a["rank"] > b["rank"]:
        return [f"{how[0].upper()}{how[1:]}, is {gap(metric, a, b)} ahead of the best untrained one, {a['title']}."]
    return [f"{a['title']} (untrained) and {b['title']} (the best learned method) tie."]


def tuned(results, board, metric):
    """Return a sentence about scenes on which defaults were chosen, with the means over the scenes that are left."""
    marked = board.ranked[board.ranked["tuned"].map(len) > 0]
    if marked.empty:
        return []
    used = {scene for scenes in marked["tuned"] for scene in scenes}
    left = [scene for scene in board.scenes if scene not in used]
    names = listed(results.title(method) for method in marked["method"])
    where = "every scene here" if not left else f"{len(used)} of these {len(board.scenes)} scenes"
    text = f"Defaults of {names} were chosen on {where} ({TUNED})"
    if not left:
        return [f"{text}; their figures are not those of untouched scenes."]
    rows = results.board(board.dataset, board.degradation)
    rows = rows[rows["scene"].isin(left) & rows["method"].isin(board.ranked["method"])]
    means = summary(rows, board.convention, metric).set_index("method")["mean"]
    best = means.sort_values(ascending=find_column(metric).lower_is_better).head(SHOWN)
    values = listed(f"{results.title(method)} {with_unit(metric, value)}" for method, value in best.items())
    places = f"the other {len(left)} scenes" if len(left) > 1 else f"the other scene, {left[0]},"
    return [f"{text}. Over {places} the mean {metric_title(metric)} is: {values}."]


def other_leaders(ranked, metrics):
    """Return sentences about the metrics in which another method than the leader is first."""
    groups = {}
    for metric in metrics[1:]:
        values = ranked[metric].dropna()
        if len(values):
            best = values.idxmin() if find_column(metric).lower_is_better else values.idxmax()
            if best != ranked.index[0]:
                groups.setdefault(best, []).append(metric)
    return [
        f"In {listed([metric_title(m) for m in names])} {ranked.loc[best, 'title']} is first "
        f"({', '.join(with_unit(m, ranked.loc[best, m]) for m in names)})."
        for best, names in groups.items()
    ]


def below_floor(ranked, metrics):
    """Return a sentence per metric about the methods that are worse than bicubic interpolation."""
    control = ranked[ranked["method"] == CONTROL]
    out = []
    for metric in metrics if len(control) else ():
        floor, sign = control.iloc[0][metric], -1 if find_column(metric).lower_is_better else 1
        worse = ranked[(sign * (ranked[metric] - floor) < 0) & (ranked["method"] != CONTROL)]
        names = [f"{row['title']} ({with_unit(metric, row[metric])})" for _, row in worse.iterrows()]
        if names:
            verb = "are" if len(names) > 1 else "is"
            out.append(
                f"In {metric_title(metric)} {listed(names)} {verb} worse than bicubic interpolation ({with_unit(metric, floor)})."
            )
    return out


def holes(results, board):
    """Return sentences about failed cells and scenes left out."""
    out = []
    for _, row in board.table[board.table["failed"] > 0].iterrows():
        out.append(
            f"{row['title']} failed on {row['failed']} of {len(board.scenes)} scenes and is therefore not ranked."
        )
    for _, row in board.table[board.table["standing"].isin(("infinite", "empty"))].iterrows():
        out.append(f"{row['title']} is not ranked: {row['why']}.")
    for _, row in board.table[board.table["standing"] == "partial"].iterrows():
        out.append(
            f"{row['title']} was run on {row['scenes']} of {len(board.scenes)} scenes and is therefore not ranked."
        )
    if board.seen_scenes:
        rows = results.board(board.dataset, board.degradation)
        seers = dict.fromkeys(rows.loc[rows["seen_in_training"] & rows["scene"].isin(board.seen_scenes), "method"])
        names = listed([results.title(m) for m in seers])
        verb = "was" if len(seers) == 1 else "were"
        out.append(
            f"Excluded from every mean: {listed(board.seen_scenes)}, because {names} {verb} trained on {'it' if len(board.seen_scenes) == 1 else 'them'}."
        )
    for _, row in board.table[board.table["standing"] == "seen"].iterrows():
        out.append(f"{row['title']} was trained on every scene here; its scores are on the scene pages, unranked.")
    return out


def listed(words):
    words = list(words)
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
