"""Make a pair, run a classical method on what it may see, and score its cube unclipped."""

from dataclasses import replace

import numpy as np

from mossfuse.methods import find_method
from mossfuse.physics.psf import gaussian_psf
from mossfuse.physics.psf_geometry import official_geometry
from mossfuse.physics.sampling import BlurSample
from mossfuse.protocol import Observation, Sensor


def run(name, pair, seed=0, **overrides):
    """Fuse with the method's defaults, seeing only what the method knows."""
    method, module = find_method(name)
    seen = replace(pair, sensor=pair.sensor.restricted_to(method.knows))
    return module.fuse(seen, seed=seed, device="cpu", **{**method.params, **overrides})


def psnr(cube, truth):
    """Band mean, peak 1, unclipped (dB)."""
    error = ((cube.astype(np.float64) - truth) ** 2).mean((0, 1))
    return float((-10 * np.log10(np.maximum(error, 1e-20))).mean())


def sam(cube, truth):
    """Mean spectral angle in degrees, 0 where a spectrum is zero."""
    cube, truth = cube.astype(np.float64), truth.astype(np.float64)
    norms = np.linalg.norm(cube, axis=-1) * np.linalg.norm(truth, axis=-1)
    cosine = np.clip((cube * truth).sum(-1) / np.where(norms > 0, norms, 1), -1, 1)
    return float(np.degrees(np.where(norms > 0, np.arccos(cosine), 0)).mean())


def observe(truth, srf, ratio, psf=None, phase=None, border="reflect"):
    """The noise-free pair of a cube; the official Gaussian PSF unless another is given."""
    size, centre = official_geometry(ratio)
    psf = gaussian_psf(size, 2.0) if psf is None else psf
    phase = (centre, centre) if phase is None else phase
    sensor = Sensor(psf=psf, psf_shape=psf.shape, phase=phase, srf=srf, border=border)
    hsi = BlurSample(psf, phase, ratio, truth.shape, border)(truth)
    return Observation(hsi=hsi.astype(np.float32), msi=(truth @ srf.T).astype(np.float32), ratio=ratio, sensor=sensor)
