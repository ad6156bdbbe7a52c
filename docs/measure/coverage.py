"""Simulate how often 95 % intervals of a mean cover it, and write the table of docs/statistics.md.

    python docs/measure/coverage.py           # print the table
    python docs/measure/coverage.py --write   # and put it into the page, and its numbers into docs/evidence/coverage

Samples of n values are drawn from a normal, a gamma (shape 4, skewness 1) and an exponential distribution (skewness 2). The
bootstrap-t is the report's own function (mossfuse.benchmark.results.intervals) with 1,999 resamples instead of 9,999.
"""

import argparse
import re
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).resolve().parent)]

from recording import record  # noqa: E402

from mossfuse.benchmark.results.intervals import SMALLEST, bootstrap_t, student_t  # noqa: E402

SIZES = (2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 20, 24, 32)
SAMPLES, BATCH, RESAMPLES = 20_000, 2_000, 1_999
KINDS = {
    "normal": (lambda rng, shape: rng.normal(size=shape), 0.0),
    "gamma": (lambda rng, shape: rng.gamma(4, size=shape), 4.0),
    "exponential": (lambda rng, shape: rng.exponential(size=shape), 1.0),
}
RULES = {"Student's t": student_t, "bootstrap-t": lambda values: bootstrap_t(values, resamples=RESAMPLES)}
PAGE = ROOT / "docs" / "statistics.md"
PLACE = re.compile(r"(<!-- coverage: begin -->\n).*(<!-- coverage: end -->)", re.DOTALL)
LEAST, MOST = 93.0, 97.0


def main() -> None:
    """Simulate, print the table and, where asked, write it."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--write", action="store_true", help="write the page and the evidence")
    options.add_argument("--samples", type=int, default=SAMPLES, help="samples of each size and kind")
    chosen = options.parse_args()
    found = {n: coverages(n, chosen.samples) for n in SIZES}
    text = table(found)
    sys.stdout.write(text)
    if chosen.write:
        rows = [(n, rule, kind, f"{value:.2f}") for n, of in found.items() for (rule, kind), value in of.items()]
        head = ("n", "rule", "distribution", "coverage")
        record(
            "coverage",
            "coverage",
            head,
            rows,
            "docs/measure/coverage.py --write",
            samples=chosen.samples,
            code=("mossfuse.benchmark.results.intervals",),
        )
        page = PAGE.read_text(encoding="utf-8")
        PAGE.write_text(PLACE.sub(lambda place: f"{place[1]}\n{text}\n{place[2]}", page), encoding="utf-8")


def coverages(n: int, samples: int) -> dict[tuple[str, str], float]:
    """Return (rule, distribution) -> percentage of samples of n values whose interval covers the true mean."""
    out = {}
    for kind, (draw, mean) in KINDS.items():
        rng, hits = np.random.default_rng([n, len(kind)]), dict.fromkeys(RULES, 0)
        for _ in range(samples // BATCH):
            values = draw(rng, (BATCH, n))
            for rule, interval in RULES.items():
                low, high = interval(values)
                hits[rule] += int(((low <= mean) & (mean <= high)).sum())
        out |= {(rule, kind): 100 * count / (samples // BATCH * BATCH) for rule, count in hits.items()}
    return out


def table(found: dict[int, dict[tuple[str, str], float]]) -> str:
    """Return the table as Markdown; coverages outside 93 to 97 % are marked."""
    heads = [f"{rule}, {kind}" for rule in RULES for kind in KINDS]
    lines = [f"| n | {' | '.join(heads)} | shown |", "|---:" * (len(heads) + 1) + "|---|"]
    for n, of in found.items():
        cells = [f"{of[rule, kind]:.1f}" for rule in RULES for kind in KINDS]
        cells = [text if LEAST <= float(text) <= MOST else f"*{text}*" for text in cells]
        lines.append(f"| {n} | {' | '.join(cells)} | {'bootstrap-t' if n >= SMALLEST else 'none'} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
