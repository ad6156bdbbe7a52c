"""Say in a row why it has no rank."""

import numpy as np

from mossfuse.benchmark.report.style import metric_title
from mossfuse.benchmark.results.statistics import scene_values

SHOWN = 3  # scenes named in a row


def reasons(results, rows, convention, metric, table, scenes):
    """Return (standing, why) of every row of a board's table.

    rows: the board's scores; metric: the leading one, or None; table: with columns method, standing, scenes, failed and the
    metric; scenes: those that count. A row that finished every scene but whose mean is infinite or has a hole is not ranked
    either: its standing becomes 'infinite' or 'empty'. why is '' for a ranked row.
    """
    values = scene_values(rows, convention, metric) if metric else None
    return [reason(results, rows, metric, values, row, scenes) for row in table.to_dict("records")]


def reason(results, rows, metric, values, row, scenes):
    own = rows[rows["method"] == row["method"]]
    own = own[own["scene"].isin(scenes)]
    if row["standing"] == "seen":
        return "seen", "trained on every scene here"
    if row["standing"] == "failed":
        failed = own[own["status"] != "ok"]
        return "failed", f"failed on {named(failed['scene'])}: {'; '.join(dict.fromkeys(failed['reason']))}"
    if row["standing"] == "partial":
        finished = set(own.loc[own["status"] == "ok", "scene"])
        left = [scene for scene in scenes if scene not in finished]
        if left:
            return "partial", f"not run on {named(left)}"
        return "partial", "not run under every replicate of the degradation"
    if metric is None:
        return "empty", "no score"
    mine = values[values["method"] == row["method"]].set_index("scene")["value"]
    infinite = [scene for scene in scenes if np.isinf(mine.get(scene, 0.0))]
    if infinite:
        why = "the cube equals the ground truth" if (mine[infinite] > 0).all() else "the scores are not finite"
        return "infinite", f"{metric_title(metric)} is infinite on {named(infinite)}: {why}"
    missing = [scene for scene in scenes if scene not in mine.index]
    if missing:
        known = own.loc[(own["metric"] == metric) & own["value"].isna() & (own["reason"] != ""), "reason"]
        text = "; ".join(dict.fromkeys(known)) or "the score is not a number"
        return "empty", f"no {metric_title(metric)} on {named(missing)}: {text}"
    return "ranked", ""


def named(scenes):
    """Return scenes as text: the first few by name, the others as a number."""
    scenes = list(dict.fromkeys(scenes))
    more = len(scenes) - SHOWN
    return ", ".join(scenes[:SHOWN]) + (f" and {more} more scene{'s' if more > 1 else ''}" if more > 0 else "")
