"""GDD: a guided deep decoder per scene, an untrained network as the prior of the cube.

Paper: T. Uezato, D. Hong, N. Yokoya, W. He, "Guided deep decoder: unsupervised image pair fusion", ECCV 2020.
Official code: tuezato/guided-deep-decoder at f082cf1 (no licence; nothing copied).
A fixed noise image, 1/32 as large as the MSI, is decoded to the cube Z through gates that a second network computes
from the MSI. Adam on mean squares: |R Z - msi|^2 + 0.1 |H Z - hsi|^2.
Differs: H is the observation's PSF and phase (the original averages ratio x ratio boxes); the MSI is reflected up to
multiples of 32; fewer steps by default. The original's rule that undoes steps after number 1000 at which the loss jumps
by more than 1e-5 is kept: it depends on the loss alone.
Published numbers: none under this protocol (CAVE x8 and x32 with box averages in the paper, not read).
"""

from mossfuse.protocol import Fusion, Method, Parameter

METHOD = Method(
    name="gdd",
    title="GDD",
    citation="T. Uezato, D. Hong, N. Yokoya, W. He. Guided deep decoder. ECCV, 2020.",
    licence="own implementation (the official code states no licence)",
    knows=frozenset({"psf", "srf"}),
    tuned_on={"cave": ("chart_and_stuffed_toy",)},
    trains="scene",
    gpu=True,
    params={
        "channels": Parameter.count(64),
        "steps": Parameter.count(800),
        "learning_rate": Parameter.positive(1e-2),
        "hsi_weight": Parameter.non_negative(0.1),
        "jitter": Parameter.non_negative(0.03),
    },
    presets={"smoke": {"channels": 8, "steps": 20}, "paper": {"steps": 20001}},
    code="tuezato/guided-deep-decoder@f082cf1",
)
NOISE = 0.1  # the input image is uniform in [0, NOISE]
GUARDED_FROM, LARGEST_JUMP = 1000, 1e-5  # from this step on, a larger rise of the loss undoes the step


def fuse(
    observation, *, seed, device, checkpoint=None, channels, steps, learning_rate, hsi_weight, jitter, iterates=None
):
    """Return the fused cube; PSF and SRF must be known.

    channels: of every layer. hsi_weight: of the HSI's mean square. jitter: standard deviation of the noise added to the
    input image at every step. iterates: see mossfuse.fitting.stages.fit.
    """
    import torch

    from mossfuse.devices import parameter_count, seeded
    from mossfuse.fitting.stages import Stage, fit, multistep
    from mossfuse.physics.sampling import check_pair
    from mossfuse.physics.tensors import blur_sample, project_spectra, to_array, to_tensor

    from ..shared.padding import pad_reflect
    from .network import LEVELS, GuidedDecoder

    check_pair(observation)
    sensor = observation.sensor
    hsi, msi = to_tensor(observation.hsi, device), to_tensor(observation.msi, device)
    guide = pad_reflect(msi, 2**LEVELS, 2 ** (LEVELS + 1))
    psf, srf = (torch.as_tensor(a, dtype=torch.float32, device=device) for a in (sensor.psf, sensor.srf))
    rows, cols = msi.shape[2:]
    with seeded(seed, device):
        network = GuidedDecoder(hsi.shape[1], msi.shape[1], channels).to(device)
        low = (n // 2**LEVELS for n in guide.shape[2:])
        noise = NOISE * torch.rand(1, hsi.shape[1], *low).to(device)

    def cube_of(noise):
        return network(noise, guide)[:, :, :rows, :cols]

    def loss(step):
        cube = cube_of(noise + jitter * torch.randn_like(noise, device="cpu").to(device))
        terms = {
            "msi": (project_spectra(cube, srf) - msi).square().mean(),
            "hsi": hsi_weight
            * (blur_sample(cube, psf, sensor.phase, observation.ratio, sensor.border) - hsi).square().mean(),
        }
        if step >= GUARDED_FROM:
            guard.see(float(sum(terms.values())))
        return terms

    def cube():
        return to_array(cube_of(noise).detach())

    guard = Guard(list(network.parameters()))
    stage = Stage("decoder", guard.params, loss, learning_rate, multistep(steps), project=guard.act, output=cube)
    fitted = fit([stage], seed=seed, device=device, iterates=iterates)
    notes = {
        "parameters": parameter_count(network),
        "iterations": fitted.steps,
        "fit_seconds": round(fitted.seconds, 2),
        "steps_taken_back": guard.taken_back,
    }
    return Fusion(cube=cube(), history=fitted.history, notes=notes)


class Guard:
    """Resets the parameters to those at which the loss was last seen without a jump."""

    def __init__(self, params):
        self.params, self.good, self.level, self.jumped, self.taken_back = params, None, None, False, 0

    def see(self, loss):
        """Record the loss of the parameters before the step."""
        self.jumped = self.level is not None and loss > self.level + LARGEST_JUMP
        self.level = self.level if self.jumped else loss
        if not self.jumped:
            self.good = [p.detach().clone() for p in self.params]

    def act(self):
        """Restore the last good parameters where the loss has jumped; called after the step."""
        import torch

        if self.jumped:
            torch._foreach_copy_(self.params, self.good)
            self.taken_back += 1
