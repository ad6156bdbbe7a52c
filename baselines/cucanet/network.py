"""CUCaNet's network (Yao et al., ECCV 2020): two autoencoders that attend to each other and share abundances.

Clean-room: written from a description of the paper's architecture; the official code is GPL-3 and was not used.
"""

import torch
import torch.nn.functional as F
from torch import nn

from mossfuse.physics.tensors import blur_sample

SLOPE = 0.2  # of the leaky ReLU


class CoupledAutoencoder(nn.Module):
    """Abundances of the HSI (1, endmembers, h, w) and of the MSI (1, endmembers, H, W), and the linear decoders.

    low_shape: (h, w). channels: of the encoders' last layer (the paper: 512). geometry: of the second PSF, which brings
    the MSI's attention map down to the HSI's grid.
    """

    def __init__(self, bands, msi_bands, low_shape, ratio, geometry, channels=512, endmembers=128):
        super().__init__()
        quarter, half = channels // 4, channels // 2
        self.ratio, self.geometry = ratio, geometry
        self.hsi_encoder = encoder((bands, quarter, half, channels), (1, 1, 1))
        self.msi_encoder = encoder((msi_bands, quarter, half, channels), (5, 3, 1))
        self.spatial = nn.Conv2d(channels, 1, 3, padding=1)
        self.spectral = nn.Conv2d(channels, channels, tuple(low_shape), groups=channels)
        rows, cols = geometry.size
        self.attention_psf = nn.Parameter(torch.full((rows, cols), 1 / (rows * cols)))
        self.hsi_mix = nn.Conv2d(2 * channels, endmembers, 1)
        self.msi_mix = nn.Conv2d(2 * channels, endmembers, 1)
        self.hsi_decoder = nn.Parameter(torch.rand(bands, endmembers) / endmembers**0.5)
        self.msi_decoder = nn.Parameter(torch.rand(msi_bands, endmembers) / endmembers**0.5)

    def abundances(self, hsi, msi):
        """Return the abundances of the HSI and of the MSI, in [0, 1]."""
        x, y = self.hsi_encoder(hsi), self.msi_encoder(msi)
        where = self.spatial(y)
        where = where.flatten(2).softmax(-1).reshape(where.shape)
        where = blur_sample(where, self.attention_psf, self.geometry.phase, self.ratio, self.geometry.border)
        which = self.spectral(x).softmax(1)
        return (
            self.hsi_mix(torch.cat([x, x * where], 1)).clamp(0, 1),
            mix_weighted(self.msi_mix, y, which).clamp(0, 1),
        )

    def to_hsi(self, abundances):
        """Decode abundances to an HSI."""
        return decode(abundances, self.hsi_decoder)

    def to_msi(self, abundances):
        """Decode abundances to an MSI."""
        return decode(abundances, self.msi_decoder)

    @torch.no_grad()
    def constrain(self):
        """Clamp the decoders to [0, 1]."""
        self.hsi_decoder.clamp_(0, 1)
        self.msi_decoder.clamp_(0, 1)


def mix_weighted(layer, x, weights):
    """Apply ``layer`` (1x1) to [x, x * weights], one weight per channel (1, C, 1, 1), without building the stack."""
    plain, weighted = layer.weight.chunk(2, 1)
    return F.conv2d(x, plain + weighted * weights, layer.bias)


def decode(abundances, endmembers):
    """Return the linear mixture, clamped to [0, 1]."""
    return F.conv2d(abundances, endmembers[:, :, None, None]).clamp(0, 1)


def encoder(widths, sizes):
    """Return convolutions of these widths and kernel sizes, each with a leaky ReLU."""
    layers = []
    for a, b, size in zip(widths, widths[1:], sizes, strict=False):
        layers += [nn.Conv2d(a, b, size, padding=size // 2), nn.LeakyReLU(SLOPE)]
    return nn.Sequential(*layers)
