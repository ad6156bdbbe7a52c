"""Uniform average over a square of pixels (``box32``)."""

from mossfuse.physics.psf import box_psf
from mossfuse.protocol import Parameter, PsfFamily

PSF = PsfFamily(
    name="box",
    title="Uniform average over size x size pixels",
    citation="the mean filter of many fusion codes (MATLAB imresize 'box', avg_pool2d)",
    kernel=box_psf,
    spellings=("box{size}",),
    params={"size": Parameter.count(8)},
)
