"""The last word of a run: an exit status that tells, and a next run that tries exactly what failed."""

import json
from pathlib import Path


def verdict(runs, trainings, out):
    """Read every run.json and train.json; write ``out`` where all succeeded and return the failures otherwise.

    The status files of what failed are removed, so that the next run plans exactly these cells again; the
    tables and the report keep their rows and reasons.
    """
    failures = [(Path(p), json.loads(Path(p).read_text())) for p in [*trainings, *runs]]
    failures = [(path, record) for path, record in failures if record["status"] != "ok"]
    if not failures:
        Path(out).write_text(f"{len(runs)} cells finished, none failed\n")
    for path, _ in failures:
        forget(path)
    return [describe(record) for _, record in failures]


def forget(path):
    """Remove a failed run's status and its empty products."""
    for name in ("fused.mat", "weights.pt", "history.csv", "score.csv", "time.json"):
        path.with_name(name).unlink(missing_ok=True)
    path.unlink(missing_ok=True)


def describe(record):
    place = "/".join(str(record[k]) for k in ("dataset", "degradation", "method", "scene") if k in record)
    kind = "" if "scene" in record else "training of "
    return f"{kind}{place} seed {record['seed']}: {record['reason']}"
