"""Unsupervised loss for any fusion network f(upsampled HSI, MSI): the data at full scale, the HSI itself one scale
below.
"""

import torch

from mossfuse.errors import MossFuseError
from mossfuse.estimation.joint import fit_operators
from mossfuse.fitting.crops import Crops
from mossfuse.physics.psf_geometry import geometry_of
from mossfuse.physics.tensors import blur_sample, gaussian_kernel, project_spectra, to_tensor

from .upsampling import coarsen, upsample


class TwoScales:
    """L1(R Z, msi) + L1(H Z, hsi) + L1(f(coarse hsi, H msi), hsi) with Z = f(up hsi, msi), on random crops of
    ``pairs``.

    One scale below, the blurred MSI serves as the MSI, the HSI as the cube, and the HSI averaged over ``ratio`` pixels
    (all of it where it is smaller) and upsampled as the upsampled HSI. PSF (Gaussian) and SRF are fitted to the pairs
    and fixed.
    patch: side of the crops in pixels, at both scales.
    """

    def __init__(self, pairs, patch, device):
        if not any(pair.hsi.any() and pair.msi.any() for pair in pairs):
            raise MossFuseError(
                "every HSI or MSI is zero everywhere, so no sensor can be fitted to it; give another scene"
            )
        self.geometry, self.ratio = geometry_of(pairs[0]), pairs[0].ratio
        factor, srf = fit_operators(pairs, self.geometry)
        self.psf = gaussian_kernel(torch.as_tensor(factor), self.geometry.size).float().to(device)
        self.srf = torch.as_tensor(srf, dtype=torch.float32, device=device)
        full, below = [], []
        for pair in pairs:
            hsi, msi = to_tensor(pair.hsi, device), to_tensor(pair.msi, device)
            full.append(((upsample(hsi, self.ratio, self.geometry.phase), msi), (hsi,)))
            below.append(((coarsen(hsi, self.ratio), self.blur(msi)), (hsi,)))
        self.full = Crops(full, self.ratio, patch, self.geometry)
        self.below = Crops(below, 1, patch)

    def blur(self, image):
        """Blur and sample an image (N, C, rows, cols) with the fitted PSF."""
        return blur_sample(image, self.psf, self.geometry.phase, self.ratio, self.geometry.border)

    def __call__(self, network, batch=1, generator=None):
        """Return the terms 'msi', 'hsi', 'below' on a fresh draw of ``batch`` crops at each scale."""
        (up, msi), (hsi,) = self.full.draw(batch, generator)
        cube = network(up, msi)
        (low_up, low_msi), (low_cube,) = self.below.draw(batch, generator)
        return {
            "msi": (project_spectra(cube, self.srf) - msi).abs().mean(),
            "hsi": self.full.centre(self.blur(cube) - hsi).abs().mean(),
            "below": (network(low_up, low_msi) - low_cube).abs().mean(),
        }

    def estimates(self):
        """Return (psf (k_rows, k_cols), srf (M, B)) as numpy arrays."""
        return self.psf.cpu().numpy(), self.srf.cpu().numpy()
