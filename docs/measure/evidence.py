"""Export finished cells to docs/evidence: python docs/measure/evidence.py [--results FOLDER] [--add | --replace | --describe] [PART ...].

Reads, for every part of config/evidence.yaml (or those named), the record, the scores, the curve and the clock of each of
its cells that has finished, so that a run that was interrupted gives what it has. Writes docs/evidence/PART/metrics.csv, timing.csv and curves.csv
(where there is something to write) and provenance.json. A part without any scored cell is left as it is.
With --add the cells that a part has already stay as they are, and those that it lacks join them: evidence grows from one machine to the next.
With --replace, too, but cells that were run again take the place of those that the part has.
With --describe no result is read or written: titles of rows, and which schedules are shorter than their papers', follow the present code again.
"""

import argparse
import io
import json
import logging
import sys
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).resolve().parent)]

from pages.layout import CURVES, METRICS, PROVENANCE, TIMING  # noqa: E402

from mossfuse.benchmark.plan.covered import CoveredCode  # noqa: E402
from mossfuse.benchmark.plan.grid import Grid  # noqa: E402
from mossfuse.benchmark.plan.paths import Paths  # noqa: E402
from mossfuse.benchmark.plan.settings import read_settings  # noqa: E402
from mossfuse.benchmark.results.collect import seen_in_training, timing_row  # noqa: E402
from mossfuse.benchmark.results.layout import TIMING_COLUMNS  # noqa: E402
from mossfuse.degradations.gaps import has_gaps  # noqa: E402
from mossfuse.files.atomic import replacing, write_json  # noqa: E402

logger = logging.getLogger("evidence")
EVIDENCE = ROOT / "docs" / "evidence"
SCORES = ("psnr", "sam", "ssim", "ergas")
NOTES = ("parameters", "iterations", "amount", "step", "held_out_start", "held_out_chosen")
WEIGHT = "weight "  # notes of a stack: how much came from whom
CURVE = ("step", "psnr", "sam")
DIGITS = "%.7g"
CELL = ["dataset", "degradation", "method", "scene", "seed"]
RUN_WITH = ("weights", "params", "train")  # what a row's values depend on


def main() -> None:
    """Export every part of the evidence that has finished cells, or those named on the command line."""
    logging.basicConfig(format="%(message)s", level=logging.INFO)
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("parts", nargs="*", metavar="PART", help="names of parts (default: all)")
    options.add_argument("--results", help="folder of the cells, where it is not the configuration's")
    options.add_argument("--checkpoints", help="folder of the trainings, where it is not the configuration's")
    options.add_argument(
        "--add", action="store_true", help="keep the cells that a part has, and add those that it lacks"
    )
    options.add_argument(
        "--replace", action="store_true", help="as --add, but cells that were run again take the place of the part's"
    )
    options.add_argument(
        "--describe", action="store_true", help="write again what follows from the rows' parameters alone"
    )
    chosen = options.parse_args()
    files = {Path(path).stem: path for path in evidence_parts()}
    for name in chosen.parts or files:
        settings = read_settings(ROOT / files[name])
        if chosen.describe:
            describe(Grid(settings), EVIDENCE / name / PROVENANCE)
            continue
        folders = {k: v for k, v in (("results", chosen.results), ("checkpoints", chosen.checkpoints)) if v}
        planned, scored = export(
            files[name], {**settings, **folders}, EVIDENCE / name, add=chosen.add, replace=chosen.replace
        )
        logger.info("%s: %d of %d cells%s", name, scored, planned, "" if scored else ", nothing written")


def describe(grid: Grid, path: Path) -> None:
    """Write the rows of a provenance file again where they were run with the parameters that the configuration has."""
    if not path.exists():
        return
    known = json.loads(path.read_text(encoding="utf-8"))
    for name, row in known["rows"].items():
        now = plain(about_row(grid, name)) if name in grid.rows else {}
        if all(row.get(key) == now.get(key) for key in RUN_WITH):
            known["rows"][name] = now
        else:
            logger.info("%s: %s was run with other parameters and stays as it is", path, name)
    write_json(path, known)


def evidence_parts() -> list[str]:
    """Return the configuration files of the evidence, relative to the repository."""
    return yaml.safe_load((ROOT / "config" / "evidence.yaml").read_text(encoding="utf-8"))["parts"]


def export(config: str, settings: dict, folder: Path, *, add: bool = False, replace: bool = False) -> tuple[int, int]:
    """Write the evidence of one part below ``folder``; return how many cells are planned and how many have scores.

    add: keep the cells of the part and add those that it lacks; replace: the same, but keep no cell that was run again.
    """
    grid, paths = Grid(settings), Paths.of(settings)
    known = cells_of(folder / METRICS) if add or replace else {}
    runs = {}
    for cell in grid.cells():
        files = paths.of_cell(cell)
        if key_of(cell) in known and not replace:
            continue
        if files.run.exists() and (files.score.exists() and files.score.stat().st_size or failed(files.run)):
            runs[cell] = json.loads(files.run.read_text(encoding="utf-8"))
    rows = [metric_row(grid, cell, run, paths.of_cell(cell).score) for cell, run in runs.items()]
    scored = sum(row["status"] == "ok" for row in rows)
    if not scored:
        return len(grid.cells()), 0
    before = json.loads((folder / PROVENANCE).read_text(encoding="utf-8")) if known else None
    now = provenance(config, grid, paths, runs)
    again = known.keys() & {key_of(cell) for cell in runs}
    write_json(folder / PROVENANCE, joined_provenance(without(before, known, again), now, folder) if before else now)
    order = {key_of(cell): k for k, cell in enumerate(grid.cells())}
    tables = {METRICS: pd.DataFrame(rows), TIMING: timing_table(grid, paths, runs), CURVES: curve_table(grid, paths)}
    for name, table in tables.items():
        write_table(folder / name, joined_table(folder / name, table, order, again) if before else table)
    return len(grid.cells()), scored


def key_of(cell) -> tuple[str, ...]:
    """Return a cell as the tables name it."""
    return tuple(str(value) for value in vars(cell).values())


def cells_of(path: Path) -> dict[tuple[str, ...], str]:
    """Return cell -> status of a table that was exported before; none where there is no such table."""
    if not path.exists():
        return {}
    table = pd.read_csv(path, dtype=str)
    return dict(zip(table[CELL].itertuples(index=False, name=None), table["status"], strict=True))


def joined_table(path: Path, table: pd.DataFrame, order: dict, again: set[tuple[str, ...]]) -> pd.DataFrame:
    """Return an exported table as it is, letter by letter, with the lines of ``table`` among them in the order of the cells.

    again: cells whose exported lines are left out.
    """
    text = io.StringIO(table.to_csv(index=False, float_format=DIGITS) if len(table) else "")
    parts = [
        pd.read_csv(source, dtype=str)
        for source in (path if path.exists() else None, text if len(table) else None)
        if source
    ]
    if not parts:
        return table
    if path.exists():
        parts[0] = parts[0][[cell not in again for cell in parts[0][CELL].itertuples(index=False, name=None)]]
    joined = pd.concat(parts, ignore_index=True)
    places = [order.get(cell, len(order)) for cell in joined[CELL].itertuples(index=False, name=None)]
    return joined.iloc[pd.Series(places).argsort(kind="stable")]


def without(before: dict, known: dict[tuple[str, ...], str], again: set[tuple[str, ...]]) -> dict:
    """Return the provenance of a part without the cells that were run again.

    Rows of which none is kept lose the digest of their code. CPU minutes are shared out by the number of cells; counts of commits and
    devices lose theirs where there is only one, as no cell says which was its own.
    """
    if not again:
        return before
    place = CELL.index("method")
    kept = {cell[place] for cell in known.keys() - again}
    scored = sum(known[cell] == "ok" for cell in again)
    rows = {name: digests for name, digests in before["code"]["rows"].items() if name in kept}
    return {
        **before,
        "cells": {
            **before["cells"],
            "scored": before["cells"]["scored"] - scored,
            "failed": before["cells"]["failed"] - (len(again) - scored),
        },
        "cpu_minutes": before["cpu_minutes"] * (1 - len(again) / len(known)),
        "code": {**before["code"], "rows": rows},
        "rows": {name: row for name, row in before["rows"].items() if name in kept},
        **{
            key: {name: count - scored for name, count in before[key].items() if count > scored}
            if len(before[key]) == 1
            else before[key]
            for key in ("commits", "device")
        },
    }


def joined_provenance(before: dict, now: dict, folder: Path) -> dict:
    """Return the provenance of cells that were exported before and of cells that join them."""
    for name in before["rows"].keys() & now["rows"].keys():
        if any(before["rows"][name].get(key) != plain(now["rows"][name]).get(key) for key in RUN_WITH):
            raise SystemExit(
                f"{folder}: {name} was run with other parameters before; export the part without --add to replace its cells"
            )
    return {
        **now,
        "cells": {
            "planned": now["cells"]["planned"],
            **{k: before["cells"][k] + now["cells"][k] for k in ("scored", "failed")},
        },
        **{key: dict(Counter(before[key]) + Counter(now[key])) for key in ("commits", "device")},
        "started": [min(before["started"][0], now["started"][0]), max(before["started"][1], now["started"][1])],
        "cpu_minutes": round(before["cpu_minutes"] + now["cpu_minutes"], 2),
        "threads": sorted({*before["threads"], *now["threads"]}),
        **{key: union(before[key], now[key]) for key in ("versions", "code")},
        "rows": {**now["rows"], **before["rows"]},
    }


def union(one: Any, other: Any) -> Any:
    """Return two nested dictionaries as one; where their values differ, the list of both."""
    if isinstance(one, dict):
        return {
            k: union(one[k], other[k]) if k in one and k in other else one.get(k, other.get(k))
            for k in {**one, **other}
        }
    values = sorted({*(one if isinstance(one, list) else [one]), *(other if isinstance(other, list) else [other])})
    return values if isinstance(one, list) or len(values) > 1 else values[0]


def plain(row: dict) -> dict:
    """Return a row as it comes back from a file."""
    return json.loads(json.dumps(row, default=str))


def failed(record: Path) -> bool:
    """Return whether a run ended without a cube."""
    return json.loads(record.read_text(encoding="utf-8"))["status"] != "ok"


def metric_row(grid: Grid, cell, run: dict, score: Path) -> dict:
    """Return a cell's line of metrics.csv."""
    marks = {"seen_in_training": seen_in_training(grid, cell), "tuned_on": tuned_on(grid, cell)}
    row = {**vars(cell), "status": run["status"], **{name: str(value).lower() for name, value in marks.items()}}
    if run["status"] != "ok":
        return {**row, "reason": run["reason"]}
    scores = pd.read_csv(score)
    wanted = set(grid.conventions_of(cell))
    for line in scores.itertuples():
        if line.convention in wanted and line.metric in SCORES:
            row[f"{line.convention} {line.metric}"] = line.value
    if run.get("device") == "cuda":
        row["gpu"] = run["device_name"]
    notes = run.get("notes") or {}
    kept = [*NOTES, *(key for key in notes if key.startswith(WEIGHT))]
    return row | {f"note {key}": notes[key] for key in kept if notes.get(key) is not None}


def tuned_on(grid: Grid, cell) -> bool:
    """Return whether defaults of the cell's method were chosen on this scene, or the scene was looked at meanwhile."""
    method = grid.rows[cell.method].method
    return method is not None and cell.scene in method.tuned_on.get(grid.block_of(cell.dataset).dataset, ())


def timing_table(grid: Grid, paths: Paths, runs: dict) -> pd.DataFrame:
    """Return the clock's figures of the timed cells that have them."""
    cells = [cell for cell in grid.timed_cells() if cell in runs and all_timed(grid, cell, paths)]
    return pd.DataFrame([timing_row(grid, cell, paths) for cell in cells], columns=list(TIMING_COLUMNS))


def all_timed(grid: Grid, cell, paths: Paths) -> bool:
    """Return whether a cell, and the cell that it refines, have been timed."""
    cells = [cell, grid.base_cell(cell)] if grid.rows[cell.method].suffix else [cell]
    return all(paths.of_cell(each).time.exists() for each in cells)


def curve_table(grid: Grid, paths: Paths) -> pd.DataFrame:
    """Return the scores of the cubes that were saved during fits, one line per cube."""
    tables = []
    for cell in grid.traced_cells():
        path = paths.of_cell(cell).curve
        if path.exists() and path.stat().st_size:
            curve = pd.read_csv(path)
            if len(curve):
                tables.append(curve[[c for c in CURVE if c in curve]].assign(**vars(cell)))
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()


def provenance(config: str, grid: Grid, paths: Paths, runs: dict) -> dict:
    """Return where the values of a part come from, as plain data."""
    covered = CoveredCode(grid)
    ran = [run for run in runs.values() if run["status"] == "ok"]
    return {
        "configuration": config,
        "exported": date.today().isoformat(),
        "cells": {"planned": len(grid.cells()), "scored": len(ran), "failed": len(runs) - len(ran)},
        "make": f"snakemake --cores all --keep-going --configfile {config} tables",
        "reproduce": "mossfuse bench reproduce runs/evidence/results/DATASET/DEGRADATION/METHOD/SCENE/seedN",
        "commits": dict(Counter(f"{str(run['commit'])[:10]}{'+' if run['dirty'] else ''}" for run in ran)),
        "started": [min(run["started"] for run in ran), max(run["started"] for run in ran)],
        "device": dict(Counter(str(run["device_name"]) for run in ran)),
        "cpu_minutes": round(sum(run.get("cpu_seconds") or 0 for run in ran) / 60, 2),
        "threads": sorted({run["threads"] for run in ran}),
        "versions": versions(ran),
        "code": {"rows": row_digests(covered, runs), **shared_digests(covered, grid, runs)},
        "rows": {name: about_row(grid, name) for name in dict.fromkeys(cell.method for cell in runs)},
    }


def versions(ran: list[dict]) -> dict:
    """Return package -> version, or the versions where cells differ."""
    out = {}
    for name in sorted({name for run in ran for name in run["versions"]}):
        found = sorted({str(run["versions"].get(name)) for run in ran})
        out[name] = found[0] if len(found) == 1 else found
    return out


def row_digests(covered: CoveredCode, runs: dict) -> dict:
    """Return row -> digest of the code that ran it: that in its records, all of them where they differ."""
    out: dict = {}
    for cell, run in runs.items():
        out.setdefault(cell.method, set()).add(recorded(run, "row") or covered.row(cell.method))
    return {name: sorted(digests) for name, digests in out.items()}


def shared_digests(covered: CoveredCode, grid: Grid, runs: dict) -> dict:
    """Return the digests of what all rows share: the harness, the datasets, the sensors and the metrics."""
    harness = {recorded(run, "harness") or covered.harness("fuse") for run in runs.values()}
    gaps = any(has_gaps(grid.degradations[cell.degradation]) for cell in runs)
    masked = ("degrade_masked", "score_masked") if gaps else ()
    return {
        "harness": {
            "fuse": sorted(harness),
            **{job: [covered.harness(job)] for job in ("prepare", "degrade", "score", *masked)},
        },
        "datasets": {label: [covered.dataset(label)] for label in dict.fromkeys(cell.dataset for cell in runs)},
        "sensors": {name: [covered.sensor(name)] for name in dict.fromkeys(base_of(cell.degradation) for cell in runs)},
        "conventions": {c: [covered.metrics([c])] for c in grid.config["conventions"]},
    }


def base_of(degradation: str) -> str:
    """Return the degradation without sampling phase and draw of the noise, which no code depends on."""
    from mossfuse.degradations import find_degradation
    from mossfuse.degradations.replicates import replicate_of

    return replicate_of(find_degradation(degradation)).base


def recorded(run: dict, what: str) -> str | None:
    """Return a digest from a cell's record: that of the row or of the harness; None where it has none."""
    return (run.get("code") or {}).get(what)


def about_row(grid: Grid, name: str) -> dict:
    """Return how a row was set and trained."""
    row = grid.rows[name]
    about = {
        "title": row.title,
        "weights": row.weights_kind,
        "params": row.params,
        "shortened": row.shortened,
    }
    return about | ({"train": row.train} if row.trained_here else {})


def write_table(path: Path, table: pd.DataFrame) -> None:
    """Write a table, or remove the file where there is nothing to write."""
    if table.empty:
        path.unlink(missing_ok=True)
        return
    with replacing(path) as new:
        table.to_csv(new, index=False, float_format=DIGITS, lineterminator="\n")


if __name__ == "__main__":
    main()
