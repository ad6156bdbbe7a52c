"""One page per scene: pictures, maps, bands, spectra, estimates and scores of every method beside the truth."""

import base64
import csv
import io
import shlex
from functools import cache
from pathlib import Path

import numpy as np

from mossfuse.benchmark.plan.cells import Cell
from mossfuse.benchmark.plan.paths import Paths
from mossfuse.benchmark.report.board import marks
from mossfuse.benchmark.report.degradation import ESTIMATED
from mossfuse.benchmark.report.load import read_history
from mossfuse.benchmark.report.more import missing_lines
from mossfuse.benchmark.report.style import metric_title, metric_unit, slug
from mossfuse.benchmark.results.ranking import ranks
from mossfuse.benchmark.results.statistics import scene_means
from mossfuse.errors import MossFuseError
from mossfuse.files.atomic import read_json
from mossfuse.metrics import find_column

VIEW_FILES = ("colour.webp", "error.webp", "sam.webp", "bands.webp", "errors.webp", "spectra.js")
SCENE_FILES = ("colour.webp", "hsi.webp", "msi.webp", "bands.webp", "hsi_bands.webp", "spectra.js")
NO_ESTIMATE = {"psf": None, "srf": None}
CURVE_POINTS = 300  # of a curve on a page


def page_name(board, scene):
    return f"scenes/{slug(board.dataset, board.degradation, scene)}.html"


def scene_picture(board, scene):
    """Return the file of a scene's picture in true colour."""
    return f"view/{slug(board.dataset)}/{slug(board.degradation)}/_truth/{slug(scene)}/colour.webp"


def scenes_of(results, board):
    """Return every scene of a board, those outside the means included."""
    return list(dict.fromkeys(results.board(board.dataset, board.degradation)["scene"]))


def scene_pages(results, boards, looks, site):
    """Yield (file, context) of every scene page and copy the pictures it shows."""
    for board in boards:
        rows = results.board(board.dataset, board.degradation)
        per_scene, values = dict(list(rows.groupby("scene", sort=False))), values_of_scenes(rows, board)
        scenes = list(per_scene)
        for number, scene in enumerate(scenes):
            around = {
                "before": page_name(board, scenes[number - 1]) if number else "",
                "after": page_name(board, scenes[number + 1]) if number + 1 < len(scenes) else "",
            }
            scores = score_table(per_scene[scene], values, board, scene)
            context = scene_context(results, board, scene, per_scene[scene], scores, looks, site)
            yield page_name(board, scene), {**context, **around}


def scene_context(results, board, scene, rows, scores, looks, site):
    """Return what the page of a scene shows and copy its pictures. rows: those of the scene; scores: its ``score_table``."""
    source = results.paths.scene_view(board.dataset, board.shown[scene], scene)
    if not (source / "view.json").exists():
        raise MossFuseError(f"{source / 'view.json'} does not exist; render the scene '{scene}' before the report")
    view = read_json(source / "view.json")
    folder = f"view/{slug(board.dataset)}/{slug(board.degradation)}/_truth/{slug(scene)}"
    for name in SCENE_FILES:
        site.copy(source / name, f"{folder}/{name}")
    per_method = {}
    for row in rows.to_dict("records"):
        per_method.setdefault(row["method"], []).append(row)
    cells = [
        cell_context(results, board, scene, m, per_method[m], looks[m], site)
        for m in board.table["method"]
        if m in per_method
    ]
    cells = [c for c in cells if c]
    shown = [c for c in cells if c["folder"]]
    places = {row["method"]: row["place"] for row in scores}
    data = {
        "shape": view["shape"][:2], "bands": view["shape"][2], "wavelengths": view["wavelengths"], "grid": view["grid"],
        "pixels": view["pixels"], "gaps": view.get("gaps", {}).get("grid", []), "sprites": view["sprites"], "root": f"../{folder}",
        "methods": [
            {
                "name": c["name"], "title": c["title"], "colour": c["colour"], "dash": c["dash"], "key": c["key"], "root": f"../{c['folder']}",
                "rank": places.get(c["name"]), "bands": band_scores(c["source"].bands),
            }
            for c in shown
        ],
        "true_srf": round_rows(view["srf"]) if view["srf"] else [],
        "srf": [c["estimate"]["srf"] | {"name": c["name"], "colour": c["colour"]} for c in shown if c["estimate"]["srf"]],
        "curves": fit_curves(results, board, scene, cells), "curve_label": axis_title(board.metrics[0]) if board.metrics else "",
    }  # fmt: skip
    return {
        "active": "", "page_title": f"{scene} · {board.dataset}", "board": board, "scene": scene, "view": view,
        "folder": f"../{folder}", "cells": cells, "scores": scores, "data": data,
        "estimated": results.catalogue["degradations"].get(board.shown[scene], {}).get("srf") == ESTIMATED,
        "psfs": [c for c in shown if c["estimate"]["psf"]], "counted": scene in board.scenes,
        "missing": missing_lines(results, board, scene),
        "true_psf": heat_image(view["psf"]) if view["psf"] else "",
    }  # fmt: skip


def cell_context(results, board, scene, method, rows, look, site):
    """Return what a page shows of one method on one scene (first replicate, first seed) and copy its pictures.

    rows: those of the method on the scene, as dictionaries. None where the method never ran on that replicate.
    """
    rows = [row for row in rows if row["degradation"] == board.shown[scene]]
    if not rows:
        return None
    finished = [row for row in rows if row["status"] == "ok"]
    seed = min(row["seed"] for row in finished or rows)
    here = Cell(board.dataset, board.shown[scene], method, scene, seed)
    source = results.paths.of_cell(here)
    cell = {
        "name": method, "title": results.title(method), "colour": look.colour, "dash": look.dash, "seed": seed, "source": source,
        "seeds": sorted({row["seed"] for row in rows}),
        "key": f"{board.dataset}/{board.shown[scene]}/{method}/{scene}/{seed}", "folder": "", "estimate": NO_ESTIMATE,
        "seen": any(row["seen_in_training"] for row in rows), "run": results.runs.get(here.name, {}),
        "reason": "; ".join(dict.fromkeys(row["reason"] for row in rows if row["status"] != "ok")),
        "files": files_of(results, here),
    }  # fmt: skip
    if finished:
        cell["folder"] = f"view/{slug(board.dataset)}/{slug(board.degradation)}/{slug(method)}/{slug(scene)}"
        for name in VIEW_FILES:
            site.copy(source.view / name, f"{cell['folder']}/{name}")
        scores = {}
        for row in finished:
            if row["convention"] == "estimate" and row["value"] == row["value"]:
                scores.setdefault(row["metric"], []).append(row["value"])
        scores = {metric: sum(values) / len(values) for metric, values in scores.items()}
        cell["estimate"] = estimate_context(
            source.estimate, scores, {p for p in NO_ESTIMATE if results.estimates(method, p)}
        )
    return cell


def files_of(results, cell):
    """Return where a cell's cube, record and log are and the command that computes it again, seen from the run's folder.

    Folders outside of it are given by their name alone, so that a report prints no place of the machine it was made on.
    """
    written = Path(results.catalogue.get("config", {}).get("results") or results.paths.results.name)
    paths = Paths(results=Path(written.name) if written.is_absolute() else written)
    files = paths.of_cell(cell)
    log = paths.cell_log("fuse", cell.dataset, cell.degradation, cell.method, cell.scene, cell.seed)
    return {"cube": files.cube.as_posix(), "record": files.run.as_posix(), "log": log.as_posix(),
            "command": f"mossfuse bench reproduce {shlex.quote(cell.name)}"}  # fmt: skip


def values_of_scenes(rows, board):
    """Return metric -> {(method, scene): value}, means over seeds and replicates, scenes seen in training included."""
    return {m: scene_means(rows, board.convention, m, include_seen=True).to_dict() for m in board.metrics}


def score_table(rows, values, board, scene):
    """Return the rows of the page's table: the scene's values, best and second marked, and the place of each method.

    rows: those of the scene; values: from ``values_of_scenes``. Places run over methods that finished and did not train
    on this scene, by the leading metric; equal values share one; others have None.
    """
    table = board.table[["method", "title", "trained_on"]].copy()
    cells = rows.groupby("method").agg(seen=("seen_in_training", "any"), failed=("status", lambda s: (s != "ok").any()))
    table = table[table["method"].isin(cells.index)].reset_index(drop=True)
    for metric in board.metrics:
        table[metric] = [values[metric].get((method, scene), np.nan) for method in table["method"]]
    for column in ("seen", "failed"):
        table[column] = cells[column].reindex(table["method"]).to_numpy(dtype=bool)
    table["rank"] = np.where(table["seen"] | table["failed"], np.nan, 1.0)
    places = {}
    if board.metrics:
        lead = board.metrics[0]
        lower = find_column(lead).lower_is_better
        table = table.sort_values(lead, ascending=lower, na_position="last", kind="stable")
        fair = table[table["rank"].notna()]
        places = ranks(dict(zip(fair["method"], fair[lead], strict=True)), lower)
    table = table.reset_index(drop=True)
    marked = {m: marks(table, m) for m in board.metrics}
    return [
        row | {"marks": {m: marked[m][k] for m in board.metrics}, "place": places.get(row["method"])}
        for k, row in enumerate(table.to_dict("records"))
    ]


def fit_curves(results, board, scene, cells):
    """Return the quality of the cubes that methods saved while they fitted the scene: name, colour, steps, values; one per seed."""
    if not board.metrics:
        return []
    curves = []
    for cell in cells:
        for seed in cell["seeds"]:
            table = read_history(results.paths.cell(board.dataset, board.shown[scene], cell["name"], scene, seed).curve)
            if len(table) and board.metrics[0] in table and table[board.metrics[0]].notna().any():
                table = thinned(table)
                values = [round(v, 4) if np.isfinite(v) else None for v in table[board.metrics[0]]]
                curves.append({"name": cell["name"], "title": cell["title"], "colour": cell["colour"], "seed": seed,
                               "steps": table["step"].tolist(), "values": values})  # fmt: skip
    return curves


def thinned(table, most=CURVE_POINTS):
    """Return at most ``most`` rows of a table, the first and the last among them."""
    if len(table) <= most:
        return table
    return table.iloc[np.unique(np.round(np.linspace(0, len(table) - 1, most)).astype(int))]


def axis_title(metric):
    unit = metric_unit(metric)
    return metric_title(metric) + (f" ({unit})" if unit else "")


def band_scores(path):
    """Return the PSNR of every band (None where it is not finite), or [] where the cell has none."""
    if not path.exists() or path.stat().st_size == 0:
        return []
    with open(path, newline="", encoding="utf-8") as stream:
        values = [float(row["psnr"] or "nan") for row in csv.DictReader(stream)]
    return [round(v, 3) if np.isfinite(v) else None for v in values]


def estimate_context(path, scores, parts):
    """Return a method's estimates of ``parts`` (psf, srf) for the page: PSF pictures on one scale, SRF curves, their errors."""
    if not path.exists() or path.stat().st_size == 0:
        return dict(NO_ESTIMATE)
    found, out = read_json(path), dict(NO_ESTIMATE)
    if "psf" in parts and found.get("psf_hat") is not None and found.get("psf_true") is not None:
        truth, estimate = same_size(np.asarray(found["psf_true"], float), np.asarray(found["psf_hat"], float))
        top = float(max(truth.max(), np.finfo(float).tiny))
        out["psf"] = {
            "truth": heat_image(truth, top), "estimate": heat_image(estimate, top),
            "difference": heat_image(np.abs(estimate - truth), top), "top": top,
            "max_error": scores.get("psf_max_error"), "l1": scores.get("psf_l1"),
        }  # fmt: skip
    if "srf" in parts and found.get("srf_hat") is not None and found.get("srf_true") is not None:
        out["srf"] = {
            "hat": round_rows(found["srf_hat"]),
            "mean_error": scores.get("srf_mean_abs_error"),
            "angle": scores.get("srf_sam"),
        }
    return out


def round_rows(values):
    return [[float(f"{v:.4g}") for v in row] for row in values]


def same_size(first, second):
    """Pad two kernels with zeros to a common size, their centres (element (k - 1) // 2 along each axis) on one pixel."""
    rows, cols = (max(a, b) for a, b in zip(first.shape, second.shape, strict=True))

    def pad(kernel):
        above, left = ((n - 1) // 2 - (k - 1) // 2 for n, k in zip((rows, cols), kernel.shape, strict=True))
        return np.pad(kernel, ((above, rows - kernel.shape[0] - above), (left, cols - kernel.shape[1] - left)))

    return pad(first), pad(second)


def heat_image(values, top=None):
    """Return a small matrix as a PNG data URI: 0 is dark, ``top`` (its maximum by default) is bright."""
    from PIL import Image

    values = np.asarray(values, float)
    top = top or float(values.max()) or 1.0
    levels = np.round(255 * np.clip(values / top, 0, 1)).astype(np.uint8)
    picture = Image.fromarray(levels, "P")
    picture.putpalette(heat_palette())
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"


@cache
def heat_palette():
    """Return the colours of ``heat_image`` as bytes."""
    import matplotlib

    return np.round(255 * matplotlib.colormaps["magma"](np.arange(256))[:, :3]).astype(np.uint8).tobytes()
