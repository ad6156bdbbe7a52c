"""PSF and SRF as free numbers, one per pixel of the support and one per pair of bands, fitted with a network or before it."""

import torch
from torch import nn

from mossfuse.network.degradation import geometry_of, msi_windows
from mossfuse.physics.tensors import blur_sample, project_spectra

TINY = 1e-12


class FreeOperators(nn.Module):
    """The sensor of one observation: flat PSF (k_rows, k_cols) and SRF (M, B) to start from.

    Both are divided by their sums where they are used, so the gradient never asks for another scale. Without this the
    clamping and rescaling after a step moves all weight to a few entries.
    """

    def __init__(self, observation):
        super().__init__()
        self.ratio, self.geometry = observation.ratio, geometry_of(observation)
        rows, cols = self.geometry.size
        bands, msi_bands = observation.hsi.shape[2], observation.msi.shape[2]
        self.raw_psf = nn.Parameter(torch.full((rows, cols), 1 / (rows * cols)))
        self.raw_srf = nn.Parameter(torch.full((msi_bands, bands), 1 / bands))

    def psf(self):
        """(k_rows, k_cols), sums to 1."""
        return self.raw_psf / self.raw_psf.sum().clamp_min(TINY)

    def srf(self):
        """(M, B), rows sum to 1."""
        return self.raw_srf / self.raw_srf.sum(1, keepdim=True).clamp_min(TINY)

    def blur(self, image):
        """Blur and sample (1, C, H, W) -> (1, C, h, w)."""
        return blur_sample(image, self.psf(), self.geometry.phase, self.ratio, self.geometry.border)

    def colours(self, cube):
        """Project (1, B, rows, cols) -> (1, M, rows, cols)."""
        return project_spectra(cube, self.srf())

    @torch.no_grad()
    def constrain(self):
        """No negative numbers, and sums of 1."""
        for raw, normalised in ((self.raw_psf, self.psf), (self.raw_srf, self.srf)):
            raw.clamp_(min=0)
            raw.copy_(normalised())

    @torch.no_grad()
    def estimates(self):
        """(psf (k_rows, k_cols), srf (M, B)) as numpy arrays."""
        return self.psf().cpu().numpy(), self.srf().cpu().numpy()


class TwoPaths:
    """L1 between the blurred MSI and the projected HSI of one observation: the loss of every blind step."""

    def __init__(self, observation, operators, device):
        windows = msi_windows(observation, operators.geometry)
        self.windows = torch.from_numpy(windows).float().to(device)  # (M, h * w, k_rows * k_cols)
        self.hsi = torch.from_numpy(observation.hsi).float().to(device).flatten(0, 1).T  # (B, h * w)
        self.shape = observation.hsi.shape[:2]
        self.operators = operators

    def low_msi(self):
        """The blurred and sampled MSI, (1, M, h, w)."""
        return (self.windows @ self.operators.psf().flatten()).unflatten(1, self.shape)[None]

    def low_colours(self):
        """The projected HSI, (1, M, h, w)."""
        return (self.operators.srf() @ self.hsi).unflatten(1, self.shape)[None]

    def __call__(self):
        return (self.low_msi() - self.low_colours()).abs().mean()
