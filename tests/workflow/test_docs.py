"""The documentation: the site builds strictly and offline, and its examples run."""

import os
import re
import shlex
import shutil

import numpy as np
import pytest
import yaml

import mossfuse
from helpers.repository import ROOT, run_tool
from mossfuse.__main__ import parser
from mossfuse.discovery import load
from mossfuse.methods import KIND

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
CONFIGURATIONS = [ROOT / "config.yaml", *sorted((ROOT / "config").rglob("*.yaml"))]


@pytest.fixture(scope="module")
def site(built_once):
    """The built site."""

    def build(folder):
        status, printed = run_tool("mkdocs", "build", "--strict", "--site-dir", str(folder))
        assert status == 0, printed

    return built_once("documentation", build)


def test_site_builds_strictly_and_loads_nothing_from_the_network(site):
    fetched = re.compile(r"<(?:script|link|img|iframe)\b[^>]*\b(?:src|href)=[\"']?(https?://[^\"' >]+)")
    pages = list(site.rglob("*.html"))
    assert len(pages) > 30
    for page in pages:
        assert not fetched.findall(page.read_text(encoding="utf-8")), page


def test_every_method_has_a_section(site):
    from mossfuse.methods import catalogue

    pages = "".join(page.read_text(encoding="utf-8") for page in (site / "methods").glob("*.html"))
    missing = [name for name in catalogue().entries if f"<code>{name}</code>" not in pages]
    assert not missing


def test_every_key_of_the_schema_is_explained():
    schema = yaml.safe_load((ROOT / "mossfuse/benchmark/plan/config.schema.yaml").read_text(encoding="utf-8"))

    def unexplained(part, place):
        for name, inner in part.get("properties", {}).items():
            if not inner.get("description"):
                yield f"{place}{name}"
            yield from unexplained(inner, f"{place}{name}.")
        for key in ("items", "additionalProperties"):
            if isinstance(part.get(key), dict):
                yield from unexplained(part[key], place)

    assert not list(unexplained(schema, ""))


def test_every_configuration_is_listed():
    text = (ROOT / "config" / "README.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| `([^`]+\.yaml)`", text, re.M)
    assert sorted(listed) == sorted(os.path.relpath(path, ROOT / "config") for path in CONFIGURATIONS)


def test_every_public_name_is_on_the_page_of_the_interface():
    page = (ROOT / "docs" / "reference" / "api.md").read_text(encoding="utf-8")
    described = {name.rpartition(".")[2] for name in re.findall(r"^::: (\S+)$", page, re.M)}
    assert set(mossfuse.__all__) <= described


def test_every_example_is_shown_on_a_page():
    pages = "".join(page.read_text(encoding="utf-8") for page in (ROOT / "docs" / "adding").glob("*.md"))
    shown = set(re.findall(r'--8<-- "(.*?)"', pages))
    assert shown == {str(file.relative_to(ROOT)) for file in (ROOT / "examples" / "minimal").glob("*.py")}


def test_example_method_runs(tmp_path, make_pair):
    shutil.copy(ROOT / "examples/minimal/mean_spectrum.py", tmp_path)
    module = load(KIND, tmp_path / "mean_spectrum.py")
    pair, truth = make_pair()
    cube = module.fuse(pair, seed=0, device="cpu", **module.METHOD.params).cube
    assert cube.shape == truth.shape and cube.dtype == np.float32
    np.testing.assert_allclose(cube.sum(2).mean(), truth.sum(2).mean(), rtol=0.1)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_commands_that_a_page_shows_are_understood(page):
    """Every line of a code block that begins with ``mossfuse`` is parsed by the command line itself."""
    blocks = re.findall(r"^```(?:sh|text)\n(.*?)^```", page.read_text(encoding="utf-8"), re.M | re.S)
    lines = [line for block in blocks for line in block.splitlines()]
    commands = [line for line in lines if re.match(r"(\.venv/bin/)?mossfuse ", line)]
    for command in commands:
        parser().parse_args(shlex.split(command, comments=True)[1:])  # exits where it does not understand


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_code_that_a_page_names_exists(page):
    """Paths of files in backticks, such as `mossfuse/training/recipe.py`, lead somewhere."""
    named = re.findall(
        r"`((?:mossfuse|baselines|docs|config|tests|examples|workflow)/[\w./-]+\.(?:py|md|yaml|smk|csv))\b",
        page.read_text(encoding="utf-8"),
    )
    made_up = {"baselines/mean_spectrum.py", "config/evidence/PART.yaml"}
    missing = [name for name in named if "NAME" not in name and name not in made_up and not (ROOT / name).exists()]
    assert not missing
