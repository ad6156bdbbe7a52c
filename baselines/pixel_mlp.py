"""Pixel MLP: a small network per scene from an MSI pixel to its spectrum, fitted on the LR pixels.

Paper: R. Shah, M. Duarte, "SpectraLift: physics-guided spectral-inversion network for self-supervised hyperspectral
image super-resolution", arXiv 2507.13339, 2025.
Official code: ritikgshah/SpectraLift at 245533e (MIT; nothing copied).
The network sees pairs (R y, y) of every LR-HSI pixel y, R the SRF, and is then applied to every MSI pixel: six hidden
layers of 64, leaky ReLU, skip connections, L1, one-cycle step size. No PSF is needed, and no ground truth.
Differs: the mean of three fits is taken (one in the paper: ``members: 1``), because with few LR pixels single fits
differ; it gained 0.6 to 1.5 dB. Where the skips start and the peak step size are ours. All were chosen on the phantom's
training scenes and on CAVE's chart_and_stuffed_toy at half size (the notebooks' own are not readable in the public
code). ``pixel-mlp-blind`` knows the sampling geometry instead of R: it estimates PSF and SRF from the pair first.
Published numbers: none on CAVE (Pavia, Washington DC, KSC, Botswana).
"""

from mossfuse.protocol import Fusion, Method, Parameter

CITATION = "R. Shah, M. Duarte. SpectraLift. arXiv:2507.13339, 2025."
SHARED = {
    "citation": CITATION,
    "licence": "own implementation (original MIT)",
    "trains": "scene",
    "gpu": True,
    "tuned_on": {"cave": ("chart_and_stuffed_toy",), "cave-half": ("balloons",)},
    "params": {
        "width": Parameter.count(64),
        "depth": Parameter.count(6),
        "steps": Parameter.count(2500),
        "members": Parameter.count(3),
        "learning_rate": Parameter.positive(1e-2),
    },
    "presets": {"smoke": {"steps": 100, "members": 1}, "paper": {"members": 1}},
    "code": "ritikgshah/SpectraLift@245533e",
}
METHODS = (
    Method(name="pixel-mlp", title="Pixel MLP (SpectraLift)", knows=frozenset({"srf"}), **SHARED),
    Method(
        name="pixel-mlp-blind",
        title="Pixel MLP, SRF estimated",
        knows=frozenset({"phase"}),
        optional=frozenset({"phase"}),
        note="SpectraLift's network with the SRF estimated from the pair",
        **SHARED,
    ),
)


def fuse(
    observation,
    *,
    seed,
    device,
    checkpoint=None,
    width,
    depth,
    steps,
    members,
    learning_rate,
    iterates=None,
):
    """Fit the networks to the LR pixels and apply them to the MSI; return the estimated sensor too where it was
    unknown.

    width, depth: of the hidden layers. steps: of Adam, over all LR pixels at once. members: networks with separate
    initial weights, fitted independently and averaged. learning_rate: the cycle's peak.
    iterates: see mossfuse.fitting.stages.fit.
    """
    from mossfuse.devices import parameter_count, seeded
    from mossfuse.fitting.stages import Stage, fit, one_cycle

    from .shared.spectral_mlp import SpectralMLP, apply_to_pixels, pixel_list

    sensor = observation.sensor if observation.sensor.srf is not None else estimate_missing_sensor(observation)
    target, msi = pixel_list(observation.hsi, device), pixel_list(observation.msi, device)
    source = target @ target.new_tensor(sensor.srf).T
    with seeded(seed, device):
        networks = [SpectralMLP(msi.shape[1], target.shape[1], width, depth).to(device) for _ in range(members)]

    def cube():
        mean = sum(apply_to_pixels(network, msi) for network in networks) / members
        return mean.reshape(*observation.msi.shape[:2], -1).cpu().numpy()

    stage = Stage(
        name="spectra",
        params=[p for network in networks for p in network.parameters()],
        loss=lambda step: sum((network(source) - target).abs().mean() for network in networks) / members,
        lr=learning_rate,
        schedule=one_cycle(steps),
        output=cube,
        capturable=True,
    )
    fitted = fit([stage], seed=seed, device=device, iterates=iterates)
    notes = {
        "parameters": parameter_count(*networks),
        "iterations": fitted.steps,
        "fit_seconds": round(fitted.seconds, 2),
    }
    blind = observation.sensor.srf is None
    return Fusion(
        cube=cube(),
        psf_hat=sensor.psf if blind else None,
        srf_hat=sensor.srf if blind else None,
        phase_hat=sensor.phase if blind and observation.sensor.phase is None else None,
        history=fitted.history,
        notes=notes,
    )


def estimate_missing_sensor(observation):
    """Return the sensor with PSF and SRF, and the sampling geometry where it is unknown, estimated from the pair."""
    from mossfuse.estimation.sensor_fit import fit_sensor

    return fit_sensor(observation)[0]
