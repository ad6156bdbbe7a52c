"""Claims about the tables of the report: true, the same on every page, readable anywhere, and sound on degenerate input."""

import functools
import http.server
import itertools
import json
import re
import threading
from importlib.resources import files

import numpy as np
import pandas as pd
import pytest

from helpers.html_tables import body, tables_of
from mossfuse.benchmark.report import style
from mossfuse.benchmark.report.board import make_board, marks
from mossfuse.benchmark.report.build import build_report
from mossfuse.benchmark.report.comparisons import with_tests
from mossfuse.benchmark.report.degradation import degradation_text
from mossfuse.benchmark.report.findings import findings
from mossfuse.benchmark.report.glossary import explained
from mossfuse.benchmark.report.leaderboard import board_rows, caption, leaderboard_context, short_licence
from mossfuse.benchmark.report.published import published_lines
from mossfuse.benchmark.report.sensors import (
    Camera,
    Kernel,
    camera_entry,
    caption_of_response,
    effects_of,
    kernel_facts,
)
from mossfuse.benchmark.report.tables import published_comparison
from mossfuse.benchmark.report.tiers import add_tiers, pair_of, tier_name, tiers, with_tiers
from mossfuse.errors import MossFuseError

X8 = "x8-gauss7s2"
SMALLEST_DISTANCE = {
    "full colour": 17.35,
    "protanopia": 11.91,
    "deuteranopia": 12.58,
    "tritanopia": 13.28,
}  # docs/report.md


def with_values(results, change):
    """The same results where ``change(metrics)`` has edited the scores."""
    import dataclasses

    return dataclasses.replace(results, metrics=change(results.metrics.copy()))


def with_copies(results, copies=8):
    """The same results with copies of toy's scenes under new names, a little different for each method."""

    def change(table):
        parts, toy = [table], table[table["dataset"] == "toy"]
        shift = {name: 0.01 * k for k, name in enumerate(dict.fromkeys(toy["method"]))}
        for k in range(1, copies):
            again = toy.assign(scene=toy["scene"] + f"-{k}")
            lead = again["metric"] == "psnr"
            again.loc[lead, "value"] += 0.1 * k + again.loc[lead, "method"].map(shift) * (-1) ** k
            parts.append(again)
        return pd.concat(parts, ignore_index=True)

    return with_values(results, change)


# ---- truthful ---------------------------------------------------------------------------------------------------------


def test_every_number_of_the_leaderboards_is_a_mean_over_the_csv(site, results, board):
    scores = pd.read_csv(site / "exports" / "metrics.csv")
    scores = scores[
        (scores["dataset"] == "toy") & scores["scene"].isin(board.scenes) & (scores["convention"] == "std1")
    ]
    scenes = scores.groupby(["method", "metric", "scene"])["value"].mean().groupby(["method", "metric"])
    means = scenes.mean()
    for page in ("index.html", f"boards/toy--{X8}.html"):
        (table,) = [t for t in tables_of(site / page) if t["id"] == f"board-toy--{X8}--std1"]
        assert len(body(table)) == len(board.table)
        for cells, method in zip(body(table), board.table["method"], strict=True):
            for k, metric in enumerate(board.metrics):
                assert cells[2 + k] == style.number(metric, means[method, metric]), (page, method, metric)
    exported = pd.read_csv(site / "exports" / f"toy--{X8}--std1.csv").set_index("method")
    medians = scenes.median()
    for method, metric in itertools.product(board.table["method"], board.metrics):
        assert exported.loc[method, metric] == pytest.approx(means[method, metric], rel=1e-9)
        assert exported.loc[method, f"{metric}_median"] == pytest.approx(medians[method, metric], rel=1e-9)


def test_every_number_of_the_scenes_table_is_that_of_the_csv(site, results, board):
    scores = pd.read_csv(site / "exports" / "metrics.csv")
    scores = scores[(scores["dataset"] == "toy") & (scores["convention"] == "std1")]
    values = scores.groupby(["method", "metric", "scene"])["value"].mean()
    (table,) = [t for t in tables_of(site / f"boards/toy--{X8}.html") if t["id"].startswith("matrix-")]
    scenes = [text.partition("not counted")[0].strip() for text in table["rows"][0][1:]]
    methods, n = list(board.table["method"]), 0
    for metric, start in table["parts"]:
        for cells, method in zip(table["rows"][start : start + len(methods)], methods, strict=True):
            for scene, text in zip(scenes, cells[1:], strict=True):
                shown = text.rstrip("†°").strip().removesuffix("failed").strip()
                assert shown == style.number(metric, values.get((method, metric, scene), float("nan")))
                n += 1
    assert n == len(methods) * len(scenes) * len(board.metrics) > 100


def test_further_metrics_and_other_conventions_are_means_over_the_csv(site, board):
    scores = pd.read_csv(site / "exports" / "metrics.csv")
    scores = scores[(scores["dataset"] == "toy") & scores["scene"].isin(board.scenes)]
    scenes = scores.groupby(["convention", "method", "metric", "scene"])["value"].mean()
    means = scenes.groupby(["convention", "method", "metric"]).mean()
    found = {table["id"]: table for table in tables_of(site / f"boards/toy--{X8}.html")}
    titles = {style.metric_title(metric): metric for metric in set(scores["metric"].dropna())}
    seen = 0
    for name, convention in ((f"more-toy--{X8}--std1", "std1"), (f"board-toy--{X8}--moss", "moss")):
        columns = {k: titles.get(text.rstrip("↑↓\xa0 ")) for k, text in enumerate(found[name]["rows"][0])}
        for cells in body(found[name]):
            method = next(m for m in board.table["method"] if board.table.set_index("method")["title"][m] in cells)
            for k, metric in columns.items():
                if metric is not None:
                    assert cells[k] == style.number(metric, means.get((convention, method, metric), float("nan"))), (
                        name,
                        method,
                    )
                    seen += 1
    assert seen >= 4 * len(board.table)


def test_run_times_are_those_of_the_csv(site, board):
    timing = pd.read_csv(site / "exports" / "timing.csv")
    timing = timing[timing["dataset"] == "toy"].set_index("method")
    (table,) = [t for t in tables_of(site / "index.html") if t["id"] == f"board-toy--{X8}--std1"]
    place = table["rows"][0].index("Run time")
    for cells, method in zip(body(table), board.table["method"], strict=True):
        assert cells[place] == style.seconds(timing["median_s"].get(method, float("nan")))


def test_statistics_page_has_the_numbers_of_its_export(site, results):
    exported = pd.read_csv(site / "exports" / "comparisons.csv")
    shown = [t for t in tables_of(site / "statistics.html") if "Mean difference" in t["rows"][0]]
    expected = [group for _, group in exported.groupby(["dataset", "metric"], sort=False)]
    assert len(shown) == len(expected) > 1
    for table, rows in zip(shown, expected, strict=True):
        columns = {name: table["rows"][0].index(name) for name in table["rows"][0]}
        for cells, row in zip(body(table), rows.to_dict("records"), strict=True):
            assert cells[columns["Mean difference"]] == style.number(row["metric"], row["mean_difference"], True)
            if "p (Holm)" in columns:
                assert cells[columns["p"]] == style.p_value(row["p"])
                assert cells[columns["p (Holm)"]] == style.p_value(row["p_holm"])


@pytest.fixture(scope="module")
def many(results):
    """The grid with many scenes, and toy's board with its tests and tiers."""
    more = with_copies(results)
    return more, *with_tiers(more, with_tests(more, [make_board(more, "toy", X8, "std1")]))


def test_a_pair_has_one_p_and_the_reference_keeps_that_of_its_family(many):
    more, board = many
    assert len(board.pairs) == len(set(map(frozenset, zip(board.pairs["method"], board.pairs["other"], strict=True))))
    tests = board.tests_of("psnr").set_index("method")
    for method, test in tests.iterrows():
        pair = pair_of(board, method, test["other"])
        assert (pair["p"], pair["p_holm"], pair["tests"]) == (test["p"], test["p_holm"], test["tests"])
        assert abs(pair["mean_difference"]) == pytest.approx(abs(test["mean_difference"]))
    first, second = board.ranked["method"].iloc[:2]
    pair = pair_of(board, first, second)
    words = " ".join(findings(more, board))
    assert (
        f"Holm-corrected over {pair['tests']} pairs: p {'' if pair['p_holm'] < 0.001 else '= '}{style.p_value(pair['p_holm'])}"
        in words
    )


def test_methods_that_do_not_differ_share_a_tier():
    ps = {("a", "b"): 0.4, ("a", "c"): 0.01, ("b", "c"): 0.2, ("c", "d"): 0.05, ("c", "e"): 0.04}
    assert tiers(list("abcde"), ps) == {"a": 1, "b": 1, "c": 2, "d": 2, "e": 3}
    assert [tier_name(k) for k in (0, 1, 26, 27)] == ["", "A", "Z", "27"]


def test_too_few_scenes_give_no_tier_and_say_so(results, board, many):
    assert not add_tiers(results, board).table["tier"].any()
    assert any("3 scenes are too few for the test" in sentence for sentence in caption(add_tiers(results, board)))
    tiered = many[1]
    assert tiered.ranked["tier"].iloc[0] == 1 and tiered.table["tier"].max() > 1
    assert any(sentence.startswith("Tier: no method differs significantly") for sentence in caption(tiered))


@pytest.mark.parametrize(
    ("value", "standing", "why"),
    [
        (np.inf, "infinite", "PSNR is infinite on plum: the cube equals the ground truth"),
        (np.nan, "empty", "no PSNR on plum: the score is not a number"),
    ],
)
def test_infinite_or_missing_score_takes_rank_and_medal_away_and_the_row_says_why(results, value, standing, why):
    def change(table):
        own = (table["method"] == "nsgp") & (table["metric"] == "psnr") & (table["scene"] == "plum")
        table.loc[own & (table["dataset"] == "toy"), "value"] = value
        return table

    edited = with_values(results, change)
    board = make_board(edited, "toy", X8, "std1")
    row = board.table.set_index("method").loc["nsgp"]
    assert (row["standing"], row["why"]) == (standing, why) and np.isnan(row["rank"])
    place = list(board.table["method"]).index("nsgp")
    assert all(marks(board.table, metric)[place] == "" for metric in board.metrics)
    assert board.ranked["rank"].iloc[0] == 1
    assert f"is not ranked: {why}" in " ".join(findings(edited, board))
    assert board_rows(edited, board)[place]["why"] == why


def test_row_without_a_rank_says_why(site, results, board):
    why = board.table.set_index("method")["why"]
    assert why["colleague-net"] == "failed on plum: NaN in 3 of 9 <samples>" and why["nsgp"] == ""
    for page in ("index.html", f"boards/toy--{X8}.html"):
        assert "not ranked: failed on plum: NaN in 3 of 9 &lt;samples&gt;" in (site / page).read_text(encoding="utf-8")


def test_an_infinite_value_of_a_further_metric_has_no_medal():
    table = pd.DataFrame({"psnr": [np.inf, 40.0, 39.0], "rank": [1.0, 2.0, 3.0]})
    assert marks(table, "psnr") == ["", "best", "second"]


def test_time_explains_itself_and_facts_filter(results, board):
    context = leaderboard_context(results, add_tiers(results, board))
    rows = {row["method"]: row for row in context["rows"]}
    words = rows["mossfuse"]["times"][0]["why"]
    for part in (
        "interquartile range 0.09 s",
        "First call of a new process: 1.26 s",
        "Peak memory: 320 MiB",
        "Timed on apple (1 of 4 scenes)",
        "Test CPU",
    ):
        assert part in words
    assert rows["colleague-net"]["times"][0] == {"text": "–", "sort": "", "why": ""}
    assert {fact for fact, _, _ in context["filters"]} == {"knows", "blind", "trained_on", "budget"}
    assert (rows["nsgp"]["knows"], rows["nsgp"]["blind"]) == ("PSF, sampling position, border, SRF", "no")
    assert (rows["mossfuse"]["knows"], rows["mossfuse"]["blind"]) == ("nothing", "yes")
    assert (rows["mossfuse"]["budget"], rows["bicubic"]["budget"]) == ("as published", "no training")
    assert short_licence("own implementation (MIT); original GPL-2.0") == "own implementation"
    assert caption(board)[0] == "Mean over 3 scenes (1 to 2 seeds); the median is one choice above."


def test_published_and_authors_values_stand_below_ours_with_the_reason(results, board):
    lines = published_lines(results, board, published_comparison(results, board))
    own, means = lines["mossfuse", "psnr"], board.table.set_index("method")["psnr"]
    assert own["text"] == f"paper 42.30 · authors' weights {means['mossfuse-authors']:.2f}"
    gap, training = means["mossfuse"] - 42.3, means["mossfuse"] - means["mossfuse-authors"]
    for part in (
        style.number("psnr", gap, True),
        style.number("psnr", training, True) + " is training",
        "12 scenes",
        "here 3 scenes of toy",
    ):
        assert part in own["why"]
    assert lines["mossfuse-authors", "psnr"]["text"] == "paper 42.30"


# ---- words ------------------------------------------------------------------------------------------------------------


def test_degradation_is_told_in_words():
    entry = {"ratio": 8, "psf": {"family": "gaussian", "size": 7, "sigma": 2}, "phase": [3, 3], "border": "reflect",
             "srf": "nikon-d5100", "snr_hsi": None, "snr_msi": None, "shift": [0.0, 0.0]}  # fmt: skip
    assert degradation_text(entry) == (
        "Ratio 8; Gaussian blur 7 × 7, σ = 2 px; sampled at pixel (3, 3) of each 8 × 8 block; mirrored borders; "
        "camera response Nikon D5100; no noise"
    )


def test_response_of_nominal_edges_is_called_nominal_in_words():
    words = degradation_text({"ratio": 3, "srf": "sentinel2-nominal-10m", "snr_hsi": None, "snr_msi": None})
    assert "camera response Sentinel-2 MSI, nominal" in words


def test_every_board_leads_to_the_figures_of_its_sensor(site, results):
    text = (site / "sensors.html").read_text(encoding="utf-8")
    for dataset, degradation in results.boards:
        anchor = style.slug(dataset, degradation)
        assert f"sensors.html#{anchor}" in (site / "boards" / f"{anchor}.html").read_text(encoding="utf-8")
        row = text[text.index(f'<tr id="{anchor}">') :]
        targets = re.findall(r'href="#([^"]+)"', row[: row.index("</tr>")])
        assert len(targets) == 2
        for target in targets:
            assert f'id="{target}"' in text and f"figures/{target}.svg" in text
    # one PSF serves both data sets; the responses stand on bands of their own
    assert len(list((site / "figures").glob("*--psf.svg"))) == 1
    assert len(list((site / "figures").glob("*--response.svg"))) == 2


def test_facts_of_a_psf_are_those_of_its_definition():
    row = np.array([0.0, 0.25, 0.5, 0.25, 0.0])
    facts = dict(kernel_facts(Kernel("triangle", np.outer(row, row), 4, (1, 1), "sensor-1--psf")))
    assert facts["Standard deviation"].startswith("0.71 × 0.71")
    assert (
        facts["Centre against the block's"].startswith("−0.50 × −0.50")
        and facts["Weight inside the block"] == "100.0 %"
    )
    passed = 0.5 + 0.5 * np.cos(np.pi / 4)
    assert facts["Passed at LR's Nyquist frequency"] == f"{passed:.2f} × {passed:.2f}"
    shifted = dict(kernel_facts(Kernel("triangle", np.outer(row, row), 4, (0, 3), "sensor-1--psf")))
    assert shifted["Weight inside the block"] == "56.2 %"


def test_nominal_camera_and_its_effects_are_named_on_the_page_of_sensors():
    camera = Camera("ali-nominal-pan", np.array([[0.0, 0.5, 0.5, 0.0]]), (400.0, 500.0, 600.0, 700.0), "pan", ["toy"])
    assert "not measured curves" in caption_of_response(camera) and camera_entry(camera)["channels"] == [
        ("1", "550 nm", "500–600 nm")
    ]
    assert effects_of({"effects": [{"effect": "response-shift", "nanometres": 10.0}, {"effect": "own"}]}) == [
        "SRF at other wavelengths than is known (nanometres 10.0)", "own"
    ]  # fmt: skip


def test_terms_are_explained_once_and_text_stays_escaped():
    text = str(explained("PSF <b> and PSF, SRF"))
    assert text.count("<abbr") == 2 and "&lt;b&gt;" in text and text.startswith('<abbr title="Point spread')
    assert "<abbr" not in str(explained("hypersphere PSFs"))


# ---- degenerate and hostile -------------------------------------------------------------------------------------------


def test_names_that_differ_never_share_a_file():
    names = ["s 1", "s_1", "s-1", "s/1", "a--b", "a", "b", "é", "e", "<b>", "x" * 80, "x" * 81, ".", "..", ""]
    slugs = [style.slug(name) for name in names]
    assert len(set(slugs)) == len(names) and max(map(len, slugs)) < 80
    assert style.slug("a--b", "c") != style.slug("a", "b--c") != style.slug("a", "b", "c")
    assert style.slug("toy", X8, "apple") == f"toy--{X8}--apple"
    assert all(not set(slug) & set('/\\<>:"|?* ') for slug in slugs)


@pytest.mark.parametrize("table", ["", "dataset,degradation,board,seen_in_training,seed,value\n"])
def test_empty_table_gives_a_page_that_says_so_and_overwrites_no_report(grid, tmp_path, table):
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "metrics.csv").write_text(table, encoding="utf-8")
    catalogue = json.loads((grid[0] / "catalogue.json").read_text(encoding="utf-8"))
    (tmp_path / "results" / "catalogue.json").write_text(json.dumps(catalogue), encoding="utf-8")
    page = build_report(tmp_path / "results", tmp_path, tmp_path, tmp_path / "out")
    assert "metrics.csv" in page.read_text(encoding="utf-8") and "No results yet" in page.read_text(encoding="utf-8")
    build_report(tmp_path / "results", tmp_path, tmp_path, tmp_path / "out")
    page.write_text("a report", encoding="utf-8")
    with pytest.raises(MossFuseError, match=r"metrics.csv (is an empty file|holds no row)"):
        build_report(tmp_path / "results", tmp_path, tmp_path, tmp_path / "out")
    assert page.read_text(encoding="utf-8") == "a report"


def test_one_method_on_one_scene_is_ranked_without_tier_interval_or_test(results):
    only = with_values(results, lambda t: t[(t["dataset"] == "eight") & (t["method"] == "nsgp")])
    (board,) = with_tiers(only, with_tests(only, [make_board(only, "eight", X8, "std1")]))
    assert list(board.table["rank"]) == [1] and not board.table["tier"].any() and board.pairs.empty
    context = leaderboard_context(only, board)
    assert context["filters"] == [] and context["caption"][0].startswith("Mean over 1 scene (1 seed)")
    assert "no other method is ranked" in " ".join(findings(only, board))


# ---- palette ----------------------------------------------------------------------------------------------------------


def test_colours_stay_apart_under_every_colour_vision_deficiency():
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import colour
    from matplotlib.colors import to_rgb

    looks = style.looks(["bicubic", *(f"m{k}" for k in range(8))])
    light = colour.cctf_decoding(np.array([to_rgb(look.colour) for look in looks.values()]))
    deficiencies = {"full colour": np.eye(3)}
    for name, key in (("protanopia", "Protanomaly"), ("deuteranopia", "Deuteranomaly"), ("tritanopia", "Tritanomaly")):
        deficiencies[name] = np.asarray(colour.matrix_cvd_Machado2009(key, 1.0))
    for name, matrix in deficiencies.items():
        lab = colour.XYZ_to_Lab(colour.sRGB_to_XYZ(colour.cctf_encoding(np.clip(light @ matrix.T, 0, 1))))
        distances = [colour.delta_E(a, b, method="CIE 2000") for a, b in itertools.combinations(lab, 2)]
        assert min(distances) == pytest.approx(SMALLEST_DISTANCE[name], abs=0.05), name


# ---- browser ----------------------------------------------------------------------------------------------------------


def pages_of(site):
    """One page of every kind."""
    first = [next(iter(sorted((site / folder).glob("*.html")))) for folder in ("boards", "scenes")]
    return [*sorted(site.glob("*.html")), *first]


def test_no_page_has_an_accessibility_fault(tab, site):
    axe = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
    found = "axe.run(document, {resultTypes: ['violations']}).then(r => r.violations.map(v => [v.id, v.nodes.map(n => n.html.slice(0, 200))]))"
    for number, page in enumerate(pages_of(site)):
        tab.open(page, width=(1400, 390)[number % 2], dark=number % 3 == 0)
        tab.run(f"{axe};0")
        assert tab.run(found) == [], page
    tab.run(
        "document.body.insertAdjacentHTML('beforeend', '<img src=\"data:,\"><p style=\"color:#eee;background:#fff\">pale</p>'); 0"
    )
    assert {"image-alt", "color-contrast"} <= {name for name, _ in tab.run(found)}  # it does look


def test_rank_name_and_score_stay_in_view_on_a_phone(tab, site):
    tab.open(site / f"boards/toy--{X8}.html", width=390)
    left, right = tab.run(
        "(() => { const t = document.querySelector('table.pinned'); t.parentElement.scrollLeft = 1e4;"
        "const b = [...t.tBodies[0].rows].flatMap(r => [0, 1, 2].map(k => r.cells[k].getBoundingClientRect()));"
        "return [Math.min(...b.map(x => x.left)), Math.max(...b.map(x => x.right))]; })()"
    )
    assert left >= 0 and right <= 390 - 60


def test_print_holds_every_column_in_light_colours(tab, site):
    tab.open(site / f"boards/toy--{X8}.html", width=1047, dark=True)  # A4 landscape without margins of 10 mm
    tab.call("Emulation.setEmulatedMedia", media="print", features=[{"name": "prefers-color-scheme", "value": "dark"}])
    wide, colour = tab.run(
        "[Math.max(...[...document.querySelectorAll('table.pinned th, table.pinned td')].map(e => e.getBoundingClientRect().right)),"
        "getComputedStyle(document.body).color]"
    )
    hidden = tab.run(
        "[...document.querySelectorAll('form.filters')].every(f => getComputedStyle(f).display === 'none')"
    )
    tab.call("Emulation.setEmulatedMedia", media="")
    assert wide <= 1047 and colour == "rgb(27, 31, 36)" and hidden


def test_filter_and_sort_live_in_the_address_and_the_keyboard_does_it_all(tab, site):
    table = f"board-toy--{X8}--std1"
    page = site / f"boards/toy--{X8}.html"
    tab.open(page)
    count = f"[...document.getElementById('{table}').tBodies[0].rows].filter(r => !r.hidden).length"
    assert tab.run(count) == 6
    tab.run(f"(() => {{ const s = document.querySelector('form[data-for=\"{table}\"] select[data-fact=blind]'); s.focus(); s.value = 'yes';"
            "s.dispatchEvent(new Event('input', {bubbles: true})); })()")  # fmt: skip
    blind = tab.run(count)
    assert 0 < blind < 6 and tab.run("document.activeElement.dataset.fact") == "blind"
    tab.run(f"document.querySelector('#{table} thead th:nth-child(5) button').focus()")
    tab.press("Enter", "\r")
    assert tab.run("document.activeElement.textContent").startswith("SAM")
    fragment = tab.run("location.hash")
    tab.open(page, fragment=fragment)
    assert tab.run(count) == blind
    assert tab.run(f"document.querySelector('#{table} th[aria-sort]').textContent").startswith("SAM")


def test_explanations_show_on_focus_and_on_tap(tab, site):
    tab.open(site / "index.html", width=390)
    for how in ("focus", "click"):
        tab.run(
            f"document.querySelector('.paper').{how}()"
            if how == "focus"
            else "document.querySelector('.paper').click()"
        )
        assert tab.run("document.getElementById('tip').matches(':popover-open')")
        assert "Ours − published" in tab.run("document.getElementById('tip').textContent")
        tab.run("document.dispatchEvent(new KeyboardEvent('keydown', {key: 'Escape'}))")
        assert not tab.run("document.getElementById('tip').matches(':popover-open')")


def test_pages_from_a_local_server_ask_for_nothing_elsewhere(tab, site):
    handler = functools.partial(Quiet, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/"
        tab.forget()
        for page in pages_of(site):
            before = tab.loaded
            tab.call("Page.navigate", url=address + page.relative_to(site).as_posix())
            while tab.loaded == before:
                tab.receive(60)
        server.shutdown()
    assert tab.console == []
    assert [r for r in tab.requests if not r.startswith((address, "data:"))] == []


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


# ---- what a paper cites ---------------------------------------------------------------------------------------------


def test_bibtex_has_every_citation_once_and_escapes_what_latex_reads(site, results):
    text = (site / "exports" / "references.bib").read_text(encoding="utf-8")
    keys = re.findall(r"^@\w+\{([^,]+),$", text, re.M)
    assert keys[0] == "mossfuse-benchmark" and len(keys) == len(set(keys)) and "0123456789" in text
    about = [*results.catalogue["methods"].values(), *results.catalogue["datasets"].values()]
    cited = {
        entry["citation"]
        for entry in about
        if entry.get("citation") and not entry["citation"].startswith("this benchmark")
    }
    assert len(keys) == 1 + len(cited)
    assert not re.search(r"(?<!\\)[&%#]", re.sub(r"^  url = .*$", "", text, flags=re.M))


def test_json_of_a_board_is_valid_and_holds_its_numbers(site, board):
    content = json.loads((site / "exports" / f"toy--{X8}--std1.json").read_text(encoding="utf-8"))
    assert content["scenes"] == list(board.scenes) and content["convention"] == "std1"
    found = {row["method"]: row["psnr"] for row in content["rows"]}
    for method, value in zip(board.table["method"], board.table["psnr"], strict=True):
        assert found[method] == (None if np.isnan(value) else value)
