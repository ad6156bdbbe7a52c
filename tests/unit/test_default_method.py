"""The default method follows from the pair; the choice is printed and kept with the cube."""

import numpy as np
import pytest

from mossfuse import fuse
from mossfuse.pair.default_method import LARGEST, choose_method
from mossfuse.protocol import Observation, Sensor


def observation(channels, rows=8, bands=5, **known):
    low, high = np.zeros((rows // 4, 2, bands), np.float32), np.broadcast_to(np.float32(0), (rows, 8, channels))
    return Observation(low, high, 4, Sensor(**known))


@pytest.mark.parametrize(
    ("pair", "tuned", "name"),
    [
        (observation(3), False, "nsgp"),
        (observation(1), False, "stack"),
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
