"""Noise levels of a pair, from the pair alone: the gate, the MSI's noise proof against texture, the HSI's noise.

A camera's own noise that is in both images (and in the truth they were made from) is no noise of the pair and must
stay; what tells is the residual H M - y R^T of the best sensor (mossfuse.physics.blind). White noise is assumed;
limits: docs/nsgp.md.
"""

from dataclasses import replace

import numpy as np

from mossfuse.physics.blind import SMOOTHNESS, estimate_sensor

GATE = 2e-4  # relative residual below which a pair counts as free of noise
NOISY_SMOOTHNESS = 1e-3  # ridge on the SRF's second differences once the pair is known to be noisy
BLOCK = 8  # Haar details per block side: 16 x 16 pixels
MAD_TO_SIGMA = 1 / 0.6745
TEXTURE_QUANTILE, MAD_QUANTILE, MAD_BIAS = 0.3, 0.2, 1.08


def identify(observation, family="auto"):
    """(Sensor, facts) with every field filled: PSF and SRF as estimate_sensor has them, and white noise per band.

    facts as in estimate_sensor, with noise_free (bool). Where the gate finds no noise, noise_hsi and noise_msi are
    zero. Levels that the observation's sensor already holds are kept.
    """
    known = observation.sensor
    sensor, facts = estimate_sensor(observation, family, SMOOTHNESS)
    noise_free = facts["residual"] < GATE
    if not noise_free:
        sensor, facts = estimate_sensor(observation, family, NOISY_SMOOTHNESS)
    bands = observation.hsi.shape[2]
    noise_msi, noise_hsi = (
        (np.zeros(observation.msi.shape[2]), 0.0) if noise_free else levels(observation, sensor, facts)
    )
    sensor = replace(
        sensor,
        noise_msi=known.noise_msi if known.noise_msi is not None else noise_msi,
        noise_hsi=known.noise_hsi if known.noise_hsi is not None else np.full(bands, noise_hsi),
    )
    return sensor, facts | {"noise_free": bool(noise_free)}


def levels(observation, sensor, facts):
    """(noise_msi (M,), noise_hsi): standard deviations of a noisy pair, from its residual and the MSI's details.

    v_i = s_m,i^2 |g|^2 + s_h^2 |R_i|^2 is the variance of the residual of MSI band i, |g|^2 the PSF's sum of squares.
    """
    variance, blur = facts["residual_variance"], float((sensor.psf**2).sum())
    noise_msi = np.minimum(msi_noise(observation.msi), np.sqrt(variance / blur))
    response = np.maximum((sensor.srf**2).sum(1), np.finfo(float).tiny)
    seen = sensor.srf.sum(1) > 0
    left = (variance - noise_msi**2 * blur)[seen] / response[seen]
    return noise_msi, float(np.sqrt(max(left.mean(), 0.0))) if seen.any() else 0.0


def msi_noise(msi):
    """Standard deviation of the white noise of every band of (rows, cols, M), (M,) float64; proof against texture.

    Texture is shared by the bands, noise is not: in blocks of 16 x 16 pixels each band's diagonal Haar detail is
    regressed on the others'; the residual variance over (1 + |beta|^2) is the noise's. Never above the plain block MAD.
    """
    blocks = detail_blocks(msi)
    _, count, bands = blocks.shape
    deviation = np.median(np.abs(blocks), 1) * MAD_TO_SIGMA
    plain = np.quantile(deviation, MAD_QUANTILE, axis=0) * MAD_BIAS
    if bands == 1 or count <= bands + 1:
        return plain
    covariance = np.einsum("nki,nkj->nij", blocks, blocks) / (count - bands + 1)
    inverse = np.linalg.inv(covariance + 1e-14 * np.eye(bands))
    diagonal = np.einsum("nii->ni", inverse)
    variance = (1 / diagonal) / ((inverse / diagonal[:, :, None]) ** 2).sum(2)
    return np.minimum(plain, np.sqrt(np.quantile(variance, TEXTURE_QUANTILE, axis=0)))


def detail_blocks(msi):
    """Diagonal Haar details in blocks: (blocks, details in a block, M) float64; smaller images make one block."""
    rows, cols = (n // 2 * 2 for n in msi.shape[:2])
    x = msi[:rows, :cols].astype(np.float64)
    detail = (x[0::2, 0::2] - x[1::2, 0::2] - x[0::2, 1::2] + x[1::2, 1::2]) / 2
    h, w, bands = detail.shape
    side = (min(BLOCK, h), min(BLOCK, w))
    h, w = h // side[0], w // side[1]
    detail = detail[: h * side[0], : w * side[1]].reshape(h, side[0], w, side[1], bands)
    return detail.transpose(0, 2, 1, 3, 4).reshape(h * w, side[0] * side[1], bands)
