"""R-FUSE: noise covariances."""

from dataclasses import replace

import numpy as np

from helpers.classical_runs import psnr, run


def test_covariances_help_r_fuse_under_noise(make_pair):
    pair, truth = make_pair()
    rng = np.random.default_rng(0)
    noisy = {}
    for key, sigma in (("hsi", 0.02), ("msi", 0.01)):
        image = getattr(pair, key)
        noisy[key] = image + np.float32(sigma) * rng.standard_normal(image.shape, np.float32)
        noisy[f"noise_{key}"] = np.full(image.shape[2], sigma)
    blind = replace(pair, hsi=noisy["hsi"], msi=noisy["msi"])
    sensor = replace(pair.sensor, noise_hsi=noisy["noise_hsi"], noise_msi=noisy["noise_msi"])
    told = replace(blind, sensor=sensor)
    plain = psnr(run("fuse", told).cube, truth)
    assert psnr(run("r-fuse", told).cube, truth) > plain + 0.5
    estimated = run("r-fuse", blind)
    assert psnr(estimated.cube, truth) > plain + 0.5
    assert 0.8 < estimated.notes["noise hsi"] / 0.02 < 1.25
