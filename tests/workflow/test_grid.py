"""From a configuration to cells: what is run, timed, refined and refused; digests of code; GPUs; seconds of trainings."""

import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from helpers.repository import ROOT
from mossfuse.benchmark.plan.cells import Cell
from mossfuse.benchmark.plan.grid import Grid, untrained
from mossfuse.benchmark.plan.paths import TrainingFiles
from mossfuse.benchmark.plan.settings import check_settings
from mossfuse.benchmark.results.collect import seen_in_training, with_base
from mossfuse.benchmark.run import gpu_lock as gpu
from mossfuse.benchmark.run.training import count_seconds, take_up
from mossfuse.cli.bench.job import parse_cell
from mossfuse.degradations.replicates import replicate_of
from mossfuse.errors import MossFuseError
from mossfuse.fusion_check import check_fusion
from mossfuse.metrics import score_estimates
from mossfuse.physics.psf_geometry import around
from mossfuse.protocol import Sensor
from mossfuse.refine import refine

ENTRY = {
    "dataset": "phantom",
    "scenes": ["mosaic", "target"],
    "degradations": ["x8-gauss7s2-nikond5100"],
    "methods": ["bicubic"],
}


def grid_of(*entries, **config):
    return Grid(check_settings({"grid": [{**ENTRY, **entry} for entry in entries], **config}, "test"))


def test_base_of_a_refinement_is_run_and_judged_though_the_grid_does_not_name_it():
    grid = grid_of({"methods": ["ridge+softdc", "pixel-mlp+dc"], "seeds": [3, 4], "scenes": ["mosaic"]})
    place = ("phantom", ENTRY["degradations"][0])
    extra = [c for c in grid.runs() if c not in grid.cells()]
    assert extra == [
        Cell(*place, "ridge", "mosaic", 3),
        Cell(*place, "pixel-mlp", "mosaic", 3),
        Cell(*place, "pixel-mlp", "mosaic", 4),
    ]
    assert [c for c in grid.clocked_cells() if c not in grid.timed_cells()] == extra[:2]


def test_rows_reported_first_need_no_training_here():
    config = check_settings(
        {
            "grid": [{**ENTRY, "methods": ["bicubic", "mossfuse", "mossfuse+sdc"]}, {**ENTRY, "methods": ["mossfuse"]}],
            "methods": {"mossfuse": {"preset": "smoke"}},
        },
        "test",
    )
    first = Grid(untrained(config, Grid(config)))
    assert {cell.method for cell in first.cells()} == {"bicubic"} and not first.trainings()
    alone = {**config, "grid": config["grid"][1:]}
    assert untrained(alone, Grid(alone))["grid"] == []


def test_lattices_are_replicates_of_one_degradation_and_one_of_them_is_timed_and_drawn():
    name = "x8-gauss7s2-nikond5100"
    one, nine = grid_of({}), grid_of({"lattices": 9, "scenes": ["mosaic"]})
    degradations = nine.blocks[0].degradations
    assert degradations[0] == name and len(set(degradations)) == 9
    assert degradations[1:4] == (f"{name}-phase3x6", f"{name}-phase3x0", f"{name}-phase6x3")
    assert {replicate_of(nine.degradations[d]).base for d in degradations} == {name}
    assert {c.degradation for c in nine.timed_cells()} == {c.degradation for c in nine.shown_cells()} == {name}
    assert nine.shown_replicates() == {("phantom", name, "mosaic"): name}
    assert one.cells() == grid_of({"lattices": 1}).cells() == one.shown_cells()


def test_lattices_have_the_same_fractions_at_every_ratio_and_stand_beside_draws_of_the_noise():
    grid = grid_of(
        {
            "degradations": ["x32-gauss31s2-nikond5100-snr35-40", "x32-gauss31s2-nikond5100-snr35-40-noise1"],
            "lattices": 4,
        }
    )
    phases = [d.phase for d in grid.degradations.values()]
    assert phases == 2 * [(15, 15), (15, 31), (31, 15), (31, 31)]
    kinds = {replicate_of(d) for d in grid.degradations.values()}
    assert len(kinds) == 8 and {k.base for k in kinds} == {"x32-gauss31s2-nikond5100-snr35-40"}


def test_every_grid_entry_times_its_own_first_scenes_and_seed():
    entries = [
        {"scenes": ["mosaic"], "seeds": [1]}, {"methods": ["ridge-dc"], "scenes": ["target", "mosaic"], "seeds": [2]}
    ]  # fmt: skip
    assert [len(grid_of(*entries, timing={"scenes": n}).timed_cells()) for n in (1, 2, "all", "none")] == [2, 3, 3, 0]
    grid = grid_of(*entries, timing={"scenes": "first"})
    assert {(c.method, c.scene, c.seed) for c in grid.timed_cells()} == {
        ("bicubic", "mosaic", 1),
        ("ridge-dc", "target", 2),
    }


@pytest.mark.parametrize(
    ("entries", "config", "match"),
    [
        (
            [{"degradations": ["x2-gauss1s1-nikond5100"], "lattices": 9}],
            {},
            "ratio 2 has 4 sampling lattices and not 9",
        ),
        ([{}], {"timing": {"scenes": "some"}}, "timing.scenes is 'some'; use a number of scenes, first, all, or none"),
        ([{"lattices": 5}], {}, r"grid.0.lattices: 5 is not one of \[1, 4, 9, 16, 25\]"),
        (
            [{"train_scenes": ["globes"]}, {"train_scenes": ["beads"]}],
            {},
            "different options or training scenes; give one an 'as:'",
        ),
        (
            [{"methods": ["bicubic+dc"]}],
            {"methods": {"bicubic+dc": {"params": {"subspce": 3}}}},
            "did you mean subspace",
        ),
        (
            [{"methods": ["bicubic+dc"]}],
            {"methods": {"bicubic+dc": {"params": {"subspace": 0}}}},
            "'subspace' of refinement '.dc' is 0; it must be a whole number, at least 1",
        ),
        (
            [{"methods": ["nsgp"]}],
            {"methods": {"nsgp": {"params": {"draws": 0}}}},
            "methods.nsgp.params: parameter 'draws' of method 'nsgp' is 0; it must be a whole number, at least 1",
        ),
        (
            [{"methods": ["bicubic+dc"]}],
            {"methods": {"bicubic+dc": {"preset": "smoke"}}},
            "takes 'preset' from its base",
        ),
        (
            [{"methods": ["mine+dc"]}],
            {"external": {"mine": {"pattern": "{scene}.mat", "title": "Mine"}}},
            "'mine\\+dc': cubes made elsewhere are scored as they are",
        ),
        (
            [{"methods": ["mine"]}],
            {"external": {"mine": {"pattern": "{scen}.mat", "title": "Mine"}}},
            "a cell has no '{scen}'; use {dataset}",
        ),
        (
            [{"methods": ["mine"]}],
            {"external": {"mine": {"pattern": "{scene.mat", "title": "Mine"}}},
            "pair the braces",
        ),
        (
            [{"methods": ["mossfuse"]}],
            {"methods": {"mossfuse": {"train": {"ema": "1e-3"}}}},
            "is '1e-3'; it must be a number",
        ),
    ],
)
def test_mistakes_of_a_configuration_are_one_sentence(entries, config, match):
    with pytest.raises(MossFuseError, match=match) as caught:
        grid_of(*entries, **config)
    assert "\n" not in str(caught.value)


def test_scene_may_have_been_seen_by_weights_that_are_given():
    entry = {
        "methods": ["mossfuse", "mine", "mossfuse-released"],
        "scenes": ["mosaic", "globes", "beads"],
        "train_scenes": ["beads"],
    }
    grid = grid_of(entry, methods={"mine": {"method": "mossfuse", "weights": "somewhere.pt"}})
    seen = {(c.method, c.scene) for c in grid.cells() if seen_in_training(grid, c)}
    assert seen == {
        ("mossfuse", "beads"), ("mine", "beads"), ("mine", "globes"), ("mossfuse-released", "beads"), ("mossfuse-released", "globes"),
    }  # fmt: skip


def test_time_of_a_refinement_includes_its_base():
    clock = {
        "status": "ok",
        "first_s": 1.0,
        "median_s": 0.5,
        "spread_s": 0.1,
        "cpu_s": 0.6,
        "peak_rss_mb": 300,
        "parameters": None,
    }
    base = {**clock, "median_s": 8.0, "peak_rss_mb": 200, "parameters": 5, "device": "cuda"}
    both = with_base(clock, base)
    assert (both["median_s"], both["first_s"], both["peak_rss_mb"]) == (8.5, 2.0, 300)
    assert (both["parameters"], both["device"]) == (5, "cuda")
    broken = {"status": "failed", "reason": "time limit of 3 s reached"}
    assert with_base(clock, broken) is broken and with_base(broken, base) is broken


@pytest.mark.parametrize(
    ("verb", "match"),
    [
        (["prepare", "phantm", "mosaic"], "no dataset 'phantm'; did you mean phantom"),
        (["prepare", "phantom", "mosaik"], "no scene 'mosaik'"),
        (["degrade", "phantom", "x9", "mosaic"], "no degradation 'x9'; it has: x8-gauss7s2-nikond5100"),
        (["train", "a/b"], "'a/b' .* is not in the configuration; it has: none"),
        (["fuse", "phantom/x8-gauss7s2-nikond5100/bicubic/nowhere/seed0"], "is not in the configuration's grid"),
    ],
)
def test_step_by_hand_with_a_wrong_name_is_one_sentence(tmp_path, monkeypatch, capsys, verb, match):
    from mossfuse.__main__ import main

    monkeypatch.chdir(tmp_path)
    Path("c.json").write_text(json.dumps({"grid": [ENTRY]}), encoding="utf-8")
    assert main(["bench", verb[0], "--settings", "c.json", *verb[1:]]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    with pytest.raises(MossFuseError, match=match):
        raise MossFuseError(error)


def test_cell_of_a_base_can_be_run_by_hand():
    grid = grid_of({"methods": ["ridge+softdc"]})
    text = f"phantom/{ENTRY['degradations'][0]}/ridge/mosaic/seed0"
    assert parse_cell(text, grid).name == text


def test_every_job_has_a_gpu_of_its_own_where_there_are_several(tmp_path):
    program = (
        "import os, sys, time; from mossfuse.benchmark.run.gpu_lock import claim_gpu; "
        "claim_gpu(0.05, sys.argv[1]); print(os.environ['CUDA_VISIBLE_DEVICES'], flush=True); time.sleep(60)"
    )
    env = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "CUDA_VISIBLE_DEVICES": "0,1"}
    jobs = [
        subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], env=env, stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    try:
        time.sleep(1)
        first = {job.stdout.readline().strip() for job in jobs[:1]}
        jobs[0].kill()  # whatever ends a job sets its GPU free
        jobs[0].wait()
        others = {job.stdout.readline().strip() for job in jobs[1:]}
        assert first <= {"0", "1"} and others == {"0", "1"}
    finally:
        for job in jobs:
            job.kill()
            job.wait()
            job.stdout.close()


def pretend_driver(folder, count):
    """Write an ``nvidia-smi`` that lists so many GPUs."""
    driver = folder / "nvidia-smi"
    listing = "".join(f"GPU {n}: pretended\n  MIG 1g.18gb Device 0: pretended\n" for n in range(count))
    driver.write_text(f"#!/bin/sh\ncat <<END\n{listing}END\n", encoding="utf-8")
    driver.chmod(0o755)


@pytest.mark.parametrize("fits", [1, 2])
def test_no_two_jobs_use_one_place_of_a_gpu_and_every_place_is_used(tmp_path, fits):
    """Three GPUs, as a driver that is pretended lists them, and four processes with four jobs each, the last of which needs a whole GPU."""
    pretend_driver(tmp_path, 3)
    program = """
import os, pathlib, sys, time
from mossfuse.benchmark.run import gpu_lock
folder, fits = sys.argv[1], int(sys.argv[2])
for number in range(4):
    own = fits if number < 3 else 1
    gpu_lock.claim_gpu(0.01, folder, fits=own)
    name = os.environ.pop("CUDA_VISIBLE_DEVICES")
    last = pathlib.Path(gpu_lock.HELD[-1].name).name
    places = [last.split(".")[1]] if own > 1 else list(map(str, range(fits)))
    marks = [os.path.join(folder, f"in-use-{name}-{place}") for place in places]
    for mark in marks:
        os.close(os.open(mark, os.O_CREAT | os.O_EXCL))  # fails where another job uses the same one
    time.sleep(0.05)
    for mark in marks:
        os.unlink(mark)
    print(name)
    gpu_lock.release(gpu_lock.HELD)  # as when the job ends
    gpu_lock.HELD.clear()
"""
    env = {"PATH": f"{tmp_path}:/usr/bin:/bin", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", program, str(tmp_path), str(fits)]
    jobs = [
        subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(4)
    ]
    ended = [(*job.communicate(timeout=120), job.returncode) for job in jobs]
    assert all(code == 0 for _, _, code in ended), ended
    used = "".join(out for out, _, _ in ended).split()
    assert len(used) == 16 and set(used) == {"0", "1", "2"}


class Busy(Exception):
    """Raised in place of waiting for a GPU."""


def test_two_fits_share_a_gpu_and_a_timing_has_it_alone(tmp_path, monkeypatch):
    pretend_driver(tmp_path, 1)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(gpu, "HELD", [])
    monkeypatch.setattr(gpu, "SHARED", {})

    def claim(fits, meanwhile=lambda: None):
        """Return the locks of one more job, which does not wait."""

        def busy(_):
            meanwhile()
            raise Busy

        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
        monkeypatch.setattr(gpu.time, "sleep", busy)
        before = len(gpu.HELD)
        gpu.claim_gpu(folder=tmp_path, fits=fits)
        assert os.environ["CUDA_VISIBLE_DEVICES"] == "0"
        return gpu.HELD[before:]

    def refused(fits, **options):
        with pytest.raises(Busy):
            claim(fits, **options)

    first, second = claim(2), claim(2)
    refused(2)  # a third one
    refused(1)  # a timing
    gpu.release(first)
    refused(1, meanwhile=lambda: refused(2))  # a place is free, but a timing waits, and comes first
    again = claim(2)  # nothing waits any more
    gpu.release(again + second)
    alone = claim(1)
    refused(2)
    refused(1)
    gpu.release(alone)
    assert gpu.SHARED == {"fits_per_gpu": 2}


def test_users_of_one_machine_share_the_locks_whatever_their_umask_and_their_temporary_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    monkeypatch.setenv("TMPDIR", str(tmp_path / "own"))
    monkeypatch.setattr(gpu, "FOLDER", tmp_path)
    monkeypatch.setattr(gpu, "HELD", [])
    before = os.umask(0o077)
    try:
        gpu.claim_gpu()
    finally:
        os.umask(before)
    (path,) = tmp_path.iterdir()
    path.chmod(path.stat().st_mode & 0o555)  # another user may read it, and no more
    assert path.name == "mossfuse-gpu-0.lock" and path.stat().st_mode & 0o777 == 0o444
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    gpu.claim_gpu()
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "1"
    for lock in gpu.HELD:
        lock.close()


def test_gpu_that_was_chosen_already_is_left_alone(monkeypatch, tmp_path):
    for chosen in ("3", ""):
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", chosen)
        gpu.claim_gpu(folder=tmp_path)
        assert not list(tmp_path.iterdir()) and not gpu.HELD


def test_seconds_of_a_training_that_was_cut_short_count(tmp_path):
    path = tmp_path / "seconds.json"
    with pytest.raises(RuntimeError), count_seconds(path, every_s=0.01):
        time.sleep(0.1)
        raise RuntimeError
    first = json.loads(path.read_text(encoding="utf-8"))["seconds"]
    with count_seconds(path) as so_far:
        assert so_far()["seconds"] >= first >= 0.1
    path.write_text(json.dumps({"seconds": 100.0, "cpu_seconds": 50.0}), encoding="utf-8")
    with count_seconds(path) as so_far:
        assert 100 <= so_far()["seconds"] < 101 and 50 <= so_far()["cpu_seconds"] < 51


def test_training_in_the_making_is_dropped_where_another_began_it(tmp_path):
    files = TrainingFiles(tmp_path / "phantom" / "x8" / "mossfuse" / "seed0")
    unfinished = take_up(files, "a")
    unfinished.weights.with_suffix(".partial").write_bytes(b"state")
    assert take_up(files, "a") == unfinished and list(unfinished.folder.iterdir())
    assert not any(
        word in str(unfinished.folder.relative_to(tmp_path)) for word in ("phantom", "x8", "mossfuse", "seed")
    )
    other = take_up(files, "b")
    assert not unfinished.folder.exists() and not list(other.folder.iterdir())


def test_psf_of_a_refinement_is_scored_where_it_found_it(tmp_path, make_pair):
    """bicubic knows nothing of the sensor, so its refinement estimates the phase as well."""
    pair, truth = make_pair(rows=96, cols=96)
    moved = replace(pair, sensor=Sensor())
    fusion = refine("dc", truth, moved)
    found = around(fusion.psf_hat, fusion.phase_hat, pair.sensor.phase)
    assert score_estimates({"psf_hat": found}, pair)["psf_l1"] < 1e-3
    checked = check_fusion(fusion, pair)
    assert all(value is not None for value in (checked.psf_hat, checked.srf_hat, checked.phase_hat))
