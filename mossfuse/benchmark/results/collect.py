"""Gather every cell into the tables: scores, their means, times, and the catalogue of what they are about."""

import csv
import io
import math
from functools import cache

from mossfuse.benchmark.results.layout import METRIC_COLUMNS, TIMING_COLUMNS, VERSION
from mossfuse.benchmark.results.ranking import Run, field_of
from mossfuse.benchmark.results.remedy import with_remedy
from mossfuse.degradations.replicates import replicate_of
from mossfuse.errors import MossFuseError
from mossfuse.files.atomic import read_json, write_json, write_rows
from mossfuse.files.hashing import sha256_of

ALONE = 0.1  # processors that other work may keep busy, on average, while something is timed: the system's own work


def collect(grid, paths):
    """Write the tables of a finished grid (Paths); failed cells are rows with their reason."""
    cells = grid.cells()
    runs = {cell: read_json(paths.of_cell(cell).run) for cell in cells}
    rows = [row for cell in cells for row in metric_rows(grid, cell, runs[cell], paths)]
    write_rows(paths.metrics, METRIC_COLUMNS, rows)
    write_json(paths.summary, nested_means(rows))
    timing = [timing_row(grid, cell, paths) for cell in grid.timed_cells()]
    write_rows(paths.timing, TIMING_COLUMNS, timing)
    tables = {path.name: sha256_of(path) for path in (paths.metrics, paths.timing)}
    write_json(paths.catalogue, {**catalogue(grid), "tables": tables})


def seen_in_training(grid, cell):
    """Return True where the weights behind this cell were fitted with this scene, or, being a given file, may have been."""
    row, block = grid.rows[cell.method], grid.block_of(cell.dataset)
    if row.trained_here:
        return cell.scene in block.train_scenes
    own = block.train_scenes if row.weights_kind == "given" else ()
    return bool(row.weights) and cell.scene in {*block.spec.train, *own}


def metric_rows(grid, cell, run, paths):
    """Return a cell's rows of metrics.csv; ``reason`` is why the cell failed, or why a metric has no value."""
    block = grid.block_of(cell.dataset)
    split = "train" if cell.scene in block.spec.train else "test"
    replicate = replicate_of(grid.degradations[cell.degradation])
    head = (
        cell.dataset, cell.degradation, replicate.base, replicate.lattice, replicate.draw, cell.method, cell.scene, cell.seed, split,
        str(seen_in_training(grid, cell)).lower(), run["weights"], run["status"],
    )  # fmt: skip
    sha = pair_hash(paths, cell)
    if run["status"] != "ok":
        return [(*head, with_remedy(run), sha, "", "", "")]
    rows = read_scores(paths.of_cell(cell).score)
    return [(*head, r["reason"], sha, r["convention"], r["metric"], r["value"]) for r in rows]


def read_scores(path):
    """Return the rows of a finished cell's scores; raise MossFuseError where the file is cut short or damaged."""
    try:
        with open(path, newline="", encoding="utf-8") as stream:
            text = stream.read()
        rows = list(csv.DictReader(io.StringIO(text), strict=True))
        numbers = [float(row["value"]) for row in rows if not row["reason"]]
    except (ValueError, TypeError, KeyError, csv.Error):
        numbers = []
    if not numbers or not text.endswith("\n"):
        raise MossFuseError(f"{path} is damaged; delete it and run again to make it again")
    return rows


@cache
def pair_hash(paths, cell):
    """Return the content hash of the pair that this cell's method read."""
    facts = paths.pair_facts(cell.dataset, cell.degradation, cell.scene)
    return read_json(facts)["sha256"][:16]


def nested_means(rows):
    """Return dataset -> board -> method -> convention -> metric -> mean over seeds, replicates and the scenes that count.

    A method that is not ranked (mossfuse.benchmark.results.ranking) has no mean. A metric that could not be computed on a scene
    leaves it out.
    """
    entries = [dict(zip(METRIC_COLUMNS, row, strict=True)) for row in rows]
    runs, groups, out = {}, {}, {}
    for e in entries:
        run = Run(e["method"], e["scene"], e["seen_in_training"] == "true", e["status"] == "ok", e["degradation"])
        runs.setdefault((e["dataset"], e["board"]), []).append(run)
    fields = {place: field_of(many) for place, many in runs.items()}
    for e in entries:
        field = fields[e["dataset"], e["board"]]
        if e["value"] != "" and field.is_ranked(e["method"]) and e["scene"] in field.scenes:
            key = tuple(e[k] for k in ("dataset", "board", "method", "convention", "metric"))
            groups.setdefault(key, []).append(float(e["value"]))
    for key, values in groups.items():
        level = out
        for part in key[:-1]:
            level = level.setdefault(part, {})
        mean = math.fsum(values) / len(values)
        level[key[-1]] = float(f"{mean:.8g}") if math.isfinite(mean) else None
    return out


def timing_row(grid, cell, paths):
    """Return a cell's clock; that of a refinement includes its base's, because a refined cube costs both.

    The seconds of a training are given where it ran alone.
    """
    timing = read_json(paths.of_cell(cell).time)
    row = grid.rows[cell.method]
    if row.suffix:
        timing = with_base(timing, read_json(paths.of_cell(grid.base_cell(cell)).time))
    trained = {}
    if row.trained_here:
        record = paths.training(cell.dataset, cell.degradation, row.base, cell.seed).record
        trained = exclusive_seconds(read_json(record))
    blank = {**timing, **{k: getattr(cell, k) for k in ("dataset", "degradation", "method", "scene", "seed")}}
    blank |= trained
    return tuple("" if blank.get(k) is None else blank[k] for k in TIMING_COLUMNS)


def exclusive_seconds(record):
    """Return {'train_s', 'train_cpu_s'} of a training's record; {} where it failed, or other work ran beside it or may have."""
    others = record.get("other_cores")
    if record["status"] != "ok" or others is None or others > ALONE:
        return {}
    return {"train_s": record["seconds"], "train_cpu_s": record["cpu_seconds"]}


def with_base(timing, base):
    """Return the clock of a refinement and its base together: seconds add up, the rest is the base's; a failure stays one."""
    failed = next((t for t in (base, timing) if t["status"] != "ok"), None)
    if failed:
        return failed
    seconds = {k: timing[k] + base[k] for k in ("first_s", "median_s", "spread_s", "cpu_s")}
    larger = {
        k: max((t[k] for t in (timing, base) if t.get(k) is not None), default=None)
        for k in ("peak_rss_mb", "peak_gpu_mb", "other_cores")
    }
    return {**base, **seconds, **larger}


def catalogue(grid):
    """Return what the report says about methods, datasets, degradations and conventions, as plain data."""
    from mossfuse.metrics import CONVENTIONS, describe

    return {
        "version": VERSION,
        "methods": {
            name: {**describe_row(row), "tuned_on": tuned_scenes(grid, row)} for name, row in grid.rows.items()
        },
        "datasets": {b.label: describe_block(b) for b in grid.blocks},
        "degradations": {name: plain(d) for name, d in grid.degradations.items()},
        "conventions": {
            c: text for c, text in describe().items() if c in grid.config["conventions"] or c not in CONVENTIONS
        },
        "grid": [dict(entry) for entry in grid.config["grid"]],
        "config": grid.config,
    }


def tuned_scenes(grid, row):
    """Return dataset -> the scenes of the grid on which defaults of the row's method were chosen, where there are any."""
    found = {}
    for block in grid.blocks if row.method is not None else ():
        own = row.method.tuned_on.get(block.dataset, ())
        found.setdefault(block.label, {}).update(dict.fromkeys(scene for scene in block.scenes if scene in own))
    return {label: list(scenes) for label, scenes in found.items() if scenes}


def plain(spec):
    return {k: dict(v) if hasattr(v, "items") else v for k, v in vars(spec).items()}


def describe_row(row):
    if row.external is not None:
        return {**row.external, "knows": [], "trains": "external", "weights": "external", "published": [], "params": {}}
    method = row.method
    return {
        "title": row.title,
        "family": row.module.__name__.rpartition(".")[2],
        "citation": method.citation,
        "licence": method.licence,
        "knows": sorted(row.knows),
        "prefix": row.prefix,
        "shortened": row.shortened,
        "trains": method.trains,
        "weights": row.weights_kind,
        "note": method.note,
        "code": method.code,
        "params": dict(row.params),
        "train": dict(row.train),
        "refines": row.base if row.suffix else None,
        "published": [p.as_data() for p in method.published],
    }


def describe_block(block):
    spec = block.spec
    return {
        "dataset": spec.name, "title": spec.title, "citation": spec.citation, "terms": spec.terms, "url": spec.url, "note": spec.note,
        "shape": spec.shape, "train": block.train_scenes, "test": spec.test, "scenes": block.scenes,
        "options": dict(block.options),
    }  # fmt: skip
