"""Claims about the page of the paper: what it shows of a run of CAVE, and what it says where a run has none."""

import re
import sys

import numpy as np
import pandas as pd
import pytest

from helpers.paper_results import DEGRADATION
from helpers.repository import ROOT
from mossfuse.benchmark.plan.grid import Grid
from mossfuse.benchmark.plan.settings import read_settings
from mossfuse.benchmark.report.load import load_results
from mossfuse.benchmark.report.paper import COMPARED, DATA, RATIO
from mossfuse.benchmark.report.paper_figures import bubbles_of, script_content
from mossfuse.benchmark.report.style import number
from mossfuse.errors import MossFuseError
from mossfuse.methods import find_method


def shown_rows(site, name):
    """Return the texts of the rows of one table of the page: [method, published, row, ours, gap]."""
    text = (site / "paper.html").read_text(encoding="utf-8")
    table = re.search(rf'<table class="sortable first" id="paper-{name}">.*?</table>', text, re.S)[0]
    body = re.search(r"<tbody>(.*)</tbody>", table, re.S)[1]
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S) for row in re.findall(r"<tr.*?</tr>", body, re.S)]
    without = [[re.sub(r'<span class="ci">.*?</span>', "", cell) for cell in row] for row in cells]
    return [[re.sub(r"<[^>]+>", "", cell).strip() for cell in row] for row in without]


def test_default_run_says_what_of_the_paper_is_missing_and_what_makes_it(site):
    text = (site / "paper.html").read_text(encoding="utf-8")
    for data in DATA:
        assert f"No board of {data.title} at ratio {RATIO} in this run" in text
        grid = Grid(read_settings(ROOT / data.config))
        assert {block.dataset for block in grid.blocks} == {data.name} and set(COMPARED) <= set(grid.rows)
        assert all(d.ratio == RATIO for d in grid.degradations.values())
        assert f"python3 run.py -- --configfile {data.config}" in text
    assert "not of the paper's scenes" in text.replace("&#39;", "'")
    assert [row[1] for row in shown_rows(site, "harvard")][-1] == "44.62 listed"


def test_every_method_of_the_paper_is_one_of_ours_with_its_family():
    for name, family in COMPARED.items():
        method, module = find_method(name)
        assert method.name == name and module.__name__.rpartition(".")[2] == family


def test_numbers_of_the_papers_table_are_means_over_the_csv(paper_site, paper_grid):
    scores = pd.read_csv(paper_grid[0] / "metrics.csv")
    scores = scores[(scores["convention"] == "std1") & (scores["metric"] == "psnr")]
    means = scores.groupby(["method", "scene"])["value"].mean().groupby("method").mean()
    exported = pd.read_csv(paper_site / "exports" / "paper.csv", keep_default_na=True)
    own = exported[(exported["data"] == "CAVE") & exported["row"].notna()]
    assert set(own["row"]) == {"mossfuse", "mossfuse-authors"}
    for row in own.to_dict("records"):
        assert row["ours"] == pytest.approx(means[row["row"]], rel=1e-9)
        assert (row["gap"] == pytest.approx(row["ours"] - row["published"])) if row["stated"] else np.isnan(row["gap"])
    shown = shown_rows(paper_site, "cave")
    assert len(shown) == (exported["data"] == "CAVE").sum()
    for cells, row in zip(shown, exported[exported["data"] == "CAVE"].to_dict("records"), strict=True):
        listed = "" if row["stated"] or np.isnan(row["published"]) else " listed"
        expected = [
            number("psnr", row["published"]) + listed,
            number("psnr", row["ours"]),
            number("psnr", row["gap"], sign=True),
        ]
        assert [cells[1], cells[3], cells[4]] == expected


def test_published_values_are_those_of_the_methods(paper_site):
    exported = pd.read_csv(paper_site / "exports" / "paper.csv")
    for method in COMPARED:
        known = {(p.dataset, p.metrics["psnr"]) for p in find_method(method)[0].published if "psnr" in p.metrics}
        own = exported[(exported["method"] == method) & exported["published"].notna()]
        assert {(r["data"], r["published"]) for r in own.to_dict("records")} == known


def test_bubbles_are_the_papers_points_and_the_timed_rows(paper_grid):
    from mossfuse.benchmark.report.board import make_board

    results = load_results(*paper_grid)
    board = make_board(results, "cave", DEGRADATION, "std1")
    points = bubbles_of(results, [board])
    published = {p["method"]: p for p in points if p["published"]}
    assert set(published) == {"mossfuse", "daem", "edip-net", "mhf-net", "ual", "cucanet"}
    values = next(p.metrics for p in find_method("daem")[0].published if "seconds" in p.metrics)
    assert (published["daem"]["psnr"], published["daem"]["seconds"]) == (values["psnr"], values["seconds"])
    own = {p["method"]: p for p in points if not p["published"]}
    assert set(own) == {"mossfuse", "mossfuse-authors"} and own["mossfuse"]["seconds"] == 0.9


def test_figures_of_the_paper_come_as_pdf_svg_and_png_with_legends(paper_site):
    for kind in ("efficiency", "spectra", "sensor"):
        for suffix in ("pdf", "svg", "png"):
            assert (paper_site / "figures" / f"paper--{kind}.{suffix}").stat().st_size > 1000
    assert (paper_site / "figures" / "paper--efficiency.pdf").read_bytes().startswith(b"%PDF")
    svg = (paper_site / "figures" / "paper--spectra.svg").read_text(encoding="utf-8")
    assert "Ground truth" in svg and "MossFuse" in svg


def test_panels_show_a_scene_of_the_papers_figures(paper_site, paper_grid):
    text = (paper_site / "paper.html").read_text(encoding="utf-8")
    assert f"egyptian_statue of cave, {DEGRADATION}" in text and text.count('class="lut"') == 2
    for source in re.findall(r'<img[^>]*src="(view/[^"]+)"', text):
        assert (paper_site / source).exists()
    cell = paper_grid[0] / "cave" / DEGRADATION / "mossfuse" / "egyptian_statue" / "seed0" / "view" / "spectra.js"
    assert len(script_content(cell)["chosen"][0]) == 31


def test_parquet_holds_the_tables_of_the_csv_and_names_its_extra_where_it_is_missing(site, tmp_path, monkeypatch):
    from mossfuse.benchmark.report.build import Site
    from mossfuse.benchmark.report.parquet import check_parquet, write_parquet

    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "pyarrow", None)
        with pytest.raises(MossFuseError, match=r"Parquet needs the parquet extra; pip install 'mossfuse\[parquet\]'"):
            check_parquet()
    pytest.importorskip("pyarrow", reason="needs pyarrow (pip install 'mossfuse[parquet]')")
    names = ("metrics.csv", "timing.csv", "paper.csv", "pairs.csv", "toy--x8-gauss7s2--std1.csv")
    written = Site(tmp_path)
    for name in names:
        written.copy(site / "exports" / name, f"exports/{name}")
    write_parquet(written)
    for name in names:
        table = pd.read_csv(site / "exports" / name, low_memory=False)
        pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "exports" / name.replace(".csv", ".parquet")), table)
