"""An edit re-runs what it can change: digests follow imports and tables, and do not depend on where files lie."""

import shutil

import pytest

from helpers.repository import ROOT
from mossfuse.benchmark.plan.digest import Code

MINE = "from .helper import f\nfrom .shared.deep import g\nimport beside\nimport numpy\nfrom mossfuse.errors import MossFuseError\n"


def write(folder, files):
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


@pytest.fixture
def outside(tmp_path):
    """A folder of MOSSFUSE_BASELINES: a method, modules beside it, a table, and a module of another method."""
    folder = tmp_path / "here"
    modules = {"mine.py": MINE, "helper.py": 'TABLE = "gains.csv"\n', "beside.py": "x = 1\n", "other.py": "x = 1\n"}
    write(folder, {**modules, "shared/deep.py": "g = 1\n", "gains.csv": "1\n", "unused.csv": "1\n"})
    return folder


@pytest.mark.parametrize(
    ("file", "text", "counts"),
    [
        ("mine.py", MINE + "# a comment\n", False),
        ("mine.py", '"""A docstring."""\n' + MINE, False),
        ("mine.py", MINE + "x = 1\n", True),
        ("helper.py", 'TABLE = "gains.csv"\nx = 1\n', True),
        ("shared/deep.py", "g = 2\n", True),
        ("beside.py", "x = 2\n", True),
        ("gains.csv", "2\n", True),
        ("other.py", "x = 2\n", False),
        ("unused.csv", "2\n", False),
    ],
)
def test_module_outside_the_project_counts_with_what_stands_beside_it(outside, file, text, counts):
    before = Code().of_file(outside / "mine.py")
    (outside / file).write_text(text, encoding="utf-8")
    assert (Code().of_file(outside / "mine.py") != before) is counts


def test_place_of_the_files_does_not_count(outside, tmp_path):
    shutil.copytree(outside, tmp_path / "elsewhere" / "zzz")
    assert Code().of_file(outside / "mine.py") == Code().of_file(tmp_path / "elsewhere" / "zzz" / "mine.py")


@pytest.mark.parametrize("package", ["baselines", "mossfuse_baselines"])
def test_baselines_count_with_their_network_and_what_they_share(tmp_path, package):
    folder = tmp_path / package
    files = {
        "deep/__init__.py": "from .network import net\nfrom ..shared.padding import pad\n",
        "deep/network.py": "net = 1\n",
        "shared/padding.py": f"from {package}.shared.sizes import n\nimport json\n",
        "shared/sizes.py": "n = 1\n",
    }
    write(folder, {**files, "json.py": "", "deep/unused.py": ""})
    found = {
        path.relative_to(folder).as_posix() for path in Code(tmp_path).files_behind(folder / "deep" / "__init__.py")
    }
    assert found == set(files)


def test_tables_of_a_package_count(tmp_path):
    folder = tmp_path / "mossfuse" / "data"
    write(folder, {"__init__.py": "from . import near\n", "near.py": "value = 1\n", "table.csv": "1\n"})
    near, package = Code(tmp_path).of_file(folder / "near.py"), Code(tmp_path).of_file(folder / "__init__.py")
    write(folder, {"table.csv": "2\n"})
    assert (
        Code(tmp_path).of_file(folder / "near.py") == near and Code(tmp_path).of_file(folder / "__init__.py") != package
    )


def test_digest_of_a_dataset_covers_the_modules_beside_it():
    folder = ROOT / "mossfuse/datasets/phantom"
    behind = Code().files_behind(folder / "__init__.py")
    assert {p for p in folder.glob("*.py") if p.name != "statistics.py"} <= behind  # that one only describes the scenes
    assert ROOT / "mossfuse/spectra/__init__.py" in behind


def test_every_baseline_with_helpers_has_them_in_its_digest():
    for init in (ROOT / "baselines").glob("*/__init__.py"):
        if init.parent.name != "shared":
            assert set(init.parent.glob("*.py")) <= Code().files_behind(init), init
