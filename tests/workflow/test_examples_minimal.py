"""examples/minimal: one file for each thing that one can add, run, edited and broken."""

import os
import re
import shutil
import subprocess
import sys

import pytest

from helpers.repository import ROOT
from helpers.snakemake_runs import run, table

EXAMPLES = ROOT / "examples/minimal"
VARIABLES = ("MOSSFUSE_BASELINES", "MOSSFUSE_DATASETS", "MOSSFUSE_DEGRADATIONS", "MOSSFUSE_METRICS")
TELESCOPE, BOX = "x4-moffat5r1.5p2-twohalves-snr40-40", "x4-box4-nikond5100-haze0.1"
CONFIG = {
    "grid": [
        {"dataset": "waves", "degradations": [TELESCOPE, BOX], "methods": ["bicubic", "mean-spectrum"]},
        {"dataset": "phantom", "as": "phantom-64", "options": {"size": 64}, "scenes": ["mosaic"], "degradations": [BOX],
         "methods": ["bicubic"]},
    ],
    "conventions": ["std1"],
    "timing": {"scenes": "none"},
}  # fmt: skip
WAVES = {("waves", d, m) for d in (TELESCOPE, BOX) for m in ("bicubic", "mean-spectrum")}
EVERY = WAVES | {("phantom-64", BOX, "bicubic")}
OF_TELESCOPE = {cell for cell in WAVES if cell[1] == TELESCOPE}
# file: text, its replacement, prepared datasets, degraded pairs, fused cells
EDITS = {
    "mean_spectrum.py": ("hsi.mean((0, 1))", "hsi.max((0, 1))", set(), set(), {c for c in WAVES if c[2] == "mean-spectrum"}),
    "waves.py": ('"fast": 3', '"fast": 2', {"waves"}, {("waves", TELESCOPE), ("waves", BOX)}, WAVES),
    "two_halves.py": ("[1, 1, 0, 0]", "[1, 2, 0, 0]", set(), {("waves", TELESCOPE)}, OF_TELESCOPE),
    "moffat.py": ("values / values.sum()", "values.T / values.sum()", set(), {("waves", TELESCOPE)}, OF_TELESCOPE),
    "telescope.py": ('note="example"', 'note="another"', set(), set(), set()),  # a note decides nothing
    "haze.py": ("+ share)", "+ share / 2)", set(), {("waves", BOX), ("phantom-64", BOX)}, EVERY - OF_TELESCOPE),
    "largest_error.py": (".max())", ".max() * 100)", set(), set(), set()),
}  # fmt: skip
BROKEN = {
    "mean_spectrum.py": ("spectrum = observation.hsi", "spectrum = observation.truth", "AttributeError"),
    "waves.py": ("0.5 + contrast", "1.5 + contrast", "outside 0 to 1"),
    "two_halves.py": ("[1, 1, 0, 0]", "[1, 1, 0, -0.1]", "negative value -0.1"),
    "moffat.py": ("values / values.sum()", "values", "must sum to 1"),
    "haze.py": ("(1 - share) * draft.msi + share", "draft.msi", "changes neither image"),
    "largest_error.py": ("np.abs(truth - cube)", "(truth - cube)", "outside 0 to inf"),
    "telescope.py": ("phase=(1, 1)", "phase=(1, 4)", "must be called 'x4-moffat5r1.5p2-twohalves-phase1x4-snr40-40'"),
}


@pytest.fixture(scope="module")
def added(tmp_path_factory):
    """A copy of the examples, and an environment whose variables all name it."""
    folder = tmp_path_factory.mktemp("added") / "mine"
    shutil.copytree(EXAMPLES, folder)
    return folder, dict.fromkeys(VARIABLES, str(folder))


@pytest.fixture(scope="module")
def finished(added, tmp_path_factory):
    """A finished run of the grid."""
    folder = tmp_path_factory.mktemp("run")
    code, output = run(folder, CONFIG, "results/metrics.csv", environment=added[1])
    assert code == 0, output
    return folder


def jobs(folder, environment):
    """Return {rule: wildcards of its planned jobs} of a dry run."""
    code, output = run(folder, CONFIG, "results/metrics.csv", "--dry-run", environment=environment)
    assert code == 0, output
    planned = {}
    for block in re.split(r"^(?:local)?rule ", output, flags=re.M)[1:]:
        wildcards = re.search(r"^    wildcards: (.*)$", block, re.M)
        pairs = dict(item.split("=", 1) for item in wildcards[1].split(", ")) if wildcards else {}
        planned.setdefault(block.partition(":")[0], []).append(pairs)
    assert not planned or "\ndownload   none" in output
    return planned


def cells(planned, rule):
    return {(w["dataset"], w["degradation"], w["method"]) for w in planned.get(rule, [])}


def test_grid_of_added_files_runs_and_then_plans_nothing(finished, added):
    scored = [row for row in table(finished) if row["metric"] == "largest_error"]
    assert {(row["dataset"], row["degradation"], row["method"]) for row in scored} == EVERY
    assert jobs(finished, added[1]) == {}


@pytest.mark.parametrize("file", EDITS)
def test_edit_of_one_file_plans_its_own_jobs_and_no_other(finished, added, file):
    old, new, prepared, degraded, fused = EDITS[file]
    text = (added[0] / file).read_text(encoding="utf-8")
    assert old in text
    (added[0] / file).write_text(text.replace(old, new), encoding="utf-8")
    try:
        planned = jobs(finished, added[1])
    finally:
        (added[0] / file).write_text(text, encoding="utf-8")
    assert {w["dataset"] for w in planned.get("prepare", [])} == prepared
    assert {(w["dataset"], w["degradation"]) for w in planned.get("degrade", [])} == degraded
    assert cells(planned, "fuse") == fused
    assert cells(planned, "score") == (EVERY if file == "largest_error.py" else fused)  # a metric scores every cell


def test_edit_of_comments_plans_nothing(finished, added):
    texts = {path: path.read_text(encoding="utf-8") for path in added[0].glob("*.py")}
    try:
        for path, text in texts.items():
            path.write_text(f"{text}\n# A remark.\n", encoding="utf-8")
        assert jobs(finished, added[1]) == {}
    finally:
        for path, text in texts.items():
            path.write_text(text, encoding="utf-8")


def check(*names):
    """Run ``mossfuse bench check`` away from the clone; return (exit status, standard output, standard error)."""
    environment = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    environment["PYTHONPATH"] = str(ROOT)
    command = [sys.executable, "-m", "mossfuse", "bench", "check", *map(str, names)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=os.path.dirname(names[0]), env=environment)
    return done.returncode, done.stdout, done.stderr


def test_check_passes_on_every_example(tmp_path):
    shutil.copytree(EXAMPLES, tmp_path / "mine")
    code, output, errors = check(*sorted((tmp_path / "mine").glob("*.py")))
    assert code == 0 and not errors, errors
    assert output.count("\n  ok: ") == len(output.splitlines()) - len(BROKEN)  # one headline for each, nothing skipped


@pytest.mark.parametrize("file", BROKEN)
def test_check_fails_with_one_sentence_on_a_broken_copy(tmp_path, file):
    shutil.copytree(EXAMPLES, tmp_path / "mine")
    old, new, sentence = BROKEN[file]
    path = tmp_path / "mine" / file
    assert old in path.read_text(encoding="utf-8")
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    code, _, errors = check(path)
    assert code != 0 and errors.count("\n") == 1 and sentence in errors


def test_check_of_an_unknown_name_or_file_says_what_there_is(tmp_path):
    (tmp_path / "nothing.py").write_text("answer = 42\n", encoding="utf-8")
    for name, sentence in (
        (tmp_path / "nothing.py", "defines none of METHOD"),
        (tmp_path / "gone.py", "gone.py does not exist"),
    ):
        code, output, errors = check(name)
        assert code != 0 and not output and errors.count("\n") == 1 and sentence in errors
