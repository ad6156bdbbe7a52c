"""The stages that M2U-Net and EDIP-Net share: PSF and SRF from the pair, then two spectral streams from the LR pixels."""

import numpy as np
import torch

from mossfuse.devices import seeded
from mossfuse.errors import MossFuseError
from mossfuse.fitting.operators import LearnedOperator, TwoPaths, blind_step
from mossfuse.fitting.stages import Stage, constant_then_linear
from mossfuse.physics.psf_geometry import own_block
from mossfuse.physics.sampling import check_pair
from mossfuse.physics.tensors import to_tensor

from ..spectral_mlp import CHUNK, pixel_list
from .spectral import SpectralStreams

SUPPORTS = ("sensor", "block")


class BlindStreams:
    """Learned operators and spectral streams of one observation.

    support: of the PSF, the 'sensor' geometry or the ratio x ratio 'block' of each LR pixel (the authors').
    members: pairs of streams with different initial weights that are averaged; interactive: EDIP-Net's exchange of
    features.
    """

    def __init__(self, observation, *, seed, device, support, members, interactive):
        check_pair(observation)
        if support not in SUPPORTS:
            raise MossFuseError(f"unknown PSF support '{support}'; choose one of {', '.join(SUPPORTS)}")
        geometry = own_block(observation.ratio, observation.sensor.border) if support == "block" else None
        bands, msi_bands = observation.hsi.shape[2], observation.msi.shape[2]
        self.shape = observation.msi.shape[:2]
        self.hsi, self.msi = (to_tensor(image, device) for image in (observation.hsi, observation.msi))
        self.pixels, self.target = pixel_list(observation.msi, device), pixel_list(observation.hsi, device)
        self.operator = LearnedOperator(observation, geometry=geometry).to(device)
        self.paths = TwoPaths(observation, self.operator, device)
        with seeded(seed, device):
            self.streams = SpectralStreams(msi_bands, bands, members, interactive).to(device)

    def stages(self, *, operator_steps, operator_rate, spectral_steps, spectral_rate):
        """Yield the blind step (sum of absolute errors) and the spectral regression, half of each at constant step
        size.

        Streams A learn from the projected HSI, streams B from the blurred MSI; the target of both is the HSI.
        """
        yield blind_step(self.paths, lr=operator_rate, schedule=half_constant(operator_steps))
        self.operator.requires_grad_(False)
        members = self.streams.members
        with torch.no_grad():
            low = torch.stack([self.paths.from_hsi(), self.paths.from_msi()]).repeat_interleave(members, 0)

        def loss(step):
            return (self.streams(low) - self.target).abs().mean((1, 2)).sum()  # one L1 per stream

        yield Stage(
            "spectra",
            list(self.streams.parameters()),
            loss,
            spectral_rate,
            half_constant(spectral_steps),
            output=lambda: to_cube(self.candidates().mean(0, keepdim=True)),
            capturable=True,
        )

    @torch.no_grad()
    def candidates(self):
        """Return the cubes of streams A and B at full resolution, (2, B, H, W)."""
        spectra = torch.cat([self.streams.candidates(piece) for piece in self.pixels.split(CHUNK)], 1)
        return spectra.reshape(2, *self.shape, -1).permute(0, 3, 1, 2).contiguous()

    def data_terms(self, cube):
        """Return {'msi': ..., 'hsi': ...}: L1 to both images through the fitted operators; cube (1, B, H, W)."""
        return {
            "msi": (self.operator.colours(cube) - self.msi).abs().mean(),
            "hsi": (self.operator.blur(cube) - self.hsi).abs().mean(),
        }


def half_constant(steps):
    """Return a schedule with half of the steps at constant step size, half linear to zero."""
    return constant_then_linear(steps - steps // 2, steps // 2)


def to_cube(image):
    """Convert a (1, B, H, W) tensor to a (H, W, B) float32 array."""
    return np.ascontiguousarray(image.detach()[0].permute(1, 2, 0).float().cpu().numpy())
