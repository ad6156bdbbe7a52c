"""nsgp whose kernel also sees what other cubes say: their components in the null space of the SRF are further inputs.

X(p) = P M(p) + W^T phi(p, components(p)) + [U (y - H X)](p) as in nsgp (docs/nsgp.md), where pixels are near each other if they are near in
place, in MSI colour and in the other cubes' null-space components: a deep kernel (A. Wilson et al., AISTATS 2016) whose
depth is any method. The cubes are inputs and not terms of the model, so that one that is wrong costs little.
"""

from dataclasses import dataclass

import numpy as np

from mossfuse.estimation.noise import denoise_msi
from mossfuse.nsgp.defaults import choose_settings
from mossfuse.nsgp.features import DARKEST, Features, draw_features
from mossfuse.nsgp.model import LINEAR, Model, append_ones, blur_features, predict
from mossfuse.nsgp.ridge_weights import choose_ridge, decompose
from mossfuse.physics.kriging import SmoothInverse, krige_components
from mossfuse.physics.projection import msi_gain, null_part, pixels, spectral_covariance, wiener
from mossfuse.physics.sampling import operator_of

LENGTHS = (1.5, 15.0)  # of the components, log-uniform, in standard deviations of the largest one
LEAST_FREE = 0.05  # as in nsgp.model
STREAM = 1  # of the seed, so that the further frequencies are independent of nsgp's own


@dataclass(frozen=True)
class DeepFeatures(Features):
    """Features of an image whose first ``bands`` channels are the MSI's, the others components of other cubes."""

    bands: int

    def __call__(self, rows, cols, msi, buffer):
        """Evaluate on a grid: rows (a,), cols (b,), msi (a, b, bands + components) -> (a b, count) in ``buffer``."""
        import torch

        colours = msi[..., : self.bands]
        intensity = colours.mean(2, keepdim=True)
        inputs = torch.empty((*msi.shape[:2], len(self.weights)), device=msi.device)
        inputs[..., 0], inputs[..., 1], inputs[..., 2] = rows[:, None], cols, 1
        inputs[..., 3 : 3 + self.bands] = colours
        inputs[..., 3 + self.bands : 3 + 2 * self.bands] = colours / (intensity + self.dark * self.intensity + DARKEST)
        inputs[..., 3 + 2 * self.bands :] = msi[..., self.bands :]
        waves = buffer[: msi.shape[0] * msi.shape[1]]
        torch.mm(inputs.flatten(0, 1), torch.from_numpy(self.weights).to(msi.device), out=waves)
        scale = (2 / self.count) ** 0.5
        waves.cos_()
        waves[:, : self.absolute] *= scale
        waves[:, self.absolute :] *= intensity.flatten(0, 1) * (scale / self.intensity)
        return waves


def draw_deep_features(settings, msi, components, seed):
    """Draw nsgp's features for an MSI and give each a frequency for every component (rows, cols, K) as well."""
    plain = draw_features(settings, msi, seed)
    rng = np.random.default_rng([seed, STREAM])
    count, pairs = components.shape[2], plain.count // 2
    further = rng.standard_normal((count, pairs)) / np.exp(rng.uniform(*np.log(LENGTHS), pairs))
    further /= np.sqrt(max(count, 3) / 3)  # more components, same spread
    weights = np.concatenate([plain.weights, np.repeat(further, 2, axis=1).astype(np.float32)])
    return DeepFeatures(weights, plain.absolute, plain.intensity, plain.dark, bands=msi.shape[2])


def scaled_components(cubes, basis):
    """Return what the cubes hold along the basis (B, K), (H, W, cubes * K) float32: without its mean, in units of the largest."""
    parts = np.concatenate([cube @ basis.astype(np.float32) for cube in cubes], 2)
    parts -= parts.mean((0, 1))
    return parts / max(float(parts.std((0, 1)).max()), DARKEST)


def fuse_deep(observation, sensor, unseen, cubes, basis, *, seed, device):
    """Return the cube (H, W, B) float32 of nsgp with the components of other cubes as further inputs of its kernel.

    observation: without stripes; sensor, unseen: of mossfuse.estimation.sensor; cubes: (H, W, B) each; basis: (B, K).
    The steps are those of mossfuse.nsgp.model.fit_model.
    """
    chosen = choose_settings("best", observation.ratio)
    noise_hsi = float(np.sqrt(np.mean(np.square(sensor.noise_hsi))))
    noise_msi = np.asarray(sensor.noise_msi, np.float64)
    soft = bool(noise_hsi > 0 or noise_msi.max() > 0)
    operator, srf = operator_of(observation, sensor.psf, sensor.phase), np.asarray(sensor.srf, np.float64)
    msi, left_in_msi = denoise_msi(observation.msi, noise_msi, device)
    target, mean, covariance = spectra_of(observation.hsi, noise_hsi if soft else None)
    remaining, binding = (left_in_msi if soft else None), srf
    if unseen.any():
        remaining, binding = unseen, srf[:0]
    gain, exact = msi_gain(covariance, srf, remaining), msi_gain(covariance, binding)
    offset = mean - gain @ (srf @ mean)
    low_msi = pixels(operator(msi.astype(np.float64)))
    missing = null_part(target - low_msi @ gain.T - offset, binding, exact)

    components = scaled_components(cubes, basis)
    image = np.concatenate([msi, components], 2).astype(np.float32)
    features = draw_deep_features(chosen["settings"], msi, components, seed)
    design = np.concatenate([blur_features(features, image, operator, device), LINEAR * append_ones(low_msi)], 1)
    spectrum = decompose(design)
    turn = np.linalg.eigh(missing.T @ missing)[1] if soft else np.eye(missing.shape[1])
    parts = missing @ turn
    ridge = chosen["ridge"]
    weight = choose_ridge(spectrum, parts, ridge, noise_hsi) if soft else np.full(parts.shape[1], ridge)
    weights = null_part(spectrum.weights(parts, weight) @ turn.T, binding, exact)
    cosines = weights[: features.count].astype(np.float32)
    own = LINEAR * weights[features.count :] + np.concatenate([gain.T, offset[None]])
    inverse = SmoothInverse(operator, chosen["length"] * observation.ratio)
    if soft:
        fitted, freedom = spectrum.fitted(parts, weight)
        left = (parts - fitted).reshape(observation.hsi.shape)
        share = np.maximum(1 - freedom / len(parts), LEAST_FREE)
        field = np.maximum((pixels(left) ** 2).mean(0) - noise_hsi**2 * share, 0)
        coefficients = krige_components(inverse, left, field, noise_hsi, turn)
    else:
        rest = pixels(observation.hsi) - design[:, : features.count] @ cosines - append_ones(low_msi) @ own
        coefficients = inverse.solve(rest.reshape(observation.hsi.shape))
    nothing = np.zeros((components.shape[2], own.shape[1]))  # components enter through the cosines alone
    linear = np.concatenate([own[:-1], nothing, own[-1:]])
    return predict(Model(features, cosines, linear, image, left_in_msi, inverse, coefficients, device))


def spectra_of(hsi, noise):
    """Return (spectra (n, B), mean, covariance) of an HSI, Wiener-filtered where ``noise`` is not None."""
    if noise is None:
        spectra = pixels(hsi)
        return spectra, spectra.mean(0), spectral_covariance(hsi)
    clean, mean, covariance = wiener(hsi, noise)
    return pixels(clean), mean, covariance
