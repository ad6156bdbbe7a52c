"""What M2U-Net and EDIP-Net have in common: their settings, and the stages from blind step and streams to U-Nets.

Imports torch only inside functions, because the workflow reads the settings at every start.
"""

from mossfuse.protocol import Fusion, Parameter

SHARED = {
    "licence": "own implementation (the official code states no licence)",
    "knows": frozenset({"phase"}),
    "optional": frozenset({"phase"}),
    "tuned_on": {"cave": ("chart_and_stuffed_toy",)},
    "trains": "scene",
    "gpu": True,
    "note": "blind: PSF and SRF are learned from the pair",
}
PARAMS = {
    "support": Parameter.choice("sensor", "block"),
    "members": Parameter.count(4),
    "operator_steps": Parameter.count(4000),
    "operator_rate": Parameter.positive(1e-3),
    "spectral_steps": Parameter.count(4000),
    "spectral_rate": Parameter.positive(4e-3),
    "detail_width": Parameter.count(32, minimum=5),
    "detail_steps": Parameter.count(200, minimum=0),
    "detail_rate": Parameter.positive(4e-3),
    "residual": True,
    "precision": Parameter.choice("float32", "bfloat16"),
    "time_limit_s": Parameter.positive(None),
}
PRESETS = {
    "smoke": {"operator_steps": 100, "spectral_steps": 60, "members": 2, "detail_width": 8, "detail_steps": 4},
    "paper": {"support": "block", "members": 1, "detail_steps": 14000, "residual": False},
}


def fuse_in_stages(
    observation, *, seed, device, networks, starts, merge, interactive, support, members, operator_steps, operator_rate,
    spectral_steps, spectral_rate, detail_steps, detail_rate, precision, time_limit_s, iterates,
):  # fmt: skip
    """Return the fused cube of the last iterate with the learned PSF and SRF.

    networks(): returns the U-Nets of the last stage, each called with a cube and the MSI. starts(candidates): returns
    the cubes (n, B, H, W) they begin with, from both streams' (2, B, H, W). merge(cubes, streams): returns one cube (1,
    B, H, W).
    interactive: whether the streams exchange their features (BlindStreams).
    support: of the PSF, 'sensor' or the ratio x ratio 'block'. members: pairs of streams that are averaged. *_steps,
    *_rate: of the stages; detail_steps 0 ends after the streams. precision: of the U-Nets' convolutions, 'float32' or
    'bfloat16'.
    time_limit_s: of the last stage (its schedule then follows the clock). iterates: see
    mossfuse.fitting.stages.fit.
    """
    import torch

    from mossfuse.devices import mixed, parameter_count, seeded
    from mossfuse.fitting.stages import Stage, fit
    from mossfuse.physics.psf_geometry import around, geometry_of

    from .blind_streams import BlindStreams, half_constant, to_cube

    streams = BlindStreams(
        observation, seed=seed, device=device, support=support, members=members, interactive=interactive
    )
    with seeded(seed, device):
        unets = torch.nn.ModuleList(networks()).to(device)
    found = []

    def refine_cubes():
        with mixed(precision, device):
            return [unet(cube, streams.msi).float() for unet, cube in zip(unets, found, strict=True)]

    def loss(step):
        terms = [streams.data_terms(cube) for cube in refine_cubes()]
        if len(terms) == 1:
            return terms[0]
        return {f"{name}_{number}": value for number, term in enumerate(terms) for name, value in term.items()}

    def stages():
        yield from streams.stages(
            operator_steps=operator_steps,
            operator_rate=operator_rate,
            spectral_steps=spectral_steps,
            spectral_rate=spectral_rate,
        )
        found.extend(starts(streams.candidates()).split(1))
        if detail_steps:
            yield Stage(
                "detail",
                list(unets.parameters()),
                loss,
                detail_rate,
                half_constant(detail_steps),
                output=lambda: to_cube(merge(refine_cubes(), streams)),
                time_limit_s=time_limit_s,
                capturable=True,
            )

    fitted = fit(stages(), seed=seed, device=device, iterates=iterates)
    psf, srf = streams.operator.estimates()
    psf = around(psf, streams.operator.geometry.phase, geometry_of(observation).phase)
    with torch.no_grad(), seeded(seed, device):
        cube = to_cube(merge(refine_cubes() if detail_steps else found, streams))
    used = [streams.operator, streams.streams, *([unets] if detail_steps else [])]
    notes = {
        "parameters": parameter_count(*used),
        "iterations": fitted.steps,
        "fit_seconds": round(fitted.seconds, 2),
        "fit_cpu_seconds": round(fitted.cpu_seconds, 2),
    }
    return Fusion(cube=cube, psf_hat=psf, srf_hat=srf, history=fitted.history, notes=notes)
