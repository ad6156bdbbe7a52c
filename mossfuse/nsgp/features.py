"""Random features of nsgp: cosines of position and of MSI colour, shading times reflectance (docs/nsgp.md).

A. Rahimi and B. Recht, Random features for large-scale kernel machines, NeurIPS 2007. Every feature draws its own
length scales, so that the kernel is a scale mixture and no length scale has to be searched.
"""

from dataclasses import dataclass

import numpy as np

DARKEST = 1e-6


@dataclass(frozen=True)
class FeatureSettings:
    """Distribution of the features' lengths.

    count: number of cosines (even). position: range of the position lengths in pixels (log-uniform). colour: range of
    the colour lengths, for MSI values in [0, 1] and three bands. absolute: share of features of the radiance itself;
    the others see chromaticity, with lengths ``chroma`` times longer, and are multiplied by intensity. dark: intensity,
    over its mean, below which chromaticity fades.
    """

    count: int
    position: tuple[float, float]
    absolute: float
    chroma: float
    dark: float
    colour: tuple[float, float] = (0.1, 1.0)


@dataclass(frozen=True)
class Features:
    """Drawn features. weights: (3 + 2 M, cosines) for the inputs (row, col, 1, radiance, chromaticity).

    The first ``absolute`` cosines see radiance, the others chromaticity. intensity: mean of the MSI.
    """

    weights: np.ndarray
    absolute: int
    intensity: float
    dark: float

    @property
    def count(self):
        """The number of features."""
        return self.weights.shape[1]

    def buffer(self, pixels, device):
        """Return memory for the features of at most ``pixels`` pixels."""
        import torch

        return torch.empty((pixels, self.count), device=device)

    def __call__(self, rows, cols, msi, buffer):
        """Evaluate on a grid: rows (a,), cols (b,), msi (a, b, M) float32 tensors -> (a b, count) in ``buffer``."""
        import torch

        bands = msi.shape[2]
        intensity = msi.mean(2, keepdim=True)
        inputs = torch.empty((*msi.shape[:2], len(self.weights)), device=msi.device)
        inputs[..., 0], inputs[..., 1], inputs[..., 2] = rows[:, None], cols, 1
        inputs[..., 3 : 3 + bands] = msi
        inputs[..., 3 + bands :] = msi / (intensity + self.dark * self.intensity + DARKEST)
        waves = buffer[: msi.shape[0] * msi.shape[1]]
        torch.mm(inputs.flatten(0, 1), torch.from_numpy(self.weights).to(msi.device), out=waves)
        scale = (2 / self.count) ** 0.5
        waves.cos_()
        waves[:, : self.absolute] *= scale
        waves[:, self.absolute :] *= intensity.flatten(0, 1) * (scale / self.intensity)
        return waves


def draw_features(settings, msi, seed):
    """Draw features for an MSI (rows, cols, M); the same seed draws the same features.

    Frequencies come in pairs a quarter of a period apart (cosine and sine), which lowers the spread between seeds at no
    cost.
    """
    rng = np.random.default_rng(seed)
    bands, pairs = msi.shape[2], settings.count // 2
    place, colour, phase = rng.standard_normal((2, pairs)), rng.standard_normal((bands, pairs)), rng.random((1, pairs))
    place /= np.exp(rng.uniform(*np.log(settings.position), pairs))
    colour /= np.exp(rng.uniform(*np.log(settings.colour), pairs)) * np.sqrt(
        max(bands, 3) / 3
    )  # more bands, same spread
    absolute = round(pairs * settings.absolute)
    radiance, chroma = colour.copy(), colour / settings.chroma
    radiance[:, absolute:], chroma[:, :absolute] = 0, 0
    weights = np.repeat(np.concatenate([place, 2 * np.pi * phase, radiance, chroma]), 2, axis=1)
    weights[2, 1::2] += np.pi / 2
    intensity = max(float(msi.mean(dtype=np.float64)), DARKEST)
    return Features(weights.astype(np.float32), 2 * absolute, intensity, settings.dark)
