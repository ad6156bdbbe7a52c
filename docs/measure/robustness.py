"""Make the tables of a finished sweep: curves, a robustness score, and the regret of the default method.

    python3 run.py -- --configfile config/sweeps.yaml
    python docs/measure/robustness.py runs/sweeps/results                 # print the tables
    python docs/measure/robustness.py runs/sweeps/results --csv regret.csv

- A curve is the mean PSNR (and SAM) over scenes at each step, with a 95 % interval of the PSNR (t, over scenes) where there are three or more.
- The robustness score of a method in a sweep is the mean over its steps of (PSNR at the step - PSNR at the sweep's own base), in dB:
  0 loses nothing, a base that is itself the hardest step gives a positive score. Its interval is over scenes, of the differences.
- The regret on a cell (scene, degradation) is the best PSNR of a blind row minus that of the default row, and likewise for SAM; 0 where the
  default is the best. Rows that are given a PSF or an SRF are not blind and do not count; how far the default is behind the best row of any kind
  stands beside it. Which row is the default follows from the pair, as in `mossfuse fuse` (mossfuse/pair/default_method.py); it is the row that is
  given nothing, as a user's pair, where there is one, and else the row that is given the support and the phase of the PSF.
"""

import argparse
import csv
import math
import statistics
import sys
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from mossfuse.benchmark.plan.paths import Paths

ROOT = Path(__file__).resolve().parents[2]
BASE = "x8-gauss7s2-nikond5100"
WIDE = "x8-gauss15s2-nikond5100"
PAN = "x8-gauss7s2-alinominalpan"
SWEEPS = {
    "ratio": (BASE, ["x4-gauss3s2-nikond5100", BASE, "x16-gauss15s2-nikond5100", "x32-gauss31s2-nikond5100"]),
    "PSF width": (WIDE, [f"x8-gauss15s{sigma}-nikond5100" for sigma in (1, 2, 3, 4)]),
    "PSF family": (
        WIDE,
        [WIDE, *(f"x8-{psf}-nikond5100" for psf in ("box8", "airyk15z5.6", "moffatk15w4.7b2.5", "motion8a30", "defocus3", "mtf8g0.3"))],
    ),
    "noise": (BASE, [BASE, *(f"{BASE}-snr{snr}-{snr}" for snr in (50, 40, 30, 20))]),
    "shift": (BASE, [BASE, *(f"{BASE}-shift{px}x{px}" for px in ("0.25", "0.5", "1", "2"))]),
    "SRF mismatch": (BASE, [BASE, *(f"{BASE}-srfshift{nm}" for nm in (2, 5, 10, 20))]),
    "PSF mismatch": (BASE, [BASE, *(f"{BASE}-psfblur{px}" for px in ("0.5", "1", "2"))]),
    "clouds": (BASE, [BASE, *(f"{BASE}-cloudmask{share}" for share in ("0.05", "0.1", "0.3"))]),
    "one MSI band": (PAN, ["x4-gauss3s2-alinominalpan", PAN]),
}  # fmt: skip
DECISIVE = (
    "gsa",
    "ridge-dc",
    "nsgp",
    "nsgp-known",
)  # a cell counts where it has all of these that the results have at all
NOTHING = "-given-nothing"  # ends the name of a row that is given neither the PSF's support nor its phase, as in `mossfuse fuse`
T95 = {2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 7: 2.365, 8: 2.306, 9: 2.262}  # by degrees of freedom
THRESHOLD_DB, THRESHOLD_SAM = 0.1, 0.02

Cell = tuple[str, str, str]  # dataset, degradation, scene
Values = dict[str, dict[Cell, dict[str, float]]]  # metric -> cell -> method -> value


def read(path: Path) -> Values:
    """Return the std1 values of a table of scores by metric, cell and method: means over seeds."""
    with path.open(encoding="utf-8", newline="") as stream:
        return gather(
            (row["metric"], (row["dataset"], row["degradation"], row["scene"]), row["method"], float(row["value"]))
            for row in csv.DictReader(stream)
            if row["convention"] == "std1" and row["metric"] in ("psnr", "sam") and row["value"]
        )


def gather(values: Iterable[tuple[str, Cell, str, float]]) -> Values:
    """Return (metric, cell, method, value) by metric, cell and method: means over seeds."""
    every: dict[tuple[str, Cell, str], list[float]] = defaultdict(list)
    for metric, cell, method, value in values:
        every[metric, cell, method].append(value)
    found: Values = {"psnr": defaultdict(dict), "sam": defaultdict(dict)}
    for (metric, cell, method), several in every.items():
        found[metric][cell][method] = statistics.fmean(several)
    return found


def complete(found: Values) -> list[Cell]:
    """Return the cells that have every decisive row that the results have anywhere: a run that was interrupted has others too."""
    wanted = {row for values in found["psnr"].values() for row in values if row in DECISIVE}
    return [cell for cell, values in found["psnr"].items() if wanted <= set(values)]


def given(rows: Collection[str]) -> dict[str, str]:
    """Return row -> which of PSF and SRF it is given, such as 'PSF, SRF'; '' for blind rows."""
    knows = known_to(frozenset(row.removesuffix(NOTHING) for row in rows))
    return {row: "" if row.endswith(NOTHING) else knows[row] for row in rows}


@cache
def known_to(rows: frozenset[str]) -> dict[str, str]:
    """Return what ``given`` returns."""
    sys.path.insert(0, str(ROOT))
    from mossfuse.benchmark.plan.grid import Grid
    from mossfuse.benchmark.plan.settings import check_settings

    entry = {"dataset": "phantom", "degradations": [BASE], "methods": sorted(rows)}
    grid = Grid(check_settings({"name": "rows", "grid": [entry]}, "rows"))
    return {
        name: ", ".join(what.upper() for what in ("psf", "srf") if what in row.knows) for name, row in grid.rows.items()
    }


@cache
def default_of(degradation: str) -> str:
    """Return the method that ``mossfuse fuse`` runs on a pair of this degradation where it is given nothing."""
    import numpy as np

    from mossfuse.degradations import find_degradation
    from mossfuse.degradations.responses import find_response
    from mossfuse.pair.default_method import choose_method

    channels = len(find_response(find_degradation(degradation).srf)[0].table(None, None))
    pair: Any = SimpleNamespace(
        hsi=np.zeros((1, 1, 31)), msi=np.zeros((256, 256, channels)), sensor=SimpleNamespace(psf=None, srf=None)
    )
    return choose_method(None, None, pair)[0]


def default_row(degradation: str, rows: Collection[str]) -> str:
    """Return the default method's row: the one that is given nothing, as a user's pair, where it is among the rows."""
    name = default_of(degradation)
    return f"{name}{NOTHING}" if f"{name}{NOTHING}" in rows else name


def half_width(values: list[float]) -> float | None:
    """Return the half width of the 95 % interval of a mean (t); None for fewer than three values."""
    if len(values) - 1 not in T95:
        return None
    return T95[len(values) - 1] * statistics.stdev(values) / math.sqrt(len(values))


def interval(values: list[float], form: str = ".2f") -> str:
    """Return a mean, with the half width of its 95 % interval where three or more values give one."""
    half = half_width(values)
    return f"{statistics.fmean(values):{form}}{'' if half is None else f' ± {half:.2f}'}"


def labels(steps: list[str]) -> list[str]:
    """Return what differs between the steps of a sweep, as their names spell it; 'none' where a step has nothing there."""
    tokens = [step.split("-") for step in steps]
    most = max(map(len, tokens))
    padded = [[*own, *["none"] * (most - len(own))] for own in tokens]
    place = next(k for k in range(most) if len({own[k] for own in padded}) > 1)
    return [own[place] for own in padded]


def along(found: Values, name: str) -> tuple[list[str], dict[str, dict[str, dict[str, list[float]]]]]:
    """Return the finished steps of a sweep and method -> metric -> step -> values, of the scenes that every step has.

    No step where the base or all others are missing.
    """
    base, steps = SWEEPS[name]
    scenes: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for dataset, degradation, scene in complete(found):
        scenes[degradation].add((dataset, scene))
    here = [step for step in steps if step in scenes]
    if len(here) < 2 or base not in scenes:
        return [], {}
    common = sorted(set.intersection(*(scenes[step] for step in here)))
    cells = {step: [(dataset, step, scene) for dataset, scene in common] for step in here}
    rows = [set(found[metric].get(cell, {})) for metric in found for own in cells.values() for cell in own]
    methods = sorted(set.intersection(*rows)) if rows else []
    return here, {
        method: {
            metric: {step: [found[metric][cell][method] for cell in own] for step, own in cells.items()}
            for metric in found
        }
        for method in methods
    }


def scores(values: dict[str, list[float]], base: str) -> list[float]:
    """Return the robustness score of each scene: the mean over steps of the value there minus that at the base."""
    return [
        statistics.fmean(own) - start
        for own, start in zip(zip(*values.values(), strict=True), values[base], strict=True)
    ]


def curve(found: Values, name: str) -> tuple[list[str], list[list[str]]]:
    """Return the head and the rows of a sweep's table; no rows where it is not finished."""
    steps, methods = along(found, name)
    if not steps:
        return [], []
    base, knows = SWEEPS[name][0], given(methods)
    head = ["method", "given", *(f"`{label}`" for label in labels(steps)), "robustness, dB", "SAM, deg"]
    rows = []
    for method, values in methods.items():
        cells = [f"{interval(values['psnr'][step])} / {statistics.fmean(values['sam'][step]):.2f}" for step in steps]
        score, angle = (scores(values[metric], base) for metric in ("psnr", "sam"))
        rows.append(
            [
                f"`{method}`",
                knows[method] or "nothing",
                *cells,
                interval(score, "+.2f"),
                f"{statistics.fmean(angle):+.2f}",
            ]
        )
    return head, rows


def regrets(found: Values, default: Callable[[str, Collection[str]], str] = default_row) -> list[dict[str, Any]]:
    """Return one row for each cell: the best blind row and the default's distance to it, in dB, and in degrees and share of SAM.

    ``behind_db``, ``behind_sam_share``: its distance to the best row of any kind, ``ahead`` and ``ahead_sam``. Worst first.
    """
    knows = given({method for values in found["psnr"].values() for method in values})
    rows = []
    for cell in complete(found):
        values = found["psnr"][cell]
        own = default(cell[1], values)
        if own not in values:
            continue
        blind = {method: value for method, value in values.items() if not knows[method]}
        best, ahead = max(blind, key=blind.__getitem__), max(values, key=values.__getitem__)
        every = found["sam"][cell]
        sam = {method: value for method, value in every.items() if not knows[method]}
        least, closest = min(sam, key=sam.__getitem__), min(every, key=every.__getitem__)
        rows.append(
            {
                "dataset": cell[0], "degradation": cell[1], "scene": cell[2], "default": own, "best": best,
                "regret_db": values[best] - values[own], "best_sam": least, "regret_sam": sam[own] - sam[least],
                "regret_sam_share": sam[own] / sam[least] - 1, "ahead": ahead, "behind_db": values[ahead] - values[own],
                "ahead_sam": closest, "behind_sam_share": every[own] / every[closest] - 1,
            }
        )  # fmt: skip
    return sorted(rows, key=lambda row: -row["regret_db"])


def beyond(row: dict[str, Any]) -> bool:
    """Return whether a cell's regret is above the threshold of PSNR or of SAM."""
    return bool(row["regret_db"] > THRESHOLD_DB or row["regret_sam_share"] > THRESHOLD_SAM)


def by_degradation(rows: list[dict[str, Any]]) -> tuple[list[str], list[list[str]]]:
    """Return the head and the rows of the regret's table: mean and worst of each degradation."""
    order = {step: number for number, step in enumerate(step for _, steps in SWEEPS.values() for step in steps)}
    groups: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: order.get(row["degradation"], len(order))):
        groups[row["degradation"]].append(row)
    head = [
        "degradation", "default", "cells", "of them beyond", "mean regret, dB", "worst, dB", "worst SAM", "behind any row, worst dB",
    ]  # fmt: skip
    lines = []
    for degradation, group in groups.items():
        worst, angle = (max(group, key=lambda row: row[key]) for key in ("regret_db", "regret_sam_share"))
        far = max(group, key=lambda row: row["behind_db"])
        lines.append(
            [
                f"`{degradation}`", f"`{worst['default']}`", str(len(group)), str(sum(map(beyond, group))),
                f"{statistics.fmean(row['regret_db'] for row in group):.2f}",
                named(f"{worst['regret_db']:.2f}", worst["best"], worst, worst["regret_db"]),
                named(f"{100 * angle['regret_sam_share']:.1f} %", angle["best_sam"], angle, angle["regret_sam_share"]),
                named(f"{far['behind_db']:.2f}", far["ahead"], far, far["behind_db"]),
            ]
        )  # fmt: skip
    return head, lines


def named(text: str, best: str, row: dict[str, Any], amount: float) -> str:
    """Return a figure with the row that is better and the scene where; the figure alone where the default is the best."""
    return f"{text} (`{best}`, {row['scene']})" if amount > 0 else text


def verdict(rows: list[dict[str, Any]]) -> str:
    """Return how many cells exceed the thresholds, and the worst cell by name."""
    over, worst = [row for row in rows if beyond(row)], rows[0]
    where = f"{worst['scene']} under `{worst['degradation']}`"
    words = f"{where}, `{worst['default']}` {worst['regret_db']:.2f} dB below `{worst['best']}`" if worst["regret_db"] > 0 else "none, the default is the best blind row everywhere"  # fmt: skip
    return (
        f"{len(over)} of {len(rows)} cells exceed {THRESHOLD_DB} dB or {THRESHOLD_SAM:.0%} of SAM. Worst cell: {words}."
    )


def table(head: list[str], rows: list[list[str]]) -> list[str]:
    """Return the lines of a table."""
    return [f"| {' | '.join(line)} |" for line in (head, ["---"] * len(head), *rows)]


def main(arguments: list[str] | None = None) -> int:
    """Print the tables of a results folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path, help="folder of results")
    parser.add_argument(
        "--default", help="row of the default method (default: what `mossfuse fuse` runs on such a pair)"
    )
    parser.add_argument("--csv", type=Path, help="write the regret of every cell to this file")
    options = parser.parse_args(arguments)
    found = read(Paths(options.results).metrics)
    rows = regrets(found, (lambda *_: options.default) if options.default else default_row)
    if not rows:
        sys.stderr.write(
            f"{Paths(options.results).metrics} has no cell of '{options.default or 'the default method'}'; run config/sweeps.yaml first\n"
        )
        return 1
    lines = []
    for name in SWEEPS:
        head, body = curve(found, name)
        if body:
            lines += [f"{name}, PSNR dB / SAM deg, mean over scenes:", "", *table(head, body), ""]
    sys.stdout.write(
        "\n".join([*lines, "Regret of the default:", "", *table(*by_degradation(rows)), "", verdict(rows), ""])
    )
    if options.csv:
        with options.csv.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, rows[0].keys(), lineterminator="\n")
            writer.writeheader()
            writer.writerows({k: f"{v:.6g}" if isinstance(v, float) else v for k, v in row.items()} for row in rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
