"""A method gets a pair and nothing else: no name leads to the noise, and no file to the truth."""

import itertools
import json
import sys
import zlib
from types import SimpleNamespace

import numpy as np
import pytest

from mossfuse.benchmark.data.make_pair import make_pair
from mossfuse.benchmark.plan.cells import Cell
from mossfuse.benchmark.plan.paths import Paths
from mossfuse.benchmark.run import handover, landlock
from mossfuse.benchmark.run.borders import Borders
from mossfuse.benchmark.run.cell import run_cell
from mossfuse.datasets import find_dataset
from mossfuse.datasets.phantom import generate
from mossfuse.degradations import degrade, find_degradation, load_srf
from mossfuse.files import write_cube
from mossfuse.threads import PATIENCE, THREADS

NOISY = find_degradation("x8-gauss7s2-nikond5100-snr30-35")
WAVELENGTHS = np.arange(400.0, 701, 10)
CELL = Cell("phantom-64", NOISY.name, "looks", "beads", 0)
LOOKS = """
import ctypes, os, subprocess, sys
from pathlib import Path
import h5py
import numpy as np
from mossfuse.protocol import Fusion, Method

METHOD = Method(name="looks", title="Looks around", citation="c", licence="l", stochastic=False, params={"truth": ""})

def fuse(observation, *, seed, device, checkpoint=None, truth=""):
    here = [os.getcwd(), *sys.argv, *map(str, Path().iterdir()), *(f"{k}={v}" for k, v in os.environ.items())]
    here += [os.readlink(f"/proc/self/fd/{n}") for n in os.listdir("/proc/self/fd") if os.path.lexists(f"/proc/self/fd/{n}")]
    here += [Path(f"/proc/self/{name}").read_text() for name in ("cmdline", "environ")]
    print("HERE", *here, vars(observation).keys(), sep="|")
    if truth:
        os.symlink("/", "root")
        ways = {
            "open": lambda: open(truth, "rb").read(),
            "os.open": lambda: os.open(truth, os.O_RDONLY),
            "relative": lambda: open(os.path.relpath(truth), "rb"),
            "symbolic link": lambda: open("root" + truth, "rb"),
            "descriptor of a folder": lambda: os.open(os.path.basename(truth), os.O_RDONLY, dir_fd=os.open(os.path.dirname(truth), os.O_RDONLY)),
            "numpy": lambda: np.fromfile(truth, np.uint8),
            "h5py": lambda: h5py.File(truth, "r"),
            "list": lambda: os.listdir(os.path.dirname(truth)),
            "overwrite": lambda: open(truth, "ab"),
            "replace": lambda: os.replace("root", truth),
            "parent": lambda: open(f"/proc/{os.getppid()}/cmdline", "rb").read(),
            "C": lambda: print("descriptor", ctypes.CDLL(None).open(truth.encode(), 0)),
            "program": lambda: print("status", subprocess.run(["cat", truth], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode),
        }
        for name, way in ways.items():
            try:
                way()
                print("PASSED", name)
            except OSError as error:
                print("REFUSED", name, type(error).__name__)
    return Fusion(np.zeros((*observation.msi.shape[:2], observation.hsi.shape[2]), np.float32))
"""


@pytest.fixture(scope="module")
def beads():
    return generate("beads", 64, 0)


@pytest.fixture
def run(tmp_path, monkeypatch, beads):
    """Return a function that runs the method of LOOKS in a results folder and returns (record, log, truth)."""
    paths = Paths(*(tmp_path / part for part in ("results", "reports", "checkpoints", "data")))
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "looks.py").write_text(LOOKS, encoding="utf-8")
    monkeypatch.setenv("MOSSFUSE_BASELINES", str(tmp_path / "own"))
    monkeypatch.setenv("SLURM_JOB_NAME", "fuse-beads")
    truth, pair = paths.scene("phantom-64", "beads"), paths.pair("phantom-64", NOISY.name, "beads")
    write_cube(truth, beads, WAVELENGTHS)
    make_pair(NOISY, truth=truth, path=pair, scene="beads")

    def looks(**params):
        method = SimpleNamespace(name="looks", knows=frozenset(), trains="none", gpu=False)
        row = SimpleNamespace(
            method=method,
            module=SimpleNamespace(__file__=str(tmp_path / "own" / "looks.py")),
            params=params,
            prefix=None,
            suffix=None,
            iterates=0,
            weights_kind="none",
            knows=frozenset(),
        )
        log = tmp_path / "log" / "beads.log"
        log.parent.mkdir(exist_ok=True)
        record = run_cell(CELL, row, files=paths.of_cell(CELL), pair=pair, closed=paths.trees, device="cpu", log=log)
        return record, log.read_text(encoding="utf-8")

    return looks, str(truth)


def test_method_that_opens_the_truth_is_a_failed_row_with_that_reason(run):
    """By whatever way, and also where it catches what refuses it."""
    looks, truth = run
    before = open(truth, "rb").read()
    record, log = looks(truth=truth)
    assert record["status"] == "failed" and record["output"] is None
    assert record["reason"] == f"the method opened {truth}, which it was not handed"
    assert log.count("REFUSED") == 11, log
    if record["isolation"] == "landlock":  # else C code and other programs are not held back; see docs/protocol.md
        assert "descriptor -1" in log and "status 1" in log
    assert open(truth, "rb").read() == before


def test_method_finds_no_name_of_its_cell(run):
    """Neither in its observation, nor in its folder, arguments, environment, or open files."""
    looks, _ = run
    record, log = looks()
    assert record["status"] == "ok" and record["scene"] == "beads", record["reason"]
    (here,) = [line for line in log.splitlines() if line.startswith("HERE")]
    assert not [
        word for word in ("beads", "phantom", "x8-gauss", "snr30", "SLURM", "looks/", "seed0") if word in here
    ], here


def test_redrawing_the_noise_by_names_gains_nothing(beads):
    """The attack that once gained 2 dB, on pairs of that time and of now: try every scene and seed, subtract the draw."""
    srf = load_srf(NOISY.srf, WAVELENGTHS)
    clean = degrade(beads, find_degradation("x8-gauss7s2-nikond5100"), srf)
    new = degrade(beads, NOISY, srf, scene="beads")

    def redraw(scene, seed):
        random = np.random.Generator(np.random.PCG64([seed, zlib.crc32(scene.encode())]))
        return random.standard_normal(clean.hsi.shape), random.standard_normal(clean.msi.shape)

    def attack(msi):
        """Return the MSI without the draw that looks most like its noise."""
        sigma, detail = new.sensor.noise_msi, msi - (np.roll(msi, 1, 0) + np.roll(msi, 1, 1)) / 2
        names = itertools.product(find_dataset("phantom")[0].scenes, range(3))
        draw = max((redraw(*name)[1] for name in names), key=lambda draw: float((draw * detail).sum()))
        return msi - sigma * draw

    def gain(msi):
        """Return by how many dB the attack brings the MSI nearer to the truth."""
        before, after = (np.square(image - clean.msi).mean() for image in (msi, attack(msi)))
        return 10 * np.log10(before / after)

    old = clean.msi + new.sensor.noise_msi * redraw("beads", 0)[1]
    assert gain(old) > 40 and gain(new.msi) < 0


def test_deepest_folder_decides_and_closed_wins():
    borders = Borders.around(["/p/data", "/p/results", "/m"], ["/p", "/p/data", "/m/python"])
    refused = ["/p/data", "/p/data/a/b", "/p/results/x", "/m/raw", "/m"]
    assert all(borders.refused(path) for path in refused)
    assert not any(
        borders.refused(path) for path in ("/", "/p", "/p/code.py", "/p/database", "/m/python/lib/x.py", "/q")
    )


def test_what_is_granted_is_everything_beside_the_closed_folders(tmp_path):
    for name in ("a/data/scene", "a/code", "a/data/own", "b"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "a" / "link").symlink_to(tmp_path / "a" / "data")
    granted = set(Borders.around([tmp_path / "a" / "data"], [tmp_path / "a" / "data" / "own"]).grants())
    own = {path.removeprefix(f"{tmp_path}/") for path in granted if path.startswith(str(tmp_path))}
    assert own == {"a/code", "a/data/own", "b"}
    assert not granted & {"/", *map(str, tmp_path.parents), str(tmp_path / "a")}


def test_without_landlock_the_audit_hook_is_left(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    assert landlock.restrict_to([]) is False


def test_variables_of_a_child_name_no_job_and_are_absolute(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    variables = {"SLURM_JOB_COMMENT": "beads", "PWD": "/beads", "MOSSFUSE_MIRRORS": "/m", "MOSSFUSE_BASELINES": "own",
                 "PYTHONPATH": "lib:", "HOME": "/home/u", "OMP_NUM_THREADS": "8"}  # fmt: skip
    found = handover.environment(tmp_path / "work", [tmp_path / "data"], 3, variables)
    assert found.keys() - {*THREADS, *PATIENCE} == {
        "HOME", "PYTHONPATH", "MOSSFUSE_BASELINES", "TMPDIR",
    }  # fmt: skip
    assert found["MOSSFUSE_BASELINES"] == str(tmp_path / "own") and found["OMP_NUM_THREADS"] == "3"
    assert found["PYTHONPATH"].endswith(f":{tmp_path / 'lib'}") and found["TMPDIR"] == str(tmp_path / "work")
    assert "TMPDIR" not in handover.environment(tmp_path / "work", ["/nowhere/data"], 3, variables)
    json.dumps(found)
