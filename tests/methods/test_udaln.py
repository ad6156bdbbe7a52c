"""UDALN: its ladder of bands, and a scene that it must recover."""

from dataclasses import replace

import numpy as np

from baselines.udaln.network import ladder
from helpers.deep_runs import rmse, seen_by
from mossfuse.methods import find_method
from mossfuse.physics.sampling import operator_of


def test_ladder_doubles_the_bands_and_ends_at_the_hsi():
    assert ladder(3, 31) == [3, 6, 12, 24, 31]
    assert ladder(1, 8) == [1, 2, 4, 8]
    assert ladder(4, 5) == [4, 5]
    assert ladder(3, 3) == [3, 3]


def test_udaln_finds_the_cube_of_a_scene_that_three_bands_determine(make_pair):
    from mossfuse.physics.interpolation import upsample_cubic

    pair, truth = make_pair()
    truth = pair.msi @ np.linalg.lstsq(pair.msi.reshape(-1, 3), truth.reshape(-1, 31), rcond=None)[0]
    pair = replace(pair, hsi=operator_of(pair)(truth), msi=(truth @ pair.sensor.srf.T).astype(np.float32))
    method, module = find_method("udaln")
    params = {**method.params, "operator_steps": 800, "spectral_steps": 1500, "joint_steps": 20, "learning_rate": 5e-3}
    cubes = [module.fuse(seen_by(method, pair), seed=seed, device="cpu", **params).cube for seed in (0, 1, 2)]
    errors = sorted(rmse(cube, truth) for cube in cubes)  # one start in three may end in a poor minimum
    assert errors[1] < rmse(upsample_cubic(pair.hsi, pair.msi.shape[:2]), truth) / 3
