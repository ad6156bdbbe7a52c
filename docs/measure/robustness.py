"""Make the tables of a finished sweep: curves, a robustness score, and the regret of the default method.

    python3 run.py -- --configfile config/sweeps.yaml
    python docs/measure/robustness.py runs/sweeps/results                 # print the tables
    python docs/measure/robustness.py runs/sweeps/results --csv regret.csv

- A curve is the mean PSNR over scenes at each step, with a 95 % interval of it (t, over scenes) where there are three or more.
- The robustness score of a method in a sweep is the mean over its steps of (PSNR at the step - PSNR at the sweep's own base), in dB:
  0 loses nothing, a base that is itself the hardest step gives a positive score.
- The regret on a cell (scene, degradation) is the best PSNR of a blind row minus that of the default row, and likewise for SAM; 0 where the
  default is the best. Rows that are given a PSF or an SRF are not blind and do not count.
"""

import argparse
import csv
import math
import statistics
import sys
from collections import defaultdict
from pathlib import Path

from mossfuse.benchmark.plan.paths import Paths

ROOT = Path(__file__).resolve().parents[2]
DEFAULT = "nsgp"
BASE = "x8-gauss7s2-nikond5100"
WIDE = "x8-gauss15s2-nikond5100"
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
}  # fmt: skip
T95 = {2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 7: 2.365, 8: 2.306, 9: 2.262}  # by degrees of freedom
THRESHOLD_DB, THRESHOLD_SAM = 0.1, 0.02

Cell = tuple[str, str, str]  # dataset, degradation, scene
Values = dict[str, dict[Cell, dict[str, float]]]  # metric -> cell -> method -> value


def read(path: Path) -> Values:
    """Return the std1 values of a table of scores by metric, cell and method: means over seeds."""
    every: dict[tuple, list[float]] = defaultdict(list)
    with path.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            if row["convention"] == "std1" and row["metric"] in ("psnr", "sam") and row["value"]:
                key = row["metric"], (row["dataset"], row["degradation"], row["scene"]), row["method"]
                every[key].append(float(row["value"]))
    found: Values = {"psnr": defaultdict(dict), "sam": defaultdict(dict)}
    for (metric, cell, method), values in every.items():
        found[metric][cell][method] = statistics.fmean(values)
    return found


def blind_rows(rows: set[str]) -> set[str]:
    """Return the rows that are given neither PSF nor SRF."""
    sys.path.insert(0, str(ROOT))
    from mossfuse.benchmark.plan.grid import Grid
    from mossfuse.benchmark.plan.settings import check_settings

    entry = {"dataset": "phantom", "degradations": [BASE], "methods": sorted(rows)}
    grid = Grid(check_settings({"name": "rows", "grid": [entry]}, "rows"))
    return {name for name, row in grid.rows.items() if not {"psf", "srf"} & set(row.knows)}


def interval(values: list[float]) -> str:
    """Return a mean, with the half width of its 95 % interval where three or more values give one."""
    mean = statistics.fmean(values)
    if len(values) < 3 or len(values) - 1 not in T95:
        return f"{mean:.2f}"
    return f"{mean:.2f} ± {T95[len(values) - 1] * statistics.stdev(values) / math.sqrt(len(values)):.2f}"


def curves(found: Values) -> list[str]:
    """Return the lines of the curves and robustness scores, one table for each sweep that has all its steps."""
    by_step: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for (_, degradation, _), values in found["psnr"].items():
        for method, value in values.items():
            by_step[degradation][method].append(value)
    lines = []
    for name, (base, steps) in SWEEPS.items():
        here = [step for step in steps if step in by_step]
        if len(here) < 2 or base not in by_step:
            continue
        methods = sorted(set.intersection(*(set(by_step[step]) for step in here)))
        lines += [
            "",
            f"{name}, PSNR in dB",
            "",
            f"| method | {' | '.join(f'`{step}`' for step in here)} | robustness, dB |",
        ]
        lines += ["|---" * (len(here) + 2) + "|"]
        for method in methods:
            means = [statistics.fmean(by_step[step][method]) for step in here]
            score = statistics.fmean(means) - statistics.fmean(by_step[base][method])
            cells = " | ".join(interval(by_step[step][method]) for step in here)
            lines.append(f"| `{method}` | {cells} | {score:+.2f} |")
    return lines


def regrets(found: Values, default: str = DEFAULT) -> list[dict]:
    """Return one row for each cell: the best blind row and the default's distance to it, in dB, and in degrees of SAM."""
    blind = blind_rows({method for values in found["psnr"].values() for method in values})
    rows = []
    for cell, values in found["psnr"].items():
        if default not in values:
            continue
        sam = found["sam"].get(cell, {})
        best = max((m for m in values if m in blind), key=values.__getitem__, default=default)
        least = min((sam[m] for m in sam if m in blind), default=math.nan)
        own = sam.get(default, math.nan)
        rows.append(
            {
                "dataset": cell[0], "degradation": cell[1], "scene": cell[2], "best": best,
                "regret_db": max(0.0, values[best] - values[default]), "regret_sam": max(0.0, own - least),
                "regret_sam_share": max(0.0, own / least - 1) if least else math.nan,
            }
        )  # fmt: skip
    return sorted(rows, key=lambda row: -row["regret_db"])


def summary(rows: list[dict]) -> list[str]:
    """Return the lines of the regret's table: mean and worst of each degradation, and the worst cell by name."""
    groups: dict[str, list[dict]] = defaultdict(list)
    for row in rows:
        groups[row["degradation"]].append(row)
    lines = ["", "| degradation | cells | mean regret, dB | worst, dB | worst SAM | best instead |", "|---" * 6 + "|"]
    for degradation, group in sorted(groups.items()):
        worst = max(group, key=lambda row: row["regret_db"])
        instead = f"`{worst['best']}` on {worst['scene']}" if worst["regret_db"] > 0 else "none"
        lines.append(
            f"| `{degradation}` | {len(group)} | {statistics.fmean(r['regret_db'] for r in group):.3f} | {worst['regret_db']:.3f} | "
            f"{100 * max(r['regret_sam_share'] for r in group):.1f} % | {instead} |"
        )
    over = [r for r in rows if r["regret_db"] > THRESHOLD_DB or r["regret_sam_share"] > THRESHOLD_SAM]
    worst = rows[0]
    lines += [
        "",
        f"{len(over)} of {len(rows)} cells exceed {THRESHOLD_DB} dB or {THRESHOLD_SAM:.0%} of SAM. Worst cell: {worst['scene']} under "
        f"{worst['degradation']}, {worst['regret_db']:.2f} dB below {worst['best']}.",
    ]
    return lines


def main(arguments: list[str] | None = None) -> int:
    """Print the tables of a results folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path, help="folder of results")
    parser.add_argument("--default", default=DEFAULT, help=f"row of the default method (default: {DEFAULT})")
    parser.add_argument("--csv", type=Path, help="write the regret of every cell to this file")
    options = parser.parse_args(arguments)
    found = read(Paths(options.results).metrics)
    rows = regrets(found, options.default)
    if not rows:
        sys.stderr.write(
            f"{Paths(options.results).metrics} has no cell of '{options.default}'; run config/sweeps.yaml first\n"
        )
        return 1
    sys.stdout.write(
        "\n".join(["Curves, mean over scenes:", *curves(found), "", "Regret of the default:", *summary(rows), ""])
    )
    if options.csv:
        with options.csv.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, rows[0].keys(), lineterminator="\n")
            writer.writeheader()
            writer.writerows({k: f"{v:.6g}" if isinstance(v, float) else v for k, v in row.items()} for row in rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
