"""Claims about the report: its numbers, its words, its files, and what a browser shows."""

import copy
import dataclasses
import io
import json
import re
import shutil
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from helpers.fabricated_results import METHODS
from helpers.headless import centre
from mossfuse.benchmark.report import style
from mossfuse.benchmark.report.board import make_board, marks
from mossfuse.benchmark.report.build import build_report
from mossfuse.benchmark.report.comparisons import with_tests
from mossfuse.benchmark.report.conditions import mixed_conditions
from mossfuse.benchmark.report.drawing import default_rows
from mossfuse.benchmark.report.facts import place_facts
from mossfuse.benchmark.report.figures import pareto
from mossfuse.benchmark.report.findings import findings
from mossfuse.benchmark.report.latex import breakable, latex, to_latex
from mossfuse.benchmark.report.load import load_results
from mossfuse.benchmark.report.more import missing_lines, more_context, more_metrics
from mossfuse.benchmark.report.pages import statistics_context
from mossfuse.benchmark.report.scenes import same_size
from mossfuse.benchmark.report.style import looks, number, slug
from mossfuse.benchmark.report.tables import published_comparison, to_csv, to_markdown
from mossfuse.benchmark.report.terminal import show_boards
from mossfuse.benchmark.results.collect import METRIC_COLUMNS, nested_means
from mossfuse.benchmark.results.signed_rank import holm
from mossfuse.cli.bench.report import failures_of
from mossfuse.errors import MossFuseError

X8 = "x8-gauss7s2"
MAE = """
import numpy as np
from mossfuse import Column, Metric
COLUMN = Column("mae", "Mean error", "dB", better="lower", decimals=5)
METRIC = Metric("mae", COLUMN, lambda x, y, ratio: float(np.abs(x - y).mean()), "mean |x - y|", conventions=("std1",))
"""
PAGES = "index across paper statistics methods failures data sensors conventions provenance exports".split()


def changed(grid, tmp_path, change):
    """A copy of the grid's tables whose metrics.csv went through ``change``; pictures are not copied."""
    results, _, data = grid
    (tmp_path / "results").mkdir(exist_ok=True)
    table = change(pd.read_csv(results / "metrics.csv", dtype=str, keep_default_na=False))
    table.to_csv(tmp_path / "results" / "metrics.csv", index=False)
    for name in ("timing.csv", "catalogue.json"):
        shutil.copy(results / name, tmp_path / "results" / name)
    return tmp_path / "results", tmp_path / "checkpoints", data


# ---- numbers ------------------------------------------------------------------------------------------------------


def test_means_leave_out_scenes_seen_in_training_for_everybody(results, board):
    assert board.scenes == ["apple", "plum", "pear"] and board.seen_scenes == ["fig"]
    rows = results.board("toy", X8)
    rows = rows[(rows["convention"] == "std1") & (rows["metric"] == "psnr") & rows["scene"].isin(board.scenes)]
    for name in ("bicubic", "mossfuse-authors"):
        mean = rows[rows["method"] == name]["value"].mean()
        assert board.table.set_index("method").loc[name, "psnr"] == pytest.approx(mean, abs=1e-9)


def test_metrics_json_has_the_means_of_the_report(grid, board):
    table = pd.read_csv(grid[0] / "metrics.csv", dtype=str, keep_default_na=False).reindex(columns=METRIC_COLUMNS)
    means = nested_means(table.itertuples(index=False, name=None))["toy"][X8]
    expected = board.ranked.set_index("method")["psnr"]
    assert "colleague-net" not in expected  # it failed on a scene
    assert set(means) == set(expected.index) and "fig" in board.seen_scenes
    for name, mean in expected.items():
        assert means[name]["std1"]["psnr"] == pytest.approx(mean, rel=1e-7)


def test_seeds_are_averaged_before_scenes(results, board):
    rows = results.board("toy", X8)
    own = rows[(rows["method"] == "mossfuse") & (rows["convention"] == "std1") & (rows["metric"] == "psnr")]
    means = own[own["scene"].isin(board.scenes)].groupby("scene")["value"].mean()
    assert len(own) == 8
    assert board.table.set_index("method").loc["mossfuse", "psnr"] == pytest.approx(means.mean(), abs=1e-9)


def test_method_that_saw_every_scene_is_listed_without_a_rank(grid, tmp_path):
    def change(table):
        table.loc[table["method"] == "mossfuse-authors", "seen_in_training"] = "true"
        return table

    results = load_results(*changed(grid, tmp_path, change))
    board = make_board(results, "toy", X8, "std1")
    row = board.table.set_index("method").loc["mossfuse-authors"]
    assert row["standing"] == "seen" and np.isnan(row["rank"]) and np.isnan(row["psnr"])
    assert len(board.scenes) == 4
    assert "was trained on every scene here" in " ".join(findings(results, board))


def test_failed_method_is_listed_but_not_ranked(results, board):
    row = board.table.set_index("method").loc["colleague-net"]
    assert row["standing"] == "failed" and np.isnan(row["rank"]) and row["scenes"] == 2 and row["failed"] == 1
    assert "failed on 1 of 3 scenes" in " ".join(findings(results, board))


def test_method_that_was_not_run_on_every_scene_is_listed_but_not_ranked(grid, tmp_path):
    results = load_results(*changed(grid, tmp_path, lambda t: t[(t["method"] != "nsgp") | (t["scene"] != "plum")]))
    board = make_board(results, "toy", X8, "std1")
    row = board.table.set_index("method").loc["nsgp"]
    assert row["standing"] == "partial" and np.isnan(row["rank"]) and row["scenes"] == 2
    assert "was run on 2 of 3 scenes and is therefore not ranked" in " ".join(findings(results, board))
    table = pd.read_csv(tmp_path / "results/metrics.csv", dtype=str, keep_default_na=False).reindex(
        columns=METRIC_COLUMNS
    )
    assert "nsgp" not in nested_means(table.itertuples(index=False, name=None))["toy"][X8]


def test_training_of_an_earlier_grid_is_not_shown(grid, tmp_path):
    results, checkpoints, data = changed(grid, tmp_path, lambda table: table)
    for place in ("toy/x8-gauss7s2/mossfuse/seed7", "gone/x8-gauss7s2/mossfuse/seed0"):
        (checkpoints / place).mkdir(parents=True)
        (checkpoints / place / "train.json").write_text('{"status": "ok", "commit": "old"}', encoding="utf-8")
    before = load_results(*grid).trainings
    assert load_results(results, checkpoints, data).trainings.keys() <= before.keys()


@pytest.mark.parametrize(
    ("first", "second"), [((8, 8), (9, 9)), ((7, 7), (9, 9)), ((8, 8), (11, 12)), ((5, 8), (6, 6))]
)
def test_pictures_of_two_kernels_share_the_pixel_of_their_centre(first, second):
    kernels = [np.zeros(shape) for shape in (first, second)]
    for kernel in kernels:
        kernel[tuple((n - 1) // 2 for n in kernel.shape)] = 1
    padded = same_size(*kernels)
    np.testing.assert_array_equal(*padded)


def test_ranks_follow_the_leading_metric(board):
    ranked = board.ranked
    assert list(ranked["rank"]) == [1, 2, 3, 4, 5]
    assert ranked["psnr"].is_monotonic_decreasing


def test_marks_follow_printed_digits_and_skip_unranked_rows():
    table = pd.DataFrame({"psnr": [40.004, 40.001, 39.5, 99.0], "sam": [3.0, 2.0, 1.0, 0.1], "rank": [1, 2, 3, np.nan]})
    assert marks(table, "psnr") == ["best", "best", "second", ""]
    assert marks(table, "sam") == ["", "second", "best", ""]


def with_more_scenes(table):
    """The grid's table with copies of its scenes under new names, each 0.1 dB better than the last."""
    parts = [table]
    for k in range(1, 4):
        copy = table[table["dataset"] == "toy"].copy()
        copy["scene"] += str(k)
        copy.loc[copy["metric"] == "psnr", "value"] = (
            copy.loc[copy["metric"] == "psnr", "value"].astype(float) + 0.1 * k
        ).astype(str)
        parts.append(copy)
    return pd.concat(parts)


def test_intervals_enclose_the_means_and_few_scenes_have_none(grid, board, tmp_path):
    assert board.ranked[[f"{m}_low" for m in board.metrics]].isna().all().all()  # three scenes
    more = make_board(load_results(*changed(grid, tmp_path, with_more_scenes)), "toy", X8, "std1")
    assert len(more.scenes) == 12
    ranked = more.ranked
    assert (ranked["psnr_low"] < ranked["psnr"]).all() and (ranked["psnr"] < ranked["psnr_high"]).all()


def test_every_p_of_a_report_is_computed_once_in_one_family(grid, tmp_path):
    results = load_results(*changed(grid, tmp_path, with_more_scenes))
    boards = with_tests(results, [make_board(results, *place, "std1") for place in results.boards])
    tests = pd.concat([board.tests for board in boards])
    assert set(tests["other"]) == {"bicubic"} and "bicubic" not in set(tests["method"])
    tested = tests[tests["p"].notna()]
    assert set(tested["metric"]) == {"psnr", "sam"} and set(tests["tests"]) == {len(tested)}
    np.testing.assert_allclose(tested["p_holm"], holm(tested["p"]))
    assert len(set(tested["board"])) == 1 and set(tested["dataset"]) == {"toy", "eight"}
    toy = boards[0]
    best = toy.ranked["method"].iloc[0]
    p = toy.tests_of("psnr").set_index("method").loc[best, "p_holm"]
    words = " ".join(findings(results, toy))
    assert f"over the {len(tested)} tests of this report: p = {style.p_value(p)}" in words or p < 0.001
    shown = statistics_context(results, boards, {board.slug: {} for board in boards})["sections"][0]["comparisons"]
    assert {row["method"]: row["p_holm"] for row in dict(shown)["psnr"]}[best] == p


def test_reference_is_the_configurations_and_never_the_winner(grid, tmp_path):
    folders = changed(grid, tmp_path, with_more_scenes)
    path = folders[0] / "catalogue.json"
    catalogue = json.loads(path.read_text(encoding="utf-8"))
    catalogue["config"]["statistics"] = {"reference": "ridge-dc", "margins": {"psnr": 0.5}}
    path.write_text(json.dumps(catalogue), encoding="utf-8")
    results = load_results(*folders)
    (board,) = with_tests(results, [make_board(results, "toy", X8, "std1")])
    assert set(board.tests["other"]) == {"ridge-dc"}
    assert set(board.tests.loc[board.tests["p"].notna(), "metric"]) == {"psnr"}
    gone = results.catalogue["config"]["statistics"]
    gone["reference"] = "not-run"
    (board,) = with_tests(results, [make_board(results, "toy", X8, "std1")])
    assert board.tests.empty


def test_rank_diagram_has_one_row_per_method_and_its_choice_looks_at_no_score(results):
    catalogue = copy.deepcopy(results.catalogue)
    for name, family in (("ridge-dc", "ridge"), ("mossfuse-authors", "mossfuse"), ("mossfuse", "mossfuse")):
        catalogue["methods"][name]["family"] = family
    named = dataclasses.replace(results, catalogue=catalogue)
    assert default_rows(named, ["mossfuse-authors", "nsgp", "mossfuse", "ridge-dc"]) == ["nsgp", "mossfuse", "ridge-dc"]


def test_times_of_two_machines_never_share_a_column(grid, tmp_path):
    folders = changed(grid, tmp_path, lambda table: table)
    timing = pd.read_csv(folders[0] / "timing.csv", dtype=str, keep_default_na=False)
    other = timing[timing["method"] == "mossfuse"].assign(
        device="cuda", device_name="Test GPU", threads="", median_s="0.01"
    )
    pd.concat([timing, other]).to_csv(folders[0] / "timing.csv", index=False)
    board = make_board(load_results(*folders), "toy", X8, "std1")
    assert len(board.clocks) == 2
    row = board.table.set_index("method").loc["mossfuse"]
    assert (row["time_0"], row["time_1"]) == (0.9, 0.01)
    assert np.isnan(board.table.set_index("method").loc["nsgp", "time_1"])


def test_rows_that_were_not_timed_still_tell_their_size_and_no_seconds(results):
    untimed = replace(results, timing=results.timing.iloc[:0])
    table = make_board(untimed, "toy", X8, "std1").table.set_index("method")
    assert table.loc["mossfuse", "parameters"] == METHODS["mossfuse"].parameters
    assert np.isnan(table.loc["mossfuse", "train_s"])  # the record's seconds are those of a shared machine
    assert np.isnan(table.loc["nsgp", "parameters"])


def test_facts_of_a_row_are_those_of_its_runs(results):
    facts = place_facts(results, "mossfuse", "toy", X8)
    assert facts["seeds"] == [0, 1] and facts["runs"] == 8
    assert (facts["training_iterations"], facts["iterations"]) == (60, 475)
    assert place_facts(results, "colleague-net", "toy", X8)["runs"] == 3
    assert place_facts(results, "mossfuse", "toy", "x4") == {}


def test_pareto_front_holds_exactly_the_undominated():
    cost, quality = np.array([1.0, 2.0, 3.0, 2.5]), np.array([10.0, 30.0, 20.0, 30.0])
    assert pareto(cost, quality, True) == [0, 1]
    assert pareto(cost, quality, False) == [0]


def test_published_numbers_stand_beside_ours_with_the_gap(results, board):
    table = published_comparison(results, board)
    row = table[table["convention"] == "std1"].iloc[0]
    means = board.table.set_index("method")["psnr"]
    assert row["published"] == 42.3 and row["ours"] == pytest.approx(means["mossfuse"])
    assert row["gap_ours"] == pytest.approx(means["mossfuse"] - 42.3)
    assert row["authors"] == pytest.approx(means["mossfuse-authors"])
    other = make_board(results, "eight", X8, "std1")
    assert published_comparison(results, other)["published"].isna().all()


@pytest.mark.parametrize(
    ("change", "fitting"),
    [
        ({}, True),
        ({"dataset": "toy-half"}, False),
        ({"snr_hsi": 30}, False),
        ({"shift": [0.5, 0.0]}, False),
        ({"ratio": 4}, False),
    ],
)
def test_published_number_is_compared_on_its_own_data_and_degradation_only(results, board, change, fitting):
    catalogue = copy.deepcopy(results.catalogue)
    about, degradation = catalogue["datasets"]["toy"], catalogue["degradations"][X8]
    about["dataset"] = change.get("dataset", "toy")
    about["title"] = "Toy at half size"
    degradation.update({k: v for k, v in change.items() if k != "dataset"})
    table = published_comparison(dataclasses.replace(results, catalogue=catalogue), board)
    assert table["published"].notna().any() == fitting


def test_published_number_of_another_ratio_is_not_compared(grid, tmp_path):
    folders = changed(grid, tmp_path, lambda table: table)
    path = folders[0] / "catalogue.json"
    catalogue = json.loads(path.read_text(encoding="utf-8"))
    for method in catalogue["methods"].values():
        for entry in method["published"]:
            entry["ratio"] = 32
    path.write_text(json.dumps(catalogue), encoding="utf-8")
    results = load_results(*folders)
    assert published_comparison(results, make_board(results, "toy", X8, "std1"))["published"].isna().all()


# ---- words --------------------------------------------------------------------------------------------------------


def test_winning_sentence_follows_the_numbers(grid, tmp_path, results, board):
    words = " ".join(findings(results, board))
    assert "Null-space Gaussian process has the highest mean PSNR" in words
    assert "The best untrained method, Null-space Gaussian process, is" in words
    assert "It beats the runner-up on all 3 scenes. 3 scenes are too few for a significance test" in words
    assert "smallest possible p = 0.25" in words

    def learned_wins(table):
        own = (table["method"] == "mossfuse") & (table["metric"] == "psnr")
        table.loc[own, "value"] = "70"
        return table

    other = load_results(*changed(grid, tmp_path, learned_wins))
    words = " ".join(findings(other, make_board(other, "toy", X8, "std1")))
    assert "MossFuse has the highest mean PSNR" in words and "The best learned method, MossFuse" in words
    assert "The best untrained method" not in words
    assert "is first" in words  # another method still leads in SAM


def test_method_below_bicubic_interpolation_is_named(grid, tmp_path):
    def worse(table):
        table.loc[(table["method"] == "mossfuse") & (table["metric"] == "sam"), "value"] = "60"
        return table

    results = load_results(*changed(grid, tmp_path, worse))
    words = " ".join(findings(results, make_board(results, "toy", X8, "std1")))
    assert "In SAM MossFuse (60.000°) is worse than bicubic interpolation" in words


def with_facts(results, **facts):
    """The same results where the catalogue says more about some methods: method -> its further facts."""
    catalogue = copy.deepcopy(results.catalogue)
    for method, more in facts.items():
        catalogue["methods"][method] |= more
    return dataclasses.replace(results, catalogue=catalogue)


def test_shortened_training_is_marked_and_decides_nothing_about_learning(results):
    short = with_facts(results, mossfuse={"shortened": True}, **{"mossfuse-authors": {"shortened": True}})
    board = make_board(short, "toy", X8, "std1")
    assert board.table.set_index("method").loc["mossfuse", "title"] == "MossFuse ‡"
    words = " ".join(findings(short, board))
    assert "learned" not in words and "untrained" not in words
    for text in (to_markdown(board), to_csv(board)):
        assert "MossFuse ‡" in text
    assert "‡ learns for fewer steps than in its paper." in to_markdown(board)
    assert r"MossFuse $^\ddagger$" in to_latex(board) and "‡" not in to_markdown(make_board(results, "toy", X8, "std1"))


def test_scenes_that_defaults_were_chosen_on_are_marked_and_the_others_have_a_mean_of_their_own(results):
    known = with_facts(results, nsgp={"tuned_on": {"toy": ["plum", "fig"]}})
    board = make_board(known, "toy", X8, "std1")
    table = board.table.set_index("method")
    assert table.loc["nsgp", "tuned"] == ["plum"] and table.loc["nsgp", "title"].endswith(" °")
    rows = known.board("toy", X8)
    left = rows[(rows["convention"] == "std1") & (rows["metric"] == "psnr") & rows["scene"].isin(["apple", "pear"])]
    mean = left[left["method"] == "nsgp"]["value"].mean()
    words = " ".join(findings(known, board))
    assert (
        "Defaults of Null-space Gaussian process were chosen on 1 of these 3 scenes (°). Over the other 2 scenes"
        in words
    )
    assert f"Null-space Gaussian process {mean:.2f} dB" in words
    assert "° defaults of the method were chosen on scenes of this table." in to_markdown(board)
    every = with_facts(results, nsgp={"tuned_on": {"toy": ["apple", "plum", "pear"]}})
    assert "were chosen on every scene here (°)" in " ".join(findings(every, make_board(every, "toy", X8, "std1")))


# ---- exports ------------------------------------------------------------------------------------------------------


def test_csv_holds_the_boards_numbers(board):
    import io

    table = pd.read_csv(io.StringIO(to_csv(board)))
    assert np.allclose(table["psnr"], board.table["psnr"], equal_nan=True)
    assert list(table["method"]) == list(board.table["method"])


def test_markdown_marks_best_and_second(board):
    lines = to_markdown(board).splitlines()
    first = next(line for line in lines if line.startswith("| 1 |"))
    second = next(line for line in lines if line.startswith("| 2 |"))
    assert f"**{board.table['psnr'][0]:.2f}**" in first and f"<u>{board.table['psnr'][1]:.2f}</u>" in second
    assert len({line.count("|") for line in lines if line.startswith("|")}) == 1


def test_latex_is_booktabs_with_marks_and_escapes(board):
    text = to_latex(board)
    assert r"\toprule" in text and r"Colleague's \textless{}network\textgreater{} \& co" in text
    assert (
        rf"\textbf{{{board.table['psnr'][0]:.2f}}}" in text and rf"\underline{{{board.table['psnr'][1]:.2f}}}" in text
    )
    assert text.count(r"\begin{tabularx}{\linewidth}") == 2  # one for a narrow line, one for a wide one
    for part in text.split(r"\begin{tabularx}{\linewidth}")[1:]:
        form = part.splitlines()[0].replace(r">{\raggedright\arraybackslash\hspace{0pt}}", "").strip("{}@")
        body = part.split(r"\midrule")[1].split(r"\bottomrule")[0].strip().splitlines()
        assert {len(re.split(r"(?<!\\)&", line)) for line in body} == {len(form)} and len(body) == len(board.table)
    assert text.count("{") - text.count(r"\{") == text.count("}") - text.count(r"\}")


def test_labels_of_tables_differ_between_conventions_and_boards(site):
    labels = [
        re.search(r"\\label\{(.*)\}", p.read_text(encoding="utf-8"))[1]
        for p in sorted((site / "exports").glob("*.tex"))
    ]
    assert len(labels) == len(set(labels)) > 3 and all(re.fullmatch(r"tab:[A-Za-z0-9.:-]+", name) for name in labels)


def test_latex_of_letters_that_pdflatex_lacks_is_printable():
    assert latex("Müller, Łukasz, 图, σ, x|y") == r"Müller, ?ukasz, ?, $\sigma$, x\textbar{}y"
    assert breakable("nikond700-snr30 " + "x" * 20) == r"nikond700-\allowbreak{}snr30 xxxx\-xxxx\-xxxx\-xxxx\-xxxx"


def test_latex_escapes_every_special_character():
    assert latex("a_b 50% {x} #1 & $ ~ ^ \\ <") == (
        r"a\_b 50\% \{x\} \#1 \& \$ \textasciitilde{} \textasciicircum{} \textbackslash{} \textless{}"
    )


# ---- files --------------------------------------------------------------------------------------------------------


class Links(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.loaded, self.linked, self.ids, self.text = [], [], set(), []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if "id" in given:
            assert given["id"] not in self.ids, f"id {given['id']} stands twice"
            self.ids.add(given["id"])
        if tag == "a" and "href" in given:
            self.linked.append(given["href"])
        for key in ("src", "srcset", "data-root"):
            if key in given and tag != "a":
                self.loaded.append(given[key])
        if tag == "link":
            self.loaded.append(given["href"])
        if tag == "img":
            assert "alt" in given

    def handle_data(self, data):
        self.text.append(data)


def test_terminal_shows_the_leaderboards_and_each_failure_in_80_columns(results):
    boards = [make_board(results, *place, "std1") for place in results.boards]
    console = Console(file=io.StringIO(), width=80, highlight=False)
    show_boards(console, boards, failures_of(results.metrics))
    text = console.file.getvalue()
    assert max(map(len, text.splitlines())) <= 80
    for board in boards:
        assert f"{board.dataset}, " in text
        assert all(method in text for method in board.table["method"])
        best = board.ranked.iloc[0]
        assert number("psnr", best["psnr"]) in text
    assert "1 failed" in text and "NaN in 3 of 9 <samples>" in text


@pytest.fixture(scope="session")
def parsed(site):
    return {path: Links(path.read_text(encoding="utf-8")) for path in sorted(site.rglob("*.html"))}


def test_every_page_exists(site):
    assert {p.stem for p in site.glob("*.html")} == set(PAGES)
    assert len(list((site / "scenes").glob("*.html"))) == 5


def test_every_link_leads_somewhere(parsed):
    for path, page in parsed.items():
        for link in [*page.linked, *page.loaded]:
            if link.startswith(("https://", "data:")):
                continue
            name, _, anchor = link.partition("#")
            target = (path.parent / name).resolve() if name else path
            assert target.exists(), f"{path.name}: {link}"
            if anchor:
                assert anchor in parsed[target].ids, f"{path.name}: {link}"


def test_nothing_is_loaded_from_a_network(site, parsed):
    for path, page in parsed.items():
        assert not [x for x in page.loaded if re.match(r"\w+:", x) and not x.startswith("data:")], path
    for path in [*site.rglob("*.css"), *site.rglob("*.js")]:
        text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        text = text.replace("/*! https://github.com/leeoniya/uPlot", "")  # a comment
        assert "http://" not in text and "https://" not in text and "@import" not in text, path


def test_no_folder_of_this_machine_is_printed(site, grid):
    for path in site.rglob("*"):
        if path.suffix in (".html", ".json", ".csv", ".md", ".tex", ".js"):
            text = path.read_text(encoding="utf-8")
            assert str(grid[0].parent) not in text and "/home/somebody" not in text, path


def test_reason_of_a_failure_is_shown_and_escaped(site):
    for name in ("failures.html", f"scenes/{slug('toy', X8, 'plum')}.html"):
        text = (site / name).read_text(encoding="utf-8")
        assert "NaN in 3 of 9 &lt;samples&gt;" in text and "<samples>" not in text


def test_no_page_takes_a_title_citation_or_note_for_markup(site):
    for path in [*site.rglob("*.html"), *site.rglob("*.svg")]:
        text = path.read_text(encoding="utf-8")
        for name in ("<network>", "<A. Author>", "<B. Builder>", "<toy>", "<eight>", "<for>"):
            assert name not in text, (path, name)
    assert "Colleague&#39;s &lt;network&gt; &amp; co" in (site / "methods.html").read_text(encoding="utf-8")


def test_training_that_failed_is_shown(grid, tmp_path):
    def change(table):
        own = table["method"] == "mossfuse"
        table.loc[own, ["status", "reason"]] = ["failed", "training failed: loss is NaN"]
        table.loc[own, ["convention", "metric", "value"]] = ""
        return table[table["dataset"] == "eight"].drop_duplicates()

    results, checkpoints, data = changed(grid, tmp_path, change)
    folder = checkpoints / "eight" / X8 / "mossfuse" / "seed0"
    folder.mkdir(parents=True)
    record = {
        "dataset": "eight",
        "degradation": X8,
        "method": "mossfuse",
        "seed": 0,
        "status": "failed",
        "reason": "loss is NaN",
    }
    (folder / "train.json").write_text(json.dumps(record), encoding="utf-8")
    (folder / "history.csv").write_text("step\n", encoding="utf-8")
    shutil.copytree(grid[0] / "eight", results / "eight")
    build_report(results, checkpoints, data, tmp_path / "out", figures=False)
    text = (tmp_path / "out" / "failures.html").read_text(encoding="utf-8")
    assert "training failed: loss is NaN" in text and "<h2>Trainings</h2>" in text


def test_metric_added_in_a_file_stands_on_every_page_and_in_every_export(grid, tmp_path, metrics_outside):
    def change(table):
        added = table[(table["convention"] == "std1") & (table["metric"] == "rmse")].assign(metric="mae")
        return pd.concat([table, added])

    metrics_outside("mae.py", MAE)
    results, checkpoints, data = changed(grid, tmp_path, change)
    for place in ("toy", "eight"):
        shutil.copytree(grid[0] / place, results / place)
    out = tmp_path / "out"
    build_report(results, checkpoints, data, out, figures=False)
    assert "Mean error&nbsp;↓" in (out / "index.html").read_text(encoding="utf-8")
    assert "Mean error: each method minus" in (out / "statistics.html").read_text(encoding="utf-8")
    assert '<th scope="row" class="mono">mae</th><td>Mean error</td><td>dB</td>' in (
        out / "conventions.html"
    ).read_text(encoding="utf-8")
    assert "Mean error" in (out / "scenes" / f"toy--{X8}--apple.html").read_text(encoding="utf-8")
    stem = out / "exports" / f"toy--{X8}--std1"
    assert "mae,mae_median,mae_low,mae_high" in stem.with_suffix(".csv").read_text(encoding="utf-8").splitlines()[0]
    assert "Mean error (dB)" in stem.with_suffix(".md").read_text(encoding="utf-8")
    heads, units = re.findall(
        r"\\toprule\n(.*) \\\\\n(.*) \\\\\n", stem.with_suffix(".tex").read_text(encoding="utf-8")
    )[-1]
    assert dict(zip(heads.split(" & "), units.split(" & "), strict=True))["Mean error"].startswith("dB")
    means = make_board(load_results(results, checkpoints, data), "toy", X8, "std1").table
    assert means["mae"].equals(means["rmse"].rename("mae"))


def test_metric_without_a_value_is_a_dash_with_its_reason(grid, tmp_path):
    def change(table):
        small = (table["metric"] == "ssim") & (table["scene"] == "apple") & (table["convention"] == "std1")
        flat = (table["metric"] == "dd") & (table["convention"] == "std1")
        table.loc[small, ["value", "reason"]] = ["", "SSIM needs at least 11x11 pixels"]
        table.loc[flat, ["value", "reason"]] = ["", "MAE has no pixel"]
        return table

    results = load_results(*changed(grid, tmp_path, change))
    board, before = (make_board(r, "toy", X8, "std1") for r in (results, load_results(*grid)))
    assert missing_lines(results, board, "apple")[0] == "SSIM has no value: SSIM needs at least 11x11 pixels"
    everywhere = missing_lines(results, board)
    assert "SSIM has no value on apple: SSIM needs at least 11x11 pixels" in everywhere
    assert any(line.startswith("MAE has no value on ") and line.endswith("MAE has no pixel") for line in everywhere)
    assert board.table["psnr"].equals(before.table["psnr"]) and board.table["ssim"].notna().sum() > 1
    more = more_context(results, board)
    place = more["metrics"].index("dd")
    for row in more["rows"]:
        cell = row["cells"][place]
        assert cell["text"] == "–" and "MAE has no pixel" in cell["why"]


def test_metrics_that_rank_nothing_have_a_table_of_their_own_and_an_export(results, board, site):
    table = more_metrics(results, board)
    assert {"dd", "cc"} <= set(table) and not {"psnr", "sam"} & set(table)
    text = (site / "boards" / f"toy--{X8}.html").read_text(encoding="utf-8")
    assert "More metrics</h2>" in text and "MAE&nbsp;↓" in text
    written = pd.read_csv(site / "exports" / f"toy--{X8}--more.csv")
    np.testing.assert_allclose(written["dd"], table["dd"], rtol=1e-9)


def test_grid_without_any_success_or_clock_still_has_a_report(grid, tmp_path):
    def change(table):
        table[["status", "reason"]] = ["failed", "killed by signal 9"]
        table[["convention", "metric", "value"]] = ""
        return table[table["dataset"] == "eight"].drop_duplicates()

    results, checkpoints, data = changed(grid, tmp_path, change)
    timing = (results / "timing.csv").read_text(encoding="utf-8").splitlines()[0]
    (results / "timing.csv").write_text(timing + "\n", encoding="utf-8")
    shutil.copytree(grid[0] / "eight", results / "eight")
    text = build_report(results, checkpoints, data, tmp_path / "out").read_text(encoding="utf-8")
    assert "no ranking is given" in text


def test_recorded_hashes_are_told_from_verified_ones(site):
    text = (site / "data.html").read_text(encoding="utf-8")
    assert "checksum recorded at first download" in text and "verified" in text and "free &lt;for&gt; research" in text


def test_missing_table_is_named_with_the_remedy(tmp_path):
    with pytest.raises(MossFuseError, match=r"metrics.csv does not exist; run the benchmark"):
        build_report(tmp_path, tmp_path, tmp_path, tmp_path / "out")


def test_missing_picture_is_named(grid, tmp_path):
    results, checkpoints, data = changed(grid, tmp_path, lambda t: t[t["dataset"] == "eight"])
    shutil.copytree(grid[0] / "eight", results / "eight")
    (results / "eight" / X8 / "nsgp" / "apple" / "seed0" / "view" / "sam.webp").unlink()
    with pytest.raises(MossFuseError, match=r"nsgp/apple/seed0/view/sam.webp does not exist"):
        build_report(results, checkpoints, data, tmp_path / "out", figures=False)


def test_same_results_give_same_bytes(grid, site, tmp_path):
    results, checkpoints, data = changed(grid, tmp_path, lambda t: t[t["dataset"] == "eight"])
    shutil.copytree(grid[0] / "eight", results / "eight")
    shutil.copytree(grid[1] / "eight", checkpoints / "eight")
    out = tmp_path / "out"
    build_report(results, checkpoints, data, out)
    names = [p.relative_to(out) for p in out.rglob("*") if "eight" in str(p.relative_to(out)) and p.suffix != ".html"]
    assert {p.parts[0] for p in names} == {"figures", "exports", "view", "across"}
    for name in names:
        assert (out / name).is_dir() or (out / name).read_bytes() == (site / name).read_bytes(), name


def test_building_again_changes_no_byte_and_removes_stale_files(grid, tmp_path):
    results, checkpoints, data = changed(grid, tmp_path, lambda t: t[t["dataset"] == "eight"])
    shutil.copytree(grid[0] / "eight", results / "eight")
    out = tmp_path / "out"
    (out / "assets").mkdir(parents=True)
    (out / "stale.html").write_text("", encoding="utf-8")
    (out / "README.md").write_text("kept", encoding="utf-8")
    (out / "assets" / "files.json").write_text('["stale.html"]', encoding="utf-8")
    build_report(results, checkpoints, data, out, figures=False)
    first = {p: p.read_bytes() for p in out.rglob("*") if p.is_file()}
    build_report(results, checkpoints, data, out, figures=False)
    assert first == {p: p.read_bytes() for p in out.rglob("*") if p.is_file()}
    assert not (out / "stale.html").exists() and (out / "README.md").exists()


def test_figures_follow_dark_mode_and_come_as_pdf_svg_and_png(site):
    figures = sorted((site / "figures").glob("*.svg"))
    assert {p.stem.rsplit("--")[-1] for p in figures} == {
        "time",
        "parameters",
        "scenes",
        "differences",
        "ranks",
        "convergence",
        *("efficiency", "spectra", "sensor"),  # of the page of the paper
        *("response", "psf"),  # of the page of sensors
    }
    for path in figures:
        assert path.with_suffix(".pdf").read_bytes().startswith(b"%PDF") and path.with_suffix(".png").exists()
        assert "prefers-color-scheme: dark" in path.read_text(encoding="utf-8")


def test_curves_of_saved_cubes_stand_on_the_scene_page_and_facts_on_the_methods_page(site):
    page = (site / "scenes" / f"{slug('toy', X8, 'apple')}.html").read_text(encoding="utf-8")
    curves = json.loads(re.search(r'id="scene-data">(.*?)</script>', page, re.S)[1])["curves"]
    assert [(c["name"], c["seed"]) for c in curves] == [("mossfuse-authors", 0), ("mossfuse", 0), ("mossfuse", 1)]
    assert all(c["steps"] == [50, 100, 150] and len(c["values"]) == 3 for c in curves)
    assert "not visible to the method" in page
    assert "129,628" in (site / "methods.html").read_text(encoding="utf-8")


def test_convergence_shows_losses_and_what_was_held_out_but_no_step_sizes(site):
    (figure,) = [p for p in (site / "figures").glob("*--convergence.svg")][:1]
    text = figure.read_text(encoding="utf-8")
    assert "cycle hsi" in text and "held out" in text and "learning" not in text and "stroke-dasharray" in text


def test_methods_keep_their_look_whatever_their_number_and_no_two_share_one():
    names = [f"m{k}" for k in range(60)]
    known = looks(["bicubic", *names])
    assert len({(look.colour, look.marker) for look in known.values()}) == 61
    assert looks(names[:5])["m0"] == looks(["bicubic", *names[:5]])["m0"]
    for one, other in zip(names, names[8:], strict=False):  # the same colour comes again after eight
        assert known[one].colour == known[other].colour and known[one].dash != known[other].dash


def test_what_a_method_was_told_is_not_shown_as_its_estimate(site):
    """nsgp hands back the PSF and SRF it knows; only the two blind networks estimated theirs."""
    text = (site / "scenes" / f"{slug('toy', X8, 'apple')}.html").read_text(encoding="utf-8")
    assert 'alt="PSF estimated by MossFuse"' in text and "PSF estimated by Null-space" not in text
    data = json.loads(re.search(r'id="scene-data">(.*?)</script>', text, re.S)[1])
    assert [s["name"] for s in data["srf"]] == ["mossfuse-authors", "mossfuse"] and len(data["true_srf"]) == 3
    table = (
        (site / "statistics.html")
        .read_text(encoding="utf-8")
        .split("Estimates of the sensor</h3>")[1]
        .split("</table>")[0]
    )
    assert "#mossfuse" in table and "#nsgp" not in table


# ---- browser ------------------------------------------------------------------------------------------------------


def column(tab, table, k):
    return tab.run(f"[...document.querySelector({table!r}).tBodies[0].rows].map(r => r.cells[{k}].dataset.v)")


def test_pages_open_from_disk_without_errors_or_network(tab, site):
    tab.forget()
    for path in sorted(site.rglob("*.html")):
        heights = []
        for width in (1600, 390):
            tab.open(path, width=width)
            wide, high = tab.run("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
            assert wide <= width, f"{path.name} is {wide} px wide in a window of {width}"
            heights.append(high)
        assert heights[1] <= 4 * heights[0], f"{path.name} is more than four times taller on a phone"
        broken = tab.run("[...document.images].filter(i => i.complete && !i.naturalWidth).map(i => i.src)")
        assert broken == [], path
    assert tab.console == []
    assert [r for r in tab.requests if not r.startswith(("file:", "data:"))] == []


def test_click_on_a_header_sorts_and_the_keyboard_too(tab, site):
    tab.open(site / "index.html")
    table = f"#board-{slug('toy', X8, 'std1')}"
    tab.run("scrollTo(0, 0)")
    tab.click(*centre(tab, f"{table} thead th:nth-child(5) button"))  # SAM: smallest first
    sam = column(tab, table, 4)
    assert [float(v) for v in sam] == sorted(float(v) for v in sam)
    assert tab.run(f"document.querySelector('{table} th[aria-sort]').textContent").startswith("SAM")
    tab.run(f"document.querySelector('{table} thead th:nth-child(5) button').focus()")
    tab.press("Enter", "\r")
    assert column(tab, table, 4) == sam[::-1]
    tab.click(*centre(tab, f"{table} thead th:nth-child(1) button"))
    ranks = column(tab, table, 0)
    assert ranks == ["1", "2", "3", "4", "5", ""]  # the row without a rank stays last
    tab.click(*centre(tab, f"{table} thead th:nth-child(1) button"))
    assert column(tab, table, 0) == ["5", "4", "3", "2", "1", ""]


def test_matrix_switches_its_metric(tab, site):
    tab.open(site / "boards" / f"toy--{X8}.html")
    name = f"matrix-{slug('toy', X8, 'std1')}"
    tab.run(
        f"(() => {{ const s = document.querySelector('select[data-for=\"{name}\"]'); s.value = 'sam';"
        "s.dispatchEvent(new Event('change')); })()"
    )
    shown = tab.run(f"[...document.querySelectorAll('#{name} tbody:not([hidden])')].map(s => s.dataset.m)")
    assert shown == ["sam"]


def test_dark_mode_is_dark(tab, site):
    for dark, low, high in ((False, 240, 256), (True, 0, 40)):
        tab.open(site / "index.html", dark=dark)
        colour = tab.run("getComputedStyle(document.body).backgroundColor")
        assert low <= int(re.findall(r"\d+", colour)[0]) < high


def test_board_whose_cells_were_computed_under_different_conditions_says_so(results, board):
    assert mixed_conditions(results, board) == ""
    good = [name for name, run in results.runs.items() if run["status"] == "ok"]
    other = {**results.runs[good[0]], "versions": {"python": "3.11.2", "torch": "2.12.1"}, "threads": 7}
    mixed = mixed_conditions(replace(results, runs={**results.runs, good[0]: other}), board)
    assert mixed.startswith("These cells were computed under different conditions: threads ")
    assert (
        "7 (1 cell)" in mixed and "PyTorch 2.13.0 (" in mixed and "2.12.1 (1 cell)" in mixed and "device" not in mixed
    )
