"""Claims that every number of a page is that of the tables: scenes, statistics, the front page, p values, costs; and hostile names."""

import dataclasses
import json
import re

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from helpers.headless import wait_for
from helpers.html_tables import body, tables_of
from helpers.paper_results import DEGRADATION, link
from mossfuse.benchmark.report import style
from mossfuse.benchmark.report.across import costs_of
from mossfuse.benchmark.report.build import build_report
from mossfuse.benchmark.report.pages import short
from mossfuse.benchmark.results.statistics import scene_values

X8 = "x8-gauss7s2"
TITLES = {style.metric_title(metric): metric for metric in ("psnr", "ssim", "sam", "ergas", "rmse")}


def scores_of(site, dataset="toy"):
    table = pd.read_csv(site / "exports" / "metrics.csv")
    return table[table["dataset"] == dataset]


@pytest.mark.parametrize("scene", ["apple", "plum", "pear", "fig"])
def test_every_number_of_a_scenes_page_is_that_of_the_csv(site, results, scene):
    own = scores_of(site)
    own = own[(own["scene"] == scene) & (own["convention"] == "std1")]
    values = own.groupby(["method", "metric"])["value"].mean()
    (table,) = [t for t in tables_of(site / "scenes" / f"toy--{X8}--{scene}.html") if t["id"] == "scores"]
    metrics = {
        k: TITLES[head.rstrip("↑↓\xa0 ")] for k, head in enumerate(table["rows"][0]) if head.rstrip("↑↓\xa0 ") in TITLES
    }
    named = {results.title(m): m for m in results.methods}
    assert len(metrics) == 5 and len(body(table)) == len(results.methods)
    for cells in body(table):
        for k, metric in metrics.items():
            assert cells[k] == style.number(metric, values.get((named[cells[1]], metric), float("nan")))


def test_every_cell_has_its_command_commit_code_digest_and_output(site, results):
    (table,) = [t for t in tables_of(site / "scenes" / f"toy--{X8}--apple.html") if t["id"] == "runs"]
    column = {head: k for k, head in enumerate(table["rows"][0])}
    assert len(body(table)) == len(results.methods)
    for cells in body(table):
        assert cells[column["Compute it again"]].startswith("mossfuse bench reproduce toy/")
        assert (cells[column["Commit"]], cells[column["Code digest"]]) == ("0123456789*", "aa11" * 4)
        assert cells[column["Output sha256"]] == "12" * 8 and cells[column["Log"]].startswith("logs/fuse/toy/")


def test_means_and_spreads_of_the_statistics_page_are_those_of_the_csv(site, results, board):
    own = scores_of(site)
    own = own[own["scene"].isin(board.scenes)]
    means = own.groupby(["method", "metric", "scene"])["value"].mean().groupby(["method", "metric"]).mean()
    named = {results.title(m): m for m in results.methods}
    tables = tables_of(site / "statistics.html")
    seen = 0
    for first in ("HSI residual (max)", "PSF max error"):
        table = next(t for t in tables if first in t["rows"][0])  # the first board's
        heads = {
            style.metric_title(m) + (f" ({style.metric_unit(m)})" if style.metric_unit(m) else ""): m
            for m in set(own["metric"].dropna())
        }
        for cells in body(table):
            for head, text in zip(table["rows"][0][1:], cells[1:], strict=True):
                if text != "–":
                    assert text == short(means[named[cells[0]], heads[head]])
                    seen += 1
    assert seen > 20
    spreads = next(t for t in tables if "Standard deviation" in t["rows"][0])
    per_scene = (
        own[(own["convention"] == "std1") & (own["method"] == "mossfuse")]
        .groupby(["metric", "scene"])["value"]
        .std(ddof=1)
    )
    for cells in body(spreads):
        deviations = per_scene[TITLES[cells[1]]]
        assert cells[2:4] == ["2 seeds", str(len(deviations))]
        assert cells[5] == style.number(TITLES[cells[1]], deviations.max())


def test_ranks_and_friedmans_p_are_scipys(paper_site, paper_grid):
    from mossfuse.benchmark.report.load import load_results
    from mossfuse.benchmark.results.statistics import critical_difference

    rows = load_results(*paper_grid).metrics
    rows = rows[(rows["convention"] == "std1") & (rows["metric"] == "psnr") & (rows["method"] != "colleague-net")]
    values = rows.groupby(["scene", "method"])["value"].mean().unstack()
    expected = stats.friedmanchisquare(*values.to_numpy().T).pvalue
    found = critical_difference(rows, "std1", "psnr")
    assert found["p_friedman"].iloc[0] == pytest.approx(expected)
    ranks = pd.DataFrame(stats.rankdata(-values.to_numpy(), axis=1), columns=values.columns).mean()
    assert found.set_index("method")["mean_rank"].to_dict() == pytest.approx(ranks.to_dict())
    text = (paper_site / "statistics.html").read_text(encoding="utf-8")
    assert re.search(r"Friedman's test over 12 scenes and \d methods", text.replace("&#39;", "'"))


def test_leaders_of_the_front_page_are_those_of_their_boards(site):
    text = (site / "index.html").read_text(encoding="utf-8")
    for dataset in ("toy", "eight"):
        own = pd.read_csv(site / "exports" / f"{dataset}--{X8}--std1.csv")
        first = own[own["rank"] == 1].iloc[0]
        cell = re.search(rf'<a href="boards/{dataset}--{X8}.html"[^>]*>([^<]+)</a> <small>([^<]+)</small>', text)
        assert cell.groups() == (first["method"], style.with_unit("psnr", first["psnr"]))


def test_a_pair_has_the_same_p_on_every_page_and_in_every_export(tab, paper_site):
    pairs = pd.read_csv(paper_site / "exports" / "pairs.csv")
    known = {frozenset((r["method"], r["other"])): style.p_value(r["p_holm"]) for r in pairs.to_dict("records")}
    assert len(known) == len(pairs) > 6
    tests = pd.read_csv(paper_site / "exports" / "comparisons.csv")
    tests = tests[tests["metric"] == "psnr"]
    assert all(
        style.p_value(r["p_holm"]) == known[frozenset((r["method"], r["other"]))] for r in tests.to_dict("records")
    )
    tab.open(paper_site / "statistics.html")
    shown = tab.run(
        "[...document.querySelectorAll('td[data-p]')].map(c => [c.dataset.p, c.nextElementSibling.textContent])"
    )
    compared = [(set(key.split("|")), p) for key, p in shown if all(key.split("|"))]
    assert compared and all(p == known[frozenset(pair)] for pair, p in compared)
    tab.open(paper_site / "across.html")
    wait_for(tab, "document.body.dataset.ready")
    tips = tab.run(
        "[...document.querySelectorAll('#pair-table tbody tr')].flatMap(r => [...r.cells].slice(1).map((c, k) => "
        "[r.dataset.method, k, c.dataset.tip || '']))"
    )
    methods = list(dict.fromkeys(method for method, _, _ in tips))
    checked = 0
    for method, k, words in tips:
        found = re.search(r"p \(Holm\) (< 0\.001|[\d.]+\d)", words)
        if found:
            assert found[1] == known[frozenset((method, methods[k]))]
            checked += 1
    assert checked == len(methods) * (len(methods) - 1)
    leader, second = pairs.iloc[0][["method", "other"]]
    for page in ("index.html", f"boards/cave--{DEGRADATION}.html"):
        sentence = re.search(
            r"The difference to the runner-up is significant[^<]*p (= )?(&lt; 0.001|[\d.]+)\)",
            (paper_site / page).read_text(encoding="utf-8"),
        )
        assert sentence[2].replace("&lt;", "<") == known[frozenset(("nsgp", "ridge-dc"))]
    assert {leader, second} <= set(methods)


def test_flops_memory_parameters_and_training_time_are_costs(results, board):
    timed = results.timing.assign(flops=np.where(results.timing["method"] == "mossfuse", 2.5e9, np.nan))
    found = {entry["name"]: entry["values"] for entry in costs_of(dataclasses.replace(results, timing=timed), board)}
    assert set(found) == {"time_0", "cold_0", "memory_0", "parameters", "flops", "train_s", "train_cpu_s"}
    assert (
        found["flops"] == {"mossfuse": 2.5e9}
        and found["memory_0"]["nsgp"] == 320
        and found["train_cpu_s"] == {"mossfuse": 101.0}
    )


def test_scenes_whose_names_look_alike_or_hold_markup_have_pages_of_their_own(grid, tmp_path):
    names = {"apple": "s 1", "plum": "s_1", "pear": "<b>bold & co", "fig": "y" * 80}
    place = ("toy", X8)
    for old, new in names.items():
        link(grid[0].joinpath(*place), tmp_path / "results" / "toy" / X8, old, new, register=f"toy/{X8}")
    for table in ("metrics.csv", "timing.csv"):
        rows = pd.read_csv(grid[0] / table, dtype=str, keep_default_na=False)
        rows = rows[rows["dataset"] == "toy"]
        rows.assign(scene=rows["scene"].map(names)).to_csv(tmp_path / "results" / table, index=False)
    catalogue = json.loads((grid[0] / "catalogue.json").read_text(encoding="utf-8"))
    catalogue["datasets"] = {"toy": catalogue["datasets"]["toy"] | {"scenes": list(names.values())}}
    (tmp_path / "results" / "catalogue.json").write_text(json.dumps(catalogue), encoding="utf-8")
    build_report(tmp_path / "results", grid[1], grid[2], tmp_path / "site", figures=False)
    pages = [tmp_path / "site" / "scenes" / f"{style.slug('toy', X8, name)}.html" for name in names.values()]
    assert len(set(pages)) == 4 == len(list((tmp_path / "site" / "scenes").glob("*.html")))
    headings = [re.search(r"<h1>(.*?)</h1>", page.read_text(encoding="utf-8"))[1] for page in pages]
    assert headings == ["s 1", "s_1", "&lt;b&gt;bold &amp; co", "y" * 80]
    psnr = scene_values(pd.read_csv(tmp_path / "results" / "metrics.csv"), "std1", "psnr", include_seen=True)
    for page, name in zip(pages, names.values(), strict=True):
        (table,) = [t for t in tables_of(page) if t["id"] == "scores"]
        own = psnr[(psnr["scene"] == name) & (psnr["method"] == "bicubic")]["value"].iloc[0]
        assert next(cells for cells in body(table) if cells[1] == "Bicubic interpolation")[5] == style.number(
            "psnr", own
        )


@pytest.mark.parametrize("width", [390, 768, 1600])
def test_page_of_the_paper_fits_every_width_and_is_quiet(tab, paper_site, width):
    tab.forget()
    tab.open(paper_site / "paper.html", width=width, dark=width == 768)
    assert tab.run("document.documentElement.scrollWidth") <= width
    assert tab.console == [] and [r for r in tab.requests if not r.startswith(("file:", "data:", "about:"))] == []
    tab.run("document.querySelector('#paper-cave thead button').focus()")
    tab.press("Enter", "\r")
    assert tab.run("document.activeElement.closest('th').getAttribute('aria-sort')") == "ascending"
