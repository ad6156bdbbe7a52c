"""Final check of a run: exit with an error if any cell failed, and clear its status so that the next run retries it."""

from mossfuse.benchmark.results.remedy import with_remedy
from mossfuse.files.atomic import read_json, write_text


def verdict(cells, trainings, out):
    """Return one line for every failed cell (CellFiles) and training (TrainingFiles); write ``out`` where there is none.

    The status files of what failed are removed, so that the next run plans exactly these again; the tables and the
    report keep their rows and reasons.
    """
    runs = [(files.record, training_products(files)) for files in trainings]
    runs += [(files.run, cell_products(files)) for files in cells]
    failures = [(path, products, read_json(path)) for path, products in runs]
    failures = [failure for failure in failures if failure[2]["status"] != "ok"]
    if not failures:
        write_text(out, f"{len(cells)} cells finished, none failed\n")
    for path, products, _ in failures:
        for product in (*products, path):
            product.unlink(missing_ok=True)
    return [describe(record) for _, _, record in failures]


def cell_products(files):
    """Return the files of a failed cell that a new run makes again."""
    return files.cube, files.history, files.score, files.time


def training_products(files):
    """Return the files of a failed training that a new run makes again."""
    return files.weights, files.history


def describe(record):
    """Return one line: what failed, and why."""
    place = "/".join(str(record[k]) for k in ("dataset", "degradation", "method", "scene") if k in record)
    kind = "" if "scene" in record else "training of "
    return f"{kind}{place} seed {record['seed']}: {with_remedy(record)}"
