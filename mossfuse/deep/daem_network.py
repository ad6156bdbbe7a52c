"""DAEM's fusion network: from an MSI pixel to abundances, and from abundances to the mean and the spread of its spectrum."""

import torch
import torch.nn.functional as F
from torch import nn

SLOPE = 0.2
ABUNDANCES = 16
ENCODER = (4, 8, 16, 24, ABUNDANCES)  # outputs of the layers; every layer but the first sees the MSI pixel again
MEAN = (ABUNDANCES, 18, 22, 26, 30, 32)
SPREAD = (ABUNDANCES, 24)


class DaemNetwork(nn.Module):
    """(n, M) -> (n, B); 6,530 parameters for 3 -> 31 bands. Weights Kaiming normal for the leaky ReLU, zero bias."""

    def __init__(self, msi_bands, bands):
        super().__init__()
        inputs = [msi_bands, *(n + msi_bands for n in ENCODER[:-1])]
        self.encoder = nn.ModuleList(nn.Linear(a, b) for a, b in zip(inputs, ENCODER, strict=True))
        self.mean = decoder([*MEAN, bands])
        self.spread = decoder([*SPREAD, bands])
        for layer in self.modules():
            if isinstance(layer, nn.Linear):
                nn.init.kaiming_normal_(layer.weight, a=SLOPE)
                nn.init.zeros_(layer.bias)

    def abundances(self, pixels):
        """(n, M) -> (n, 16), non-negative."""
        x = F.leaky_relu(self.encoder[0](pixels), SLOPE)
        for layer in self.encoder[1:-1]:
            x = F.leaky_relu(layer(torch.cat([x, pixels], -1)), SLOPE)
        return F.relu(self.encoder[-1](torch.cat([x, pixels], -1)))

    def spectra(self, abundances, noise=True):
        """(n, 16) -> (n, B): mean + spread * standard normal noise; the mean alone where not ``noise``."""
        mean = self.mean(abundances)
        return mean + self.spread(abundances) * torch.randn_like(mean) if noise else mean

    def forward(self, pixels, noise=False):
        return self.spectra(self.abundances(pixels), noise)


def decoder(widths):
    """Affine maps between ``widths``, each followed by a leaky ReLU, the last one too."""
    layers = []
    for a, b in zip(widths, widths[1:], strict=False):
        layers += [nn.Linear(a, b), nn.LeakyReLU(SLOPE)]
    return nn.Sequential(*layers)
