"""Parameters by name: presets, single changes, ranges, and the messages for wrong names, types and values."""

from dataclasses import replace

import numpy as np
import pytest

from mossfuse import fuse
from mossfuse.errors import MossFuseError
from mossfuse.methods import catalogue, find_method
from mossfuse.pair import work as api
from mossfuse.pair.assemble import assemble
from mossfuse.parameters import apply_changes, parse_changes, with_preset
from mossfuse.protocol import Method, Parameter

DEFAULTS = {"steps": 100, "rate": 0.1, "clip": False, "loss": "paper", "tile": None}


@pytest.fixture(scope="module")
def pair(make_pair):
    return make_pair(rows=48, cols=64)[0]


def test_texts_become_values_of_their_kind():
    assert parse_changes(["a=3", "b=1e-3", "c=true", "d=none", "e=paper"]) == {
        "a": 3,
        "b": 1e-3,
        "c": True,
        "d": None,
        "e": "paper",
    }
    assert parse_changes(["a=1", "a=2"]) == {"a": 2}


@pytest.mark.parametrize("text", ["steps", "=3", "steps="])
def test_text_that_sets_nothing_is_refused(text):
    with pytest.raises(MossFuseError, match="write KEY=VALUE"):
        parse_changes([text])


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"stepz": 1}, "'m' has no parameter 'stepz'; did you mean steps"),
        ({"q": 1}, "it has: clip, loss, rate, steps, tile"),
        ({"steps": 1.5}, "'steps' of 'm' is 1.5; it must be a whole number"),
        ({"steps": True}, "must be a whole number"),
        ({"steps": None}, "must be a whole number"),
        ({"rate": "1e-3"}, "is '1e-3'; it must be a number"),  # how YAML reads 1e-3
        ({"clip": 1}, "must be true or false"),
        ({"loss": 1}, "must be text"),
    ],
)
def test_wrong_names_and_kinds_are_refused(change, match):
    with pytest.raises(MossFuseError, match=match):
        apply_changes(DEFAULTS, change, "'m'")


def test_changes_leave_the_defaults_alone_and_whole_numbers_serve_as_numbers():
    changes = {"rate": 1, "tile": 64, "steps": np.int64(3)}
    assert apply_changes(DEFAULTS, changes, "'m'") == DEFAULTS | {"rate": 1.0, "tile": 64, "steps": 3}
    assert DEFAULTS["rate"] == 0.1 and DEFAULTS["tile"] is None


RANGES = {
    "count": Parameter.count(3),
    "tile": Parameter.count(None),
    "rate": Parameter.positive(0.1),
    "decay": Parameter(0.9, minimum=0, below=1),
    "mode": Parameter.choice("best", "fast"),
}


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"count": 0}, "^here: parameter 'count' of method 'm' is 0; it must be a whole number, at least 1$"),
        ({"tile": 0}, "'tile' of method 'm' is 0; it must be a whole number, at least 1 or none"),
        ({"tile": 2.5}, "'tile' of method 'm' is 2.5"),
        ({"rate": 0}, "'rate' of method 'm' is 0; it must be a number, above 0"),
        ({"rate": float("nan")}, "'rate' of method 'm' is nan"),
        ({"rate": float("inf")}, "'rate' of method 'm' is inf"),
        ({"decay": 1.0}, "'decay' of method 'm' is 1.0; it must be a number, at least 0 and below 1"),
        ({"mode": "fsat"}, "'mode' of method 'm' is 'fsat'; it must be one of best, fast"),
    ],
)
def test_values_out_of_range_are_refused_in_one_sentence(change, match):
    defaults = {name: parameter.default for name, parameter in RANGES.items()}
    with pytest.raises(MossFuseError, match=match):
        apply_changes(defaults, change, "method 'm'", "here: ", RANGES)


def test_values_in_range_are_taken():
    defaults = {name: parameter.default for name, parameter in RANGES.items()}
    changes = {"count": 1, "tile": 64, "rate": 2, "decay": 0, "mode": "fast"}
    assert apply_changes(defaults, changes, "method 'm'", ranges=RANGES) == changes
    assert apply_changes(defaults | {"tile": 64}, {"tile": None}, "method 'm'", ranges=RANGES)["tile"] is None


def test_method_reads_as_plain_defaults_and_keeps_its_ranges():
    method = Method(name="m", title="M", citation="-", licence="-", params={"steps": Parameter.count(9), "fast": True})
    assert dict(method.params) == {"steps": 9, "fast": True} == {**method.params}
    assert method.ranges["steps"].minimum == 1 and method.ranges["fast"].kinds == (bool,)
    assert replace(method, name="n").ranges == method.ranges


@pytest.mark.parametrize(
    ("presets", "match"),
    [({"smoke": {"steps": 0}}, "preset 'smoke' sets 'steps' to 0; it must be"), ({"smoke": {"stepz": 1}}, "'stepz'")],
)
def test_presets_that_do_not_fit_their_parameters_are_refused(presets, match):
    with pytest.raises(ValueError, match=match):
        Method(name="m", title="M", citation="-", licence="-", params={"steps": Parameter.count(9)}, presets=presets)


def test_default_out_of_its_own_range_is_refused():
    with pytest.raises(ValueError, match="the default 0 must be a whole number, at least 1"):
        Parameter.count(0)


def test_every_number_and_word_of_every_method_has_a_range():
    for method, _ in catalogue().entries.values():
        for name, parameter in {**method.ranges, **method.train_ranges}.items():
            listed = tuple in parameter.kinds  # names, which the method itself looks up
            assert parameter.kinds == (bool,) or listed or parameter.describe_range(), (method.name, name)


def test_every_default_and_preset_lies_in_its_range():
    for method, _ in catalogue().entries.values():
        for preset in (None, *method.presets):
            for values, ranges in zip(with_preset(method, preset), (method.ranges, method.train_ranges), strict=True):
                assert apply_changes(values, values, method.name, ranges=ranges) == values


def test_choices_of_the_training_are_those_of_its_recipe():
    from mossfuse.training.recipe import CHOICES

    ranges = find_method("mossfuse")[0].train_ranges
    assert {name: set(parameter.choices) for name, parameter in ranges.items() if parameter.choices} == {
        name: set(allowed) for name, allowed in CHOICES.items()
    }


def test_choices_of_nsgp_mossfuse_c_and_refinements_are_those_of_their_modules():
    from mossfuse import refine
    from mossfuse.constrained.initial_estimates import INITIAL_ESTIMATES
    from mossfuse.estimation.sensor_fit import FAMILIES

    assert set(find_method("nsgp")[0].ranges["family"].choices) == set(FAMILIES)
    assert set(refine.DEFAULTS.declared["family"].choices) == set(FAMILIES)
    assert set(find_method("mossfuse-c")[0].ranges["start"].choices) == set(INITIAL_ESTIMATES)


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
    with pytest.raises(MossFuseError, match="method 'nsgp' has no parameter 'drawz'; did you mean draws"):
        fuse(pair.hsi, pair.msi, method="nsgp", params={"drawz": 2})
    with pytest.raises(MossFuseError, match="method 'nsgp' has no preset 'paper'; it has: none"):
        fuse(pair.hsi, pair.msi, method="nsgp", preset="paper")


@pytest.mark.parametrize(
    ("method", "params", "match"),
    [
        ("nsgp", {"draws": 0}, "'draws' of method 'nsgp' is 0; it must be a whole number, at least 1"),
        ("nsgp", {"setting": "fsat"}, "'setting' of method 'nsgp' is 'fsat'; it must be one of best, fast"),
        ("csu", {"iterations": 0}, "'iterations' of method 'csu' is 0"),
        ("cstf", {"iterations": 0}, "'iterations' of method 'cstf' is 0"),
        ("ltmr", {"iterations": 0}, "'iterations' of method 'ltmr' is 0"),
        ("lttr", {"iterations": 0}, "'iterations' of method 'lttr' is 0"),
        ("cnn-fus-tv", {"iterations": 0}, "'iterations' of method 'cnn-fus-tv' is 0"),
        ("hysure", {"draws": 0}, "'draws' of method 'hysure' is 0"),
        ("ltmr", {"overlap": 7}, "lower 'overlap' or raise 'patch'"),
    ],
)
def test_impossible_values_are_refused_in_one_sentence(pair, method, params, match):
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
