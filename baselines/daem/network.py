"""DAEM's fusion network: from an MSI pixel to abundances, and from abundances to the mean and the spread of its
spectrum.
"""

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
        """Return non-negative abundances, (n, M) -> (n, 16)."""
        x = F.leaky_relu(self.encoder[0](pixels), SLOPE)
        for layer in self.encoder[1:-1]:
            x = F.leaky_relu(layer(torch.cat([x, pixels], -1)), SLOPE)
        return F.relu(self.encoder[-1](torch.cat([x, pixels], -1)))

    def spectra(self, abundances, generator=None):
        """Draw spectra, (n, 16) -> (n, B): mean + spread * standard normal noise from ``generator`` (None: torch's
        global one).
        """
        mean = self.mean(abundances)
        return mean + self.spread(abundances) * torch.randn(mean.shape, generator=generator).to(mean.device)

    def forward(self, pixels):
        """Return the mean spectra (n, B) of MSI pixels (n, M)."""
        return self.mean(self.abundances(pixels))


class Daem(nn.Module):
    """Network and operator with DAEM's two losses on low-resolution pixels and the windows under them.

    paths: mossfuse.fitting.operators.TwoPaths, not part of the module's state.
    """

    def __init__(self, network, operator, paths):
        super().__init__()
        self.network, self.operator = network, operator
        self.paths = [paths]

    def network_loss(self, at=slice(None), generator=None):
        """Return L1 / 2 of a draw from the blurred MSI against the HSI at LR pixels ``at``; the PSF gets no gradient."""
        paths = self.paths[0]
        with torch.no_grad():
            low = (paths.windows[:, at] @ self.operator.psf().flatten()).T
        draw = self.network.spectra(self.network.abundances(low), generator)
        return 0.5 * (draw - paths.hsi[at]).abs().mean()

    def operator_loss(self, at, generator=None):
        """Return {'hsi', 'msi'}: losses of a draw Z in the windows of LR pixels ``at`` against both images.

        The network gets no gradient. The paper's third term, |R H Z - H R Z|, is zero for any R and H and left out.
        """
        paths = self.paths[0]
        windows = paths.windows[:, at].permute(1, 2, 0)
        with torch.no_grad():
            cube = self.network.spectra(self.network.abundances(windows), generator)
        blurred = torch.einsum("ntb,t->nb", cube, self.operator.psf().flatten())
        return {
            "hsi": 0.5 * (blurred - paths.hsi[at]).abs().mean(),
            "msi": 0.2 * (cube @ self.operator.srf().T - windows).abs().mean(),
        }


def decoder(widths):
    """Return affine maps between ``widths``, each followed by a leaky ReLU, the last one too."""
    layers = []
    for a, b in zip(widths, widths[1:], strict=False):
        layers += [nn.Linear(a, b), nn.LeakyReLU(SLOPE)]
    return nn.Sequential(*layers)
