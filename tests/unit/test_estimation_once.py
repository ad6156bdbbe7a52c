"""One pair, one estimate of its sensor: the estimate travels from the search for the geometry to the last check."""

from dataclasses import replace

import numpy as np
import pytest

from helpers.pairs import noisy
from mossfuse import fuse
from mossfuse.estimation import sensor, sensor_fit
from mossfuse.estimation.memory import content_key, estimate_once

METHODS = (None, "nsgp+sdc", "nsgp+softdc", "gsa", "hysure", "bicubic-msi+softsdc")


@pytest.fixture(scope="module")
def pairs(make_pair):
    clean, _ = make_pair(rows=64, cols=64)
    return {"clean": clean, "noisy": noisy(clean, 30, 40)}


@pytest.fixture
def searches(monkeypatch):
    """Smoothness of every search for a PSF that is really made."""
    made, real = [], sensor_fit.fit_psf

    def counted(windows, fit, *rest):
        made.append(fit.smoothness)
        return real(windows, fit, *rest)

    monkeypatch.setattr(sensor_fit, "fit_psf", counted)
    return made


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", ["clean", "noisy"])
def test_one_estimate_of_the_sensor_in_one_fusion(pairs, searches, kind, method):
    pair = pairs[kind]
    size, phase = pair.sensor.psf_shape, pair.sensor.phase
    with estimate_once() as memory:
        fuse(pair.hsi, pair.msi, method=method, psf_size=size, phase=phase)
    assert memory.computed["estimate"] == 1
    # Only the first search says that there is noise, and noise asks for a smoother SRF.
    gate, smooth = sensor_fit.SMOOTHNESS, sensor.NOISY_SMOOTHNESS
    assert searches == ([gate] if kind == "clean" else [gate, smooth])


def test_one_estimate_where_the_geometry_has_to_be_found_too(pairs, searches):
    for kind, most in (("clean", 1), ("noisy", 4)):
        searches.clear()
        with estimate_once() as memory:
            fuse(pairs[kind].hsi, pairs[kind].msi)
        assert memory.computed["estimate"] == 1 and len(searches) <= most


def test_estimates_are_forgotten_with_their_block(pairs, searches):
    for _ in range(2):
        fuse(pairs["clean"].hsi, pairs["clean"].msi)
    assert len(searches) == 2


def test_an_estimate_made_with_more_knowledge_is_not_handed_to_a_method_with_less(pairs, searches):
    pair = pairs["clean"]
    blind = replace(pair, sensor=pair.sensor.restricted_to({"phase"}))
    with_srf = replace(pair, sensor=pair.sensor.restricted_to({"phase", "srf"}))
    assert content_key(blind) != content_key(with_srf)
    alone = sensor.estimate_sensor(blind)
    with estimate_once():
        assert np.array_equal(sensor.estimate_sensor(with_srf).sensor.srf, pair.sensor.srf)
        together = sensor.estimate_sensor(blind)
    assert not np.array_equal(together.sensor.srf, pair.sensor.srf) and len(searches) == 3
    assert np.array_equal(together.sensor.srf, alone.sensor.srf) and np.array_equal(
        together.sensor.psf, alone.sensor.psf
    )


def test_a_changed_image_is_estimated_again(pairs, searches):
    pair = replace(pairs["clean"], sensor=pairs["clean"].sensor.restricted_to({"phase"}))
    with estimate_once():
        first = sensor.estimate_sensor(pair)
        assert sensor.estimate_sensor(replace(pair, hsi=pair.hsi.copy())) is first
        assert sensor.estimate_sensor(replace(pair, hsi=pair.hsi * 0.5)) is not first
    assert len(searches) == 2
