"""The blind net: a Gaussian PSF of three free numbers and an SRF, from degraded pairs alone.

Both paths of a pair must agree: the MSI blurred and sampled (PSF) equals the HSI projected (SRF). Size and phase of
the PSF belong to the operator and are arguments; nothing is derived from the ratio.
"""

import logging

import torch
from torch import nn

from mossfuse.physics.rotations import follow_rotation
from mossfuse.physics.tensors import blur_sample, gaussian_kernel, project_spectra

log = logging.getLogger(__name__)
FIRST_SIGMA = 0.2  # pixels: the released code starts with almost a delta


class BlindOperators(nn.Module):
    """PSF and SRF as parameters: M * B + 4 numbers, one of which the triangular factor makes ineffective."""

    def __init__(self, bands, msi_bands, ratio, geometry):
        super().__init__()
        self.ratio, self.geometry = ratio, geometry
        self.factor = nn.Parameter(torch.eye(2) / FIRST_SIGMA)
        self.raw_srf = nn.Parameter(torch.ones(msi_bands, bands))

    def psf(self):
        """Return the PSF (k_rows, k_cols), which sums to 1."""
        return gaussian_kernel(self.factor, self.geometry.size)

    def srf(self):
        """Return the SRF (M, B), rows sum to 1; small negative entries are possible, as in the released weights."""
        return self.raw_srf / self.raw_srf.sum(1, keepdim=True)

    def blur(self, image, psf, turns=None):
        """Blur and sample (N, C, rows, cols) -> (N, C, rows / ratio, cols / ratio), in block form.

        turns: how each image was rotated (mossfuse.physics.rotations); the PSF and its phase are then rotated with it.
        """
        if turns is not None:
            return follow_rotation(lambda upright: self.blur(upright, psf), turns)(image)
        return blur_sample(image, psf, self.geometry.phase, self.ratio, self.geometry.border)

    def forward(self, msi, hsi, turns=None):
        """Return two versions of the blurred MSI, (N, M, rows / ratio, cols / ratio) in [0, 1]: from the HSI and from
        the MSI.
        """
        return project_spectra(hsi, self.srf()).clamp(0, 1), self.blur(msi, self.psf(), turns).clamp(0, 1)

    @torch.no_grad()
    def set_to(self, factor, srf):
        """Set the parameters to the result of ``fit_operators``: factor (2, 2) and SRF (M, B)."""
        self.factor.copy_(torch.as_tensor(factor))
        self.raw_srf.copy_(torch.as_tensor(srf))
