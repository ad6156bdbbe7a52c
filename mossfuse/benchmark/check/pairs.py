"""Small synthetic pairs: smooth random abundances times smooth random spectra, of any shape."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType

import numpy as np

from mossfuse.physics.psf import gaussian_psf
from mossfuse.physics.psf_geometry import official_geometry
from mossfuse.physics.sampling import BlurSample, operator_of
from mossfuse.protocol import Observation, Sensor

SHAPES: MappingProxyType[str, dict[str, int]] = MappingProxyType(
    {
        "usual": {"rows": 32, "cols": 48, "ratio": 8},
        "odd ratio and sizes": {"rows": 35, "cols": 25, "ratio": 5},
        "one MSI band": {"rows": 32, "cols": 32, "ratio": 8, "msi_bands": 1},
        "200 HSI bands": {"rows": 32, "cols": 32, "ratio": 4, "bands": 200},
        "two LR pixels in one direction": {"rows": 16, "cols": 40, "ratio": 8},
    }
)
IMAGES: MappingProxyType[str, Callable[[np.ndarray], np.ndarray]] = MappingProxyType(
    {
        "constant": lambda cube: np.full_like(cube, 0.3),
        "all-dark bands": lambda cube: cube * (np.arange(cube.shape[2]) > 3),
        "saturated band": lambda cube: np.where(np.arange(cube.shape[2]) == 7, np.float32(1), cube),
        "black": np.zeros_like,
    }
)


def make_pair(
    rows: int = 64,
    cols: int = 64,
    bands: int = 31,
    msi_bands: int = 3,
    ratio: int = 8,
    seed: int = 0,
    sigma: float = 2.0,
) -> tuple[Observation, np.ndarray]:
    """Return (pair whose sensor holds PSF, phase and SRF, its ground truth (rows, cols, bands) float32)."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:rows, 0:cols] / 64.0
    count = 5
    abundances = np.stack(
        [np.sin(3 * k * x + rng.uniform(0, 6)) * np.cos(2 * k * y + rng.uniform(0, 6)) for k in range(1, count + 1)],
        -1,
    )
    abundances = np.exp(2 * abundances)
    abundances /= abundances.sum(-1, keepdims=True)
    t = np.linspace(0, 1, bands)
    endmembers = np.stack([0.5 + 0.4 * np.sin(rng.uniform(2, 7) * t + rng.uniform(0, 6)) for _ in range(count)])
    truth = (abundances @ endmembers).astype(np.float32)
    centres = np.linspace(0.85, 0.15, msi_bands) if msi_bands > 1 else np.array([0.5])
    srf = np.exp(-0.5 * ((t[None] - centres[:, None]) / 0.12) ** 2) + 1e-3
    srf /= srf.sum(1, keepdims=True)
    size, phase = official_geometry(ratio)
    psf = gaussian_psf(size, sigma)
    operator = BlurSample(psf, (phase, phase), ratio, truth.shape)
    pair = Observation(
        hsi=operator(truth),
        msi=(truth @ srf.T).astype(np.float32),
        ratio=ratio,
        sensor=Sensor(psf=psf, psf_shape=psf.shape, phase=(phase, phase), srf=srf),
        wavelengths=np.linspace(400, 700, bands),
    )
    return pair, truth


def observe(truth: np.ndarray, pair: Observation) -> Observation:
    """Return the pair that the sensor of ``pair`` would record of another scene."""
    assert pair.sensor.srf is not None
    return Observation(
        hsi=operator_of(pair)(truth),
        msi=(truth @ pair.sensor.srf.T).astype(np.float32),
        ratio=pair.ratio,
        sensor=pair.sensor,
        wavelengths=pair.wavelengths,
    )


def make_degenerate_pair(image: str) -> Observation:
    """Return a 32 x 32 pair of one of the IMAGES."""
    pair, truth = make_pair(rows=32, cols=32, ratio=8)
    return observe(IMAGES[image](truth).astype(np.float32), pair)
