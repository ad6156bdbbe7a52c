"""Closed forms of one pair beside nsgp, as differences from it along the components that the LR-HSI leaves open.

Every difference lies in the null space of the SRF and of H, so that any combination of them, with weights that vary from pixel to
pixel, still agrees with the MSI, and after one more back-projection with the HSI.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mossfuse.nsgp.defaults import choose_settings
from mossfuse.nsgp.model import fit_model, predict
from mossfuse.physics.kriging import SmoothInverse
from mossfuse.physics.projection import msi_gain, null_part, pixels, spectral_covariance, wiener
from mossfuse.physics.sampling import BlurSample, operator_of
from mossfuse.protocol import Observation, Sensor

NAMES = ("affine", "shading", "radiance", "chroma", "chroma-narrow", "local", "colour")
LENGTH = 0.6  # of the kriging, over the ratio
DARK = 0.05  # of the mean intensity, added where something is divided by intensity
REACH = 2  # LR pixels to each side that the two weighted means look at
RADIANCE = 0.25  # width of the colour weights of the first mean, of the mean intensity
CHROMA = (0.1, 0.03)  # widths of the colour weights of the others, of chromaticity
KERNELS = {
    "local": {"count": 512, "position": (1.5, 15.0), "colour": (0.04, 0.4)},
    "colour": {"count": 512, "position": (25.0, 250.0), "colour": (0.03, 0.3)},
}  # nsgp with other lengths; positions in LR pixels
LEAST_WEIGHT = 1e-6
TINY = 1e-12


@dataclass(frozen=True)
class Experts:
    """The closed forms of a pair.

    start: the mean of nsgp's draws, (H, W, B) float32; basis: (B, K); differences: (experts, H, W, K) float32, in the order of
    NAMES; spread: of the draws, (H, W, K); strength: (h, w, K) -> (K,), rms of the open part of the LR-HSI; unit: its rms over
    all components; support: (3, H, W), total weight of the weighted means; msi: (H, W, M), denoised; low_msi: (h, w, M);
    inverse: for back-projections; operator: H; noise: of the HSI.
    """

    start: np.ndarray
    basis: np.ndarray
    differences: np.ndarray
    spread: np.ndarray
    strength: np.ndarray
    unit: float
    support: np.ndarray
    msi: np.ndarray
    low_msi: np.ndarray
    inverse: SmoothInverse
    operator: BlurSample
    noise: float


def compute_experts(
    observation: Observation,
    sensor: Sensor,
    unseen: np.ndarray,
    *,
    components: int,
    draws: int,
    seed: int,
    device: str,
) -> Experts:
    """Return the Experts of a pair without stripes under a complete sensor (mossfuse.estimation.sensor).

    components: at most this many; draws: of nsgp's features, averaged.
    """
    chosen = choose_settings("best", observation.ratio)
    models = [
        fit_model(observation, sensor, unseen=unseen, seed=draws * seed + n, device=device, **chosen)
        for n in range(draws)
    ]
    cubes = [predict(model) for model in models]
    start = sum(cubes) / np.float32(draws)
    msi = models[0].msi
    noise_msi = np.asarray(sensor.noise_msi, np.float64)
    noise = float(np.sqrt(np.mean(np.square(np.asarray(sensor.noise_hsi, np.float64)))))
    soft = bool(noise > 0 or noise_msi.max() > 0)
    operator, srf = operator_of(observation, sensor.psf, sensor.phase), np.asarray(sensor.srf, np.float64)
    if soft:
        hsi, mean, covariance = wiener(observation.hsi, noise)
    else:
        hsi, covariance = observation.hsi.astype(np.float64), spectral_covariance(observation.hsi)
        mean = pixels(hsi).mean(0)
    remaining, binding = (models[0].left if soft else None), srf
    if unseen.any():
        remaining, binding = unseen, srf[:0]
    gain, exact = msi_gain(covariance, srf, remaining), msi_gain(covariance, binding)
    offset = mean - gain @ (srf @ mean)
    low_msi = operator(msi.astype(np.float64))
    basis = leading(null_part(pixels(hsi) - mean, binding, exact), components)
    rest = null_part(hsi - low_msi @ gain.T - offset, binding, exact) @ basis
    inverse = SmoothInverse(operator, LENGTH * observation.ratio)
    strength = np.sqrt(np.mean(rest**2, (0, 1)))
    unit = max(float(np.sqrt((strength**2).sum())), TINY)

    origin = start @ basis.astype(np.float32)
    spread = np.std([cube @ basis.astype(np.float32) for cube in cubes], axis=0)
    del cubes
    affine = ((msi @ gain.T + offset) @ basis).astype(np.float32)
    floor = DARK * max(float(msi.mean()), TINY)
    shading = affine + light_of(msi, floor) * inverse(rest / light_of(low_msi, floor))
    means, support = weighted_means(msi, low_msi, rest, observation.ratio, floor)
    fields = [affine, shading, *(affine + mean for mean in means)]
    for settings in KERNELS.values():
        model = fit_model(
            observation, sensor, unseen=unseen, seed=seed, device=device, **other(chosen, settings, observation.ratio)
        )
        fields.append(predict(model) @ basis.astype(np.float32))
    differences = np.stack([settle(field - origin, operator, inverse) for field in fields])
    return Experts(start, basis, differences, spread, strength, unit, support, msi, low_msi, inverse, operator, noise)


def other(chosen: Mapping[str, Any], settings: Mapping[str, Any], ratio: int) -> dict[str, Any]:
    """Return nsgp's choices with other feature settings; positions in LR pixels."""
    position = tuple(length * ratio for length in settings["position"])
    return {**chosen, "settings": replace(chosen["settings"], **{**settings, "position": position})}


def leading(open_part: np.ndarray, components: int) -> np.ndarray:
    """Return (B, components) orthonormal: the principal spectra of (n, B), fewer where there are fewer."""
    values, vectors = np.linalg.eigh(open_part.T @ open_part)
    kept = int((values > 1e-9 * max(values[-1], 1e-300)).sum())
    return vectors[:, ::-1][:, : min(components, kept)]


def light_of(msi: np.ndarray, floor: float) -> np.ndarray:
    """Return the mean over the bands plus ``floor``, (rows, cols, 1), positive where noise has made the mean negative too."""
    return np.maximum(msi.mean(2, keepdims=True) + floor, floor / 2)


def settle(field: np.ndarray, operator: BlurSample, inverse: SmoothInverse) -> np.ndarray:
    """Return the field (H, W, K) without what H sees of it, float32."""
    return (field - inverse(operator(field.astype(np.float64)))).astype(np.float32)


def weighted_means(
    msi: np.ndarray, low_msi: np.ndarray, rest: np.ndarray, ratio: int, floor: float
) -> tuple[list[np.ndarray], np.ndarray]:
    """Return means of the nearest LR pixels' rest (h, w, K), weighted by place and by radiance or chromaticity.

    The first sees radiance; the others (CHROMA) see chromaticity and are means of rest over intensity, times the pixel's intensity.
    Returns ([(H, W, K)] float32, (1 + len(CHROMA), H, W): the sums of the weights).
    """
    (rows, cols), (h, w) = msi.shape[:2], low_msi.shape[:2]
    light, low_light = light_of(msi, floor), light_of(low_msi, floor)
    place = [(np.arange(n) + 0.5) / ratio - 0.5 for n in (rows, cols)]
    nearest = [np.clip(np.round(at).astype(int), 0, n - 1) for at, n in zip(place, (h, w), strict=True)]
    colours = (msi.astype(np.float32), (msi / light).astype(np.float32))
    low_colours = (low_msi.astype(np.float32), (low_msi / low_light).astype(np.float32))
    values = (rest.astype(np.float32), (rest / low_light).astype(np.float32))
    widths = (RADIANCE * floor / DARK, *CHROMA)
    sums = np.zeros((len(widths), rows, cols, rest.shape[2]), np.float32)
    total = np.full((len(widths), rows, cols), LEAST_WEIGHT, np.float32)
    for down in range(-REACH, REACH + 1):
        i = np.clip(nearest[0] + down, 0, h - 1)
        for right in range(-REACH, REACH + 1):
            j = np.clip(nearest[1] + right, 0, w - 1)
            apart = (place[0] - nearest[0] - down)[:, None] ** 2 + (place[1] - nearest[1] - right) ** 2
            distance = [np.square(high - low[i][:, j]).sum(2) for high, low in zip(colours, low_colours, strict=True)]
            for n, width in enumerate(widths):
                kind = min(n, 1)
                weight = np.exp(-0.5 * (apart + distance[kind] / width**2)).astype(np.float32)
                sums[n] += weight[..., None] * values[kind][i][:, j]
                total[n] += weight
    sums /= total[..., None]
    sums[1:] *= light.astype(np.float32)
    return list(sums), total
