"""M2U-Net: PSF and SRF from the pair, spectral streams from the LR pixels, a guided U-Net on the whole scene.

Paper: J. Li, K. Zheng, L. Gao, L. Ni, M. Huang, J. Chanussot, "Model-informed multistage unsupervised network for
hyperspectral image super-resolution", IEEE TGRS 62, 5516117, 2024.
Official code: JiaxinLiCAS/M2U-Net_TGRS at c7e7d34 (no licence; nothing copied).
Three stages of Adam, each half at constant step size and half linearly to zero: (1) sum |R hsi - H msi| over PSF and
SRF; (2) streams A: R hsi -> hsi and B: H msi -> hsi, pixel by pixel, both then applied to the MSI; (3) a dual U-Net,
the MSI branch gating the HSI branch, refines their mean under L1(R Z, msi) + L1(H Z, hsi).
Differs: the last iterate is kept (the official code keeps the iterate that is best against the GROUND TRUTH); PSF and
SRF are divided by their sums inside the loss; the PSF has the sensor's support; ``members`` pairs of streams with
different initial weights are averaged, because with 64 LR pixels single fits differ by 1.5 dB; stage 3 starts from the
identity and adds a small residual instead of building the whole cube behind a sigmoid. The preset 'paper' is the
authors' except for the first two.
Published numbers: none on CAVE.
"""

from mossfuse.protocol import Method, Parameter

from .shared.two_streams.pipeline import PARAMS, PRESETS, SHARED

METHOD = Method(
    name="m2u-net",
    title="M2U-Net",
    citation="J. Li et al. Model-informed multistage unsupervised network. IEEE TGRS 62, 5516117, 2024.",
    params={**PARAMS, "operator_steps": Parameter.count(6000)},
    presets={"smoke": PRESETS["smoke"], "paper": {**PRESETS["paper"], "detail_width": 260}},
    code="JiaxinLiCAS/M2U-Net_TGRS@c7e7d34",
    **SHARED,
)


def fuse(observation, *, seed, device, checkpoint=None, detail_width, residual, iterates=None, **params):
    """Return the fused cube of the last iterate with the learned PSF and SRF.

    detail_width: channels of the U-Net. residual: the U-Net adds to its input (else: sigmoid). Further parameters, and
    iterates: see baselines.shared.two_streams.pipeline.fuse_in_stages.
    """
    from .shared.two_streams.pipeline import fuse_in_stages
    from .shared.two_streams.unets import GuidedUNet

    bands, msi_bands = observation.hsi.shape[2], observation.msi.shape[2]
    return fuse_in_stages(
        observation,
        seed=seed,
        device=device,
        networks=lambda: [GuidedUNet(bands, msi_bands, detail_width, residual)],
        starts=lambda candidates: candidates.mean(0, keepdim=True),
        merge=lambda cubes, streams: cubes[0],
        interactive=False,
        iterates=iterates,
        **params,
    )
