"""A Gaussian matched to a sensor's modulation transfer function (``mtf8g0.3``: gain 0.3 at the Nyquist frequency of ratio 8)."""

from mossfuse.physics.psf_shapes import mtf_psf
from mossfuse.protocol import Parameter, PsfFamily

PSF = PsfFamily(
    name="mtf",
    title="Gaussian with a stated gain at the Nyquist frequency of the low-resolution grid",
    citation="B. Aiazzi, L. Alparone, S. Baronti et al.: MTF-tailored Multiscale Fusion. Photogrammetric Engineering and Remote Sensing 72(5), 2006",
    kernel=mtf_psf,
    spellings=("mtf{ratio}g{gain}",),
    params={"ratio": Parameter.positive(8.0), "gain": Parameter(0.3, above=0, below=1, kinds=(float,))},
)
