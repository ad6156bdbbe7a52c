"""The documentation: the site builds strictly and offline, and its examples run."""

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import yaml

from helpers.repository import ROOT, run_tool
from mossfuse.discovery import load
from mossfuse.methods import KIND

CONFIGURATIONS = [ROOT / "config.yaml", *sorted((ROOT / "config").glob("*.yaml"))]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The built site."""
    folder = tmp_path_factory.mktemp("site")
    status, printed = run_tool("mkdocs", "build", "--strict", "--site-dir", str(folder))
    assert status == 0, printed
    return folder


def test_site_builds_strictly_and_loads_nothing_from_the_network(site):
    fetched = re.compile(r"<(?:script|link|img|iframe)\b[^>]*\b(?:src|href)=[\"']?(https?://[^\"' >]+)")
    pages = list(site.rglob("*.html"))
    assert len(pages) > 30
    for page in pages:
        assert not fetched.findall(page.read_text()), page


def test_every_method_has_a_section(site):
    from mossfuse.methods import catalogue

    pages = "".join(page.read_text() for page in (site / "methods").glob("*.html"))
    missing = [name for name in catalogue().entries if f"<code>{name}</code>" not in pages]
    assert not missing


def test_every_key_of_the_schema_is_explained():
    schema = yaml.safe_load((ROOT / "mossfuse/benchmark/plan/config.schema.yaml").read_text())

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
    text = (ROOT / "config" / "README.md").read_text()
    listed = re.findall(r"^\| `([^`]+\.yaml)`", text, re.M)
    assert sorted(listed) == sorted("../config.yaml" if path.parent == ROOT else path.name for path in CONFIGURATIONS)


def test_example_method_runs(tmp_path, make_pair):
    shutil.copy(ROOT / "examples/minimal/mean_spectrum.py", tmp_path)
    module = load(KIND, tmp_path / "mean_spectrum.py")
    pair, truth = make_pair()
    cube = module.fuse(pair, seed=0, device="cpu", **module.METHOD.params).cube
    assert cube.shape == truth.shape and cube.dtype == np.float32
    np.testing.assert_allclose(cube.sum(2).mean(), truth.sum(2).mean(), rtol=0.1)


@pytest.mark.parametrize("page", sorted(Path(ROOT / "docs").rglob("*.md")), ids=lambda page: page.stem)
def test_code_that_a_page_names_exists(page):
    """Paths of files in backticks, such as `mossfuse/training/recipe.py`, lead somewhere."""
    named = re.findall(
        r"`((?:mossfuse|baselines|docs|config|tests|examples|workflow)/[\w./-]+\.(?:py|md|yaml|smk|csv))\b",
        page.read_text(),
    )
    made_up = {"baselines/mean_spectrum.py"}
    missing = [name for name in named if "NAME" not in name and name not in made_up and not (ROOT / name).exists()]
    assert not missing
