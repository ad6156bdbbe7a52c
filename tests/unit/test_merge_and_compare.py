"""Merging runs of several machines, and comparing two runs."""

import pytest

from mossfuse.benchmark.plan.cells import Cell
from mossfuse.benchmark.plan.paths import Paths
from mossfuse.benchmark.report.comparison_page import write_comparison
from mossfuse.benchmark.results.compare import compare
from mossfuse.benchmark.results.layout import METRIC_COLUMNS, TIMING_COLUMNS, VERSION
from mossfuse.benchmark.results.merge import merge
from mossfuse.benchmark.results.runs import open_run
from mossfuse.cli.report import server
from mossfuse.errors import MossFuseError
from mossfuse.files.atomic import read_json, write_json, write_rows
from mossfuse.files.hashing import sha256_of

SCENES = ("apple", "fig", "pear", "plum", "quince")
BOARD = "x8-gauss7s2"


def make_run(
    folder, methods, scenes=SCENES, device="first machine", pair="aa", titles=None, gain=0.0, results="results"
):
    """Write a finished run of ``methods`` (name -> PSNR of the first scene) and return its folder."""
    paths = Paths(folder / results, folder / "reports", folder / "checkpoints", folder / "data")
    rows, clocks = [], []
    for name, psnr in methods.items():
        for number, scene in enumerate(scenes):
            cell = Cell("fruit", BOARD, name, scene, 0)
            head = ("fruit", BOARD, BOARD, "3x3", 0, name, scene, 0, "test", "false", "none")
            for metric, value in (("psnr", psnr + number + gain * number), ("sam", 3.0)):
                rows.append((*head, "ok", "", f"{pair}{scene}", "std1", metric, f"{value:.6f}"))
            record = {"status": "ok", "commit": "c0ffee", "device_name": device, "code": {"row": name, "harness": "h"}}
            write_json(paths.of_cell(cell).run, record)
            (paths.of_cell(cell).folder / "fused.mat").write_bytes(b"cube")
            clock = {
                "dataset": "fruit",
                "degradation": BOARD,
                "method": name,
                "scene": scene,
                "seed": 0,
                "device": "cpu",
            }
            clocks.append(tuple(clock.get(column, "") for column in TIMING_COLUMNS))
    write_rows(paths.metrics, METRIC_COLUMNS, rows)
    write_rows(paths.timing, TIMING_COLUMNS, clocks)
    catalogue = {
        "version": VERSION,
        "methods": {name: {"title": (titles or {}).get(name, name), "tuned_on": {}} for name in methods},
        "datasets": {"fruit": {"title": "Fruit", "scenes": list(scenes)}},
        "degradations": {BOARD: {"name": BOARD}},
        "conventions": {"std1": "the benchmark's own"},
        "grid": [{"dataset": "fruit", "methods": list(methods)}],
        "config": {"results": results, "reports": "reports", "checkpoints": "checkpoints", "conventions": ["std1"]},
        "tables": {path.name: sha256_of(path) for path in (paths.metrics, paths.timing)},
    }
    write_json(paths.catalogue, catalogue)
    return folder


@pytest.fixture
def two(tmp_path):
    """Runs of two machines that share the control and nothing else."""
    first = make_run(tmp_path / "one", {"bicubic": 20.0, "ridge": 40.0})
    second = make_run(tmp_path / "two", {"bicubic": 20.0, "nsgp": 45.0}, device="second machine")
    return first, second


def test_merged_run_has_every_cell_once_and_says_where_it_comes_from(two, tmp_path):
    paths = merge([open_run(folder) for folder in two], tmp_path / "all")
    merged = open_run(tmp_path / "all")
    assert {cell.method for cell in merged.cells} == {"bicubic", "ridge", "nsgp"} and len(merged.cells) == 15
    assert len(merged.timing) == 15
    assert merged.catalogue["datasets"]["fruit"]["scenes"] == list(SCENES)
    sources = read_json(paths.catalogue)["merged_from"]
    assert [s["name"] for s in sources] == ["one", "two"]
    assert sources[1]["origins"] == [{"commit": "c0ffee", "device": "second machine", "cells": 10}]
    shared = Cell("fruit", BOARD, "bicubic", "fig", 0)
    assert merged.record(shared)["device_name"] == "first machine"
    assert read_json(paths.summary)["fruit"][BOARD]["nsgp"]["std1"]["psnr"] == 47.0
    assert not list(paths.results.rglob("fused.mat"))


def test_cubes_are_copied_on_demand(two, tmp_path):
    paths = merge([open_run(folder) for folder in two], tmp_path / "all", cubes=True)
    assert len(list(paths.results.rglob("fused.mat"))) == 15


def test_runs_that_contradict_each_other_are_refused_and_nothing_is_written(two, tmp_path):
    first = open_run(two[0])
    worse = open_run(make_run(tmp_path / "worse", {"ridge": 39.0}))
    with pytest.raises(MossFuseError, match="ridge/apple/seed0 has different scores in .*one and .*worse"):
        merge([first, worse], tmp_path / "all")
    pixels = open_run(make_run(tmp_path / "pixels", {"nsgp": 45.0}, pair="bb"))
    with pytest.raises(MossFuseError, match="fused different pixels"):
        merge([first, pixels], tmp_path / "all")
    meaning = open_run(make_run(tmp_path / "meaning", {"bicubic": 20.0}, titles={"bicubic": "Another bicubic"}))
    with pytest.raises(MossFuseError, match="'bicubic' under methods means different things .* differ in title"):
        merge([first, meaning], tmp_path / "all")
    assert not (tmp_path / "all").exists() and not list(tmp_path.glob(".*merging"))


def test_merged_run_never_overwrites_a_folder(two, tmp_path):
    (tmp_path / "all").mkdir()
    (tmp_path / "all" / "mine.txt").write_text("kept", encoding="utf-8")
    with pytest.raises(MossFuseError, match="is not empty"):
        merge([open_run(folder) for folder in two], tmp_path / "all")
    assert (tmp_path / "all" / "mine.txt").read_text(encoding="utf-8") == "kept"


def test_edited_table_is_not_merged(two, tmp_path):
    table = two[1] / "results" / "metrics.csv"
    table.write_text(table.read_text(encoding="utf-8").replace("45.0", "55.0"), encoding="utf-8")
    with pytest.raises(MossFuseError, match="damaged or was edited"):
        merge([open_run(folder) for folder in two], tmp_path / "all")


def test_run_is_found_by_its_folder_or_by_its_results_wherever_these_are(tmp_path):
    make_run(tmp_path / "deep", {"bicubic": 20.0}, results="runs/x/results")
    run = open_run(tmp_path / "deep" / "runs" / "x" / "results")
    assert run.paths.checkpoints == tmp_path / "deep" / "checkpoints"
    with pytest.raises(MossFuseError, match="holds no finished run"):
        open_run(tmp_path / "nowhere")


def test_run_equals_itself_and_a_change_is_reported_with_its_interval(two, tmp_path):
    first = open_run(two[0])
    assert compare(first, first).equal
    other = open_run(make_run(tmp_path / "better", {"bicubic": 20.0, "ridge": 40.0}, device="new machine", gain=0.5))
    found = compare(first, other)
    by_key = {(c.method, c.metric): c for c in found.changes}
    change = by_key["ridge", "psnr"]
    assert (change.cells, change.scenes, change.changed) == (5, 5, 4)
    assert change.difference == pytest.approx(1.0) and change.largest == pytest.approx(2.0)
    assert change.low < 1.0 < change.high and change.p == pytest.approx(0.125)  # five pairs, one of them equal
    assert by_key["ridge", "sam"].changed == 0 and not found.equal
    assert found.reasons[Cell("fruit", BOARD, "ridge", "fig", 0)] == ["device"]


def test_cells_of_other_pixels_or_of_one_run_are_listed_and_not_compared(two, tmp_path):
    other = open_run(make_run(tmp_path / "other", {"ridge": 10.0}, pair="bb"))
    found = compare(open_run(two[0]), other)
    assert len(found.repixeled) == 5 and len(found.only_first) == 5 and not found.changes and not found.equal


def test_page_of_a_comparison_shows_names_as_text(two, tmp_path):
    other = open_run(make_run(tmp_path / "better", {"ridge": 41.0}))
    page = write_comparison(compare(open_run(two[0]), other), "<b>one</b>", "two", tmp_path / "page")
    text = page.read_text(encoding="utf-8")
    assert "&lt;b&gt;one&lt;/b&gt;" in text and "+1.00" in text and "http" not in text.partition("<body>")[2]
    table = (tmp_path / "page" / "comparison.csv").read_text(encoding="utf-8")
    assert table.splitlines()[1].startswith("fruit,x8-gauss7s2,ridge,std1,psnr,5,5,5,42,43,1,")


def test_failed_cells_of_one_run_are_named(two, tmp_path):
    run = open_run(two[0])
    cell = next(iter(run.cells))
    failed = {**run.cells, cell: [{**row, "status": "failed"} for row in run.cells[cell]]}
    other = open_run(two[0])
    other.__dict__["cells"] = failed
    assert compare(run, other).statuses == {cell: ("ok", "failed")}


def test_report_is_served_on_this_machine_alone(tmp_path):
    (tmp_path / "index.html").write_text("<p>report</p>", encoding="utf-8")
    with server(tmp_path, 0) as serving:
        host, port = serving.server_address[:2]
        assert host == "127.0.0.1"
        with pytest.raises(MossFuseError, match=f"port {port} cannot be used"):
            server(tmp_path, port)
