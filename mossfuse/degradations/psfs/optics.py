"""PSFs of optics: the Airy disc (``airyk15z4``), Moffat's profile (``moffatk15w4b2.5``), a disc out of focus (``defocus3``)."""

from mossfuse.physics.psf_shapes import airy_psf, defocus_psf, moffat_psf
from mossfuse.protocol import Parameter, PsfFamily

PSFS = (
    PsfFamily(
        name="airy-disc",
        title="Diffraction at a round aperture, sampled",
        citation="G. B. Airy: On the Diffraction of an Object-glass with Circular Aperture. Trans. Cambridge Phil. Soc. 5, 1835",
        kernel=airy_psf,
        spellings=("airyk{size}z{zero}",),
        params={"size": Parameter.count(15), "zero": Parameter.positive(4.0)},
        width="zero",
    ),
    PsfFamily(
        name="moffat-profile",
        title="Moffat: a core of stated full width at half maximum, and wings",
        citation="A. F. J. Moffat: A Theoretical Investigation of Focal Stellar Images. Astronomy and Astrophysics 3, 1969",
        kernel=moffat_psf,
        spellings=("moffatk{size}w{fwhm}b{beta}",),
        params={"size": Parameter.count(15), "fwhm": Parameter.positive(4.0), "beta": Parameter(2.5, above=1, kinds=(float,))},
        width="fwhm",
    ),
    PsfFamily(
        name="defocus",
        title="Uniform disc: geometrical optics out of focus",
        citation="geometrical optics",
        kernel=defocus_psf,
        spellings=("defocus{radius}",),
        params={"radius": Parameter(3.0, minimum=0.5, kinds=(float,))},
        width="radius",
    ),
)  # fmt: skip
