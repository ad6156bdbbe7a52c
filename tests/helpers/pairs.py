"""Noise for a pair, and how well a cube meets the pair and its truth."""

from dataclasses import replace

import numpy as np

from mossfuse.physics.sampling import operator_of


def residuals(cube, pair):
    """(max |H X - y|, max |X R^T - M|) under the pair's true sensor."""
    exact = cube.astype(np.float64)
    return np.abs(operator_of(pair)(exact) - pair.hsi).max(), np.abs(exact @ pair.sensor.srf.T - pair.msi).max()


def psnr_sam(truth, cube):
    """Mean-over-bands PSNR (peak 1) and mean spectral angle in degrees over non-zero pixels, of the clipped cube."""
    cube = np.clip(cube, 0, 1)
    psnr = -10 * np.log10(((truth - cube) ** 2).mean((0, 1))).mean()
    norms = np.linalg.norm(truth, axis=-1), np.linalg.norm(cube, axis=-1)
    cosine = (truth * cube).sum(-1) / np.maximum(norms[0] * norms[1], 1e-12)
    return psnr, np.degrees(np.arccos(np.clip(cosine, -1, 1)))[norms[0] > 0].mean()


def noisy(pair, snr_hsi, snr_msi, seed=0):
    rng = np.random.RandomState(seed)
    hsi, msi = (
        (a + rng.randn(*a.shape) * np.sqrt((a**2).mean() / 10 ** (snr / 10))).astype(np.float32)
        for a, snr in ((pair.hsi, snr_hsi), (pair.msi, snr_msi))
    )
    return replace(pair, hsi=hsi, msi=msi)
