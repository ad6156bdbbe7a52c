"""The degradations of the official MossFuse protocol, and the same geometry with the embedded camera response.

LR-HSI: Gaussian blur of size r-1 and sigma 2, sampled at phase r/2-1; MSI: Nikon response; no noise
(dusongcheng/MossFuse dataset.py). The paper's CAVE table is x32.
"""

from mossfuse.protocol import Degradation

DEGRADATIONS = (
    Degradation(
        name="x32-gauss31s2-nikond700",
        ratio=32,
        psf={"family": "gaussian", "size": 31, "sigma": 2},
        phase=(15, 15),
        srf="nikon-d700",
        note="the official protocol for CAVE",
    ),
    Degradation(
        name="x16-gauss15s2-nikond700",
        ratio=16,
        psf={"family": "gaussian", "size": 15, "sigma": 2},
        phase=(7, 7),
        srf="nikon-d700",
        note="the official code at scale 16",
    ),
    Degradation(
        name="x8-gauss7s2-nikond700",
        ratio=8,
        psf={"family": "gaussian", "size": 7, "sigma": 2},
        phase=(3, 3),
        srf="nikon-d700",
        note="the official code at scale 8; the kernel cuts sigma 2 at 1.5 sigma",
    ),
    Degradation(
        name="x8-gauss7s2-nikond5100",
        ratio=8,
        psf={"family": "gaussian", "size": 7, "sigma": 2},
        phase=(3, 3),
        srf="nikon-d5100",
        note="the default: official geometry, embedded camera response, no download",
    ),
    Degradation(
        name="x16-gauss15s2-nikond5100",
        ratio=16,
        psf={"family": "gaussian", "size": 15, "sigma": 2},
        phase=(7, 7),
        srf="nikon-d5100",
    ),
    Degradation(
        name="x32-gauss31s2-nikond5100",
        ratio=32,
        psf={"family": "gaussian", "size": 31, "sigma": 2},
        phase=(15, 15),
        srf="nikon-d5100",
    ),
)
