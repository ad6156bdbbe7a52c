"""The files of docs/evidence/PART; the tables are called like those of the results that they are exported from."""

from mossfuse.benchmark.plan.paths import Paths

METRICS = Paths().metrics.name
TIMING = Paths().timing.name
CURVES = "curves.csv"
PROVENANCE = "provenance.json"
