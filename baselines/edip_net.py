"""EDIP-Net: M2U-Net with streams that exchange features, two separate U-Nets and a choice per pixel.

Paper: J. Li, K. Zheng, L. Gao, Z. Han, Z. Li, J. Chanussot, "Enhanced deep image prior for unsupervised hyperspectral
image super-resolution", IEEE TGRS 63, 5504218, 2025.
Official code: JiaxinLiCAS/EDIP-Net_TGRS at c4d5279 (no licence; nothing copied).
Four stages: (1) PSF and SRF from the pair; (2) two spectral streams that exchange their features after every block; (3)
one U-Net per stream's cube, L1(R Z, msi) + L1(H Z, hsi) of both; (4) per pixel the cube whose R Z is closer to the MSI.
Differs: as in m2u_net.py (last iterate instead of the best against the GROUND TRUTH; PSF and SRF divided by their sums
in the loss; the sensor's support; ``members`` averaged pairs of streams; U-Nets that start from the identity). The
preset 'paper' is the authors' except for the first two.
Published numbers: none on CAVE by its authors; a figure of the MossFuse repository shows 38.8 dB.
"""

from mossfuse.protocol import Method, Published

from .shared.two_streams.pipeline import PARAMS, PRESETS, SHARED

METHOD = Method(
    name="edip-net",
    title="EDIP-Net",
    citation="J. Li et al. Enhanced deep image prior for unsupervised HSI super-resolution. IEEE TGRS 63, 5504218, 2025.",
    params=PARAMS,
    presets={"smoke": PRESETS["smoke"], "paper": {**PRESETS["paper"], "detail_width": 240}},
    published=(
        Published(
            dataset="CAVE",
            ratio=32,
            note="the figure names neither dataset nor ratio; CAVE x32 is assumed because the values fit",
            metrics={"psnr": 38.8, "seconds": 1600.0, "parameters": 2.25e6},
            source="img/first.png of dusongcheng/MossFuse, read by pixel (0.1 dB, 5 % of the time); 2.25 M needs width 102",
        ),
    ),
    code="JiaxinLiCAS/EDIP-Net_TGRS@c4d5279",
    **SHARED,
)


def fuse(observation, *, seed, device, checkpoint=None, detail_width, residual, iterates=None, **params):
    """Return the fused cube of the last iterate with the learned PSF and SRF; parameters as in m2u_net.fuse.

    Without a third stage (detail_steps 0) the choice per pixel is between the streams' cubes.
    """
    from .shared.two_streams.pipeline import fuse_in_stages
    from .shared.two_streams.unets import PlainUNet

    return fuse_in_stages(
        observation,
        seed=seed,
        device=device,
        networks=lambda: [PlainUNet(observation.hsi.shape[2], detail_width, residual) for _ in range(2)],
        starts=lambda candidates: candidates,
        merge=choose_nearest,
        interactive=True,
        iterates=iterates,
        **params,
    )


def choose_nearest(cubes, streams):
    """Choose per pixel the one of two cubes (1, B, H, W) whose projection is nearer to the MSI (rms over bands)."""
    import torch

    first, second = ((streams.operator.colours(cube) - streams.msi).square().mean(1, keepdim=True) for cube in cubes)
    return torch.where(first <= second, *cubes)
