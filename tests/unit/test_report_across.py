"""Claims about the page Across: its numbers, its sweeps, and what a browser shows, on the one report of all tests of pages."""

import dataclasses
import json
import shutil
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import rankdata

from helpers.fabricated_results import METHODS
from helpers.headless import wait_for
from mossfuse.benchmark.report.across import board_content, costs_of, limits_of, missing_costs, reasons, script_name
from mossfuse.benchmark.report.board import make_board
from mossfuse.benchmark.report.build import build_report
from mossfuse.benchmark.report.comparisons import with_tests
from mossfuse.benchmark.report.style import looks, number
from mossfuse.benchmark.report.sweeps import find_sweeps
from mossfuse.benchmark.report.tiers import with_tiers
from mossfuse.benchmark.results.effects import pair_matrix, rank_biserial

X8 = "x8-gauss7s2"
READY = "document.body.dataset.ready"


@pytest.fixture(scope="session")
def content(results):
    leading = with_tiers(
        results, with_tests(results, [make_board(results, *place, "std1") for place in results.boards])
    )
    others = {c: make_board(results, "toy", X8, c) for c in results.conventions} | {"std1": leading[0]}
    return board_content(results, leading[0], others, looks(results.methods))


# ---- numbers ------------------------------------------------------------------------------------------------------


def test_every_value_is_the_mean_over_the_counted_scenes(content, results, board):
    rows = results.board("toy", X8)
    for convention, metric in (("std1", "psnr"), ("std1", "dd"), ("moss", "sam")):
        own = rows[(rows["convention"] == convention) & (rows["metric"] == metric) & rows["scene"].isin(board.scenes)]
        means = own.groupby(["method", "scene"])["value"].mean().groupby("method").mean()
        found = {m: three[0] for m, three in content["values"][convention][metric].items()}
        assert found == pytest.approx(means.to_dict(), rel=1e-6)


def test_script_of_a_board_is_small_and_registers_its_board(site, content):
    path = site / "across" / f"toy--{X8}.js"
    head, _, body = path.read_text(encoding="utf-8").partition(" = ")
    assert head == f'(window.mossfuseAcross ||= {{}})["toy--{X8}"]' and path.stat().st_size < 60_000
    assert json.loads(body.rstrip(";\n")) == json.loads(json.dumps(content))


def test_wins_ties_and_losses_are_those_of_every_scene():
    values = pd.DataFrame(
        [("a", f"s{k}", v) for k, v in enumerate((30.0, 31.0, 32.0, 33.0))]
        + [("b", f"s{k}", v) for k, v in enumerate((29.0, 31.02, 33.0))] + [("c", "s0", np.inf), ("c", "s1", 30.0)],
        columns=["method", "scene", "value"],
    )  # fmt: skip
    found = pair_matrix(values, "psnr", ["a", "b", "c"])
    assert (found.wins[0, 1], found.ties[0, 1], found.losses[0, 1], found.scenes[0, 1]) == (1, 1, 1, 3)
    assert (found.wins + found.ties + found.losses == found.scenes).all() and (found.wins == found.losses.T).all()
    assert found.difference[0, 1] == pytest.approx((1 - 0.02 - 1) / 3) and found.difference[0, 2] == -np.inf
    lower = pair_matrix(values, "rmse", ["a", "b", "c"])
    assert lower.wins[0, 1] == found.losses[0, 1] + 1  # no tie of 0.05 there


def test_effect_size_is_the_rank_biserial_correlation():
    rng = np.random.default_rng(0)
    d = np.round(rng.normal(0.3, 1, (12, 5)), 1)  # with ties and zeros
    d[:3, 0] = np.nan
    for k in range(5):
        own = d[:, k][~np.isnan(d[:, k]) & (d[:, k] != 0)]
        ranks = rankdata(np.abs(own))
        expected = (ranks[own > 0].sum() - ranks[own < 0].sum()) / ranks.sum()
        assert rank_biserial(d)[k] == pytest.approx(expected)
    assert rank_biserial(np.ones((4, 1)))[0] == 1 and np.isnan(rank_biserial(np.zeros((4, 1)))[0])


def test_reasons_name_both_definitions_and_both_preparations():
    found = reasons("std1", "moss", ["psnr", "sam", "rmse"])
    assert (
        "clipped to [1e-5, 1]" in found["sam"]
        and found["sam"].startswith("std1: ")
        and found["rmse"] == "same definition"
    )
    assert "not clipped" in reasons("std1", "classical-table", ["psnr"])["psnr"]


def test_costs_hold_what_was_timed_and_say_what_was_not(results, board):
    found = {entry["name"]: entry["values"] for entry in costs_of(results, board)}
    assert found["time_0"]["nsgp"] == METHODS["nsgp"].seconds and "colleague-net" not in found["time_0"]
    assert found["parameters"]["mossfuse"] == METHODS["mossfuse"].parameters and found["train_s"] == {"mossfuse": 55.5}
    assert "flops" not in found and missing_costs(results, board) == "Not recorded in this run: FLOPs of one fusion."


def test_limits_are_means_over_the_counted_scenes(results, board, tmp_path):
    head = "dataset,degradation,scene,limit,convention,metric,value"
    lines = [f"toy,{X8},{scene},oracle-pixel,std1,psnr,{v}" for scene, v in (("apple", 50), ("plum", 52), ("fig", 90))]
    (tmp_path / "limits.csv").write_text(
        "\n".join([head, *lines, f"eight,{X8},apple,oracle-pixel,std1,psnr,9"]), encoding="utf-8"
    )
    with_limits = dataclasses.replace(results, paths=dataclasses.replace(results.paths, results=tmp_path))
    assert (
        limits_of(with_limits, board) == {"std1": {"psnr": {"oracle-pixel": 51.0}}} and limits_of(results, board) == {}
    )


def degradations(**changes):
    base = {"name": "", "ratio": 8, "psf": {"family": "gaussian", "size": 7, "sigma": 2}, "phase": [3, 3], "srf": "nikon",
            "snr_hsi": None, "snr_msi": None, "effects": []}  # fmt: skip
    return {name: {**base, **change} for name, change in changes.items()}


def sweeps_among(**changes):
    entries = degradations(**changes)
    boards = [SimpleNamespace(dataset="d", slug=n, metrics=["psnr"], shown={"s": n}) for n in entries]
    return find_sweeps(SimpleNamespace(catalogue={"degradations": entries}), boards)


def test_sweeps_are_boards_that_differ_in_one_thing():
    (ratio,) = sweeps_among(
        x32={"ratio": 32, "psf": {"family": "gaussian", "size": 31, "sigma": 2}, "phase": [15, 15]}, x8={},
        x16={"ratio": 16, "psf": {"family": "gaussian", "size": 15, "sigma": 2}}, other={"srf": "landsat"},
    )  # fmt: skip
    assert (
        ratio.label == "Ratio"
        and ratio.levels == [8, 16, 32]
        and [b.slug for b in ratio.boards] == ["x8", "x16", "x32"]
    )
    (noise,) = sweeps_among(clean={}, low={"snr_hsi": 30, "snr_msi": 35}, high={"snr_hsi": 40, "snr_msi": 45})
    assert noise.levels == [30, 40, None]
    (effect,) = sweeps_among(none={}, a={"effects": [{"kind": "haze", "amount": 0.1}]}, b={"effects": [{"kind": "haze", "amount": 0.3}]})  # fmt: skip
    assert effect.label == "haze, amount" and effect.levels == [0, 0.1, 0.3]


def test_two_levels_are_no_sweep():
    assert sweeps_among(x8={}, x16={"ratio": 16}) == [] and sweeps_among(x8={}) == []


# ---- browser ------------------------------------------------------------------------------------------------------


def open_across(tab, site, fragment="", board=f"toy--{X8}", **window):
    tab.open(site / "across.html", fragment=fragment, **window)
    wait_for(tab, f"{READY} === {board!r}")


def pick(tab, name, value):
    tab.run(
        f"(() => {{ const s = document.getElementById('{name}'); s.value = {value!r}; s.dispatchEvent(new Event('change')); }})()"
    )


def matrix(tab, metric):
    return tab.run(f"[...document.querySelectorAll('#metrics tbody tr')].map(r => [r.dataset.method, r.querySelector('td[data-metric={metric}] span').textContent])")  # fmt: skip


def test_matrix_shows_every_metric_and_sorts_best_first(tab, site, board):
    open_across(tab, site)
    table = board.table.set_index("method")
    assert dict(matrix(tab, "psnr")) == {m: number("psnr", table.at[m, "psnr"]) for m in METHODS}
    for metric, better in (("sam", 1), ("psnr", -1)):
        tab.run(f"document.querySelector('#metrics th[data-metric={metric}] button').click()")
        values = [float(v) for _, v in matrix(tab, metric)]
        assert values == sorted(values, key=lambda v: better * v)
        assert tab.run("document.activeElement.closest('th').dataset.metric") == metric  # the focus stays


def test_convention_switch_shows_every_change_and_its_reason(tab, site, content):
    open_across(tab, site)
    pick(tab, "convention", "moss")
    change = tab.run("document.querySelector('#metrics tr[data-method=bicubic] td[data-metric=psnr] .ci').textContent")
    first, second = (content["values"][c]["psnr"]["bicubic"][0] for c in ("std1", "moss"))
    assert change == number("psnr", second - first, sign=True)
    lines = tab.run("[...document.querySelectorAll('#reasons li')].map(l => l.textContent)")
    assert any(line.startswith("SAM: std1: ") and "moss: " in line for line in lines)
    assert "convention=moss" in tab.run("location.hash")


def test_view_comes_back_from_its_address(tab, site):
    open_across(tab, site)
    for name, value in (("metric", "sam"), ("costs", "parameters"), ("what", "effect")):
        pick(tab, name, value)
    tab.run("(() => { const b = document.querySelector('#methods input[value=bicubic]'); b.click(); })()")
    fragment = tab.run("location.hash")
    open_across(tab, site, fragment=fragment)
    chosen = tab.run("['metric', 'costs', 'what'].map(k => document.getElementById(k).value)")
    assert chosen == ["sam", "parameters", "effect"] and tab.run("location.hash") == fragment
    assert "bicubic" not in dict(matrix(tab, "sam"))
    points = tab.run("[...document.querySelectorAll('.point')].map(p => p.dataset.method)")
    assert set(points) == {"mossfuse", "mossfuse-authors"}


def test_pairs_say_who_wins_how_often_and_how_clearly(tab, site, content):
    open_across(tab, site)
    pairs = content["pairs"]["psnr"]
    i, j = pairs["methods"].index("nsgp"), pairs["methods"].index("bicubic")
    text, words = tab.run(f"(() => {{ const c = document.querySelector('#pair-table tr[data-method=nsgp]').cells[{j + 1}]; return [c.textContent, c.dataset.tip]; }})()")  # fmt: skip
    assert text == f"{pairs['wins'][i][j]} / {pairs['ties'][i][j]} / {pairs['losses'][i][j]}" == "3 / 0 / 0"
    assert "effect size 1.00" in words and f"p (Holm) {pairs['p'][i][j]}" in words


def test_pareto_front_and_losses_are_drawn(tab, site):
    open_across(tab, site)
    note = tab.run("document.getElementById('cost-note').textContent")
    assert "Pareto front (bicubic, " in note and "FLOPs" in note and "Colleague" not in note
    assert tab.run("document.getElementById('curve-plot').plot.series.length") > 4
    assert tab.run("document.getElementById('curve-legend').textContent").endswith("held out")
    assert tab.run("document.querySelectorAll('#estimate-table tbody tr').length") == 2  # the two blind ones


def test_keyboard_alone_filters_and_reads_a_point(tab, site):
    open_across(tab, site)
    tab.run("document.getElementById('name').focus()")
    tab.call("Input.insertText", text="moss")
    assert {m for m, _ in matrix(tab, "psnr")} == {"mossfuse", "mossfuse-authors"}
    tab.run("document.querySelector('.point').focus()")
    assert "PSNR" in tab.run("document.getElementById('tip').textContent")


@pytest.mark.parametrize("width", [390, 768, 1600])
def test_across_fits_every_width_and_is_quiet(tab, site, width):
    tab.forget()
    open_across(tab, site, width=width)
    assert tab.run("document.documentElement.scrollWidth") <= width
    assert tab.console == [] and [r for r in tab.requests if not r.startswith(("file:", "data:", "about:"))] == []


def test_plots_are_printed_in_light_colours_in_dark_mode_too(tab, site):
    open_across(tab, site, dark=True)
    stroke = "document.getElementById('curve-plot').plot.series.at(-1).stroke()"
    assert tab.run(stroke) == "#e6e9ed"
    tab.run("dispatchEvent(new Event('beforeprint'))")
    assert tab.run(stroke) == "#1b1f24"
    tab.run("dispatchEvent(new Event('afterprint'))")
    assert tab.run(stroke) == "#e6e9ed"


def test_board_without_wavelengths_or_other_scenes_is_shown_too(tab, site):
    open_across(tab, site, fragment=f"#board=eight--{X8}", board=f"eight--{X8}")
    assert len(matrix(tab, "psnr")) == len(METHODS)


@pytest.fixture(scope="session")
def swept(grid, tmp_path_factory):
    """The report of the same cells copied to two further noise levels; one method is missing at one of them."""
    root = tmp_path_factory.mktemp("swept")
    (root / "results").mkdir()
    table = pd.read_csv(grid[0] / "metrics.csv", dtype=str, keep_default_na=False)
    table = table[(table["dataset"] == "toy") & (table["convention"] != "moss")]
    catalogue = json.loads((grid[0] / "catalogue.json").read_text(encoding="utf-8"))
    catalogue["datasets"].pop("eight")
    copies = []
    for level in (None, 30, 40):
        name = X8 if level is None else f"{X8}-snr{level}"
        copy = table.assign(degradation=name, board=name)
        copies.append(copy[copy["method"] != "nsgp"] if level == 30 else copy)
        catalogue["degradations"][name] = {
            **catalogue["degradations"][X8],
            "name": name,
            "snr_hsi": level,
            "snr_msi": level,
        }
    pd.concat(copies).to_csv(root / "results" / "metrics.csv", index=False)
    shutil.copy(grid[0] / "timing.csv", root / "results" / "timing.csv")
    limits = pd.DataFrame(
        [("toy", X8, "apple", "oracle-pixel", "std1", "psnr", 61.5)],
        columns="dataset degradation scene limit convention metric value".split(),
    )
    limits.to_csv(root / "results" / "limits.csv", index=False)
    (root / "results" / "catalogue.json").write_text(json.dumps(catalogue), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mossfuse.benchmark.report.build.draw_board", lambda *arguments: {})
        patch.setattr("mossfuse.benchmark.report.build.draw_paper", lambda *arguments: {})
        patch.setattr("mossfuse.benchmark.report.build.scene_pages", lambda *arguments: [])
        build_report(root / "results", grid[1], grid[2], root / "site")
    return root / "site"


def test_limits_stand_below_the_methods(tab, swept):
    open_across(tab, swept)
    text = tab.run("[...document.querySelectorAll('#metrics tbody tr')].at(-1).textContent")
    assert text.startswith("Limit: oracle-pixel61.50")


def test_sweep_has_a_curve_per_method_with_a_gap_where_it_was_not_run(tab, swept):
    open_across(tab, swept)
    heads = tab.run("[...document.querySelectorAll('#sweep-table thead th')].map(h => h.textContent)")
    assert heads == ["PSNR; SNR of the HSI (dB)", "30", "40", "none"]
    rows = dict(
        tab.run(
            "[...document.querySelectorAll('#sweep-table tbody tr')].map(r => [r.cells[0].textContent, [...r.cells].slice(1).map(c => c.textContent)])"
        )
    )
    assert rows["Null-space Gaussian process"][0] == "–" and "–" not in rows["Bicubic interpolation"]
    data = tab.run(
        "(() => { const p = document.getElementById('sweep-plot').plot; return [p.data[0], p.series.slice(1).map(s => s.label)]; })()"
    )
    assert data[0] == [30, 40, 50] and "Bicubic interpolation" in data[1]
    svg = (swept / "figures" / "sweep--1--toy--psnr.svg").read_text(encoding="utf-8")
    assert "SNR of the HSI (dB)" in svg and all(fake.title in svg for fake in METHODS.values() if "&" not in fake.title)
    assert 'href="figures/sweep--1--toy--psnr.pdf"' in (swept / "across.html").read_text(encoding="utf-8")
    assert script_name(SimpleNamespace(dataset="toy", degradation=X8)) == f"across/toy--{X8}.js"
