"""The structure of the imports: what docs/architecture.md says is what the script measures."""

import re

import pytest

from helpers.repository import ROOT
from mossfuse.discovery import import_as

structure = import_as("structure", ROOT / "docs/measure/structure.py")


@pytest.fixture(scope="module")
def measured():
    return structure.measure()


def test_imports_have_no_circle(measured):
    assert measured["circles"] == "0"


def test_no_file_of_mossfuse_is_behind_the_digest_of_a_baseline(measured):
    assert re.match(r"0 \(all \d+ baselines\)", measured["ours"])


def test_no_file_of_a_dataset_is_behind_the_digest_of_a_response(measured):
    assert measured["dataset"] == "0"


def test_one_file_spells_the_paths_of_results(measured):
    assert measured["paths"] == "1 (mossfuse/benchmark/plan/paths.py)"


def test_one_fusion_estimates_the_sensor_once(measured):
    assert measured["estimates"] == "1, 1"


def test_architecture_page_has_the_measured_table(measured):
    """Equal, but for the share of the largest folder, which may drift by two points."""
    page = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    written = page.split(structure.BEGIN)[1].split(structure.END)[0]
    share = re.compile(r"\d+ %(?= \(\w+\) \|$)", re.M)
    now, then = structure.table(measured), written.strip()
    assert share.sub("", now) == share.sub("", then), "run python docs/measure/structure.py --write"
    difference = [
        int(a.split()[0]) - int(b.split()[0]) for a, b in zip(share.findall(now), share.findall(then), strict=True)
    ]
    assert all(abs(d) <= 2 for d in difference), "run python docs/measure/structure.py --write"


def test_picture_shows_the_layers_of_the_contract():
    drawn = structure.draw_layers(structure.contracts())
    assert structure.PICTURE.read_text(encoding="utf-8") == drawn, "run python docs/measure/structure.py --write"


def test_baselines_may_import_what_every_method_may_use_and_no_package_is_forgotten():
    contracts = structure.contracts()
    every = {name for row in contracts["layers"]["layers"] for name in re.split(r"\s*[|:]\s*", row)} - {"__main__"}
    forbidden = {name.removeprefix("mossfuse.") for name in contracts["baselines"]["forbidden_modules"]}
    allowed = "protocol errors parameters progress devices files physics estimation fitting"
    assert every - forbidden == set(allowed.split()) and forbidden < every
