"""Simulate how often 95 % intervals of a mean cover it.

    python docs/measure/coverage.py           # print
    python docs/measure/coverage.py --write   # and write docs/evidence/coverage; then docs/measure/tables.py --write

Samples of n values are drawn from a normal, a gamma (shape 4, skewness 1) and an exponential distribution (skewness 2). The
bootstrap-t is the report's own function (mossfuse.benchmark.results.intervals) with 1,999 resamples instead of 9,999.
"""

import argparse
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).resolve().parent)]

from recording import record  # noqa: E402

from mossfuse.benchmark.results.intervals import bootstrap_t, student_t  # noqa: E402

SIZES = (2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 20, 24, 32)
SAMPLES, BATCH, RESAMPLES = 20_000, 2_000, 1_999
KINDS = {
    "normal": (lambda rng, shape: rng.normal(size=shape), 0.0),
    "gamma": (lambda rng, shape: rng.gamma(4, size=shape), 4.0),
    "exponential": (lambda rng, shape: rng.exponential(size=shape), 1.0),
}
RULES = {"Student's t": student_t, "bootstrap-t": lambda values: bootstrap_t(values, resamples=RESAMPLES)}
HEAD = ("n", "rule", "distribution", "coverage")


def main() -> None:
    """Simulate, print and, where asked, write."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--write", action="store_true", help="write docs/evidence/coverage")
    options.add_argument("--samples", type=int, default=SAMPLES, help="samples of each size and kind")
    chosen = options.parse_args()
    rows = []
    for n in SIZES:
        for (rule, kind), value in coverages(n, chosen.samples).items():
            rows.append((n, rule, kind, f"{value:.2f}"))
            sys.stdout.write(" ".join(map(str, rows[-1])) + "\n")
            sys.stdout.flush()
    if chosen.write:
        make, code = "docs/measure/coverage.py --write", ("mossfuse.benchmark.results.intervals",)
        record("coverage", "coverage", HEAD, rows, make, code=code, samples=chosen.samples)


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


if __name__ == "__main__":
    main()
