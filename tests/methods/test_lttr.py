"""LTTR: recovery where the MSI sees every band."""

from dataclasses import replace

import numpy as np

from helpers.classical_runs import psnr, run


def test_penalty_on_the_full_cube_does_not_hinder_recovery_when_the_msi_sees_every_band(make_pair):
    pair, truth = make_pair(bands=8, msi_bands=8)
    seen = replace(pair, msi=truth, sensor=replace(pair.sensor, srf=np.eye(8)))
    assert psnr(run("lttr", seen, eta=1e-9, iterations=3, clusters=5).cube, truth) > 80
