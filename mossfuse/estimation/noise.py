"""Noise levels of a pair, from the pair alone: the MSI's noise, robust against texture, and the HSI's noise.

Noise that is in both images (and in the truth they were made from) is not noise of the pair and must stay; the residual
H M - y R^T of the best sensor shows the difference (mossfuse.estimation.sensor). The MSI's noise is white or grows with
the signal, the HSI's is taken as white; limits: docs/nsgp.md.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.optimize import nnls

from mossfuse.physics.denoise import Denoised, denoise_dct
from mossfuse.physics.projection import pixels
from mossfuse.physics.sampling import operator_of
from mossfuse.protocol import Observation, Sensor

BLOCK = 8  # Haar details per block side: 16 x 16 pixels
BLOCKS = 16384  # most blocks looked at
GROUP = 30  # blocks of one brightness, at least
DEPENDENT = 4.0  # growth of the variance from dark to bright that is no longer taken for texture
DARKEST = 0.02  # share of the mean variance that is noise even where the image is black
MAD_TO_SIGMA = 1 / 0.6745
UNSEEN = 4.0  # an MSI band's residual variance, over what noise accounts for, that no longer counts as noise
NEIGHBOURS = 6  # HSI bands that a band's details are regressed on
ENOUGH = 32  # degrees of freedom below which the details are too few to say what the noise accounts for
TEXTURE_QUANTILE, MAD_QUANTILE, MAD_BIAS = 0.3, 0.2, 1.08


def levels(observation: Observation, sensor: Sensor, facts: Mapping[str, Any]) -> tuple[np.ndarray, float, np.ndarray]:
    """Return (noise_msi (M,), noise_hsi, unseen (M, M)) of a pair with a residual; standard deviations and a covariance.

    v_i = s_m,i^2 |g|^2 + s_h^2 |R_i|^2 is the variance of the residual of MSI band i, |g|^2 the PSF's sum of squares.
    Where v_i is more than UNSEEN times what the noise in the HSI's own details accounts for, band i sees light that the
    HSI does not (or the PSF is of a shape that cannot be found): its residual says nothing about the HSI's noise. From the
    others comes s_h^2, in geometric mean with what the details say if that is less (texture could only add to them); the
    lesser of the two where some band is left out, since the others may hold a little of the same.
    """
    assert sensor.psf is not None and sensor.srf is not None
    variance, blur = facts["residual_variance"], float((sensor.psf**2).sum())
    noise_msi = np.minimum(msi_noise(observation.msi), np.sqrt(variance / blur))
    operator = operator_of(observation, sensor.psf, sensor.phase)
    low = operator(observation.msi.astype(np.float64))
    detail = hsi_noise(observation.hsi, low)
    from_noise = noise_msi**2 * blur + (sensor.srf**2 @ detail if np.isfinite(detail).all() else np.inf)
    beyond = variance > UNSEEN * from_noise
    response = np.maximum((sensor.srf**2).sum(1), np.finfo(float).tiny)
    seen = (sensor.srf.sum(1) > 0) & ~beyond
    left = (variance - noise_msi**2 * blur)[seen] / response[seen]
    noise_hsi = detail.mean()
    if seen.any():
        residual = max(left.mean(), 0.0)
        lesser = min(residual, noise_hsi)
        noise_hsi = lesser if beyond.any() else np.sqrt(residual * lesser)
    error = pixels(low) - pixels(observation.hsi) @ sensor.srf.T
    unseen = error.T @ error / len(error) * beyond.any()
    return noise_msi, float(np.sqrt(noise_hsi)), unseen


def hsi_noise(hsi: np.ndarray, low_msi: np.ndarray) -> np.ndarray:
    """Return an upper bound (B,) of the noise variance of an HSI (h, w, B), from its details; infinite where there are too few.

    The diagonal details of every band are regressed on those of its NEIGHBOURS nearest bands and of the blurred MSI
    (h, w, M), the share of the neighbours' noise taken out as in noise_profile. What texture is left counts as noise.
    """
    images = np.concatenate([hsi.astype(np.float64), low_msi], 2)
    detail = (images[:-1, :-1] - images[1:, :-1] - images[:-1, 1:] + images[1:, 1:]) / 2
    detail = detail.reshape(-1, images.shape[2])
    bands = hsi.shape[2]
    used = min(NEIGHBOURS, bands - 1)
    freedom = len(detail) - used - low_msi.shape[2]
    if freedom < ENOUGH:
        return np.full(bands, np.inf)
    out = np.empty(bands)
    for band in range(bands):
        near = np.argsort(np.abs(np.arange(bands) - band), kind="stable")[1 : used + 1]
        others = detail[:, [*near, *range(bands, images.shape[2])]]
        weights = np.linalg.lstsq(others, detail[:, band], rcond=None)[0]
        left = ((detail[:, band] - others @ weights) ** 2).sum() / freedom
        out[band] = left / (1 + (weights[:used] ** 2).sum())
    return out


def msi_noise(msi: np.ndarray) -> np.ndarray:
    """Return the standard deviation of the noise of every band of (rows, cols, M), (M,) float64; robust against texture.

    Where the noise grows with the signal (noise_profile) it is the root of the mean variance over the image.
    """
    floor, slope = noise_profile(msi)
    return np.sqrt(floor + slope * msi.mean((0, 1), dtype=np.float64))


def noise_profile(msi: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return (floor, slope), (M,) each: the noise variance of a band is floor + slope * value; slope is 0 for white noise.

    Texture is shared by the bands, noise is not: in blocks of 16 x 16 pixels each band's diagonal Haar detail is
    regressed on the others'; the residual variance over (1 + |beta|^2) is the noise's. White noise is never put above
    the plain median absolute deviation. Signal dependence: blocks are grouped by brightness and a line goes through the
    groups' variances; it is believed where it grows, in the mean of the bands, by more than DEPENDENT.
    """
    blocks, level = detail_blocks(msi)
    _, count, bands = blocks.shape
    deviation = np.median(np.abs(blocks), 1) * MAD_TO_SIGMA
    plain = (np.quantile(deviation, MAD_QUANTILE, axis=0) * MAD_BIAS) ** 2
    if bands == 1 or count <= bands + 1:
        return plain, np.zeros(bands)
    covariance = np.einsum("nki,nkj->nij", blocks, blocks, optimize=True) / (count - bands + 1)
    inverse = np.linalg.inv(covariance + 1e-14 * np.eye(bands))
    diagonal = np.einsum("nii->ni", inverse)
    variance = (1 / diagonal) / ((inverse / diagonal[:, :, None]) ** 2).sum(2)
    groups = min(len(variance) // GROUP, 10)
    if groups >= 3:
        lines = [brightness_line(v, b, groups) for v, b in zip(variance.T, level.T, strict=True)]
        floor, slope, growth = map(np.array, zip(*lines, strict=True))
        if np.log(growth).mean() > np.log(DEPENDENT):
            return floor, slope
    return np.minimum(plain, np.quantile(variance, TEXTURE_QUANTILE, axis=0)), np.zeros(bands)


def brightness_line(variance: np.ndarray, level: np.ndarray, groups: int) -> tuple[float, float, float]:
    """Return (floor, slope, growth) of one band's block variances against block means, by relative least squares."""
    parts = np.array_split(np.argsort(level, kind="stable"), groups)
    seen = np.array([np.quantile(variance[part], TEXTURE_QUANTILE) for part in parts])
    bright = np.array([max(level[part].mean(), 0.0) for part in parts])
    columns = np.stack([np.ones(groups), bright], 1)
    line = np.maximum(seen, np.finfo(float).tiny)
    for _ in range(5):
        floor, slope = nnls(columns / line[:, None], seen / line)[0]
        line = np.maximum(floor + slope * bright, np.finfo(float).tiny)
    return floor, slope, line.max() / line.min()


def denoise_msi(msi: np.ndarray, noise: np.ndarray, device: str = "cpu") -> Denoised:
    """Return an MSI (rows, cols, M) denoised, with the covariance of what noise is left (mossfuse.physics.denoise).

    noise: standard deviation per band over the image, (M,); where it is zero throughout, the image is returned as it is. Noise that
    grows with the signal keeps its dependence (noise_profile), scaled to this level.
    """
    if not np.max(noise) > 0:
        return Denoised(msi, np.zeros((len(noise), len(noise))))
    floor, slope = noise_profile(msi)
    if not slope.any():
        return denoise_dct(msi, noise, device)
    mean = np.maximum(msi.mean((0, 1), dtype=np.float64), 0)
    floor = np.maximum(floor, DARKEST * slope * mean)
    scale = np.square(noise) / (floor + slope * mean)
    return denoise_dct(msi, np.sqrt(floor * scale), device, slope * scale)


def detail_blocks(msi: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return (diagonal Haar details (blocks, details in a block, M), mean values (blocks, M)), float64.

    Images smaller than a block make one; of more than BLOCKS a regular choice is taken.
    """
    sides = [min(BLOCK, n // 2) for n in msi.shape[:2]]
    h, w = (n // (2 * side) for n, side in zip(msi.shape[:2], sides, strict=True))
    chosen = np.unique(np.linspace(0, h * w - 1, min(h * w, BLOCKS)).astype(int))
    x = msi[: h * 2 * sides[0], : w * 2 * sides[1]].reshape(h, sides[0], 2, w, sides[1], 2, -1)
    x = x.transpose(0, 3, 1, 4, 2, 5, 6)[chosen // w, chosen % w].astype(np.float64)
    detail = (x[..., 0, 0, :] - x[..., 1, 0, :] - x[..., 0, 1, :] + x[..., 1, 1, :]) / 2
    return detail.reshape(len(chosen), -1, msi.shape[2]), x.mean((1, 2, 3, 4))
