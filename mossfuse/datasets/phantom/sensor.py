"""The recording camera: a filter-wheel camera like CAVE's, band by band, with its small faults.

The registration law is measured, not invented: phase correlation against 550 nm on two CAVE scenes gives shifts that
grow with the square of the distance from 530 nm, mostly along rows.
"""

import numpy as np
from scipy import ndimage

from mossfuse.spectra import wavelengths

REFERENCE_SIZE = 256
DEFOCUS, DEFOCUS_BLUE = 0.35, 0.2
SHIFT, SHIFT_SCATTER = 0.22, 0.4
MAGNIFICATION = 5e-4
READ_NOISE, SHOT_NOISE, BLUE_NOISE = 2e-4, 1.5e-6, 1.5


def record(radiance, rng):
    """Return the uint16 image of a radiance (size, size, 31) in units of full well: defocus, registration, noise, quantisation.

    rng: the scene's sensor stream (two numbers for the direction of the shift, then one per value for the noise).
    """
    scale = len(radiance) / REFERENCE_SIZE
    nm = wavelengths()
    bands = np.ascontiguousarray(np.moveaxis(radiance, -1, 0))
    defocus = (DEFOCUS + DEFOCUS_BLUE * np.exp(-(nm - 400) / 40.0)) * scale
    off_centre = (nm - 530) / 150.0
    direction = (np.array([1.0, 0.0]) + SHIFT_SCATTER * rng.normal(size=2)) * SHIFT * scale
    for band, sigma, distance in zip(bands, defocus, off_centre, strict=True):
        band[:] = misregister(ndimage.gaussian_filter(band, sigma), direction * distance**2, distance)
    image = np.maximum(np.moveaxis(bands, 0, -1), 0)
    gain = (1 + BLUE_NOISE * np.exp(-(nm - 400) / 25.0)).astype(np.float32)
    noise = rng.standard_normal(image.shape, dtype=np.float32)
    image = image + noise * np.sqrt(READ_NOISE**2 + SHOT_NOISE * image) * gain
    return np.round(np.clip(image, 0, 1) * 65535).astype(np.uint16)


def misregister(band, shift, off_centre):
    """Return one band (rows, cols) moved by ``shift`` pixels and magnified about its centre, cubic splines."""
    factor = 1 + MAGNIFICATION * off_centre**2
    centre = (len(band) - 1) / 2
    offset = centre * (1 - factor) + shift
    return ndimage.affine_transform(band, (factor, factor), offset, order=3, mode="nearest")
