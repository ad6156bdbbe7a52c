"""Affine spectral regression MSI -> HSI (ridge), plain and with exact data consistency (+dc, mossfuse.refine).

Published numbers: none under these names; both are this benchmark's own sanity baselines (docs/nsgp.md).
``ridge`` fits one affine map on the low-resolution pair; ``ridge-dc`` then restores agreement with both images.
"""

from mossfuse.protocol import Fusion, Method

METHODS = (
    Method(
        name="ridge",
        title="Affine regression MSI to HSI",
        citation="this benchmark (docs/nsgp.md)",
        licence="own implementation",
        knows=frozenset({"psf", "phase"}),
        stochastic=False,
        params={"consistent": False},
    ),
    Method(
        name="ridge-dc",
        title="Affine regression MSI to HSI with data consistency",
        citation="this benchmark (docs/nsgp.md)",
        licence="own implementation",
        knows=frozenset({"psf", "phase", "srf"}),
        stochastic=False,
        params={"consistent": True},
        note="reproduces both inputs exactly (before clipping)",
    ),
)


def fuse(observation, *, seed=0, device="cpu", checkpoint=None, consistent=False):
    """Return the affine map of the MSI, (H, W, B); consistent: refine it with +dc."""
    from mossfuse.estimation.regression import affine_apply, affine_fit
    from mossfuse.physics.sampling import operator_of
    from mossfuse.refine import refine

    low_msi = operator_of(observation)(observation.msi)
    cube = affine_apply(observation.msi, *affine_fit(low_msi, observation.hsi))
    return refine("dc", cube, observation) if consistent else Fusion(cube=cube)
