"""Gaussian PSF given by its full width at half maximum in pixels (``fwhm32``).

A real imaging spectrometer's PSF is about as wide as its pixel: FWHM = ratio, where the official protocol has 4.7 pixels
whatever the ratio.
"""

import math

import numpy as np

from mossfuse.physics.psf import gaussian_psf
from mossfuse.protocol import Parameter, PsfFamily

SIGMAS = 3  # the support reaches this far to each side
FWHM_PER_SIGMA = 2 * math.sqrt(2 * math.log(2))


def fwhm_psf(fwhm: float) -> np.ndarray:
    """Return a sampled Gaussian of this full width at half maximum, cut at three sigma, (size, size) float64, sums to 1."""
    sigma = fwhm / FWHM_PER_SIGMA
    return gaussian_psf(2 * math.ceil(SIGMAS * sigma) + 1, sigma)


PSF = PsfFamily(
    name="fwhm",
    title="Gaussian given by its full width at half maximum",
    citation="the rule of thumb that a sensor's resolution is its pixel pitch (FWHM = ratio)",
    kernel=fwhm_psf,
    spellings=("fwhm{fwhm}",),
    params={"fwhm": Parameter.positive(8.0)},
    width="fwhm",
)
