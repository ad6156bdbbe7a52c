"""Rows with a prefix, and rows that withhold knowledge: what the method then sees."""

import json
from dataclasses import replace

import numpy as np
import pytest

from helpers.repository import ROOT
from mossfuse.api import fuse
from mossfuse.benchmark.plan.grid import Grid
from mossfuse.benchmark.plan.settings import check_settings, path_in_run_or_clone, read_settings
from mossfuse.errors import MossFuseError
from mossfuse.methods import find_method, split_suffix
from mossfuse.preprocess import preprocess, split_prefix
from mossfuse.protocol import Sensor, describe_knowledge


def grid_of(*names, **methods):
    entry = {"dataset": "phantom", "degradations": ["x8-gauss7s2-nikond5100"], "methods": list(names)}
    return Grid(check_settings({"grid": [entry], "methods": methods}))


@pytest.fixture(scope="module")
def noisy(make_pair):
    pair, _ = make_pair(rows=96, cols=96)
    rng = np.random.default_rng(3)
    images = {name: getattr(pair, name) for name in ("hsi", "msi")}
    noise = {name: (0.01 * rng.standard_normal(image.shape)).astype(np.float32) for name, image in images.items()}
    return replace(pair, **{name: images[name] + noise[name] for name in images}), pair


def test_denoised_pair_is_closer_to_the_one_without_noise(noisy):
    seen, clean = noisy
    blind = replace(seen, sensor=seen.sensor.restricted_to({"phase"}))
    denoised = preprocess("denoised", blind)
    for name in ("hsi", "msi"):
        before, after = (np.square(getattr(pair, name) - getattr(clean, name)).mean() for pair in (seen, denoised))
        assert after < 0.5 * before and getattr(denoised, name).dtype == np.float32
    assert denoised.sensor.psf is None and denoised.sensor.noise_msi is None


def test_pair_without_noise_stays_as_it_is(make_pair):
    pair, _ = make_pair(rows=64, cols=64)
    for prefix in ("denoised", None):
        same = preprocess(prefix, pair)
        assert same.hsi.tobytes() == pair.hsi.tobytes() and same.msi.tobytes() == pair.msi.tobytes()


def test_method_with_the_prefix_fuses_the_denoised_pair(noisy):
    seen, _ = noisy
    method, module = find_method("ridge")
    expected = module.fuse(preprocess("denoised", replace(seen, sensor=seen.sensor.restricted_to(method.knows))))
    row = grid_of("denoised+ridge").rows["denoised+ridge"]
    assert (row.prefix, row.method.name, row.title) == (
        "denoised",
        "ridge",
        "Affine regression MSI to HSI, pair denoised first",
    )
    user = {name: getattr(seen.sensor, name) for name in ("psf", "phase")}
    cube = fuse(seen.hsi, seen.msi, method="denoised+ridge", **user).cube
    assert np.abs(cube - expected.cube).max() < 1e-6


@pytest.mark.parametrize(
    ("name", "prefix", "parts"),
    [
        ("denoised+cnmf", ("denoised", "cnmf"), ("denoised+cnmf", None)),
        ("denoised+cnmf+dc", ("denoised", "cnmf+dc"), ("denoised+cnmf", "dc")),
        ("cnmf+dc", (None, "cnmf+dc"), ("cnmf", "dc")),
        ("denoised", (None, "denoised"), ("denoised", None)),
    ],
)
def test_prefix_stays_with_the_method_and_the_suffix_leaves_it(name, prefix, parts):
    assert split_prefix(name) == prefix and split_suffix(name) == parts


def test_refined_row_with_a_prefix_has_that_row_as_its_base():
    grid = grid_of("denoised+ridge+dc")
    (cell,) = {c.method for c in grid.cells()}
    assert {c.method for c in grid.runs()} == {cell, "denoised+ridge"} and grid.rows[cell].base == "denoised+ridge"


def test_settings_of_the_method_hold_for_the_row_with_the_prefix():
    grid = grid_of("denoised+mine", mine={"method": "nsgp", "params": {"draws": 2}, "given": "nothing"})
    row = grid.rows["denoised+mine"]
    assert (row.params["draws"], row.knows, row.prefix) == (2, frozenset(), "denoised")


@pytest.mark.parametrize(
    ("names", "methods", "message"),
    [
        (["denoised+mossfuse"], {}, "'denoised\\+mossfuse': 'mossfuse' is trained on pairs as they are"),
        (["denoised+nsgp"], {"denoised+nsgp": {"params": {"draws": 2}}}, "takes 'params' from its method; set it under methods.nsgp"),
        (["noised+nsgp"], {}, "unknown refinement '\\+nsgp'"),
        (["ridge"], {"ridge": {"given": "nothing"}}, "methods.ridge.given: method 'ridge' cannot run without phase, psf; add it"),
        (["nsgp"], {"nsgp": {"given": ["srf"]}}, "methods.nsgp.given: method 'nsgp' does not know srf; leave it out"),
        (["nsgp"], {"nsgp": {"given": "all"}}, "methods.nsgp.given is 'all'; use nothing, or a list of psf, phase, srf, noise"),
    ],
)  # fmt: skip
def test_row_that_cannot_be_is_refused_in_one_sentence(names, methods, message):
    with pytest.raises(MossFuseError, match=message):
        grid_of(*names, **methods)


def test_row_that_withholds_says_so_in_its_title():
    row = grid_of("bare", bare={"method": "nsgp", "given": "nothing"}).rows["bare"]
    assert (row.title, row.knows) == ("Null-space Gaussian process (blind), given nothing", frozenset())
    assert grid_of("nsgp").rows["nsgp"].knows == {"phase"}


@pytest.mark.parametrize(
    ("knows", "text"),
    [
        ((), "nothing"),
        (("phase",), "blind: PSF support, phase, border"),
        (("psf", "phase", "srf"), "PSF, phase, border, SRF"),
        (("srf",), "SRF"),
        (("phase", "noise"), "blind: PSF support, phase, border, noise levels"),
    ],
)
def test_knowledge_is_spelled_out_behind_the_word_blind(knows, text):
    assert describe_knowledge(knows) == text


def test_border_is_given_with_the_geometry_only():
    sensor = Sensor(psf=np.ones((1, 1)), psf_shape=(1, 1), phase=(0, 0), border="wrap")
    assert sensor.restricted_to({"phase"}).border == "wrap" and sensor.restricted_to({"srf"}).border == "reflect"


def test_searched_parameters_come_from_the_result_of_the_search(tmp_path):
    result = tmp_path / "chosen.json"
    result.write_text('{"methods": {"cnmf": {"params": {"endmembers": 20}}}}', encoding="utf-8")
    settings = {"method": "cnmf", "params_from": str(result)}
    row = grid_of("searched", searched=settings).rows["searched"]
    assert (row.params["endmembers"], row.title) == (20, "CNMF, parameters searched")
    assert (
        grid_of("searched", searched={**settings, "params": {"endmembers": 5}}).rows["searched"].params["endmembers"]
        == 5
    )
    with pytest.raises(MossFuseError, match="holds no search of 'hysure'"):
        grid_of("searched", searched={**settings, "method": "hysure"})
    with pytest.raises(MossFuseError, match="does not exist; run docs/measure/search.py"):
        grid_of("searched", searched={**settings, "params_from": str(tmp_path / "none.json")})


def test_result_of_a_search_is_found_where_the_parts_of_a_configuration_are(tmp_path, monkeypatch):
    """Seen from the folder of the run, or from the clone where that has no such file; ~ is the home folder."""
    monkeypatch.chdir(tmp_path)
    name = "docs/evidence/search/chosen.json"
    settings = {"method": "cnmf", "params_from": name}
    chosen = json.loads((ROOT / name).read_text(encoding="utf-8"))["methods"]["cnmf"]["params"]
    assert grid_of("searched", searched=settings).rows["searched"].params.items() >= chosen.items()
    assert Grid(read_settings(ROOT / "config" / "evidence" / "searched.yaml")).rows["cnmf-searched"]
    own = tmp_path / name
    own.parent.mkdir(parents=True)
    own.write_text('{"methods": {"cnmf": {"params": {"endmembers": 7}}}}', encoding="utf-8")
    assert grid_of("searched", searched=settings).rows["searched"].params["endmembers"] == 7
    monkeypatch.setenv("HOME", str(tmp_path))
    assert path_in_run_or_clone(f"~/{name}") == own
    with pytest.raises(MossFuseError, match=r"none\.json does not exist"):
        grid_of("searched", searched={**settings, "params_from": "none.json"})
