"""The wheel: what it holds, and that it works where only its declared dependencies are installed."""

import importlib.metadata
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from packaging.requirements import Requirement

from helpers.repository import ROOT
from mossfuse import fuse
from mossfuse.methods import catalogue

CONFIG = """
grid:
  - dataset: phantom
    as: phantom-64
    options: {size: 64, seed: 0}
    scenes: [mosaic]
    degradations: [x8-gauss7s2-nikond5100]
    methods: [bicubic]
    seeds: [0]
timing: {scenes: first, repeats: 1, budget_s: 1}
"""

pytestmark = pytest.mark.slow


def call(*command, cwd=None):
    """Run a program far from the clone, so that it cannot import from it, and return (exit status, everything it printed)."""
    result = subprocess.run(
        [str(c) for c in command],
        cwd=cwd or Path(command[0]).parent,
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin"},
    )
    return result.returncode, result.stdout + result.stderr


@pytest.fixture(scope="module")
def wheel(built_once):
    """The project's wheel, built without a network."""

    def build(folder):
        status, printed = call(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT)
        assert status == 0, printed

    return next(built_once("wheel", build).glob("*.whl"))


@pytest.fixture(scope="module")
def core(wheel, built_once):
    """Folder of the programs of an environment with the wheel and its dependencies, without any extra."""
    return built_once("core", lambda folder: environment(folder, wheel, "")) / "bin"


@pytest.fixture(scope="module")
def benchmark(wheel, built_once):
    """Folder of the programs of an environment with the wheel and its extra ``benchmark``."""
    return built_once("benchmark", lambda folder: environment(folder, wheel, "benchmark")) / "bin"


def environment(folder, wheel, extra):
    """Create a virtual environment with the wheel, and with links to the distributions that it declares for the extra."""
    status, printed = call(sys.executable, "-m", "venv", "--without-pip", folder)
    assert status == 0, printed
    packages = next(folder.glob("lib/python*/site-packages"))
    for distribution in declared(wheel, extra):
        for name in {path.parts[0] for path in distribution.files if path.parts[0] not in ("..", "__pycache__")}:
            link, target = packages / name, distribution.locate_file(name)
            if not link.exists():
                link.symlink_to(target)
    pip = (sys.executable, "-m", "pip", "--python", folder / "bin" / "python")
    status, printed = call(*pip, "install", "--no-index", "--no-deps", "--disable-pip-version-check", wheel)
    assert status == 0, printed


def declared(wheel, extra):
    """Return the distributions that the wheel's metadata asks for, and those that these ask for."""
    with zipfile.ZipFile(wheel) as archive:
        name = next(n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        requirements = importlib.metadata.PathDistribution(zipfile.Path(wheel, f"{name.rpartition('/')[0]}/")).requires
    found, todo = {}, [(Requirement(r), {extra}) for r in requirements]
    while todo:
        requirement, extras = todo.pop()
        wanted = requirement.marker is None or any(requirement.marker.evaluate({"extra": e}) for e in extras or {""})
        key = (canonical(requirement.name), frozenset(requirement.extras))
        if wanted and key not in found:
            found[key] = importlib.metadata.distribution(requirement.name)
            todo += [(Requirement(r), requirement.extras) for r in found[key].requires or ()]
    return found.values()


def canonical(name):
    """Return a distribution's name as PEP 503 writes it."""
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.fixture
def pair(tmp_path):
    """Files of a small pair, 8 x 8 x 12 and 32 x 32 x 3."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:32, :32] / 32
    abundances = np.stack([np.exp(np.sin(3 * k * x + k) * np.cos(2 * k * y)) for k in range(1, 5)], -1)
    truth = (abundances / abundances.sum(-1, keepdims=True)) @ rng.uniform(0.1, 0.9, (4, 12))
    srf = rng.uniform(0, 1, (3, 12))
    np.save(tmp_path / "lr.npy", truth.reshape(8, 4, 8, 4, 12).mean((1, 3)).astype(np.float32))
    np.save(tmp_path / "hr.npy", (truth @ (srf / srf.sum(1, keepdims=True)).T).astype(np.float32))
    return tmp_path / "lr.npy", tmp_path / "hr.npy"


def test_wheel_claims_no_name_but_its_own(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert {n.split("/")[0] for n in names if ".dist-info/" not in n} == {"mossfuse", "mossfuse_baselines"}


def test_wheel_holds_every_file_of_the_packages_and_the_default_configuration(wheel):
    archive = zipfile.ZipFile(wheel)
    files = [p for name in ("mossfuse", "baselines") for p in (ROOT / name).rglob("*") if p.is_file()]
    names = [p.relative_to(ROOT).as_posix() for p in files if "__pycache__" not in p.parts]
    expected = {re.sub("^baselines/", "mossfuse_baselines/", name) for name in names}
    assert expected <= set(archive.namelist())
    assert archive.read("mossfuse/benchmark/plan/default.yaml") == (ROOT / "config.yaml").read_bytes()


def test_library_needs_nothing_of_the_extras(core):
    absent = ("snakemake", "dvc", "seaborn", "pandas", "matplotlib", "skimage", "yaml", "jsonschema", "rasterio")
    script = f"from importlib.util import find_spec; print([n for n in {absent} if find_spec(n)])"
    assert call(core / "python", "-c", script) == (0, "[]\n")


def test_fuse_from_a_wheel_returns_the_values_of_the_clone(core, pair, tmp_path):
    status, printed = call(core / "mossfuse", "fuse", *pair, "-o", tmp_path / "cube.npy", cwd=tmp_path)
    assert status == 0, printed
    np.testing.assert_allclose(np.load(tmp_path / "cube.npy"), fuse(*map(np.load, pair)).cube, rtol=0, atol=1e-6)
    assert (tmp_path / "cube.png").is_file()


def test_estimate_and_score_need_no_extra(core, pair, tmp_path):
    status, printed = call(core / "mossfuse", "estimate", *pair)
    assert status == 0, printed
    status, printed = call(core / "mossfuse", "score", pair[1], pair[1], "--ratio", "4")
    assert status == 0, printed


def test_training_needs_no_extra(core, pair, tmp_path):
    training = (
        "--steps",
        2,
        "--dim",
        8,
        "--batch",
        1,
        "--patch",
        16,
        "--set",
        "held_out=0",
        "-o",
        tmp_path / "weights.pt",
    )
    status, printed = call(core / "mossfuse", "train", *pair, *training, cwd=tmp_path)
    assert status == 0, printed
    assert (tmp_path / "weights.pt").is_file() and (tmp_path / "weights_history.csv").is_file()


def test_wheel_lists_every_method_of_the_clone(core):
    status, printed = call(core / "mossfuse", "methods")
    listed = {line.split()[0] for line in printed.splitlines()}
    assert status == 0 and set(catalogue().entries) <= listed


def test_method_is_checked_outside_a_clone_without_an_extra(core, tmp_path):
    status, printed = call(core / "mossfuse", "bench", "check", "nsgp", cwd=tmp_path)
    assert status == 0 and "ok: " in printed, printed


@pytest.mark.parametrize(
    "arguments", [("bench", "collect"), ("fuse", "LR", "HR", "--method", "cnn-fus-tv", "-o", "cube.npy")]
)
def test_missing_extra_is_one_sentence_with_the_command(core, pair, tmp_path, arguments):
    (tmp_path / "config.yaml").write_text(CONFIG, encoding="utf-8")
    files = {"LR": pair[0], "HR": pair[1]}
    status, printed = call(core / "mossfuse", *(files.get(a, a) for a in arguments), cwd=tmp_path)
    assert status == 2 and "Traceback" not in printed
    what = "mossfuse bench" if arguments[0] == "bench" else "method cnn-fus-tv"
    assert printed.endswith(f"mossfuse: {what} needs the benchmark extra; pip install 'mossfuse[benchmark]'\n")
    assert not (tmp_path / "cube.npy").exists()


def test_benchmark_runs_from_a_wheel(benchmark, tmp_path):
    (tmp_path / "config.yaml").write_text(CONFIG, encoding="utf-8")
    pair, cell = ("phantom-64", "x8-gauss7s2-nikond5100"), "phantom-64/x8-gauss7s2-nikond5100/bicubic/mosaic/seed0"
    for step in (
        ("fetch",),
        ("prepare", "phantom-64", "mosaic"),
        ("degrade", *pair, "mosaic"),
        ("fuse", cell),
        ("time", cell),
        ("score", cell),
        ("draw-cell", cell),
        ("scenes",),
        ("draw-pair", *pair, "mosaic"),
        ("collect",),
        ("report",),
        ("verdict",),
    ):
        status, printed = call(benchmark / "mossfuse", "bench", *step, cwd=tmp_path)
        assert status == 0, f"{step}\n{printed}"
    record = json.loads((tmp_path / "results" / cell / "run.json").read_text(encoding="utf-8"))
    assert record["commit"] is None and record["versions"]["mossfuse"]
    assert (tmp_path / "reports" / "index.html").is_file()


def test_digests_of_a_wheel_follow_what_a_baseline_imports(core):
    packages = next(core.parent.glob("lib/python*/site-packages"))
    script = "import sys; from mossfuse.benchmark.plan.digest import source_digest as d; print(d(sys.argv[1]))"
    baseline, shared = (packages / "mossfuse_baselines" / name for name in ("gsa.py", "shared/sharpening.py"))
    before = call(core / "python", "-c", script, baseline)
    shared.write_text(shared.read_text(encoding="utf-8") + "\nADDED = 1\n", encoding="utf-8")
    after = call(core / "python", "-c", script, baseline)
    assert before[0] == after[0] == 0 and before != after


def test_default_configuration_of_a_wheel_is_used_where_there_is_none(benchmark, tmp_path):
    status, printed = call(benchmark / "mossfuse", "bench", "prepare", "phantom", "no-such-scene", cwd=tmp_path)
    assert status == 2 and "no scene 'no-such-scene'" in printed
