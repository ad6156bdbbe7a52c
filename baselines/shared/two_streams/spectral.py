"""The spectral streams of M2U-Net and EDIP-Net: two networks from an MSI pixel to its spectrum, several pairs at once."""

import math

import torch
import torch.nn.functional as F
from torch import nn

SLOPE = 0.2
WIDTH, SPLITS = 60, 3  # channels inside a block, and the groups they are refined in


class Linears(nn.Module):
    """``count`` independent affine maps: (count, n, inputs) -> (count, n, outputs); Kaiming weights, zero bias."""

    def __init__(self, count, inputs, outputs):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(count, inputs, outputs) * math.sqrt(2 / inputs))
        self.bias = nn.Parameter(torch.zeros(count, 1, outputs))

    def forward(self, x):
        return torch.baddbmm(self.bias, x, self.weight)


class SpectralBlock(nn.Module):
    """Widen to 60 channels, refine them group after group (each sees the one before), add, narrow."""

    def __init__(self, count, inputs, outputs):
        super().__init__()
        self.widen = Linears(count, inputs, WIDTH)
        self.refine = nn.ModuleList(Linears(count, WIDTH // SPLITS, WIDTH // SPLITS) for _ in range(SPLITS))
        self.narrow = Linears(count, WIDTH, outputs)

    def forward(self, x):
        wide = F.leaky_relu(self.widen(x), SLOPE)
        previous, refined = 0, []
        for part, layer in zip(wide.split(WIDTH // SPLITS, 2), self.refine, strict=True):
            previous = F.leaky_relu(layer(part + previous), SLOPE)
            refined.append(previous)
        return F.leaky_relu(self.narrow(wide + torch.cat(refined, 2)), SLOPE)


class SpectralStreams(nn.Module):
    """(2 * members, n, M) -> (2 * members, n, B): streams A of all members first, then their streams B.

    Each stream doubles the channels floor(log2(B / M)) times and ends with an affine map to B. interactive (EDIP-Net):
    after every block A takes B in, then B the new A, and the output is linear; otherwise the streams are independent
    and end with a leaky ReLU (M2U-Net). One member of 3 -> 31 bands has 17,114 parameters.
    """

    def __init__(self, msi_bands, bands, members=1, interactive=False):
        super().__init__()
        levels = max(0, int(math.log2(bands / msi_bands)))
        widths = [msi_bands * 2**level for level in range(levels + 1)]
        self.members, self.interactive = members, interactive
        self.blocks = nn.ModuleList(SpectralBlock(2 * members, a, b) for a, b in zip(widths, widths[1:], strict=False))
        self.last = Linears(2 * members, widths[-1], bands)

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
            if self.interactive:
                a, b = x.split(self.members)
                a = a + b
                x = torch.cat([a, b + a])
        x = self.last(x)
        return x if self.interactive else F.leaky_relu(x, SLOPE)

    def candidates(self, pixels):
        """Return both streams' spectra for MSI pixels (n, M), each the mean over the members: (2, n, B)."""
        outputs = self(pixels.expand(2 * self.members, *pixels.shape))
        return outputs.unflatten(0, (2, self.members)).mean(1)
