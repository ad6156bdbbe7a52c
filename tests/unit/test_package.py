"""The package itself: cheap imports, the public names, extras, one version everywhere."""

import ast
import importlib.metadata
import re
import subprocess
import sys
import tomllib

import pytest
import yaml
from packaging.requirements import Requirement

import mossfuse
from helpers.repository import ROOT
from mossfuse.errors import EXTRAS, MossFuseError, extra_needed

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
HEAVY = {"torch", "numpy", "scipy", "pandas", "matplotlib", "jsonschema", "yaml", "h5py"}


def modules_after(script):
    """Return the names of the top-level modules that are loaded after a script."""
    script = f"import sys\n{script}\nprint(*(name for name in sys.modules if '.' not in name))"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    return set(result.stdout.splitlines()[-1].split())


def test_import_of_the_package_loads_nothing_heavy():
    assert not modules_after("import mossfuse, mossfuse.__main__") & HEAVY


def test_help_loads_nothing_heavy():
    script = """
from mossfuse.__main__ import main
try:
    main(["--help"])
except SystemExit as stop:
    assert stop.code == 0
"""
    assert not modules_after(script) & HEAVY


def test_stub_offers_every_public_name():
    tree = ast.parse((ROOT / "mossfuse" / "__init__.pyi").read_text(encoding="utf-8"))
    names = {alias.asname for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert names == set(mossfuse.__all__)
    assert all(getattr(mossfuse, name) for name in names)


def test_unknown_public_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'fuze'"):
        mossfuse.fuze  # noqa: B018


def test_missing_library_of_an_extra_names_the_command():
    with pytest.raises(
        MossFuseError, match=r"^mossfuse bench needs the benchmark extra; pip install 'mossfuse\[benchmark\]'$"
    ):
        with extra_needed("mossfuse bench"):
            raise ModuleNotFoundError("No module named 'pandas.core'", name="pandas.core")
    with pytest.raises(ModuleNotFoundError):
        with extra_needed("mossfuse bench"):
            raise ModuleNotFoundError("No module named 'numpy'", name="numpy")


def test_extras_of_the_messages_are_those_of_the_project():
    distributions = importlib.metadata.packages_distributions()
    named = {(canonical(d), extra) for module, extra in EXTRAS.items() for d in distributions.get(module, [module])}
    extras = PROJECT["project"]["optional-dependencies"]
    declared = {
        (canonical(Requirement(r).name), extra) for extra in ("benchmark", "geotiff", "parquet") for r in extras[extra]
    }
    assert named == declared


def test_every_dependency_is_pinned_and_within_its_range():
    pins = dict(
        line.split("==") for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines() if "==" in line
    )
    pins = {canonical(name): version for name, version in pins.items()}
    project = PROJECT["project"]
    extras = [r for requirements in project["optional-dependencies"].values() for r in requirements]
    for text in [*project["dependencies"], *extras, *PROJECT["build-system"]["requires"]]:
        requirement = Requirement(text)
        if requirement.name != "mossfuse":
            assert requirement.specifier.contains(pins[canonical(requirement.name)]), text


def test_citation_and_fallback_name_the_newest_release_of_the_changelog():
    version, date = re.search(
        r"^## \[(\d\S*)\] - (\S+)$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.M
    ).groups()
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert (str(cited["version"]), str(cited["date-released"])) == (version, date)
    assert PROJECT["tool"]["hatch"]["version"]["fallback-version"] == version


def test_conda_environment_installs_this_project_from_where_snakemake_copies_it():
    environment = yaml.safe_load((ROOT / "workflow" / "envs" / "mossfuse.yaml").read_text(encoding="utf-8"))
    constraints, project = (line.split()[1] for line in environment["dependencies"][-1]["pip"])
    assert (ROOT / ".snakemake" / "conda" / constraints).resolve() == ROOT / "constraints.txt"
    folder, extra = project.split("[")
    assert (ROOT / ".snakemake" / "conda" / folder).resolve() == ROOT
    assert extra.rstrip("]") in PROJECT["project"]["optional-dependencies"]


def canonical(name):
    """Return a distribution's name as PEP 503 writes it."""
    return re.sub(r"[-_.]+", "-", name).lower()
