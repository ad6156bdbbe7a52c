"""Tables of the part 'airborne': every closed-form and classical method on five crops at three ratios."""

from __future__ import annotations

import pandas as pd

from pages.boards import DIFFERENCE, conditions, same, strong
from pages.context import Context
from pages.format import HEADS, figure, joined, markdown
from pages.store import NotMeasured, mean, whole

PART = "airborne"
SCENES = ("jasper-ridge", "samson", "pavia-crop", "urban-crop", "moffett")
LATTICES = 5  # of config/evidence/airborne.yaml
BLIND = "nsgp"


def scene_of(dataset: str) -> str:
    """Return the crop that a dataset is, with all its pixels or with a multiple of eight."""
    return next(scene for scene in SCENES if dataset.startswith(scene))


def by_ratio(context: Context, ratio: str) -> str:
    """Return PSNR and SAM of every method at one ratio, one column for each scene; the best of those over all lattices is bold."""
    part = context.part(PART)
    cells = whole(part.where(ratio=ratio), LATTICES)
    cells = cells.assign(place=[scene_of(name) for name in cells["dataset"]])
    scenes = [scene for scene in SCENES if scene in set(cells["place"])]
    means = {
        (method, scene): {metric: mean(own, f"std1 {metric}") for metric in ("psnr", "sam")}
        for (method, scene), own in cells.groupby(["method", "place"], sort=False)
    }
    best = {}
    for scene in scenes:
        complete = [m for (_, place), m in means.items() if place == scene and m["psnr"].replicates == LATTICES]
        if complete:
            best[scene] = {"psnr": max(m["psnr"].value for m in complete), "sam": min(m["sam"].value for m in complete)}
    rows, counted = [], set()
    for method in dict.fromkeys(cells["method"]):
        line = [part.label(method)]
        for scene in scenes:
            found = means.get((method, scene))
            if found is None:
                line.append("-")
                continue
            counted.add((1, found["psnr"].replicates, 1))
            complete = found["psnr"].replicates == LATTICES
            texts = [strong(figure(m, k), complete and same(m.value, best[scene][k], k)) for k, m in found.items()]
            line.append(joined(*texts))
        rows.append(line)
    words = f"PSNR dB / SAM deg. {conditions('std1', counted)} Bold: best of a column among the methods with all {LATTICES} lattices."
    return f"{markdown(['method', *scenes], rows)}\n\n{context.caption(words, part)}"


def standing(context: Context) -> str:
    """Return, metric by metric, who is best on the default lattice, and where a blind method that is no variant of nsgp is above it."""
    part = context.part(PART)
    cells = part.cells[part.cells["degradation"] == part.cells["base"]]
    if cells.empty:
        raise NotMeasured(part.how)
    blind = [method for method in blind_methods(cells) if not method.startswith(f"{BLIND}-")]
    lines = []
    for metric, better in (("psnr", 1), ("sam", -1)):
        scores = better * cells.pivot_table(index=["dataset", "ratio"], columns="method", values=f"std1 {metric}")
        winners = scores.idxmax(axis=1).value_counts()
        among = scores[[m for m in scores if m in blind]]
        behind = among.max(axis=1) - among[BLIND]
        lost = [
            f"{scene_of(dataset)} {ratio} (`{among.loc[dataset, ratio].idxmax()}`, {DIFFERENCE[metric].format(better * gap)})"
            for (dataset, ratio), gap in behind.items()
            if gap > 0
        ]
        lines.append(
            f"- {HEADS[metric].split()[0]}: best of all methods are {', '.join(f'`{m}` ({n})' for m, n in winners.items())} of {len(scores)} cases. "
            f"Among the {len(among.columns)} methods that are given neither PSF nor SRF, its own variants aside, `{BLIND}` is best in {int((behind <= 0).sum())}; not in: "
            f"{'; '.join(lost) or 'none'}."
        )
    return "\n".join(lines) + "\n\nOn the default lattice."


def blind_methods(cells: pd.DataFrame) -> set[str]:
    """Return the methods among the rows that are given neither PSF nor SRF."""
    from mossfuse.methods import find_method

    return {name for name in set(cells["method"]) if not find_method(name)[0].knows & {"psf", "srf"}}
