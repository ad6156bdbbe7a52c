"""Colours the scenes are built of: measured reflectances, and the rules that pick sets of them."""

import numpy as np

from mossfuse.datasets.phantom.mixing import paint
from mossfuse.spectra import colour_checker, fidelity_samples, nikon_d5100

CHECKER = colour_checker()
CHECKER_ORDER = tuple(CHECKER)
GREY_STEPS = range(18, 24)
SAMPLES = fidelity_samples()


def ces(number):
    """Return (31,) float32: reflectance of sample CES``number``, 1 to 99 (CIE 224:2017)."""
    return SAMPLES[number - 1]


BLACK = CHECKER["black 2 (1.5 D)"]
WHITE = CHECKER["white 9.5 (.05 D)"]
MID_GREY = CHECKER["neutral 5 (.70 D)"]
DARK_GREY = CHECKER["neutral 3.5 (1.05 D)"]
VELVET = 0.6 * BLACK + 0.4 * ces(74)
WOOD = 0.8 * CHECKER["dark skin"] + 0.2 * ces(17)

CONTRAST = SAMPLES.std(1) / SAMPLES.mean(1)
# Dyes that climb beyond 650 nm, where the camera is blind, make a scene far harder than any of CAVE.
RED_RISE = SAMPLES[:, 30] - SAMPLES[:, 25]
VIVID = np.flatnonzero((CONTRAST > 0.33) & (SAMPLES.mean(1) > 0.12) & (RED_RISE < 0.08)) + 1
PALE = np.flatnonzero((CONTRAST < 0.3) & (SAMPLES.mean(1) > 0.35)) + 1

# Without this share of white the singular values 3 to 6 and the spectral angles are up to twice CAVE's.
TINT = 0.25
PAIR_CANDIDATES = 4000
PAIR_SEEDS = 400
PAIR_CHROMATICITY = 0.03
PAIR_ANGLE = 0.17
PAIR_SEPARATION = 0.12


def tint(reflectance, share):
    """Return the colour as a paint with ``share`` of white mixed in (Kubelka-Munk), float32."""
    return paint(reflectance, 0.85 * WHITE, share).astype(np.float32)


def random_vivid(rng):
    """Return one of the VIVID samples, untinted: (31,) float32."""
    return ces(int(rng.choice(VIVID)))


def random_pale(rng):
    """Return one of the PALE samples: (31,) float32."""
    return ces(int(rng.choice(PALE)))


def hue_balanced(rng, count):
    """Return ``count`` tinted VIVID colours spread over the hue circle whatever the seed: list of (31,) float32.

    The samples are ordered by hue, so one is drawn from each of ``count`` equal sectors, jittered, then shuffled.
    """
    positions = (np.arange(count) + rng.random() + rng.uniform(-0.3, 0.3, count)) / count * len(VIVID)
    numbers = VIVID[np.floor(positions).astype(int) % len(VIVID)]
    rng.shuffle(numbers)
    return [tint(ces(number), TINT * rng.uniform(0.5, 1.5)) for number in numbers]


def look_alike_pairs(rng):
    """Return pairs of paints with one camera colour and two spectra: list of ((31,), (31,)), best first, hues all different.

    Candidates are Kubelka-Munk mixtures of two tinted VIVID colours. A pair differs in Nikon D5100 chromaticity by less
    than .03 (L1) and in spectral angle by as near .17 rad as the candidates allow; both have equal camera brightness.
    """
    base = np.array([tint(ces(number), TINT) for number in VIVID])
    first, second = rng.integers(0, len(base), PAIR_CANDIDATES), rng.integers(0, len(base), PAIR_CANDIDATES)
    share = rng.uniform(0.1, 0.9, PAIR_CANDIDATES).astype(np.float32)[:, None]
    candidates = paint(base[second], base[first], share)
    camera = np.ascontiguousarray(nikon_d5100().T, np.float32)
    chromaticity = candidates @ camera
    chromaticity /= chromaticity.sum(1, keepdims=True)
    directions = candidates / np.linalg.norm(candidates, axis=1, keepdims=True)

    pairs = []
    for _ in range(PAIR_SEEDS):
        one = rng.integers(0, PAIR_CANDIDATES)
        alike = np.flatnonzero(np.abs(chromaticity - chromaticity[one]).sum(1) < PAIR_CHROMATICITY)
        angles = np.arccos(np.clip(directions[alike] @ directions[one], -1, 1))
        best = np.abs(angles - PAIR_ANGLE).argmin()
        other = candidates[alike[best]]
        equally_bright = other * (candidates[one] @ camera).mean() / (other @ camera).mean()
        pairs.append((abs(angles[best] - PAIR_ANGLE), candidates[one], equally_bright))
    pairs.sort(key=lambda pair: pair[0])

    kept, colours = [], []
    for _, real, fake in pairs:
        colour = real @ camera
        colour = colour / colour.sum()
        if all(np.abs(colour - seen).sum() > PAIR_SEPARATION for seen in colours):
            kept.append((real, fake.clip(0, 0.95)))
            colours.append(colour)
    return kept
