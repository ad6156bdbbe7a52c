"""M2U-Net: PSF and SRF from the pair, spectral streams from the LR pixels, a guided U-Net on the whole scene.

Paper: J. Li, K. Zheng, L. Gao, L. Ni, M. Huang, J. Chanussot, "Model-informed multistage unsupervised network for
hyperspectral image super-resolution", IEEE TGRS 62, 5516117, 2024.
Official code: JiaxinLiCAS/M2U-Net_TGRS at c7e7d34 (no licence; nothing copied).
Three stages of Adam, each half at constant step size and half on a line to zero: (1) sum |R hsi - H msi| over PSF and SRF;
(2) streams A: R hsi -> hsi and B: H msi -> hsi, pixel by pixel, both then applied to the MSI; (3) a dual U-Net, the MSI
branch gating the HSI branch, refines their mean under L1(R Z, msi) + L1(H Z, hsi).
Differs: the last iterate is kept (the official code keeps the iterate that is best against the GROUND TRUTH); PSF and SRF are
divided by their sums inside the loss; the PSF has the sensor's support; ``members`` pairs of streams with different starts
are averaged, because 64 LR pixels leave a single start 1.5 dB of chance; stage 3 starts from the identity and adds a small
residual instead of building the cube anew behind a sigmoid. The preset 'paper' is the authors' except for the first two.
Published numbers: none on CAVE.
"""

from mossfuse.protocol import Fusion, Method

METHOD = Method(
    name="m2u-net",
    title="M2U-Net",
    citation="J. Li et al. Model-informed multistage unsupervised network. IEEE TGRS 62, 5516117, 2024.",
    licence="own implementation (the official code states no licence)",
    knows=frozenset({"phase"}),
    trains="scene",
    gpu=True,
    params={
        "support": "sensor",
        "members": 4,
        "operator_steps": 6000,
        "operator_rate": 1e-3,
        "spectral_steps": 4000,
        "spectral_rate": 4e-3,
        "detail_width": 32,
        "detail_steps": 200,
        "detail_rate": 4e-3,
        "residual": True,
        "precision": "float32",
        "time_limit_s": None,
        "iterates": None,
    },
    presets={
        "smoke": {"operator_steps": 100, "spectral_steps": 60, "members": 2, "detail_width": 8, "detail_steps": 4},
        "paper": {"support": "block", "members": 1, "detail_width": 260, "detail_steps": 14000, "residual": False},
    },
    code="JiaxinLiCAS/M2U-Net_TGRS@c7e7d34",
    note="blind: PSF and SRF are learned from the pair",
)


def fuse(
    observation, *, seed, device, checkpoint=None, support, members, operator_steps, operator_rate, spectral_steps,
    spectral_rate, detail_width, detail_steps, detail_rate, residual, precision, time_limit_s=None, iterates=None,
):  # fmt: skip
    """The fused cube of the last iterate with the learned PSF and SRF.

    support: of the PSF, 'sensor' or the ratio x ratio 'block'. members: pairs of streams that are averaged. *_steps,
    *_rate: of the three stages; detail_steps 0 ends after the streams. detail_width: channels of the U-Net. residual:
    the U-Net adds to its input (else: sigmoid). precision: of the U-Net's convolutions, 'float32' or 'bfloat16'.
    time_limit_s: of stage 3 (its schedule then follows the clock). iterates: see mossfuse.fit.fit.
    """
    import torch

    from mossfuse.deep.blind_streams import BlindStreams, halves, to_cube
    from mossfuse.deep.detail_unets import GuidedUNet
    from mossfuse.fit import Stage, fit, mixed, parameter_count, seeded

    streams = BlindStreams(observation, seed=seed, device=device, support=support, members=members, interactive=False)
    bands, msi_bands = observation.hsi.shape[2], observation.msi.shape[2]
    with seeded(seed, device):
        network = GuidedUNet(bands, msi_bands, detail_width, residual).to(device)
    start = []

    def refined():
        with mixed(precision, device):
            return network(start[0], streams.msi).float()

    def stages():
        yield from streams.stages(
            operator_steps=operator_steps,
            operator_rate=operator_rate,
            spectral_steps=spectral_steps,
            spectral_rate=spectral_rate,
        )
        start.append(streams.candidates().mean(0, keepdim=True))
        if detail_steps:
            yield Stage(
                "detail",
                list(network.parameters()),
                lambda step: streams.data_terms(refined()),
                detail_rate,
                halves(detail_steps),
                output=lambda: to_cube(refined()),
                time_limit_s=time_limit_s,
            )

    fitted = fit(stages(), seed=seed, device=device, iterates=iterates)
    psf, srf = streams.operator.estimates()
    with torch.no_grad(), seeded(seed, device):
        cube = to_cube(refined() if detail_steps else start[0])
    notes = {
        "parameters": parameter_count(streams.operator, streams.streams, network),
        "iterations": fitted.steps,
        "fit_seconds": round(fitted.seconds, 2),
        "fit_cpu_seconds": round(fitted.cpu_seconds, 2),
    }
    return Fusion(cube=cube, psf_hat=psf, srf_hat=srf, history=fitted.history, notes=notes)
