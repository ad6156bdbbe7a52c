"""UDALN's network from MSI to HSI: 1x1 convolutions that double the bands up to about the HSI's number."""

from math import floor, log2

import torch.nn.functional as F
from torch import nn

SLOPE = 0.2  # of the leaky ReLU


def ladder(msi_bands, bands):
    """Return band counts from MSI to HSI, doubled while not above ``bands``: (3, 31) -> [3, 6, 12, 24, 31]."""
    rungs = max(floor(log2(bands / msi_bands)), 0)
    widths = [msi_bands * 2**rung for rung in range(rungs + 1)]
    return widths if widths[-1] == bands and len(widths) > 1 else [*widths, bands]


class SpectralLadder(nn.Module):
    """(N, M, rows, cols) -> (N, B, rows, cols); leaky ReLU after every layer, the last included."""

    def __init__(self, msi_bands, bands):
        super().__init__()
        widths = ladder(msi_bands, bands)
        self.layers = nn.ModuleList(nn.Conv2d(a, b, 1) for a, b in zip(widths, widths[1:], strict=False))

    def forward(self, x):
        for layer in self.layers:
            x = F.leaky_relu(layer(x), SLOPE)
        return x
