"""What the learned prior sees of a pixel and a component: numbers without a band count, a unit or a camera in them."""

import numpy as np

from mossfuse.prior.experts import TINY, Experts

SMALL = 1e-2  # added before a logarithm, as a share of the mean intensity
LEAST = 1e-4  # added before a logarithm, as a share of the open part


def of_image(experts: Experts) -> np.ndarray:
    """Return (H, W, 9 + supports) float32: what the components of a pixel share.

    Light, light around it and contrast against the surroundings (over the mean light, logarithms), the weights that the weighted
    means have found, and facts of the pair: ratio, LR pixels, MSI bands, noise, open part over light.
    """
    msi, low = experts.msi.astype(np.float64), experts.low_msi
    mean = max(float(msi.mean()), TINY)
    light = msi.mean(2)
    around = experts.inverse(low)
    contrast = np.sqrt(np.mean((msi - around) ** 2, 2))
    maps = [np.log(np.maximum(values, 0) / mean + SMALL) for values in (light, around.mean(2), contrast)]
    maps += [np.log(support + LEAST) / 3 for support in experts.support]
    pixels = low.shape[0] * low.shape[1]
    facts = (
        np.log2(len(msi) / len(low)) / 4,
        np.log10(pixels) / 3,
        msi.shape[2] / 4,
        np.log10(experts.noise / experts.unit + LEAST) / 2,
        np.log(experts.unit / mean + LEAST) / 3,
        min(experts.noise, 1) > 0,
    )
    maps += [np.full(light.shape, float(fact)) for fact in facts]
    return np.stack(maps, 2).astype(np.float32)


def of_components(experts: Experts, number: int, rows: slice = slice(None)) -> np.ndarray:
    """Return (rows, W, 3 + experts) float32: what component ``number`` has of its own.

    The differences are divided by their rms over the experts, and their sign is chosen so that their sum is positive: an eigenvector's
    is arbitrary. The inputs are that rms, the spread of nsgp's draws, the component's strength (logarithms) and the differences.
    """
    differences = np.moveaxis(experts.differences[:, rows, :, number], 0, -1)
    size = np.sqrt(np.mean(differences**2, -1))
    turned = differences / (size + LEAST * np.float32(experts.unit))[..., None]
    turned *= np.where(turned.sum(-1, keepdims=True) < 0, -1, 1)
    spread = experts.spread[rows, :, number]
    head = [
        np.log(size / experts.unit + LEAST) / 3,
        np.log(spread / experts.unit + LEAST) / 3,
        np.full(size.shape, np.log(experts.strength[number] / experts.unit + LEAST) / 3),
    ]
    return np.concatenate([np.stack(head, -1), turned], -1).astype(np.float32)
