"""Gaussian PSF, round (``gauss31s2``) or elongated (``gauss31s3x1.5a30``: sigma along and across, angle in degrees)."""

from mossfuse.physics.psf import gaussian_psf
from mossfuse.protocol import Parameter, PsfFamily

PSF = PsfFamily(
    name="gaussian",
    title="Gaussian, sampled at the pixel centres and normalised",
    citation="the kernel of cv2.getGaussianKernel, as in the official MossFuse code",
    kernel=gaussian_psf,
    spellings=("gauss{size}s{sigma}", "gauss{size}s{sigma[0]}x{sigma[1]}a{angle}"),
    params={"size": Parameter.count(31), "sigma": Parameter.positive(2.0), "angle": Parameter(0.0)},
    width="sigma",
)
