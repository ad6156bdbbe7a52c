"""Random features of nsgp: cosines of position and of MSI colour, shading times reflectance (docs/nsgp.md).

A. Rahimi and B. Recht, Random features for large-scale kernel machines, NeurIPS 2007. Every feature draws its own
lengths, so that the kernel is a scale mixture and no length has to be searched.
"""

from dataclasses import dataclass

import numpy as np

LINEAR = 10.0  # weight of the linear features (M, 1) against the cosines
DARKEST = 1e-6


@dataclass(frozen=True)
class FeatureSettings:
    """Distribution of the features' lengths.

    count: number of cosines. position: range of the position lengths in pixels (log-uniform). colour: range of the colour lengths, for
    MSI values in [0, 1]. absolute: share of features of the radiance itself; the others see chromaticity, with
    lengths ``chroma`` times longer, and are multiplied by intensity. dark: intensity, over its mean, below which chromaticity fades.
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
        """Cosines, then the MSI's bands and a constant."""
        return self.weights.shape[1] + self.bands + 1

    @property
    def bands(self):
        return (len(self.weights) - 3) // 2

    def buffer(self, pixels, device):
        """Memory for the features of at most ``pixels`` pixels."""
        import torch

        return torch.empty((pixels, self.count), device=device)

    def __call__(self, rows, cols, msi, buffer):
        """Features on a grid, rows (a,), cols (b,), msi (a, b, M) float32 tensors -> (a b, count), a view of ``buffer``."""
        import torch

        cosines, bands = self.weights.shape[1], self.bands
        intensity = msi.mean(2, keepdim=True)
        inputs = torch.empty((*msi.shape[:2], len(self.weights)), device=msi.device)
        inputs[..., 0], inputs[..., 1], inputs[..., 2] = rows[:, None], cols, 1
        inputs[..., 3 : 3 + bands] = msi
        inputs[..., 3 + bands :] = msi / (intensity + self.dark * self.intensity + DARKEST)
        out = buffer[: msi.shape[0] * msi.shape[1]]
        waves = out[:, :cosines]
        torch.mm(inputs.flatten(0, 1), torch.from_numpy(self.weights).to(msi.device), out=waves)
        scale = (2 / max(cosines, 1)) ** 0.5
        waves.cos_()
        waves[:, : self.absolute] *= scale
        waves[:, self.absolute :] *= intensity.flatten(0, 1) * (scale / self.intensity)
        out[:, cosines:-1] = msi.flatten(0, 1) * LINEAR
        out[:, -1] = LINEAR
        return out


def draw(settings, msi, seed):
    """Features for an MSI (rows, cols, M); the same seed draws the same features."""
    rng = np.random.default_rng(seed)
    bands, count = msi.shape[2], settings.count
    place, colour, phase = rng.standard_normal((2, count)), rng.standard_normal((bands, count)), rng.random(count)
    near, far = np.log(settings.position), np.log(settings.colour)
    place /= np.exp(rng.uniform(*near, count))
    colour /= np.exp(rng.uniform(*far, count))
    absolute = round(count * settings.absolute)
    radiance, chroma = colour.copy(), colour / settings.chroma
    radiance[:, absolute:], chroma[:, :absolute] = 0, 0
    weights = np.concatenate([place, 2 * np.pi * phase[None], radiance, chroma]).astype(np.float32)
    return Features(weights, absolute, max(float(msi.mean(dtype=np.float64)), DARKEST), settings.dark)
