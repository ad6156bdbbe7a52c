"""One page per scene: pictures, maps, bands, spectra, estimates and scores of every method beside the truth."""

import base64
import io

import numpy as np
import pandas as pd

from mossfuse.benchmark.plan.cells import Cell
from mossfuse.benchmark.report.board import marks
from mossfuse.benchmark.report.drawing import draw_curves
from mossfuse.benchmark.report.more import missing_lines
from mossfuse.benchmark.report.style import slug
from mossfuse.benchmark.results.statistics import scene_values
from mossfuse.errors import MossFuseError
from mossfuse.files.atomic import read_json
from mossfuse.metrics import find_column

VIEW_FILES = ("colour.png", "error.png", "sam.png", "bands.jpg", "errors.jpg", "spectra.js", "spectra.csv")
SCENE_FILES = ("colour.png", "hsi.png", "msi.png", "bands.jpg", "hsi_bands.png", "spectra.js", "spectra.csv")
NO_ESTIMATE = {"psf": None, "srf": None}


def page_name(board, scene):
    return f"scenes/{slug(board.dataset, board.degradation, scene)}.html"


def scene_picture(board, scene):
    """Return the file of a scene's picture in true colour."""
    return f"view/{slug(board.dataset)}/{slug(board.degradation)}/_truth/{slug(scene)}/colour.png"


def scenes_of(results, board):
    """Return every scene of a board, those outside the means included."""
    return list(dict.fromkeys(results.board(board.dataset, board.degradation)["scene"]))


def scene_pages(results, boards, colours, site):
    """Yield (file, context) of every scene page and copy the pictures it shows."""
    for board in boards:
        scenes = scenes_of(results, board)
        for number, scene in enumerate(scenes):
            around = {
                "before": page_name(board, scenes[number - 1]) if number else "",
                "after": page_name(board, scenes[number + 1]) if number + 1 < len(scenes) else "",
            }
            yield page_name(board, scene), {**scene_context(results, board, scene, colours, site), **around}


def scene_context(results, board, scene, colours, site):
    source = results.paths.scene_view(board.dataset, board.shown[scene], scene)
    if not (source / "view.json").exists():
        raise MossFuseError(f"{source / 'view.json'} does not exist; render the scene '{scene}' before the report")
    view = read_json(source / "view.json")
    folder = f"view/{slug(board.dataset)}/{slug(board.degradation)}/_truth/{slug(scene)}"
    for name in SCENE_FILES:
        site.copy(source / name, f"{folder}/{name}")
    cells = [cell_context(results, board, scene, m, colours, site) for m in board.table["method"]]
    cells = [c for c in cells if c]
    shown = [c for c in cells if c["folder"]]
    data = {
        "shape": view["shape"][:2], "bands": view["shape"][2], "wavelengths": view["wavelengths"], "grid": view["grid"],
        "pixels": view["pixels"], "sprites": view["sprites"], "root": f"../{folder}",
        "truth": chosen_spectra(source / "spectra.csv", "truth"),
        "methods": [
            {
                "name": c["name"], "title": c["title"], "colour": c["colour"], "key": c["key"], "root": f"../{c['folder']}",
                "chosen": chosen_spectra(c["source"].view / "spectra.csv", "estimate"),
                "bands": band_scores(c["source"].bands),
            }
            for c in shown
        ],
        "true_srf": round_rows(view["srf"]) if view["srf"] else [],
        "srf": [c["estimate"]["srf"] | {"name": c["name"], "colour": c["colour"]} for c in shown if c["estimate"]["srf"]],
    }  # fmt: skip
    return {
        "active": "", "page_title": f"{scene} · {board.dataset}", "board": board, "scene": scene, "view": view,
        "folder": f"../{folder}", "cells": cells, "scores": score_table(results, board, scene), "data": data,
        "psfs": [c for c in shown if c["estimate"]["psf"]], "counted": scene in board.scenes,
        "missing": missing_lines(results, board, scene),
        "curve": draw_curves(results, board, scene, colours, site),
        "true_psf": heat_image(view["psf"]) if view["psf"] else "",
    }  # fmt: skip


def cell_context(results, board, scene, method, colours, site):
    """Return what a page shows of one method on one scene (first replicate, first seed) and copy its pictures.

    None where the method never ran on that replicate.
    """
    rows = results.board(board.dataset, board.degradation)
    rows = rows[(rows["method"] == method) & (rows["scene"] == scene) & (rows["degradation"] == board.shown[scene])]
    if rows.empty:
        return None
    finished = rows[rows["status"] == "ok"]
    seed = int((finished if len(finished) else rows)["seed"].min())
    here = Cell(board.dataset, board.shown[scene], method, scene, seed)
    source = results.paths.of_cell(here)
    cell = {
        "name": method, "title": results.title(method), "colour": colours[method], "seed": seed, "source": source,
        "key": f"{board.dataset}/{board.shown[scene]}/{method}/{scene}/{seed}", "folder": "", "estimate": NO_ESTIMATE,
        "seen": bool(rows["seen_in_training"].any()), "run": results.runs.get(here.name, {}),
        "reason": "; ".join(dict.fromkeys(rows.loc[rows["status"] != "ok", "reason"])),
    }  # fmt: skip
    if len(finished):
        cell["folder"] = f"view/{slug(board.dataset)}/{slug(board.degradation)}/{slug(method)}/{slug(scene)}"
        for name in VIEW_FILES:
            site.copy(source.view / name, f"{cell['folder']}/{name}")
        scores = finished[finished["convention"] == "estimate"].groupby("metric")["value"].mean()
        cell["estimate"] = estimate_context(
            source.estimate, scores, {p for p in NO_ESTIMATE if results.estimates(method, p)}
        )
    return cell


def score_table(results, board, scene):
    """Return the rows of the page's table: the scene's values (means over seeds and replicates), best and second marked."""
    rows = results.board(board.dataset, board.degradation)
    rows = rows[rows["scene"] == scene]
    table = board.table[["method", "title", "trained_on"]].copy()
    cells = rows.groupby("method").agg(seen=("seen_in_training", "any"), failed=("status", lambda s: (s != "ok").any()))
    table = table[table["method"].isin(cells.index)].reset_index(drop=True)
    for metric in board.metrics:
        values = scene_values(rows, board.convention, metric, include_seen=True).set_index("method")
        table[metric] = values["value"].reindex(table["method"]).to_numpy(dtype=float)
    for column in ("seen", "failed"):
        table[column] = cells[column].reindex(table["method"]).to_numpy(dtype=bool)
    table["rank"] = np.where(table["seen"] | table["failed"], np.nan, 1.0)
    if board.metrics:
        lead = board.metrics[0]
        table = table.sort_values(lead, ascending=find_column(lead).lower_is_better, na_position="last", kind="stable")
    table = table.reset_index(drop=True)
    marked = {m: marks(table, m) for m in board.metrics}
    return [row | {"marks": {m: marked[m][k] for m in board.metrics}} for k, row in enumerate(table.to_dict("records"))]


def chosen_spectra(path, column):
    """Return [[value per band] per chosen pixel] of a view's spectra.csv, five digits."""
    table = pd.read_csv(path)
    return [[float(f"{v:.5g}") for v in group[column]] for _, group in table.groupby("pixel", sort=True)]


def band_scores(path):
    """Return the PSNR of every band (None where it is not finite), or [] where the cell has none."""
    if not path.exists() or path.stat().st_size == 0:
        return []
    values = pd.read_csv(path)["psnr"]
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
    import matplotlib
    from PIL import Image

    values = np.asarray(values, float)
    top = top or float(values.max()) or 1.0
    levels = np.round(255 * np.clip(values / top, 0, 1)).astype(np.uint8)
    picture = Image.fromarray(levels, "P")
    picture.putpalette(np.round(255 * matplotlib.colormaps["magma"](np.arange(256))[:, :3]).astype(np.uint8).tobytes())
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"
