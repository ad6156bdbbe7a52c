"""Parameters by name: presets, single changes, and what a wrong name or a wrong kind is told."""

import numpy as np
import pytest

from mossfuse import fuse
from mossfuse.errors import MossFuseError
from mossfuse.methods import catalogue, find_method
from mossfuse.pair import work as api
from mossfuse.pair.assemble import assemble
from mossfuse.parameters import changed, parsed, with_preset

DEFAULTS = {"steps": 100, "rate": 0.1, "clip": False, "loss": "paper", "tile": None}


@pytest.fixture(scope="module")
def pair(make_pair):
    return make_pair(rows=48, cols=64)[0]


def test_texts_become_values_of_their_kind():
    assert parsed(["a=3", "b=1e-3", "c=true", "d=none", "e=paper"]) == {
        "a": 3,
        "b": 1e-3,
        "c": True,
        "d": None,
        "e": "paper",
    }
    assert parsed(["a=1", "a=2"]) == {"a": 2}


@pytest.mark.parametrize("text", ["steps", "=3", "steps="])
def test_text_that_sets_nothing_is_refused(text):
    with pytest.raises(MossFuseError, match="write KEY=VALUE"):
        parsed([text])


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"stepz": 1}, "'m' has no parameter 'stepz'; did you mean 'steps'"),
        ({"q": 1}, "it has: steps, rate, clip, loss, tile"),
        ({"steps": 1.5}, "'steps' of 'm' must be a whole number, not 1.5"),
        ({"steps": True}, "must be a whole number"),
        ({"steps": None}, "must be a whole number"),
        ({"rate": "1e-3"}, "must be a number, not '1e-3'"),  # what YAML makes of 1e-3
        ({"clip": 1}, "must be true or false"),
        ({"loss": 1}, "must be a word"),
    ],
)
def test_wrong_names_and_kinds_are_refused(change, match):
    with pytest.raises(MossFuseError, match=match):
        changed(DEFAULTS, change, "'m'")


def test_changes_leave_the_defaults_alone_and_whole_numbers_serve_as_numbers():
    changes = {"rate": 1, "tile": 64, "steps": np.int64(3)}
    assert changed(DEFAULTS, changes, "'m'") == DEFAULTS | {"rate": 1.0, "tile": 64, "steps": 3}
    assert DEFAULTS["rate"] == 0.1 and DEFAULTS["tile"] is None


def test_every_preset_of_every_method_names_parameters_that_exist():
    for method, _ in catalogue().entries.values():
        for preset, values in method.presets.items():
            params, train = with_preset(method, preset)
            assert values.keys() <= params.keys() | train.keys(), (method.name, preset)
            assert all({**params, **train}[key] == value for key, value in values.items()), (method.name, preset)


def test_parameters_of_fuse_reach_the_method(pair):
    hard = fuse(pair.hsi, pair.msi, method="nsgp", params={"draws": 2})
    seen = assemble(pair.hsi, pair.msi).observation
    method, module = find_method("nsgp")
    assert np.array_equal(hard.cube, module.fuse(seen, **{**method.params, "draws": 2}).cube)
    assert not np.array_equal(hard.cube, fuse(pair.hsi, pair.msi, method="nsgp").cube)
    with pytest.raises(MossFuseError, match="method 'nsgp' has no parameter 'drawz'; did you mean 'draws'"):
        fuse(pair.hsi, pair.msi, method="nsgp", params={"drawz": 2})
    with pytest.raises(MossFuseError, match="method 'nsgp' has no preset 'paper'; it has: none"):
        fuse(pair.hsi, pair.msi, method="nsgp", preset="paper")


@pytest.mark.parametrize(
    ("method", "params", "match"),
    [
        ("nsgp", {"draws": 0}, "'draws' is 0; it must be at least 1"),
        ("nsgp", {"setting": "fsat"}, "unknown setting 'fsat' of nsgp; use best or fast"),
        ("csu", {"iterations": 0}, "'iterations' is 0"),
        ("cstf", {"iterations": 0}, "'iterations' is 0"),
        ("ltmr", {"iterations": 0}, "'iterations' is 0"),
        ("lttr", {"iterations": 0}, "'iterations' is 0"),
        ("cnn-fus-tv", {"iterations": 0}, "'iterations' is 0"),
        ("hysure", {"draws": 0}, "'draws' is 0"),
        ("ltmr", {"overlap": 7}, "lower 'overlap' or raise 'patch'"),
    ],
)
def test_values_that_make_no_method_are_one_sentence(pair, method, params, match):
    with pytest.raises(MossFuseError, match=match) as caught:
        fuse(pair.hsi, pair.msi, method=method, psf=pair.sensor.psf, phase=(3, 3), srf=pair.sensor.srf, params=params)
    assert "\n" not in str(caught.value)


def test_preset_of_fuse_is_what_the_grid_runs(pair):
    method, module = find_method("pixel-mlp")
    psf, srf = pair.sensor.psf, pair.sensor.srf
    cube = fuse(
        pair.hsi, pair.msi, method="pixel-mlp", psf=psf, phase=(3, 3), srf=srf, preset="smoke", device="cpu"
    ).cube
    seen = assemble(pair.hsi, pair.msi, psf=psf, phase=(3, 3), srf=srf).observation
    again = module.fuse(seen, seed=0, device="cpu", **with_preset(method, "smoke")[0])
    assert np.array_equal(cube, again.cube)


def test_fit_takes_parameters_of_the_training(pair, tmp_path):
    from mossfuse.network import checkpoint

    seen = assemble(pair.hsi, pair.msi).observation
    few = {"dim": 8, "steps": 3, "batch": 1, "tile": 16}
    api.prepare(seen, weights="fit", save_weights=tmp_path / "w.pt", params=few, device="cpu")
    facts = checkpoint.load(tmp_path / "w.pt")[1]["training"]
    assert (facts["dim"], facts["steps"], facts["patch"]) == (8, 3, 32)
    api.prepare(seen, weights="fit", save_weights=tmp_path / "p.pt", preset="smoke", params={"steps": 2}, device="cpu")
    facts = checkpoint.load(tmp_path / "p.pt")[1]["training"]
    assert (facts["dim"], facts["steps"], facts["batch"]) == (8, 2, 2)
    with pytest.raises(MossFuseError, match="'mossfuse' has no parameter 'steps'"):
        fuse(pair.hsi, pair.msi, weights=tmp_path / "w.pt", params={"steps": 3})
