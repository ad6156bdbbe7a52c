"""One fabricated grid, its report and one browser, which all claims about pages share."""

import numpy as np
import pytest

from helpers.fabricated_results import fabricate
from helpers.headless import browser, find_browser
from helpers.paper_results import as_paper
from mossfuse.benchmark.report.board import make_board
from mossfuse.benchmark.report.build import build_report
from mossfuse.benchmark.report.load import load_results


@pytest.fixture(scope="session")
def grid(built_once, make_pair):
    """Two data sets (31 bands; 8 bands without wavelengths), one failed cell, one scene seen in training."""

    def build(root):
        nm = np.linspace(400, 700, 31)
        toy = {name: (make_pair(48, 48, seed=k)[1], nm) for k, name in enumerate(("apple", "plum", "pear", "fig"))}
        eight = {"apple": (make_pair(48, 64, bands=8, seed=9)[1], None)}
        fabricate(
            root, {"toy": toy, "eight": eight}, failures={("colleague-net", "plum"): "NaN in 3 of 9 <samples>"},
            seen={("mossfuse-authors", "fig")},
        )  # fmt: skip

    root = built_once("grid", build)
    return root / "results", root / "checkpoints", root / "data"


@pytest.fixture(scope="session")
def site(grid, built_once):
    return built_once("site", lambda out: build_report(*grid, out))


@pytest.fixture(scope="session")
def results(grid):
    return load_results(*grid)


@pytest.fixture(scope="session")
def board(results):
    return make_board(results, "toy", "x8-gauss7s2", "std1")


@pytest.fixture(scope="session")
def paper_grid(grid, built_once):
    root = built_once("paper", lambda root: as_paper(grid, root))
    return root / "results", root / "checkpoints", grid[2]


@pytest.fixture(scope="session")
def paper_site(paper_grid, built_once):
    """The report of a run of CAVE at ratio 32, without the figures of its board."""

    def build(out):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("mossfuse.benchmark.report.build.draw_board", lambda *arguments: {})
            build_report(*paper_grid, out)

    return built_once("paper-site", build)


@pytest.fixture(scope="session")
def tab():
    path = find_browser()
    if path is None:
        pytest.skip("needs chromium, chromium-browser or google-chrome")
    with browser(path) as page:
        yield page
