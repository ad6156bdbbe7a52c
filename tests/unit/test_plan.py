"""The plan of a run: jobs, downloads, disk and hours before anything starts, and its state while it runs."""

import json
import math
import os
import shutil
import zipfile

import pytest

from mossfuse.__main__ import main
from mossfuse.benchmark.plan.cells import Cell
from mossfuse.benchmark.plan.costs import Cost, measured
from mossfuse.benchmark.plan.disk import COMING, PASSING, disk_need, require_disk
from mossfuse.benchmark.plan.download_lines import lines_for
from mossfuse.benchmark.plan.downloads import downloads
from mossfuse.benchmark.plan.grid import Grid
from mossfuse.benchmark.plan.jobs import jobs_of
from mossfuse.benchmark.plan.paths import Paths
from mossfuse.benchmark.plan.settings import check_settings
from mossfuse.benchmark.plan.times import effort
from mossfuse.errors import MossFuseError
from mossfuse.remote.download import offline

X32 = "x32-gauss31s2-nikond700"


def grid_of(dataset="cave", methods=("bicubic", "nsgp"), **entry):
    entry = {"dataset": dataset, "degradations": [X32], "methods": list(methods), **entry}
    return Grid(check_settings({"name": "test", "grid": [entry]}, "test"))


def planned_lines(capsys, *arguments):
    status = main(["plan", *arguments])
    return status, capsys.readouterr().out


@pytest.fixture
def empty(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MOSSFUSE_MIRRORS", raising=False)
    return tmp_path


def test_downloads_are_named_with_terms_and_size(empty):
    archive, response = downloads(grid_of(), Paths(), [])
    assert (archive.owner, archive.file.name, len(archive.scenes)) == ("cave", "complete_ms_data.zip", 12)
    assert "research community" in archive.terms and response.file.size == 458
    (empty / "data" / "cave").mkdir(parents=True)
    (empty / "data" / "cave" / "complete_ms_data.zip").touch()
    assert [item.file.name for item in downloads(grid_of(), Paths(), [])] == ["MossFuse_resp.mat"]


def test_scenes_without_an_address_are_named(empty):
    by_hand = downloads(grid_of("cave-8", scenes=["balloons"]), Paths(), [])[0]
    assert by_hand.file is None and by_hand.scenes == ("balloons",)


def test_plan_names_source_terms_and_what_a_person_has_to_get(empty, capsys):
    entries = [
        {"dataset": name, "degradations": ["x8-box8-sentinel2a10m"], "methods": ["bicubic"], "scenes": [scene]}
        for name, scene in (
            ("salinas", "salinas"),
            ("houston2018", "tile-13"),
            ("arad-1k", "ARAD_1K_0901"),
            ("cave-dhif", "paints"),
        )
    ]
    (empty / "config.yaml").write_text(json.dumps({"name": "test", "grid": entries}), encoding="utf-8")
    _, text = planned_lines(capsys)
    for line in (
        "salinas: Salinas.mat for 1 scene, size not known, from www.ehu.eus into data/salinas/raw (terms: no terms stated",
        "houston2018: 20170218_UH_CASI_S4_NAD83.pix for 1 scene BY HAND: register at https://hyperspectral",
        "arad-1k: 1 scene BY HAND: it cannot be downloaded without registration",
        "cave-dhif: complete_ms_data.zip for 1 scene, 406 MB, from cave.cs.columbia.edu into data/cave-dhif (terms: ",
        "response sentinel2a: hif_s2a_srf.csv, 66.1 kB, from raw.githubusercontent.com into data/_registry (terms: curves published by ESA",
        "together: 406 MB, 1 file of unknown size, 2 entries BY HAND",
        "download   files that you have already: put them into the folder named",
        "downloads 419 MB",
    ):
        assert line in text


def test_scenes_at_hand_are_counted_and_the_disk_has_to_hold_the_archive_and_what_is_taken_out_of_it(
    empty, monkeypatch
):
    for scene in ("clay", "hairs"):
        (empty / "mirror" / "CAVE" / f"{scene}_ms").mkdir(parents=True)
        (empty / "mirror" / "CAVE" / f"{scene}_ms" / f"{scene}_ms_01.png").touch()
    monkeypatch.setenv("MOSSFUSE_MIRRORS", str(empty / "mirror"))
    grid = grid_of()
    archive = downloads(grid, Paths(), [empty / "mirror"])[0]
    assert (archive.held, len(archive.scenes)) == (2, 10)
    assert "cave: complete_ms_data.zip for 10 scenes, 2 at hand, 406 MB" in lines_for(grid, Paths())[0]
    need = disk_need(grid, jobs_of(grid, Paths()), [archive])[COMING]
    assert need.left == pytest.approx(archive.file.size * (1 + 10 / 32))


def test_archive_that_lacks_scenes_is_counted(empty):
    (empty / "data" / "cave").mkdir(parents=True)
    with zipfile.ZipFile(empty / "data" / "cave" / "complete_ms_data.zip", "w") as bundle:
        for scene in ("balloons", "clay"):
            bundle.writestr(f"complete_ms_data/{scene}_ms/{scene}_ms/{scene}_ms_01.png", b"x")
    item = downloads(grid_of(), Paths(), [])[0]
    assert item.file is None and len(item.scenes) == 12
    assert "holds 2 of the 32 scenes of 'cave' and lacks 30, of which hairs, real_and_fake_peppers," in item.how
    assert not downloads(grid_of(scenes=["clay"], methods=["bicubic"]), Paths(), [])[1:]


def test_everything_that_is_missing_is_named_together_before_any_job(empty, capsys):
    entry = {"dataset": "cave", "degradations": [X32], "methods": ["bicubic", "sfno-released"], "scenes": ["clay"]}
    other = {"dataset": "salinas", "degradations": ["x8-box8-sentinel2a"], "methods": ["bicubic"]}
    (empty / "config.yaml").write_text(json.dumps({"name": "test", "grid": [entry, other]}), encoding="utf-8")
    with offline():
        status = main(["bench", "fetch"])
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert status == 2
    for part in (
        "dataset 'cave' lacks clay",
        "dataset 'salinas' lacks salinas",
        "response 'nikon-d700'",
        "response 'sentinel2a'",
        "weights of sfno-released",
    ):
        assert part in said


def test_embedded_scenes_need_no_download(empty, capsys):
    status, text = planned_lines(capsys)
    assert status == 0 and "download   none" in text


def test_disk_that_is_too_small_is_refused(empty, capsys, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(0, 0, 10_000_000))
    status, text = planned_lines(capsys)
    assert status == 1 and "TOO SMALL" in text
    with pytest.raises(MossFuseError, match=r"needs about .* GB more and 0\.01 GB are free in"):
        require_disk(grid_of(), Paths())


def test_cubes_that_are_removed_are_not_counted(empty, monkeypatch):
    """One of four replicates is shown. Nothing is timed: removed cubes wait for no clock, two are there at a time."""
    monkeypatch.setattr(os, "cpu_count", lambda: 1)

    def needs(keep):
        entry = {"dataset": "cave", "degradations": [X32], "methods": ["bicubic", "nsgp"], "scenes": ["balloons"]}
        config = {"grid": [{**entry, "lattices": 4}], "keep_cubes": keep, "timing": {"scenes": "none"}}
        grid = Grid(check_settings(config, "test"))
        return disk_need(grid, jobs_of(grid, Paths()))

    cubes = {keep: needs(keep)["cubes"].total for keep in ("all", "report", "none")}
    cube, record = measured()["bytes", "fuse"].per_unit * math.prod((512, 512, 31)), measured()["bytes", "fuse"].fixed
    assert [cubes[keep] - 8 * record for keep in cubes] == pytest.approx([8 * cube, 2 * cube, 0], abs=1)
    assert PASSING not in needs("all")
    assert needs("report")[PASSING].left == needs("none")[PASSING].left == pytest.approx(2 * cube)


def test_cubes_that_wait_for_the_clock_are_counted_in_full(empty):
    grid = Grid(check_settings({"grid": [{"dataset": "cave", "degradations": [X32], "methods": ["bicubic", "nsgp"]}],
                                "keep_cubes": "none", "timing": {"scenes": "all"}}, "test"))  # fmt: skip
    cube = measured()["bytes", "fuse"].per_unit * math.prod((512, 512, 31))
    assert disk_need(grid, jobs_of(grid, Paths()))[PASSING].total == pytest.approx(24 * cube)


def test_hours_are_those_of_measured_runs_and_else_unknown(empty, monkeypatch):
    monkeypatch.setattr("mossfuse.benchmark.plan.times.EVIDENCE", empty / "none")
    grid, paths = grid_of(scenes=["balloons", "clay"], methods=["nsgp", "bicubic"]), Paths()
    jobs = [job for job in jobs_of(grid, paths) if job.rule == "fuse"]
    assert effort(grid, paths, jobs).unknown == {"nsgp": 2, "bicubic": 2}
    files = paths.of_cell(Cell("cave-half", X32, "nsgp", "balloons", 0))
    files.folder.mkdir(parents=True)
    record = {"dataset": "cave-half", "degradation": X32, "method": "nsgp", "params": grid.rows["nsgp"].params}
    record |= {"status": "ok", "device": "cpu", "cpu_seconds": 36.0, "seconds": 40.0}
    files.run.write_text(json.dumps(record), encoding="utf-8")
    found = effort(grid, paths, jobs)
    overhead = 4 * measured()["cpu_s", "fuse"].of(math.prod((512, 512, 31))) / 3600
    assert found.unknown == {"bicubic": 2}
    assert found.cpu_h == pytest.approx(2 * 4 * 36 / 3600 + overhead)  # four times the values of a half-size scene
    assert effort(grid, paths, jobs, gpus=1).gpu_h == 0  # closed forms use none


def test_cost_grows_with_the_units_of_a_job():
    assert Cost(2.0, 0.5).of(10) == 7
    assert {rule for quantity, rule in measured() if quantity == "bytes"} >= {"prepare", "degrade", "fuse", "draw_cell"}


def test_state_of_a_run_names_what_failed(empty, capsys):
    grid, paths = grid_of("phantom", scenes=["mosaic"], methods=["bicubic"]), Paths()
    (empty / "config.yaml").write_text(
        json.dumps({"name": "test", "grid": list(grid.config["grid"])}), encoding="utf-8"
    )
    files = paths.of_cell(grid.cells()[0])
    files.folder.mkdir(parents=True)
    files.run.write_text(
        json.dumps({"status": "failed", "reason": "out of GPU memory", "params": {"tile": None}, "fits_per_gpu": 4}),
        encoding="utf-8",
    )
    assert main(["status"]) == 0
    text = capsys.readouterr().out
    assert (
        "1 failed" in text
        and "bicubic/mosaic/seed0: out of GPU memory; give its row params: {tile: 256}, or let fewer fits share its GPU (it ran with"
        in text
        and "left       score: 1 of 1" in text
    )
