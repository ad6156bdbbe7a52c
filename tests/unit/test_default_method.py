"""The default method follows from the pair; the choice is printed and kept with the cube."""

import numpy as np
import pytest

from mossfuse import fuse
from mossfuse.pair.default_method import LARGEST, choose_method, parts_of
from mossfuse.protocol import Observation, Sensor


def observation(channels, rows=8, bands=5, **known):
    low, high = np.zeros((rows // 4, 2, bands), np.float32), np.broadcast_to(np.float32(0), (rows, 8, channels))
    return Observation(low, high, 4, Sensor(**known))


@pytest.mark.parametrize(
    ("pair", "tuned", "name"),
    [
        (observation(3), False, "nsgp"),
        (observation(1), False, "stack"),
        (observation(1, bands=3), False, "mean(nsgp, regression-injection, mtf-glp-hs)"),
        (observation(2, bands=3), False, "nsgp"),
        (observation(1), True, "nsgp"),  # parameters that are given are those of nsgp
        (observation(1, rows=4 * int(LARGEST / 100)), False, "nsgp"),
        (observation(1, srf=np.ones((1, 5))), False, "nsgp-known"),
    ],
)
def test_default_method_by_case(pair, tuned, name):
    found, reason = choose_method(None, None, pair, tuned)
    assert found == name and name in reason


def test_named_method_is_not_replaced():
    assert choose_method("gsa", None, observation(1)) == ("gsa", "")


def test_single_band_is_fused_by_the_stack_which_is_named(make_pair):
    pair, _ = make_pair(rows=24, cols=32)
    known = {"phase": 3, "register": "off"}
    found = fuse(pair.hsi, pair.msi.mean(2), **known)
    assert found.work.name == "stack" and "single band" in found.notes["chosen"] and "stack" in repr(found)
    plain = fuse(pair.hsi, pair.msi.mean(2), uncertainty=True, **known)
    assert plain.work.name == "nsgp" and plain.deviation is not None


def test_few_bands_of_both_give_the_mean_of_three_cubes(make_pair):
    pair, _ = make_pair(rows=24, cols=32)
    two = {"hsi": pair.hsi[..., :2], "msi": pair.msi[..., :1], "phase": 3, "register": "off"}
    found = fuse(**two)
    single = [fuse(**two, method=name).cube for name in parts_of(found.work.name)]
    assert len(single) == 3 and np.allclose(found.cube, np.mean(single, 0), atol=1e-6)
    assert "too few to explain it" in found.notes["chosen"] and "mean(nsgp, " in repr(found)
    assert parts_of("nsgp") == ()
