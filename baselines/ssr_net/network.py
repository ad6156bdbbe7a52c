"""SSR-NET's network (Zhang et al. 2021): three convolutions on an HSI whose bands are overwritten by the MSI."""

import torch.nn.functional as F
from torch import nn

from ..shared.supervised import enlarge


class OverwritingNet(nn.Module):
    """(HSI (N, B, h, w), MSI (N, M, H, W), its bands in ascending order of wavelength) -> cube (N, B, H, W), not clipped."""

    def __init__(self, bands, msi_bands, ratio):
        super().__init__()
        self.ratio, self.places = ratio, overwritten(bands, msi_bands)
        self.fusion, self.spatial, self.spectral = (nn.Conv2d(bands, bands, 3, padding=1) for _ in range(3))

    def both(self, hsi, msi):
        """Return (the image after the second layer, the cube)."""
        mixed = enlarge(hsi, self.ratio, "bilinear").clone()
        for band, place in enumerate(self.places):
            mixed[:, place] = msi[:, band]
        first = F.relu(self.fusion(mixed))
        spatial = first + F.relu(self.spatial(first))
        return spatial, spatial + F.relu(self.spectral(spatial))

    def forward(self, hsi, msi):
        return self.both(hsi, msi)[1]


def overwritten(bands, msi_bands):
    """Return the HSI band that each MSI band overwrites: k B // (M - 1), the last one B - 1."""
    return [k * bands // (msi_bands - 1) for k in range(msi_bands - 1)] + [bands - 1]
