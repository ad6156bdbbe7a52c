"""Degradation: ratio 4, Moffat PSF, a camera with two channels. The name is what the fields spell, and is checked."""

from mossfuse import Degradation

DEGRADATION = Degradation(
    name="x4-moffat5r1.5p2-twohalves-snr40-40",
    ratio=4,
    psf={"family": "moffat", "size": 5, "radius": 1.5, "power": 2},
    phase=(1, 1),  # pixel of the first 4 x 4 block on which the PSF is centred
    srf="two-halves",
    snr_hsi=40,
    snr_msi=40,
    note="example",
)
