"""The paper's figures drawn from the results: quality against time as bubbles, spectra of chosen pixels, PSF and SRF."""

from __future__ import annotations

import json
import math
from pathlib import Path
from textwrap import fill
from typing import Any

import matplotlib.pyplot as plt
import numpy as np

from mossfuse.benchmark.plan.paths import CellFiles
from mossfuse.benchmark.report import figures
from mossfuse.benchmark.report.board import Board
from mossfuse.benchmark.report.drawing import Drawn, save_figure, seeds_of
from mossfuse.benchmark.report.load import Results
from mossfuse.benchmark.report.paper import (
    COMPARED,
    DATA,
    RATIO,
    board_for,
    pictured,
    published_of,
    rows_shown,
    scene_for,
)
from mossfuse.benchmark.report.scenes import same_size
from mossfuse.files.atomic import read_json

LARGEST = 900.0  # points squared of the largest bubble
PIXELS = 3  # panels of spectra, as in the paper
KERNELS = 5  # estimates of the PSF in the figure
TITLE_WIDTH = 22  # letters of a line above a kernel, which must not reach the next one


def draw_paper(results: Results, boards: list[Board], looks: dict[str, Any], site: Any) -> dict[str, Drawn]:
    """Draw and save every figure of the page that the results and the published values allow; return kind -> Drawn."""
    planned: list[tuple[str, Any, str]] = []
    bubbles = bubbles_of(results, boards)
    planned.append(("efficiency", draw_bubbles(bubbles, looks), caption_of_bubbles(bubbles)))
    board, data = pictured(results, boards)
    if board is not None and not board.table.empty:
        scene = scene_for(results, board, data)
        methods = rows_shown(results, board)
        where = f"{scene} of {board.dataset}, {board.degradation}"
        planned.append(("spectra", draw_spectra(results, board, scene, methods, looks),
                        f"Spectra of pixels of {where}: thick, the truth; coloured, the cubes as returned. The pixels are chosen "
                        "from the truth alone: the brightest one, then those whose spectra differ most."))  # fmt: skip
        planned.append(("sensor", draw_sensor(results, board, scene, methods, looks),
                        f"PSF and SRF of {where}, true and as estimated by the methods that were not given them. Kernels are "
                        "shown from 0 to the true maximum."))  # fmt: skip
    return {
        kind: save_figure(site, kind, f"paper--{kind}", figure, caption)
        for kind, figure, caption in planned
        if figure is not None
    }


def bubbles_of(results: Results, boards: list[Board]) -> list[dict[str, Any]]:
    """Return the points of the efficiency figure: method, title, psnr, seconds, parameters (nan where unknown), published.

    Published points are those of the paper's own figure; measured ones are rows of the run's CAVE board, on its first clock.
    """
    points = []
    for method in COMPARED:
        title, entries = published_of(results, method)
        for entry in entries:
            values = entry["metrics"]
            if entry.get("ratio") == RATIO and {"psnr", "seconds"} <= set(values):
                points.append({"method": method, "title": title, "psnr": float(values["psnr"]), "seconds": float(values["seconds"]),
                               "parameters": float(values.get("parameters", math.nan)), "published": True})  # fmt: skip
    board = board_for(results, boards, DATA[0])
    if board is not None and board.clocks and "psnr" in board.metrics:
        table = board.table.set_index("method")
        for method in rows_shown(results, board):
            row = table.loc[method]
            if np.isfinite([row["psnr"], row["time_0"]]).all():
                points.append({"method": method, "title": results.title(method), "psnr": float(row["psnr"]), "seconds": float(row["time_0"]),
                               "parameters": float(row["parameters"]), "published": False})  # fmt: skip
    return points


def caption_of_bubbles(points: list[dict[str, Any]]) -> str:
    """Return what the efficiency figure shows, and what its times are worth."""
    measured = [p for p in points if not p["published"]]
    own = (
        "Filled: this run, on the clock of its CAVE board."
        if measured
        else "This run has no timed row on CAVE at ratio 32."
    )
    return (
        "PSNR against seconds of one scene; the area of a bubble is the number of learned parameters. Open: published, read off the "
        f"paper's figure, whose device is not stated. {own} Times of two machines compare in order of magnitude at best."
    )


@figures.themed
def draw_bubbles(points: list[dict[str, Any]], looks: dict[str, Any]) -> Any:
    """Draw PSNR against seconds, the area growing with the parameters: published open, measured filled; None without a point."""
    if not points:
        return None
    figure, ax = plt.subplots(figsize=(6.4, 4.0))
    sizes = [p["parameters"] for p in points if p["parameters"] > 0]
    largest = max(sizes, default=1.0)
    for point in points:
        share = point["parameters"] / largest if point["parameters"] > 0 else 0.0
        colour = looks[point["method"]].colour if point["method"] in looks else figures.MUTED
        face = "none" if point["published"] else colour
        ax.scatter(
            point["seconds"], point["psnr"], s=max(26.0, LARGEST * share**0.5), facecolors=face, edgecolors=colour,
            alpha=1.0 if point["published"] else 0.75, linewidths=1.4, zorder=3, marker="o",
        )  # fmt: skip
    ax.set_xscale("log")
    figures.plain_numbers(ax.xaxis)
    seconds = [p["seconds"] for p in points]
    ax.set_xlim(min(seconds) / 4, max(seconds) * 4)
    ax.margins(y=0.18)
    ax.set(xlabel="Seconds per scene", ylabel="PSNR (dB)")
    names = [p["title"] + (" (paper)" if p["published"] else "") for p in points]
    figures.name_points([(ax, np.array(seconds), np.array([p["psnr"] for p in points]), names)])
    marks = [plt.Line2D([], [], marker="o", linestyle="", color=figures.MUTED, markerfacecolor=face, label=label)
             for face, label in (("none", "published"), (figures.MUTED, "this run"))]  # fmt: skip
    ax.legend(handles=marks, loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderaxespad=0.2)
    return figure


def script_content(path: Path) -> dict[str, Any]:
    """Return what a script of spectra registers (mossfuse.benchmark.pictures.spectra.register)."""
    text = path.read_text(encoding="utf-8")
    return dict(json.loads(text[text.index(" = ") + 3 :].rstrip(";\n")))


def cell_of(results: Results, board: Board, scene: str, method: str) -> CellFiles | None:
    """Return the files of a row's cell on a scene (first seed and replicate); None where it has no pictures."""
    seeds = seeds_of(results, board, method)
    cell = results.paths.cell(board.dataset, board.shown[scene], method, scene, seeds[0])
    return cell if (cell.view / "spectra.js").exists() else None


@figures.themed
def draw_spectra(results: Results, board: Board, scene: str, methods: list[str], looks: dict[str, Any]) -> Any:
    """Draw the spectra of the scene's chosen pixels, one panel each; None where the scene has no pictures."""
    source = results.paths.scene_view(board.dataset, board.shown[scene], scene)
    if not (source / "spectra.js").exists():
        return None
    truth, view = script_content(source / "spectra.js"), read_json(source / "view.json")
    lines = {
        m: script_content(cell.view / "spectra.js")["chosen"]
        for m in methods
        if (cell := cell_of(results, board, scene, m))
    }
    count = min(PIXELS, len(truth["chosen"]))
    x = view["wavelengths"] or list(range(1, view["shape"][2] + 1))
    figure, axes = plt.subplots(1, count, figsize=(2.9 * count, 3.2), squeeze=False)
    for k, ax in enumerate(axes[0]):
        ax.plot(
            x,
            truth["chosen"][k],
            color=figures.INK,
            linewidth=2.6,
            alpha=0.45,
            label="Ground truth" if k == 0 else None,
        )
        for method, chosen in lines.items():
            values = [math.nan if v is None else v for v in chosen[k]]
            label = results.title(method) if k == 0 else None
            ax.plot(x, values, color=looks[method].colour, linewidth=1.1, linestyle=stroke(looks[method]), label=label)
        row, col = view["pixels"][k]
        ax.set(title=f"row {row}, column {col}", xlabel="Wavelength (nm)" if view["wavelengths"] else "Band")
    axes[0][0].set_ylabel("Value")
    figure.legend(loc="upper center", bbox_to_anchor=(0.5, 0.0), ncols=2, fontsize=8)
    figure.tight_layout()
    return figure


def stroke(look: Any) -> Any:
    """Return matplotlib's line style of a method."""
    return (0, tuple(float(n) / 2 for n in look.dash.split())) if look.dash else "-"


@figures.themed
def draw_sensor(results: Results, board: Board, scene: str, methods: list[str], looks: dict[str, Any]) -> Any:
    """Draw the true PSF and its estimates as pictures, and the true SRF with its estimates as curves; None without either."""
    found = {}
    for method in methods:
        path = cell.estimate if (cell := cell_of(results, board, scene, method)) else None
        if path is not None and path.exists() and path.stat().st_size:
            found[method] = read_json(path)
    kernels = {
        m: e
        for m, e in found.items()
        if e.get("psf_hat") is not None and e.get("psf_true") is not None and results.estimates(m, "psf")
    }
    curves = {
        m: e
        for m, e in found.items()
        if e.get("srf_hat") is not None and e.get("srf_true") is not None and results.estimates(m, "srf")
    }
    view = read_json(results.paths.scene_view(board.dataset, board.shown[scene], scene) / "view.json")
    if view["psf"] is None and view["srf"] is None:
        return None
    shown = dict(list(kernels.items())[:KERNELS])
    panels = 1 + len(shown)
    figure = plt.figure(figsize=(max(6.4, 1.5 * panels), 4.6))
    grid = figure.add_gridspec(2, panels, height_ratios=[1, 1.4], hspace=0.45)
    if view["psf"] is not None:
        true = np.asarray(view["psf"], float)
        pictures = [
            ("truth", true),
            *((results.title(m), same_size(true, np.asarray(e["psf_hat"], float))[1]) for m, e in shown.items()),
        ]
        for k, (title, kernel) in enumerate(pictures):
            ax = figure.add_subplot(grid[0, k])
            ax.imshow(kernel, cmap="magma", vmin=0, vmax=true.max(), interpolation="nearest")
            ax.set(xticks=[], yticks=[])
            ax.set_title(fill(title, TITLE_WIDTH), fontsize=7, loc="center", fontweight="normal")
            ax.grid(False)
    if view["srf"] is not None:
        ax = figure.add_subplot(grid[1, :])
        x = view["wavelengths"] or list(range(1, view["shape"][2] + 1))
        for k, band in enumerate(view["srf"]):
            ax.plot(x, band, color=figures.INK, linewidth=2.6, alpha=0.45, label="Ground truth" if k == 0 else None)
        for method, entry in curves.items():
            for k, band in enumerate(entry["srf_hat"]):
                label = results.title(method) if k == 0 else None
                ax.plot(
                    x, band, color=looks[method].colour, linewidth=1.1, linestyle=stroke(looks[method]), label=label
                )
        ax.set(xlabel="Wavelength (nm)" if view["wavelengths"] else "Band", ylabel="Response")
        ax.legend(fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.22), ncols=2)
    return figure
