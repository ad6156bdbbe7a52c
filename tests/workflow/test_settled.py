"""A run that finds nothing to do is known before Snakemake starts, and anything that could change that starts Snakemake."""

import os
import shutil
from types import SimpleNamespace

import pytest

from mossfuse.benchmark.plan import settled
from mossfuse.benchmark.run import settling

ARGUMENTS = ["--configfile", "config.yaml"]
ENVIRONMENT = {"MOSSFUSE_MIRRORS": "mirror", "TERM": "xterm"}
FILES = ("config.yaml", "mossfuse/code.py", "mirror/scene.mat", "results/cube.mat", ".snakemake/metadata/record")


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A folder in which a run has begun."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(settled, "WAIT_S", 0.02)
    for name in (*FILES, "site/numpy-2.4.dist-info/METADATA"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name, encoding="utf-8")
    settled.begin(tmp_path)
    settled.write_watched(
        ["config.yaml", "mossfuse", "mirror", "absent.mat"], ["results", ".snakemake/metadata"], ["site"]
    )
    return tmp_path


@pytest.fixture
def finished(root):
    """A folder in which a run has made a result, was certified and recorded."""
    (root / "results" / "table.csv").write_text("1", encoding="utf-8")
    settled.certify()
    assert settled.record(root, ARGUMENTS, ENVIRONMENT)
    assert settled.is_settled(root, ARGUMENTS, ENVIRONMENT)
    return root


def rewrite(path):
    """Change a file's content, and set its size and its time back."""
    before = path.stat()
    path.write_text(path.read_text(encoding="utf-8").upper(), encoding="utf-8")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    after = path.stat()
    assert (after.st_size, after.st_mtime_ns) == (before.st_size, before.st_mtime_ns)


@pytest.mark.parametrize("name", FILES)
def test_edited_file_starts_snakemake_even_where_its_time_and_size_are_set_back(finished, name):
    rewrite(finished / name)
    assert not settled.is_settled(finished, ARGUMENTS, ENVIRONMENT)


@pytest.mark.parametrize("name", FILES)
def test_deleted_file_starts_snakemake(finished, name):
    (finished / name).unlink()
    assert not settled.is_settled(finished, ARGUMENTS, ENVIRONMENT)


@pytest.mark.parametrize("name", ["mossfuse/more.py", "mirror/new.mat", "absent.mat", "site/torch-2.13.dist-info"])
def test_new_file_starts_snakemake(finished, name):
    (finished / name).touch()
    assert not settled.is_settled(finished, ARGUMENTS, ENVIRONMENT)


@pytest.mark.parametrize(
    ("arguments", "environment"),
    [
        ([], ENVIRONMENT),
        (["--configfile", "other.yaml"], ENVIRONMENT),
        ([*ARGUMENTS, "--forceall"], ENVIRONMENT),
        (ARGUMENTS, {**ENVIRONMENT, "MOSSFUSE_MIRRORS": "elsewhere"}),
        (ARGUMENTS, {**ENVIRONMENT, "MOSSFUSE_BASELINES": "methods"}),
        (ARGUMENTS, {**ENVIRONMENT, "LC_ALL": "zh_CN.GBK"}),
    ],
)
def test_other_arguments_and_another_environment_start_snakemake(finished, arguments, environment):
    assert not settled.is_settled(finished, arguments, environment)


def test_another_terminal_starts_nothing(finished):
    assert settled.is_settled(finished, ARGUMENTS, {**ENVIRONMENT, "TERM": "vt100"})


def test_moved_folder_and_damaged_record_start_snakemake(finished, tmp_path_factory):
    copy = tmp_path_factory.mktemp("moved") / "copy"
    shutil.copytree(finished, copy)
    assert not settled.is_settled(copy, ARGUMENTS, ENVIRONMENT)
    (finished / settled.RECORD).write_text("{", encoding="utf-8")
    assert not settled.is_settled(finished, ARGUMENTS, ENVIRONMENT)


def test_file_behind_a_link_to_a_folder_counts(root, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("disk")
    (elsewhere / "scene.mat").touch()
    (root / "mirror" / "link").symlink_to(elsewhere)
    (elsewhere / "back").symlink_to(root / "mirror")  # a circle ends
    settled.begin(root)
    settled.write_watched(["mirror"], [], [])
    assert settled.record(root, ARGUMENTS, ENVIRONMENT)
    (elsewhere / "scene.mat").write_text("edited", encoding="utf-8")
    assert not settled.is_settled(root, ARGUMENTS, ENVIRONMENT)


@pytest.mark.parametrize("name", ["config.yaml", "mossfuse/code.py", "mirror/scene.mat"])
def test_what_was_edited_during_the_run_is_not_recorded(root, name):
    (root / name).write_text("edited while the run was on", encoding="utf-8")
    settled.certify()
    assert not settled.record(root, ARGUMENTS, ENVIRONMENT)
    assert not settled.is_settled(root, ARGUMENTS, ENVIRONMENT)


def test_what_was_made_without_a_certificate_or_edited_after_it_is_not_recorded(root):
    (root / "results" / "table.csv").write_text("1", encoding="utf-8")
    assert not settled.record(root, ARGUMENTS, ENVIRONMENT)
    settled.certify()
    (root / "results" / "table.csv").write_text("2", encoding="utf-8")
    assert not settled.record(root, ARGUMENTS, ENVIRONMENT)


def test_run_that_made_nothing_needs_no_certificate(root):
    assert settled.record(root, ARGUMENTS, ENVIRONMENT)


@pytest.mark.parametrize(
    "arguments", [["--forceall"], ["-R", "fuse"], ["tables"], ["--config", "a=1"], ["--cores", "2", "tables"]]
)
def test_arguments_that_force_or_name_a_target_are_never_settled(root, arguments):
    assert not settled.record(root, arguments, ENVIRONMENT)


@pytest.mark.parametrize("arguments", [[], ["--cores", "2"], ["--cores=2"], ["--configfile", "a.yaml", "b.yaml"]])
def test_arguments_of_a_whole_run_can_be_settled(root, arguments):
    assert settled.record(root, arguments, ENVIRONMENT)
    assert settled.is_settled(root, arguments, ENVIRONMENT)


def job_of(*inputs, output):
    class File(str):
        is_ancient = False

    return SimpleNamespace(input=[File(path) for path in inputs], output=[output], _params=None)


class Unchanged:
    """Snakemake's records of a job in which nothing has changed, but for what is named."""

    def __init__(self, changed=""):
        self.changed = changed

    def __getattr__(self, name):
        def answer(_):
            if name == "has_metadata":
                return self.changed != name
            found = self.changed == name
            return [found] if name in ("input_changed", "code_changed", "software_stack_changed") else found

        return answer


def test_job_is_in_order_where_its_output_is_there_and_not_older_than_its_input(tmp_path):
    source, made = tmp_path / "source", tmp_path / "made"
    source.touch()
    assert not settling.in_order(job_of(source, output=made), Unchanged())
    made.touch()
    os.utime(source, (1, 1))
    assert settling.in_order(job_of(source, output=made), Unchanged())
    os.utime(made, (0, 0))
    assert not settling.in_order(job_of(source, output=made), Unchanged())


@pytest.mark.parametrize(
    "changed", ["params_changed", "input_changed", "code_changed", "has_metadata", "has_outdated_metadata"]
)
def test_job_that_snakemake_would_run_again_is_not_in_order(tmp_path, changed):
    (tmp_path / "made").touch()
    assert not settling.in_order(job_of(output=tmp_path / "made"), Unchanged(changed))
