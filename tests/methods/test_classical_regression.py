"""One reduced figure per slow method, so that a change of its result cannot pass unnoticed.

A small phantom scene at ratio 8 with few iterations; the expected PSNR was measured with this code and is no statement
about quality.
"""

from dataclasses import replace

import numpy as np
import pytest

from mossfuse.datasets.phantom import generate
from mossfuse.methods import find_method
from mossfuse.physics.psf import gaussian_psf
from mossfuse.physics.psf_geometry import official_geometry
from mossfuse.physics.sampling import BlurSample
from mossfuse.protocol import Observation, Sensor

EXPECTED = {  # dB
    "cnmf": ({"iterations": 30, "endmembers": 8}, 43.359),
    "csu": ({"iterations": 30, "endmembers": 6}, 41.859),
    "cstf": ({"atoms": 40, "iterations": 3, "core_iterations": 20}, 39.955),
    "hysure": ({"iterations": 60, "draws": 5}, 43.26),
    "hysure-blind": ({"iterations": 60, "draws": 5}, 37.079),
    "nssr": ({"atoms": 30, "iterations": 10, "rounds": 2, "window": 6}, 42.263),
    "ltmr": ({"iterations": 10, "clusters": 20}, 38.434),
    "lttr": ({"iterations": 5, "clusters": 20}, 38.551),
    "cnn-fus-tv": ({"iterations": 5}, 46.084),
}


@pytest.fixture(scope="module")
def pair():
    truth = generate("globes", 64, 0) / 65535
    bands = np.arange(31)
    srf = np.exp(-0.5 * ((bands - np.array([[21], [14], [6]])) / 3) ** 2)
    srf /= srf.sum(1, keepdims=True)
    size, centre = official_geometry(8)
    psf, phase = gaussian_psf(size, 2.0), (centre, centre)
    hsi = BlurSample(psf, phase, 8, truth.shape)(truth).astype(np.float32)
    sensor = Sensor(psf=psf, psf_shape=psf.shape, phase=phase, srf=srf)
    return Observation(hsi=hsi, msi=(truth @ srf.T).astype(np.float32), ratio=8, sensor=sensor), truth


@pytest.mark.parametrize("name", EXPECTED)
def test_reduced_run_gives_the_recorded_figure(name, pair):
    observation, truth = pair
    few, expected = EXPECTED[name]
    method, module = find_method(name)
    seen = replace(observation, sensor=observation.sensor.restricted_to(method.knows))
    cube = module.fuse(seen, seed=0, device="cpu", **{**method.params, **few}).cube
    error = ((cube - truth) ** 2).mean((0, 1))
    assert float((-10 * np.log10(error)).mean()) == pytest.approx(expected, abs=0.02)
