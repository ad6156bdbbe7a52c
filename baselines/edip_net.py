"""EDIP-Net: as M2U-Net, with streams that talk to each other, two separate U-Nets and a choice per pixel.

Paper: J. Li, K. Zheng, L. Gao, Z. Han, Z. Li, J. Chanussot, "Enhanced deep image prior for unsupervised hyperspectral image
super-resolution", IEEE TGRS 63, 5504218, 2025.
Official code: JiaxinLiCAS/EDIP-Net_TGRS at c4d5279 (no licence; nothing copied).
Four stages: (1) PSF and SRF from the pair; (2) two spectral streams that exchange their features after every block;
(3) one U-Net per stream's cube, L1(R Z, msi) + L1(H Z, hsi) of both; (4) per pixel the cube whose R Z is closer to the MSI.
Differs: as in m2u_net.py (last iterate instead of the best against the GROUND TRUTH; PSF and SRF divided by their sums in
the loss; the sensor's support; ``members`` averaged pairs of streams; U-Nets that start from the identity). The preset
'paper' is the authors' except for the first two.
Published numbers: none on CAVE by its authors; a figure of the MossFuse repository shows 38.8 dB.
"""

from mossfuse.protocol import Fusion, Method, Published

METHOD = Method(
    name="edip-net",
    title="EDIP-Net",
    citation="J. Li et al. Enhanced deep image prior for unsupervised HSI super-resolution. IEEE TGRS 63, 5504218, 2025.",
    licence="own implementation (the official code states no licence)",
    knows=frozenset({"phase"}),
    trains="scene",
    gpu=True,
    params={
        "support": "sensor",
        "members": 4,
        "operator_steps": 4000,
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
        "paper": {"support": "block", "members": 1, "detail_width": 240, "detail_steps": 14000, "residual": False},
    },
    published=(
        Published(
            dataset="CAVE",
            setting="x32; the figure names neither data set nor ratio, CAVE x32 is assumed because the values fit",
            metrics={"psnr": 38.8, "seconds": 1600.0, "parameters": 2.25e6},
            source="img/first.png of dusongcheng/MossFuse, read by pixel (0.1 dB, 5 % of the time); 2.25 M needs width 102",
        ),
    ),
    code="JiaxinLiCAS/EDIP-Net_TGRS@c4d5279",
    note="blind: PSF and SRF are learned from the pair",
)


def fuse(
    observation, *, seed, device, checkpoint=None, support, members, operator_steps, operator_rate, spectral_steps,
    spectral_rate, detail_width, detail_steps, detail_rate, residual, precision, time_limit_s=None, iterates=None,
):  # fmt: skip
    """The fused cube of the last iterate with the learned PSF and SRF; parameters as in m2u_net.fuse.

    detail_steps 0 ends after the streams, the choice per pixel is then between their cubes.
    """
    import torch

    from mossfuse.deep.blind_streams import BlindStreams, halves, to_cube
    from mossfuse.deep.detail_unets import PlainUNet
    from mossfuse.fit import Stage, fit, mixed, parameter_count, seeded

    streams = BlindStreams(observation, seed=seed, device=device, support=support, members=members, interactive=True)
    bands = observation.hsi.shape[2]
    with seeded(seed, device):
        networks = torch.nn.ModuleList(PlainUNet(bands, detail_width, residual) for _ in range(2)).to(device)
    start = []

    def refined():
        with mixed(precision, device):
            return [network(cube[None]).float() for network, cube in zip(networks, start[0], strict=True)]

    def loss(step):
        terms = [streams.data_terms(cube) for cube in refined()]
        return {f"{name}_{stream}": term[name] for stream, term in zip("ab", terms, strict=True) for name in term}

    def chosen(cubes):
        """Per pixel the candidate whose projection is nearer to the MSI (root mean square over the bands)."""
        first, second = (
            (streams.operator.colours(cube) - streams.msi).square().mean(1, keepdim=True) for cube in cubes
        )
        return torch.where(first <= second, *cubes)

    def stages():
        yield from streams.stages(
            operator_steps=operator_steps,
            operator_rate=operator_rate,
            spectral_steps=spectral_steps,
            spectral_rate=spectral_rate,
        )
        start.append(streams.candidates())
        if detail_steps:
            yield Stage(
                "detail",
                list(networks.parameters()),
                loss,
                detail_rate,
                halves(detail_steps),
                output=lambda: to_cube(chosen(refined())),
                time_limit_s=time_limit_s,
            )

    fitted = fit(stages(), seed=seed, device=device, iterates=iterates)
    psf, srf = streams.operator.estimates()
    with torch.no_grad(), seeded(seed, device):
        cube = to_cube(chosen(refined() if detail_steps else start[0].split(1)))
    notes = {
        "parameters": parameter_count(streams.operator, streams.streams, networks),
        "iterations": fitted.steps,
        "fit_seconds": round(fitted.seconds, 2),
        "fit_cpu_seconds": round(fitted.cpu_seconds, 2),
    }
    return Fusion(cube=cube, psf_hat=psf, srf_hat=srf, history=fitted.history, notes=notes)
