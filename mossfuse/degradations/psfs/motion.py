"""A straight movement during the exposure (``motion8a30``: 8 pixels, 30 degrees from the row axis)."""

from mossfuse.physics.psf_shapes import motion_psf
from mossfuse.protocol import Parameter, PsfFamily

PSF = PsfFamily(
    name="motion",
    title="Straight track passed at constant speed",
    citation="a line of stated length, as MATLAB's fspecial('motion') has it in principle",
    kernel=motion_psf,
    spellings=("motion{length}a{angle}",),
    params={"length": Parameter.positive(5.0), "angle": Parameter(30.0)},
)
