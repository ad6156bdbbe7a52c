"""The paper of MossFuse beside this report: what its tables and figures show, from the results where a run has them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import pandas as pd

from mossfuse.benchmark.report import style
from mossfuse.benchmark.report.board import Board
from mossfuse.benchmark.report.load import Results
from mossfuse.benchmark.report.scenes import page_name, scene_picture, scenes_of
from mossfuse.errors import MossFuseError
from mossfuse.methods import find_method

RATIO = 32
RUN = "python3 run.py -- --configfile"
# Rows of the paper's figures in their order: the name of the method here, and the family of its rows.
COMPARED = {
    name: name.replace("-", "_")
    for name in ("csu", "nssr", "hysure", "mhf-net", "edip-net", "cucanet", "ual", "daem", "mossfuse")
}


@dataclass(frozen=True)
class PaperData:
    """A data set of the paper. scenes: those of its figures, as far as they can be recognised; config: what makes its board."""

    name: str
    title: str
    scenes: tuple[str, ...]
    config: str


DATA = (
    PaperData("cave", "CAVE", ("egyptian_statue", "balloons"), "config/paper.yaml"),
    PaperData("harvard", "Harvard", (), "config/paper-harvard.yaml"),
    PaperData("ntire2018", "NTIRE2018", (), "config/paper-ntire2018.yaml"),
)


def has_setting(results: Results, board: Board) -> bool:
    """Return whether a board has the paper's ratio, and neither noise nor a shift nor a further effect."""
    made = results.catalogue["degradations"].get(next(iter(board.shown.values())), {})
    disturbed = any(made.get(key) is not None for key in ("snr_hsi", "snr_msi")) or any(made.get("shift") or ())
    return made.get("ratio") == RATIO and not disturbed and not made.get("effects")


def dataset_of(results: Results, board: Board) -> str:
    """Return the data set that a board's label stands for."""
    return str(results.catalogue["datasets"].get(board.dataset, {}).get("dataset", board.dataset))


def board_for(results: Results, boards: list[Board], data: PaperData) -> Board | None:
    """Return the first board of a data set of the paper under its setting; None where the run has none."""
    found = (b for b in boards if dataset_of(results, b) == data.name and has_setting(results, b))
    return next(found, None)


def family_of(results: Results, method: str) -> str:
    """Return the family of a row: rows of one method, variants included, share it."""
    about = results.about(method)
    return str(about.get("family") or about.get("refines") or method).replace("-", "_")


def published_of(results: Results, method: str) -> tuple[str, list[dict[str, Any]]]:
    """Return a method's title and published entries: of the installed code, or of the run where the code has no such method."""
    try:
        spec, _ = find_method(method)
    except MossFuseError:
        about = results.about(method)
        return str(about.get("title") or method), list(about.get("published") or [])
    return spec.title, [entry.as_data() for entry in spec.published]


def paper_table(results: Results, boards: list[Board]) -> pd.DataFrame:
    """Return one row per data set, method of the paper, row of this run and published entry.

    data, method, title, row ('' where the run has none), row_title, standing, metric (the first of the board), published,
    stated (whether its source states the paper's ratio), source, setting, ours, low, high, gap (ours minus published; only
    where stated), board ('' where the run has none).
    """
    rows = []
    for data in DATA:
        board = board_for(results, boards, data)
        for method, family in COMPARED.items():
            title, entries = published_of(results, method)
            entries = [e for e in entries if e["dataset"].lower() == data.title.lower() and "psnr" in e["metrics"]]
            entries = [e for e in entries if e.get("ratio") in (None, RATIO)]
            own = [] if board is None else [m for m in board.table["method"] if family_of(results, m) == family]
            for row in own or [""]:
                for entry in entries or [None]:
                    rows.append({"data": data.title, "method": method, "title": title, **paper_row(results, board, row, entry)})  # fmt: skip
    return pd.DataFrame(rows)


def paper_row(results: Results, board: Board | None, row: str, entry: dict[str, Any] | None) -> dict[str, Any]:
    """Return the fields of ``paper_table`` of one row of the run and one published entry."""
    published = float(entry["metrics"]["psnr"]) if entry else math.nan
    stated = bool(entry) and (entry or {}).get("ratio") == RATIO
    found = {"row": row, "row_title": "", "standing": "", "ours": math.nan, "low": math.nan, "high": math.nan}
    if board is not None and row and "psnr" in board.metrics:
        line = board.table.set_index("method").loc[row]
        found |= {"row_title": results.title(row), "standing": line["why"] if line["standing"] != "ranked" else ""}
        found |= {"ours": float(line["psnr"]), "low": float(line["psnr_low"]), "high": float(line["psnr_high"])}
    return {
        **found, "metric": "psnr", "published": published, "stated": stated, "source": entry["source"] if entry else "",
        "setting": entry["setting"] if entry else "", "gap": found["ours"] - published if stated else math.nan,
        "board": board.slug if board is not None else "",
    }  # fmt: skip


def table_context(results: Results, boards: list[Board], table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the tables of the page: one for each data set, rows as texts, and what is missing in words."""
    sections = []
    for data in DATA:
        own, board = table[table["data"] == data.title], board_for(results, boards, data)
        absent = list(dict.fromkeys(own.loc[own["row"] == "", "title"]))
        sections.append(
            {"data": data, "board": board, "rows": [texts_of(row, board) for row in own.to_dict("records")],
             "absent": absent if board is not None else [], "command": f"{RUN} {data.config}"}
        )  # fmt: skip
    return sections


def texts_of(row: dict[str, Any], board: Board | None) -> dict[str, Any]:
    """Return a row of ``paper_table`` with its numbers as printed."""
    others = []
    if board is not None and row["row"]:
        line = board.table.set_index("method").loc[row["row"]]
        others = [style.number(m, line[m]) for m in board.metrics if m != "psnr"]
    return {
        **row, "others": others, "published": style.number("psnr", row["published"]),
        "ours": style.number("psnr", row["ours"]), "interval": style.interval("psnr", row["low"], row["high"]),
        "gap": style.number("psnr", row["gap"], sign=True),
    }  # fmt: skip


def pictured(results: Results, boards: list[Board]) -> tuple[Board | None, PaperData | None]:
    """Return the board that the figures are made from, with its data set of the paper; (first board, None) where none fits.

    Without a board of the paper, one of its ratio is preferred to the others.
    """
    for data in DATA:
        board = board_for(results, boards, data)
        if board is not None and not board.table.empty:
            return board, data
    near = sorted(boards, key=lambda board: not has_setting(results, board))
    return (near[0] if near else None), None


def scene_for(results: Results, board: Board, data: PaperData | None) -> str:
    """Return the scene of the figures: one of the paper's own, else the first counted one of the board."""
    wanted = [scene for scene in (data.scenes if data else ()) if scene in board.scenes]
    return next(iter([*wanted, *board.scenes, *scenes_of(results, board)]))


def rows_shown(results: Results, board: Board, most: int = 10) -> list[str]:
    """Return the rows of the figures: those of the paper's methods in its order, else the board's first ones."""
    known = [m for family in COMPARED.values() for m in board.table["method"] if family_of(results, m) == family]
    return known if len(known) >= 2 else list(board.table["method"])[:most]


def panels(results: Results, board: Board, scene: str, files: set[str]) -> list[dict[str, str]]:
    """Return the pictures of the error panels: the truth, then every shown row that has a cube of this scene."""
    root = scene_picture(board, scene).rpartition("/_truth/")[0]
    end = scene_picture(board, scene).rpartition("/_truth/")[2].rpartition("/")[0]
    out = [{"name": "", "title": "Ground truth", "colour": f"{root}/_truth/{end}/colour.webp", "error": ""}]
    for method in rows_shown(results, board):
        folder = f"{root}/{style.slug(method)}/{end}"
        if f"{folder}/error.webp" in files:
            out.append({"name": method, "title": results.title(method), "colour": f"{folder}/colour.webp", "error": f"{folder}/error.webp"})  # fmt: skip
    return out


def paper_context(results: Results, boards: list[Board], drawn: dict[str, Any], files: set[str]) -> dict[str, Any]:
    """Return the context of the page. drawn: kind -> figure (``paper_figures.draw_paper``); files: those written so far."""
    table = paper_table(results, boards)
    board, data = pictured(results, boards)
    scene = scene_for(results, board, data) if board is not None else ""
    return {
        "active": "paper.html", "page_title": "The paper", "sections": table_context(results, boards, table),
        "pictured": board, "of_paper": data, "scene": scene, "drawn": drawn, "ratio": RATIO,
        "scene_page": page_name(board, scene) if board is not None else "",
        "panels": panels(results, board, scene, files) if board is not None else [],
        "toc": [("tables", "Tables"), ("efficiency", "Efficiency"), ("errors", "Error panels"), ("spectra", "Spectra"), ("sensor", "PSF and SRF"), ("missing", "What is missing")],
    }  # fmt: skip
