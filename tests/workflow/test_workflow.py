"""The workflow through its real commands: a smoke run, failures, kills, and what is planned again."""

import csv
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import yaml

from helpers.repository import ROOT, run_tool
from helpers.snakemake_runs import config_of, planned, run, small_grid, start, table
from mossfuse.__main__ import main
from mossfuse.benchmark.plan import settled
from mossfuse.benchmark.plan.covered import CoveredCode
from mossfuse.benchmark.plan.disk import disk_need
from mossfuse.benchmark.plan.grid import Grid
from mossfuse.benchmark.plan.jobs import jobs_of
from mossfuse.benchmark.plan.paths import Paths
from mossfuse.benchmark.plan.settings import check_settings
from mossfuse.errors import MossFuseError
from mossfuse.files import read_cube, write_cube
from mossfuse.files.atomic import write_json, write_rows
from mossfuse.files.hashing import sha256_of

ONE = """
import os, signal
import numpy as np
from mossfuse.protocol import Fusion, Method
METHOD = Method(name="{name}", title="{name}", citation="-", licence="-", stochastic=False)
def fuse(observation, *, seed, device, checkpoint=None):
    cube = np.zeros((*observation.msi.shape[:2], observation.hsi.shape[2]), np.float32)
    hats = dict()
    {body}
    return Fusion(cube=cube, **hats)
"""


@pytest.fixture(scope="session")
def finished(built_once):
    """Return the folder of one finished smoke run, for tests that only read it."""

    def build(folder):
        code, output = run(folder, config_of())
        assert code == 0, output

    return built_once("smoke", build)


@pytest.fixture
def finished_copy(finished, tmp_path):
    """Return a copy of the finished smoke run, for tests that plan another run in it."""
    return shutil.copytree(finished, tmp_path / "copy")


@pytest.mark.slow
def test_smoke_run_makes_tables_and_report(finished):
    rows = table(finished)
    assert {r["status"] for r in rows} == {"ok"}
    assert {r["method"] for r in rows} == {"bicubic", "bicubic-msi", "ridge-dc", "mossfuse", "mossfuse+sdc"}
    assert {r["convention"] for r in rows} >= {"std1", "moss", "consistency"}
    assert (finished / "reports" / "index.html").exists()
    times = list(csv.DictReader(open(finished / "results" / "timing.csv", encoding="utf-8")))
    assert len(times) == 5 and all(float(t["median_s"]) > 0 for t in times)
    (trained,) = (finished / "checkpoints").rglob("train.json")
    assert json.loads(trained.read_text(encoding="utf-8"))["seconds"] > 0  # shown in tables where nothing ran beside it


def part_of(run_folder, folder, methods):
    """Copy a finished run with some of its methods alone, as another machine would have run it."""
    shutil.copytree(
        run_folder, folder, ignore=shutil.ignore_patterns(".snakemake", "report", "reports", "logs", "*.mat")
    )
    results = folder / "results"
    for name in ("metrics.csv", "timing.csv"):
        head, *rows = csv.reader(io.StringIO((results / name).read_text(encoding="utf-8")))
        write_rows(results / name, head, [row for row in rows if row[head.index("method")] in methods])
    catalogue = json.loads((results / "catalogue.json").read_text(encoding="utf-8"))
    catalogue["methods"] = {name: entry for name, entry in catalogue["methods"].items() if name in methods}
    catalogue["tables"] = {name: sha256_of(results / name) for name in catalogue["tables"]}
    write_json(results / "catalogue.json", catalogue)
    return folder


@pytest.mark.slow
def test_runs_of_two_machines_become_one_table_and_one_report(finished, tmp_path):
    one = part_of(finished, tmp_path / "one", {"bicubic", "bicubic-msi", "ridge-dc"})
    two = part_of(finished, tmp_path / "two", {"bicubic", "mossfuse", "mossfuse+sdc"})
    code, output = run_tool("mossfuse", "merge", str(one), str(two), "-o", str(tmp_path / "all"))
    assert code == 0, output
    assert sorted(map(str, table(tmp_path / "all"))) == sorted(map(str, table(finished)))
    index = (tmp_path / "all" / "reports" / "index.html").read_text(encoding="utf-8")
    assert "mossfuse+sdc" in index and "ridge-dc" in index


@pytest.mark.slow
def test_every_method_of_a_scene_reads_identical_bytes(finished):
    runs = [
        json.loads(p.read_text(encoding="utf-8")) for p in finished.glob("results/phantom-64/*/*/mosaic/seed0/run.json")
    ]
    assert len(runs) == 5
    assert len({r["inputs"]["pair"] for r in runs}) == 1


@pytest.mark.slow
def test_second_run_plans_nothing(finished_copy):
    assert planned(finished_copy, config_of()) == {}


@pytest.mark.slow
def test_finished_run_is_certified_and_known_to_have_nothing_left(finished_copy):
    (finished_copy / "results" / "verdict.txt").unlink()
    settled.begin(finished_copy)
    code, output = run(finished_copy, None)
    assert code == 0 and "rule verdict" in output
    assert settled.record(finished_copy, [], {}) and settled.is_settled(finished_copy, [], {})
    (finished_copy / "results" / "metrics.csv").touch()
    assert not settled.is_settled(finished_copy, [], {})


@pytest.mark.slow
def test_metric_edit_never_fuses_again(finished_copy):
    jobs = planned(finished_copy, config_of(conventions=["std1", "moss", "classical-table"]))
    assert jobs["score"] == 10
    assert "fuse" not in jobs and "train" not in jobs


@pytest.mark.slow
def test_added_method_plans_exactly_its_own_cells(finished_copy):
    config = config_of()
    config["grid"][0]["methods"].append("regression-injection")
    jobs = planned(finished_copy, config)
    assert jobs["fuse"] == 2 and jobs["score"] == 2
    assert "train" not in jobs and "degrade" not in jobs


@pytest.mark.slow
def test_edited_baseline_plans_only_its_rows(tmp_path):
    folder, methods = tmp_path / "run", tmp_path / "methods"
    folder.mkdir()
    methods.mkdir()
    (methods / "own.py").write_text(ONE.format(name="own", body="pass"), encoding="utf-8")
    environment = {"MOSSFUSE_BASELINES": str(methods)}
    config, scores = small_grid(["bicubic", "own"]), "results/metrics.csv"
    code, output = run(folder, config, scores, environment=environment)
    assert code == 0, output
    (methods / "own.py").write_text(ONE.format(name="own", body="pass  # a comment changes nothing"), encoding="utf-8")
    assert planned(folder, config, scores, environment=environment) == {}
    (methods / "own.py").write_text(ONE.format(name="own", body="cube += 0.5"), encoding="utf-8")
    jobs = planned(folder, config, scores, environment=environment)
    assert jobs["fuse"] == 1 and jobs["score"] == 1


@pytest.mark.slow
def test_scene_added_to_a_finished_grid_is_planned_alone(finished_copy):
    config = config_of(methods={})
    config["grid"][0] |= {"scenes": ["mosaic", "spools", "target"], "methods": ["bicubic", "bicubic-msi"]}
    jobs = planned(finished_copy, config)
    assert jobs["fetch"] == 1 and jobs["prepare"] == 1 and jobs["degrade"] == 1
    assert jobs["fuse"] == 2 and jobs["score"] == 2 and jobs["collect"] == 1


@pytest.mark.slow
def test_every_kind_of_failure_becomes_a_row_and_only_they_are_tried_again(tmp_path):
    folder, methods = tmp_path / "run", tmp_path / "methods"
    folder.mkdir()
    methods.mkdir()
    bodies = {
        "raises": 'raise ValueError("endmembers are collinear")',
        "nan": "cube[3, 4, 5] = np.nan",
        "killed": "os.kill(os.getpid(), signal.SIGKILL)",
        "huge": "cube = cube + 1e39",  # finite in float64, infinite in float32
        "crooked": "hats = dict(srf_hat=np.ones((31, 3)))",
        "starved": 'import torch; raise torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB.")',
        "base": 'raise ValueError("no start")',  # named by its refinement alone
    }
    for name, body in bodies.items():
        source = ONE.format(name=name, body=body)
        if name == "starved":
            source = source.replace("stochastic=False", 'stochastic=False, params={"tile": 512}')
            source = source.replace("checkpoint=None", "checkpoint=None, tile=512")
        (methods / f"{name}.py").write_text(source, encoding="utf-8")
    environment = {"MOSSFUSE_BASELINES": str(methods)}
    bodies.pop("base")
    config = small_grid(["bicubic", "bicubic-msi", *bodies, "base+dc"])
    code, output = run(folder, config, environment=environment)
    assert code != 0
    assert (folder / "reports" / "index.html").exists()
    reasons = {r["method"]: r["reason"] for r in table(folder) if r["status"] == "failed"}
    assert "endmembers are collinear" in reasons["raises"]
    assert "NaN" in reasons["nan"]
    assert "SIGKILL" in reasons["killed"]
    assert "infinite" in reasons["huge"]
    assert "srf_hat of shape (31, 3), it needs shape (3, 31)" in reasons["crooked"]
    assert reasons["starved"].startswith("out of GPU memory; give its row params: {tile: 256}")
    assert reasons["base+dc"].startswith("the row it refines failed")
    assert {r["method"] for r in table(folder) if r["status"] == "ok"} == {"bicubic", "bicubic-msi"}
    assert all(reason in output for reason in reasons.values())
    jobs = planned(folder, config, environment=environment)
    assert jobs["fuse"] == 8 and jobs["score"] == 7
    assert not {"degrade", "prepare", "train"} & set(jobs)
    for name in (*bodies, "base"):
        (methods / f"{name}.py").write_text(ONE.format(name=name, body="pass"), encoding="utf-8")
    code, output = run(folder, config, "results/metrics.csv", environment=environment)
    assert code == 0, output
    assert {r["status"] for r in table(folder)} == {"ok"}


@pytest.fixture(scope="session")
def failed_training(built_once):
    """Return the folder of a run whose training failed, after a first report; what it printed is in output.txt."""

    def build(folder):
        config = config_of(timing={"scenes": "none"}, conventions=["std1"], first_report=True)
        config["grid"][0] |= {"scenes": ["mosaic"], "methods": ["bicubic", "mossfuse", "mossfuse+sdc"]}
        config["methods"]["mossfuse"]["train"]["patch"] = 4096
        code, output = run(folder, config)
        assert code != 0
        (folder / "output.txt").write_text(output, encoding="utf-8")

    return built_once("failed-training", build)


@pytest.mark.slow
def test_failed_training_becomes_rows(failed_training):
    reasons = {r["method"]: r["reason"] for r in table(failed_training) if r["status"] == "failed"}
    assert reasons["mossfuse"].startswith("training failed")
    assert reasons["mossfuse+sdc"].startswith("the row it refines failed")
    assert (failed_training / "reports" / "index.html").exists()


@pytest.mark.slow
def test_rows_that_need_no_training_are_reported_before_it_and_the_final_report_replaces_theirs(failed_training):
    output = (failed_training / "output.txt").read_text(encoding="utf-8")
    order = [
        output.index(f"rule {name}:")
        for name in ("score", "first_board", "draw_cell", "first_report", "train", "report")
    ]
    assert order == sorted(order)
    said = next(failed_training.glob("logs/**/*first_board*")).read_text(encoding="utf-8")
    assert re.findall(r"^\d+ +(\S+) ", said, re.M) == ["bicubic"]
    said = next(failed_training.glob("logs/**/*first_report*")).read_text(encoding="utf-8")
    assert re.search(r"^report: .*_first/index.html$", said, re.M)
    first = Paths(results=failed_training / "results", reports=failed_training / "reports").first
    assert not first.reports.exists() and not first.tables.exists()


@pytest.mark.slow
def test_poisoned_truth_changes_no_cube(finished, tmp_path):
    """The truth reaches scoring alone: fused bytes stay the same when it is replaced after degradation."""
    cell = "phantom-64/x8-gauss7s2-nikond5100/ridge-dc/mosaic/seed0"
    copy = tmp_path / "copy"
    shutil.copytree(finished, copy, ignore=shutil.ignore_patterns(".snakemake"))
    before = (copy / "results" / cell / "fused.mat").read_bytes()
    next(copy.glob("data/phantom-64/scenes*/mosaic.mat")).write_bytes(b"poison")
    command = [sys.executable, "-m", "mossfuse", "bench", "fuse", "--settings", "results/settings.json", cell]
    subprocess.run(command, cwd=copy, check=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert (copy / "results" / cell / "fused.mat").read_bytes() == before


@pytest.mark.slow
def test_curve_is_scored_from_saved_cubes_that_then_go_and_truth_reaches_nothing_else(tmp_path):
    config = small_grid(["bicubic", "pixel-mlp"]) | {"keep_cubes": "report"}  # this scene is shown: its cube stays
    config["methods"] = {"pixel-mlp": {"preset": "smoke", "iterates": 40}}
    assert planned(tmp_path, config, "tables")["curve"] == 1
    code, output = run(tmp_path, config)
    assert code == 0, output
    place = "phantom-64/x8-gauss7s2-nikond5100"
    cell = tmp_path / "results" / place / "pixel-mlp/mosaic/seed0"
    curve = list(csv.DictReader(open(cell / "curve.csv", encoding="utf-8")))
    assert [row["step"] for row in curve] == ["40", "80", "100"]
    final = next(r for r in table(tmp_path) if (r["method"], r["metric"]) == ("pixel-mlp", "psnr"))
    assert float(curve[-1]["psnr"]) == pytest.approx(float(final["value"]), abs=1e-6)
    assert not list(tmp_path.glob("results/**/iterates"))
    assert [p.parent.parent.parent.name for p in tmp_path.glob("results/**/curve.csv")] == ["pixel-mlp"]
    assert "Quality of saved cubes over the steps" in next(
        (tmp_path / "reports/scenes").glob("*mosaic*.html")
    ).read_text(encoding="utf-8")
    assert planned(tmp_path, config) == {}

    before = (cell / "fused.mat").read_bytes()
    next(tmp_path.glob("data/phantom-64/scenes*/mosaic.mat")).write_bytes(b"poison")
    verb = [sys.executable, "-m", "mossfuse", "bench", "fuse", "--settings", "results/settings.json"]
    fuse = [*verb, f"{place}/pixel-mlp/mosaic/seed0"]
    subprocess.run(fuse, cwd=tmp_path, check=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert (cell / "fused.mat").read_bytes() == before and len(list((cell / "iterates").glob("*.npy"))) == 3


@pytest.mark.slow
def test_run_killed_in_its_training_and_in_a_cell_is_finished_and_equals_an_uninterrupted_one(finished, tmp_path):
    """One scene and two methods of the smoke run are enough to show it."""
    config = config_of(timing={"scenes": "none"})
    config["grid"][0] |= {"scenes": ["mosaic"], "methods": ["bicubic", "mossfuse"]}
    for moment in ("checkpoints/*/*/*/*/resume", "logs/fuse/*/*/mossfuse/mosaic/seed0.log"):
        process = start(tmp_path, config, "results/metrics.csv")
        for _ in range(2400):
            if list(tmp_path.glob(moment)):
                break
            time.sleep(0.05)
        else:
            pytest.fail(f"the run never reached {moment}")
        assert process.poll() is None and not list(tmp_path.glob("results/*/*/mossfuse/*/*/run.json"))
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        code, output = run(tmp_path, config, "--unlock")
        assert code == 0, output
    code, output = run(tmp_path, config, "results/metrics.csv")
    assert code == 0, output
    uninterrupted = [r for r in table(finished) if r["scene"] == "mosaic" and r["method"] in ("bicubic", "mossfuse")]
    assert uninterrupted and table(tmp_path) == uninterrupted


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"methds": {}}, ["methds", "did you mean methods"]),
        ({"conventions": ["std9"]}, ["std9"]),
        ({"methods": {"mossfuse": {"train": {"stepz": 3}}}}, ["stepz", "did you mean steps"]),
        ({"timing": {"repeats": 0}}, ["timing.repeats"]),
        ({"methods": {"ridge-dc": {"iterates": 5}}}, ["methods.ridge-dc.iterates", "keeps no iterates"]),
    ],
)
def test_typo_in_config_is_refused(change, words):
    check_refusal(config_of(**change), words)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("methods", ["bicubicc"], ["unknown method 'bicubicc'", "did you mean bicubic"]),
        ("methods", ["bicubic+sdk"], ["unknown refinement '+sdk'", "+sdc"]),
        ("dataset", "phantm", ["phantm", "phantom"]),
        ("scenes", ["mosaik"], ["no scene 'mosaik'", "mosaic"]),
        ("degradations", ["x8-gauss7s2-nikond5101"], ["x8-gauss7s2-nikond5101"]),
        ("options", {"sice": 3}, ["no option 'sice'"]),
    ],
)
def test_unknown_name_in_grid_is_refused(field, value, words):
    config = config_of(methods={})
    config["grid"][0] = {**config["grid"][0], "methods": ["bicubic"], field: value}
    check_refusal(config, words)


def check_refusal(config, words):
    """Check what the workflow does first with its configuration, in this process."""
    with pytest.raises(MossFuseError) as refusal:
        CoveredCode(Grid(check_settings(config, "configuration")))
    assert all(word in str(refusal.value) for word in words) and "\n" not in str(refusal.value)


def test_workflow_prints_a_refusal_without_a_traceback(tmp_path):
    code, output = run(tmp_path, config_of(methds={}), "--dry-run", "--quiet")
    assert code != 0
    assert "methds" in output and "did you mean methods" in output and "Traceback" not in output, output


def test_profiles_are_taken_and_name_rules_that_exist_and_only_fusions_share_a_gpu(tmp_path):
    rules = re.findall(
        r"^rule (\w+):", "".join(p.read_text(encoding="utf-8") for p in (ROOT / "workflow/rules").glob("*.smk")), re.M
    )
    slurm = yaml.safe_load((ROOT / "workflow/profiles/slurm/config.yaml").read_text(encoding="utf-8"))
    assert set(slurm["set-resources"]) | set(slurm["set-threads"]) <= set(rules)
    driver = tmp_path / "nvidia-smi"
    driver.write_text("#!/bin/sh\necho 'GPU 0: pretended'; echo 'GPU 1: pretended'\n", encoding="utf-8")
    driver.chmod(0o755)
    environment = {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    profile = ["--workflow-profile", str(ROOT / "workflow/profiles/gpu")]
    code, output = run(tmp_path, config_of(fits_per_gpu=4), *profile, "--dry-run", environment=environment)
    assert code == 0, output
    jobs = re.findall(r"^rule (\w+):\n(.*?)^    resources: .*?(?:gpu=(\d))?$", output, re.M | re.S)
    places = {(rule, place) for rule, job, place in jobs if "method=mossfuse," in job}
    assert places == {("fuse", "1"), ("time", "4"), ("train", "4"), ("score", ""), ("draw_cell", "")}


@pytest.mark.parametrize("name", ["gpu", "slurm", "kubernetes"])
def test_every_entry_of_a_profile_is_an_option_and_has_its_reason(name):
    from snakemake.cli import get_argument_parser

    text = (ROOT / "workflow/profiles" / name / "config.yaml").read_text(encoding="utf-8")
    options = {word[2:] for action in get_argument_parser()._actions for word in action.option_strings}
    assert set(yaml.safe_load(text)) <= options
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if re.match(r"[\w-]+: \S", line):  # a value; a group's reasons stand beside what is in it
            assert "#" in line or lines[number - 1].startswith("#"), line


def test_kubernetes_takes_the_manifest():
    """kubectl reads the job into its own types, without a cluster: a field that it does not know would be lost."""
    place = ROOT / "workflow/profiles/kubernetes/job.yaml"
    volume, job = yaml.safe_load_all(place.read_text(encoding="utf-8"))
    (container,) = job["spec"]["template"]["spec"]["containers"]
    image = ROOT / "Dockerfile"
    folder = re.search(r"^WORKDIR (/opt/\S+)$", image.read_text(encoding="utf-8"), re.M)[1]
    inside = [ROOT / Path(word).relative_to(folder) for word in container["args"] if word.startswith(folder)]
    assert len(inside) == 2 and all(path.exists() for path in inside)
    assert (
        job["spec"]["template"]["spec"]["volumes"][0]["persistentVolumeClaim"]["claimName"]
        == volume["metadata"]["name"]
    )
    if not shutil.which("kubectl"):
        pytest.skip("needs kubectl")
    command = ["kubectl", "set", "image", "--local", "-f", "-", "mossfuse=another", "-o", "json"]
    done = subprocess.run(command, input=yaml.safe_dump(job), capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert lost(job, json.loads(done.stdout)) == [
        ".spec.template.spec.containers.0.image"
    ]  # the change that was asked for


def lost(given, taken, place=""):
    """Return the places at which ``taken`` lacks, or changes, what was given; numbers may have become text."""
    if isinstance(given, dict):
        return [x for key, value in given.items() for x in lost(value, taken.get(key, {}), f"{place}.{key}")]
    if isinstance(given, list):
        return [
            x for n, value in enumerate(given) for x in lost(value, (taken or [{}] * len(given))[n], f"{place}.{n}")
        ]
    return [] if str(given) == str(taken) else [place]


@pytest.mark.slow
def test_cubes_made_elsewhere_are_scored_and_marked(finished, tmp_path):
    """One scene's cube is there, the other one's is missing: a row 'external' and a row with its reason."""
    folder = tmp_path / "run"
    folder.mkdir()
    source = finished / "results/phantom-64/x8-gauss7s2-nikond5100/ridge-dc/mosaic/seed0/fused.mat"
    shutil.copy2(source, tmp_path / "mosaic.mat")
    entry = config_of()["grid"][0]
    config = config_of(
        grid=[{**entry, "methods": ["ridge-dc", "theirs"]}],
        methods={},
        external={"theirs": {"title": "Theirs", "pattern": str(tmp_path / "{scene}.mat")}},
        timing={"scenes": "none"},
        conventions=["std1"],
    )
    code, output = run(folder, config)
    assert code != 0
    rows = [r for r in table(folder) if r["method"] == "theirs"]
    assert {r["weights"] for r in rows} == {"external"}
    (missing,) = [r for r in rows if r["status"] == "failed"]
    assert missing["scene"] == "spools" and "spools.mat" in missing["reason"]
    values = {r["method"]: r["value"] for r in table(folder) if (r["scene"], r["metric"]) == ("mosaic", "psnr")}
    assert values["theirs"] == values["ridge-dc"]
    assert (folder / "reports" / "index.html").exists()


@pytest.mark.slow
def test_plan_counts_the_jobs_and_the_disk_of_the_workflow(finished, tmp_path, monkeypatch):
    config = config_of()
    grid = Grid(check_settings(config, "smoke"))
    jobs = planned(tmp_path, config)
    assert {**Counter(job.rule for job in jobs_of(grid, Paths.of(grid.config))), "all": 1} == jobs
    monkeypatch.chdir(finished)
    needs = disk_need(grid, jobs_of(grid, Paths.of(grid.config)))
    used = 1024 * int(subprocess.run(["du", "-sk", "."], capture_output=True, text=True, check=True).stdout.split()[0])
    assert sum(need.total for need in needs.values()) == pytest.approx(used, rel=0.2)
    assert sum(need.left for need in needs.values()) == 0
    status = subprocess.run([sys.executable, "-m", "mossfuse", "status"], capture_output=True, text=True, check=True)
    assert re.match(r"state +not running: (\d+) of \1 jobs finished, 0 failed\n", status.stdout)


@pytest.mark.slow
def test_cell_is_computed_again_from_its_record_and_a_difference_is_named(finished, tmp_path, monkeypatch, capsys):
    """A refinement of a trained method: scene, pair, weights, its base and its own cube; then a record that says otherwise."""
    place = "phantom-64/x8-gauss7s2-nikond5100"
    monkeypatch.chdir(finished)
    settings = ["--settings", "results/settings.json"]
    assert main(["bench", "reproduce", f"{place}/mossfuse+sdc/mosaic/seed0", *settings]) == 0
    printed = capsys.readouterr().out
    assert "DIFFERS" not in printed and "The cube has the same bytes." in printed
    assert re.search(r"^cube refined +equal", printed, re.M) and re.search(r"^pair as read +equal", printed, re.M)

    source = finished / "results" / place / "ridge-dc/mosaic/seed0"
    record = json.loads((source / "run.json").read_text(encoding="utf-8"))
    record |= {"output": "0" * 64, "code": {**record["code"], "row": "another"}}
    (tmp_path / "run.json").write_text(json.dumps(record), encoding="utf-8")
    cube, wavelengths = read_cube(source / "fused.mat")
    write_cube(tmp_path / "fused.mat", cube + np.float32(2e-5), wavelengths)
    assert main(["bench", "reproduce", str(tmp_path), *settings]) == 1
    printed = capsys.readouterr().out
    assert re.search(r"^code of the row +DIFFERS another recorded, \w+ now", printed, re.M)
    assert "all values agree to 4 decimal digits, the largest difference is 2e-05" in printed
    assert main(["bench", "reproduce", f"{place}/mossfuse/mosaic/seed1", *settings]) == 2
