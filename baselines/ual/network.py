"""UAL's networks (Zhang, Nie et al.): three branches that exchange features, and a small corrector for one scene.

Written from the description; the parameter counts (7,097,695 and 43,400 at 31 and 3 bands) are the public code's.
"""

import torch
from torch import nn

BRANCHES = 3
DEPTH = 3  # convolutions of a branch before each exchange


class ExchangeNet(nn.Module):
    """(upsampled HSI (N, B, H, W), MSI (N, M, H, W)) -> cube (N, B, H, W).

    Branches of the MSI, of both and of the HSI; ``channels`` wide (the paper: 128).
    """

    def __init__(self, bands, msi_bands, channels=128):
        super().__init__()
        inside = (msi_bands, msi_bands + bands, bands)
        self.heads = nn.ModuleList(convs(n, channels // 2, channels) for n in inside)
        self.bodies = nn.ModuleList(nn.ModuleList(convs(*[channels] * (DEPTH + 1)) for _ in inside) for _ in range(2))
        self.exchange = Exchange(channels)
        self.out = nn.Sequential(
            convs(BRANCHES * channels, 2 * channels, channels), nn.Conv2d(channels, bands, 3, padding=1)
        )

    def forward(self, up, msi):
        images = (msi, torch.cat([up, msi], 1), up)
        first = [head(image) for head, image in zip(self.heads, images, strict=True)]
        features = first
        for body in self.bodies:
            features = self.exchange([branch(x) for branch, x in zip(body, features, strict=True)])
        return self.out(torch.cat([x + y for x, y in zip(features, first, strict=True)], 1))


class Exchange(nn.Module):
    """Every branch f is mixed with f * scale + shift, computed from all branches; a gate in [0, 1] sets the
    proportions.

    Three planes mark the current branch for the shared layers: 0 for the branch itself, 1 for the others.
    """

    def __init__(self, channels):
        super().__init__()
        inside = BRANCHES * channels + BRANCHES
        self.shared = convs(inside, channels, channels, channels)
        self.gates = nn.ModuleList(nn.Conv2d(inside, channels, 3, padding=1) for _ in range(BRANCHES))
        self.scales = nn.ModuleList(nn.Conv2d(channels, channels, 3, padding=1) for _ in range(BRANCHES))
        self.shifts = nn.ModuleList(nn.Conv2d(channels, channels, 3, padding=1) for _ in range(BRANCHES))

    def forward(self, features):
        everything, mixed = torch.cat(features, 1), []
        for turn, f in enumerate(features):
            planes = f.new_ones(len(f), BRANCHES, *f.shape[2:])
            planes[:, turn] = 0
            seen = torch.cat([everything, planes], 1)
            shared, gate = self.shared(seen), torch.sigmoid(self.gates[turn](seen))
            mixed.append(gate * f + (1 - gate) * (f * self.scales[turn](shared) + self.shifts[turn](shared)))
        return mixed


class Corrector(nn.Module):
    """(1, B, H, W) -> same: the cube plus a masked correction, zero before the first step; five 3x3 convolutions."""

    def __init__(self, bands):
        super().__init__()
        self.features = convs(*[bands] * 4)
        self.correction = nn.Conv2d(bands, bands, 3, padding=1)
        self.mask = nn.Conv2d(bands, bands, 3, padding=1)
        nn.init.zeros_(self.correction.weight)
        nn.init.zeros_(self.correction.bias)

    def forward(self, cube):
        x = self.features(cube)
        return cube + torch.sigmoid(self.mask(x)) * self.correction(x)


def convs(*widths):
    """Return 3x3 convolutions, each with a ReLU."""
    layers = []
    for a, b in zip(widths, widths[1:], strict=False):
        layers += [nn.Conv2d(a, b, 3, padding=1), nn.ReLU()]
    return nn.Sequential(*layers)
