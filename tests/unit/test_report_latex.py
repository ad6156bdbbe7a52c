"""Every exported .tex is compiled as a paper would use it: in one column of two, and over the whole width of a page."""

import copy
import dataclasses
import re
import shutil
import subprocess

import pytest

from mossfuse.benchmark.report.board import make_board
from mossfuse.benchmark.report.latex import to_latex

PAGE = r"\documentclass[10pt]{article}\usepackage[paperwidth=8.5in,paperheight=11in,textwidth=WIDTH,textheight=9in]{geometry}"


@pytest.fixture(scope="module")
def tables(site, results, tmp_path_factory):
    """A folder with every .tex of the report, and one of a board with long names."""
    folder = tmp_path_factory.mktemp("tex")
    for path in (site / "exports").glob("*.tex"):
        shutil.copy(path, folder / path.name)
    catalogue = copy.deepcopy(results.catalogue)
    catalogue["methods"]["nsgp"]["title"] = "W" * 80
    catalogue["methods"]["mossfuse"]["title"] = (
        "A method whose title has eighty characters & stands beside its <rank> and score."
    )
    board = make_board(dataclasses.replace(results, catalogue=catalogue), "toy", "x8-gauss7s2", "std1")
    more = dataclasses.replace(
        board, metrics=[*board.metrics, *board.metrics]
    )  # twice as many columns as the default has
    (folder / "long.tex").write_text(to_latex(board).replace(r"\label{tab:", r"\label{tab:long:"), encoding="utf-8")
    (folder / "many.tex").write_text(to_latex(more).replace(r"\label{tab:", r"\label{tab:many:"), encoding="utf-8")
    return folder


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs pdflatex (apt: texlive-latex-recommended)")
@pytest.mark.parametrize("width", ["3.4in", "7in"])
def test_every_exported_table_compiles_without_an_overfull_box(tables, width):
    names = sorted(p.name for p in tables.glob("*.tex") if not p.name.startswith("page-"))
    assert {"paper.tex", "long.tex", "toy--x8-gauss7s2--std1.tex"} <= set(names)
    inputs = "".join(rf"\typeout{{FILE {n}}}\input{{\detokenize{{{n}}}}}\clearpage" for n in names)
    page = tables / f"page-{width}.tex"
    page.write_text(
        PAGE.replace("WIDTH", width) + rf"\usepackage{{booktabs,tabularx}}\begin{{document}}{inputs}\end{{document}}",
        encoding="utf-8",
    )
    run = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", page.name],
        cwd=tables,
        capture_output=True,
        timeout=120,
    )
    log = page.with_suffix(".log").read_text(encoding="utf-8", errors="replace")
    assert run.returncode == 0, re.findall(r"^!.*$", log, re.M)
    assert re.findall(r"^(?:FILE .*|Overfull.*|LaTeX Warning: Label `.*)$", log, re.M) == [f"FILE {n}" for n in names]
    assert page.with_suffix(".pdf").stat().st_size > 10_000
