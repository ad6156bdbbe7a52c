"""MIAE's network (Liu et al., 2022): abundances by a few unfolded steps, one non-negative dictionary for the spectra."""

import torch
import torch.nn.functional as F
from torch import nn

SLOPE = 0.2  # of the leaky ReLU


class UnfoldedAutoencoder(nn.Module):
    """(upsampled HSI (N, B, H, W), MSI (N, M, H, W)) -> cube (N, B, H, W) in [0, 1]; every layer sees one pixel."""

    def __init__(self, bands, msi_bands, endmembers=80, steps=2):
        super().__init__()
        self.hsi = nn.Sequential(
            pixel_layer(bands, endmembers), activation(), pixel_layer(endmembers, endmembers), activation()
        )
        self.msi = nn.Sequential(pixel_layer(msi_bands, endmembers), activation())
        self.first = nn.Sequential(pixel_layer(2 * endmembers, endmembers), activation())
        self.moves = nn.ModuleList(
            nn.Sequential(pixel_layer(endmembers, endmembers), activation()) for _ in range(steps)
        )
        self.merges = nn.ModuleList(
            nn.Sequential(pixel_layer(3 * endmembers, endmembers), activation()) for _ in range(steps)
        )
        self.endmembers = nn.Parameter(torch.full((bands, endmembers), 1 / endmembers))

    def abundances(self, up, msi):
        """Return abundances (N, endmembers, H, W) in [0, 1]; they need not sum to one."""
        hsi, msi = self.hsi(up), self.msi(msi)
        x = self.first(torch.cat([hsi, msi], 1))
        for move, merge in zip(self.moves, self.merges, strict=True):
            x = merge(torch.cat([move(x), hsi, msi], 1))
        return x.clamp(0, 1)

    def forward(self, up, msi):
        return F.conv2d(self.abundances(up, msi), self.endmembers[:, :, None, None]).clamp(0, 1)

    @torch.no_grad()
    def constrain(self):
        """Clamp the endmembers to [0, 1]."""
        self.endmembers.clamp_(0, 1)


def pixel_layer(inside, outside):
    """Return a 1x1 convolution with truncated normal weights and zero bias."""
    layer = nn.Conv2d(inside, outside, 1)
    nn.init.trunc_normal_(layer.weight, std=inside**-0.5)
    nn.init.zeros_(layer.bias)
    return layer


def activation():
    """Return the leaky ReLU."""
    return nn.LeakyReLU(SLOPE)
