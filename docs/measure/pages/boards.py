"""Tables of means: one row per method, or per dataset, degradation and method."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from pages.context import Context
from pages.format import DIGITS, HEADS, figure, joined, markdown, plural
from pages.store import TWELVE, NotMeasured, Part, fair, mean, whole

METRICS = ("psnr", "sam", "ssim", "ergas")
LEADERS = ("bicubic", "ridge-dc", "cnmf", "pixel-mlp", "nsgp", "mossfuse-c")
OURS = ("nsgp", "mossfuse-c")
AIRBORNE = ("jasper-ridge", "samson", "pavia-crop", "urban-crop")
GIVEN = {"phase": "PSF's support and phase", "psf": "PSF", "srf": "SRF", "noise": "noise"}
BUDGET = {
    "none": "no training",
    "scene": "fitted to the pair",
    "dataset": "trained on other pairs, no truth",
    "supervised": "trained on other scenes with truth",
}


def board(context: Context, part: str, convention: str = "std1", **where: object) -> str:
    """Return one row per dataset, degradation and method with the four leading metrics."""
    source = context.part(part)
    cells = source.where(**where)
    rows, counted = [], set()
    for (dataset, base, method), group in cells.groupby(["dataset", "base", "method"], sort=False):
        means = {metric: mean(group, f"{convention} {metric}") for metric in METRICS}
        counted.add((means["psnr"].scenes, means["psnr"].replicates, means["psnr"].seeds))
        figures = (figure(m, k, k in ("psnr", "sam")) for k, m in means.items())
        rows.append([dataset, base, source.label(method), *figures])
    head = ["dataset", "degradation", "method", *HEADS.values()]
    return f"{markdown(head, rows)}\n\n{context.caption(conditions(convention, counted), source)}"


def conditions(convention: str, counted: set[tuple[int, int, int]]) -> str:
    """Return what the figures of a table are: the convention, over how many scenes, and what ± is."""
    scenes, replicates, seeds = (max(numbers) for numbers in zip(*counted, strict=True))
    drawn = [plural(n, word) for n, word in ((replicates, "sampling lattice"), (seeds, "seed")) if n > 1]
    over = f", mean over {plural(scenes, 'scene')}" if scenes > 1 else ""
    fewest = min(numbers[1] for numbers in counted)
    alone = "; without ±: the default lattice alone" if fewest == 1 < replicates else ""
    error = f"; ± standard deviation over {' and '.join(drawn)}{alone}" if drawn else ", one run"
    return f"Convention `{convention}`{over}{error}."


LATTICES = 9  # of config/evidence/leaders.yaml
NEEDED = {"ridge-dc", "cnmf", "nsgp"}  # a scene that lacks one of them so far is left out
DISTINCT = 12  # scenes of TWELVE: the chart and the eleven of cave-8


def headline(context: Context) -> str:
    """Return the leading methods on the twelve CAVE scenes and on the one with 31 bands, at both ratios."""
    part = context.part("leaders")
    head = ["method", "given; budget"]
    places = [
        {"ratio": ratio, "dataset": datasets}
        for ratio in ("x32", "x8")
        for datasets in (TWELVE, "cave")
        if has(part, ratio=ratio, dataset=datasets)
    ]
    if not places:
        part.where(dataset="cave", ratio="x32")
    rows, counted = [[part.label(method), knowledge(method)] for method in LEADERS], set()
    for where in places:
        cells = fair(whole(part.where(**where), LATTICES), LEADERS)
        count = cells.groupby(["dataset", "scene"]).ngroups
        if count < (1 if where["dataset"] == "cave" else DISTINCT):
            continue
        name = "chart, 31 bands" if where["dataset"] == "cave" else f"{plural(count, 'distinct scene')}"
        head.append(f"{where['ratio']}, {name}")
        for method, row in zip(LEADERS, rows, strict=True):
            row.append(both(cells[cells["method"] == method], counted))
    words = f"PSNR dB / SAM deg. {conditions('std1', counted)}"
    return f"{markdown(head, rows)}\n\n{context.caption(words, part)}"


def leaders(context: Context, ratio: str, datasets: Sequence[str]) -> str:
    """Return PSNR and SAM of the leading methods, one row per scene, the best in bold."""
    part = context.part("leaders")
    cells = whole(part.where(ratio=ratio, dataset=tuple(datasets)), LATTICES)
    methods = [m for m in LEADERS if m in set(cells["method"])]
    rows, counted = [], set()
    for (dataset, scene), group in cells.groupby(["dataset", "scene"], sort=False):
        group = fair(group, methods)
        if not set(group["method"]) >= NEEDED & set(methods):
            continue
        found = {m: group[group["method"] == m] for m in methods}
        means = {
            metric: {m: mean(found[m], f"std1 {metric}") for m in methods if len(found[m])}
            for metric in ("psnr", "sam")
        }
        most = max(m.replicates for m in means["psnr"].values())
        comparable = {k: [m.value for m in own.values() if m.replicates == most] for k, own in means.items()}
        best = {"psnr": max(comparable["psnr"]), "sam": min(comparable["sam"])}
        counted |= {(m.scenes, m.replicates, m.seeds) for m in means["psnr"].values()}
        texts = []
        for method in methods:
            pair = [(k, means[k].get(method)) for k in ("psnr", "sam")]
            texts.append(
                joined(
                    *(
                        "-" if m is None else strong(figure(m, k), m.replicates == most and same(m.value, best[k], k))
                        for k, m in pair
                    )
                )
            )
        rows.append([f"{dataset}, {scene}" if scene != dataset else dataset, *texts])
    if not rows:
        raise NotMeasured(part.how)
    table = markdown(["scene", *map(part.label, methods)], rows)
    words = (
        f"PSNR dB / SAM deg. {conditions('std1', counted)} Bold: best of the row, among those over as many lattices."
    )
    return f"{table}\n\n{context.caption(words, part)}"


def losses(context: Context) -> str:
    """Return, ratio by ratio, on how many scenes each method is best, and where `nsgp` is below another one."""
    part = context.part("leaders")
    cells = whole(part.where(method=LEADERS), LATTICES)
    lines = []
    for ratio in ("x32", "x8"):
        chosen = cells[cells["ratio"] == ratio]
        if chosen.empty:
            continue
        scenes = [fair(own, LEADERS, strict=True) for _, own in chosen.groupby(["dataset", "scene"])]
        scenes = [own for own in scenes if set(own["method"]) >= NEEDED & set(cells["method"])]
        if not scenes:
            continue
        chosen = pd.concat(scenes)
        for metric, better in (("psnr", 1), ("sam", -1)):
            column = f"std1 {metric}"
            means = chosen.groupby(["dataset", "scene", "method"])[column].mean().unstack()
            means = means[means["nsgp"].notna()] if "nsgp" in means else means.iloc[:0]
            if means.empty:
                continue
            best = (means * better).idxmax(axis=1).value_counts()
            ranks = ", ".join(f"`{m}` on {n}" for m, n in best.items())
            above = [
                f"`{m}` on {scene_name(*place)} ({DIFFERENCE[metric].format(row[m] - row['nsgp'])})"
                for place, row in means.iterrows()
                for m in means.columns
                if m not in OURS and better * (row[m] - row["nsgp"]) > 0
            ]
            worse = "; ".join(above) if above else "no other method on any scene"
            lines.append(
                f"- {ratio}, {HEADS[metric].split()[0]}: best are {ranks} (of {len(means)} scenes, all versions counted). "
                f"Better than `nsgp`, apart from `mossfuse-c`: {worse}."
            )
    return (
        "\n".join(lines)
        + f"\n\n{context.caption('Means over the lattices that all methods have, convention `std1`.', part)}"
    )


DIFFERENCE = {"psnr": "{:+.2f} dB", "sam": "{:+.2f} deg"}


def scene_name(dataset: str, scene: str) -> str:
    """Return how a scene is called in a sentence."""
    return dataset if dataset == scene else f"{dataset} {scene}"


def both(cells: pd.DataFrame, counted: set) -> str:
    """Return 'PSNR ± / SAM ±' of these cells, '-' where there are none; add how many scenes, replicates and seeds to ``counted``."""
    if cells.empty:
        return "-"
    means = [(metric, mean(cells, f"std1 {metric}")) for metric in ("psnr", "sam")]
    counted.add((means[0][1].scenes, means[0][1].replicates, means[0][1].seeds))
    return joined(*(figure(m, metric) for metric, m in means))


def has(part: Part, **where: object) -> bool:
    """Return whether a measured part has cells with these values."""
    found = part.cells
    for column, value in where.items():
        found = found[found[column].isin(value if isinstance(value, tuple) else (value,))]
    return len(found) > 0


def same(value: float, best: float, metric: str) -> bool:
    """Return whether two figures are printed with the same digits."""
    return round(value, DIGITS[metric]) == round(best, DIGITS[metric])


def strong(text: str, bold: bool) -> str:
    """Return the text, in bold where asked."""
    return f"**{text}**" if bold else text


def knowledge(name: str) -> str:
    """Return what a method is given besides the two images, and what it is fitted to."""
    from mossfuse.methods import find_method

    method = find_method(name)[0]
    given = [
        word for key, word in GIVEN.items() if key in method.knows and not (key == "phase" and "psf" in method.knows)
    ]
    return f"{', '.join(given) or 'nothing'}; {BUDGET[method.trains]}"


def differences(cells: pd.DataFrame, first: str, second: str, column: str) -> pd.Series:
    """Return dataset, base, scene -> mean of ``first`` minus mean of ``second`` over replicates and seeds."""
    means = cells.groupby(["dataset", "base", "scene", "method"])[column].mean().unstack()
    return (means[first] - means[second]).dropna()


def pooled(context: Context, part: str, datasets: tuple[str, ...]) -> str:
    """Return one row per method over all scenes of several datasets, and how often nsgp is above ridge-dc."""
    source = context.part(part)
    cells = source.where(dataset=datasets)
    rows, counted = [], set()
    for method, own in cells.groupby("method", sort=False):
        means = {metric: mean(own, f"std1 {metric}") for metric in METRICS}
        counted.add((means["psnr"].scenes, 1, 1))
        rows.append([source.label(method), *(figure(m, k, False) for k, m in means.items())])
    table = markdown(["method", *HEADS.values()], rows)
    words = conditions("std1", counted)
    if {"nsgp", "ridge-dc"} <= set(cells["method"]):
        gain = differences(cells, "nsgp", "ridge-dc", "std1 psnr")
        angle = differences(cells, "nsgp", "ridge-dc", "std1 sam")
        words += (
            f" `nsgp` is above `ridge-dc` in PSNR on {(gain > 0).sum()} of {len(gain)} scenes (least {gain.min():+.2f} dB) and has the "
            f"lower SAM on {(angle < 0).sum()}."
        )
    return f"{table}\n\n{context.caption(words, source)}"


def compared(context: Context, part: str, first: str, second: str) -> str:
    """Return in how many cases one method is above another, and where it is not."""
    source = context.part(part)
    lines = []
    for metric, better in (("psnr", 1), ("sam", -1)):
        gain = better * differences(source.cells, first, second, f"std1 {metric}")
        if gain.empty:
            continue
        worse = [
            f"{scene_name(dataset, scene)} {base} ({DIFFERENCE[metric].format(better * value)})"
            for (dataset, base, scene), value in gain.items()
            if value <= 0
        ]
        lines.append(
            f"- {HEADS[metric].split()[0]}: `{first}` is better than `{second}` in {(gain > 0).sum()} of {len(gain)} cases, at most by "
            f"{DIFFERENCE[metric].format(better * gain.max())}; not in: {'; '.join(worse) or 'none'}."
        )
    return "\n".join(lines)
