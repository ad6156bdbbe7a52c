"""PSF and SRF as parameters of a fit: free numbers, or a Gaussian and a mixture of Gaussians.

The sampling geometry (support, phase, border) is explicit and comes from the observation's sensor, or is the official one
if the sensor holds none. Every PSF and every SRF row is divided by its sum where it is used.
"""

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from mossfuse.estimation.windows import msi_windows
from mossfuse.fitting.stages import Schedule, Stage
from mossfuse.physics.psf_geometry import Geometry, geometry_of
from mossfuse.physics.tensors import blur_sample, gaussian_kernel, project_spectra
from mossfuse.protocol import Observation

PSF_KINDS = ("free", "gaussian")
SRF_KINDS = ("free", "mixture")
COMPONENTS = 4  # Gaussians per MSI band of a mixture
TINY = 1e-12


class LearnedOperator(nn.Module):
    """The sensor of one observation, to be fitted.

    psf: 'free', one number per pixel of the support, flat at first; or 'gaussian', exp(-|L z|^2 / 2) with a free lower
        triangle L (4 numbers, one without effect), standard deviation ``sigma`` at first.
    srf: 'free', one number per MSI band and HSI band, flat at first; or 'mixture', the sum of ``COMPONENTS`` Gaussians
        over the band range (0 to 1), each with a free mean, drawn at first from torch's generator, and a free spread.
    geometry: mossfuse.physics.psf_geometry.Geometry; None: the observation's.
    """

    place: torch.Tensor

    def __init__(
        self, observation: Observation, psf: str = "free", srf: str = "free", sigma: float | None = None,
        geometry: Geometry | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        if psf not in PSF_KINDS or srf not in SRF_KINDS:
            raise ValueError(f"psf must be one of {PSF_KINDS} and srf one of {SRF_KINDS}")
        self.ratio, self.geometry = observation.ratio, geometry or geometry_of(observation)
        self.kinds = (psf, srf)
        bands, msi_bands = observation.hsi.shape[2], observation.msi.shape[2]
        if psf == "free":
            self.raw_psf = nn.Parameter(torch.full(self.geometry.size, 1 / math.prod(self.geometry.size)))
        else:
            self.factor = nn.Parameter(torch.eye(2) / (sigma or self.ratio / 4))
        if srf == "free":
            self.raw_srf = nn.Parameter(torch.full((msi_bands, bands), 1 / bands))
        else:
            self.register_buffer("place", torch.linspace(0, 1, bands))
            self.mean = nn.Parameter(torch.rand(msi_bands, COMPONENTS))
            self.spread = nn.Parameter(torch.full((msi_bands, COMPONENTS), 1 / 8))

    def psf(self) -> torch.Tensor:
        """Return the PSF (k_rows, k_cols), sums to 1."""
        if self.kinds[0] == "gaussian":
            return gaussian_kernel(self.factor, self.geometry.size)
        return self.raw_psf / self.raw_psf.sum().clamp_min(TINY)

    def srf(self) -> torch.Tensor:
        """Return the SRF (M, B), rows sum to 1."""
        raw = self.raw_srf if self.kinds[1] == "free" else self.mixture()
        return raw / raw.sum(1, keepdim=True).clamp_min(TINY)

    def mixture(self) -> torch.Tensor:
        """Return (M, B) sums of normal densities over the position in the band range."""
        spread = self.spread.abs().clamp_min(0.5 / max(len(self.place) - 1, 1))[..., None]
        return (torch.exp(-0.5 * ((self.place - self.mean[..., None]) / spread) ** 2) / spread).sum(1)

    def blur(self, image: torch.Tensor) -> torch.Tensor:
        """Blur and sample (1, C, H, W) -> (1, C, h, w)."""
        return blur_sample(image, self.psf(), self.geometry.phase, self.ratio, self.geometry.border)

    def colours(self, cube: torch.Tensor) -> torch.Tensor:
        """Project (1, B, rows, cols) -> (1, M, rows, cols)."""
        return project_spectra(cube, self.srf())

    @torch.no_grad()
    def constrain(self) -> None:
        """Clamp free numbers at 0 and rescale them to sum 1; called after every step."""
        if self.kinds[0] == "free":
            self.raw_psf.copy_(self.raw_psf.clamp_(min=0) / self.raw_psf.sum().clamp_min(TINY))
        if self.kinds[1] == "free":
            self.raw_srf.copy_(self.raw_srf.clamp_(min=0) / self.raw_srf.sum(1, keepdim=True).clamp_min(TINY))

    @torch.no_grad()
    def estimates(self) -> tuple[np.ndarray, np.ndarray]:
        """Return (psf (k_rows, k_cols), srf (M, B)) as numpy arrays."""
        return self.psf().cpu().numpy(), self.srf().cpu().numpy()


class TwoPaths:
    """Both ways from a pair to a low-resolution MSI, as pixel lists: the blurred MSI and the projected HSI.

    pairs: one Observation, or several that one operator serves; n is the number of all their low-resolution pixels.
    """

    def __init__(
        self, pairs: Observation | Sequence[Observation], operator: LearnedOperator, device: str = "cpu"
    ) -> None:
        pairs = [pairs] if isinstance(pairs, Observation) else pairs
        windows = np.concatenate([msi_windows(pair, operator.geometry) for pair in pairs], 1)  # (M, n, taps)
        hsi = np.concatenate([pair.hsi.reshape(-1, pair.hsi.shape[2]) for pair in pairs])  # (n, B)
        self.windows, self.hsi = (torch.from_numpy(x).float().to(device) for x in (windows, hsi))
        self.operator = operator

    def from_msi(self) -> torch.Tensor:
        """Return (n, M): the MSI blurred and sampled."""
        return (self.windows @ self.operator.psf().flatten()).T

    def from_hsi(self) -> torch.Tensor:
        """Return (n, M): the HSI projected."""
        return self.hsi @ self.operator.srf().T


def blind_step(
    paths: TwoPaths, *, lr: float, schedule: Schedule, reduce: str = "sum", name: str = "operators"
) -> Stage:
    """Return the Stage that fits PSF and SRF so that both paths meet: L1 of the two low-resolution MSIs, each clamped to [0, 1].

    paths: TwoPaths. reduce: 'sum' (Li et al. 2024, Liu et al. 2022) or 'mean'.
    """

    def loss(step: int) -> torch.Tensor:
        error = (paths.from_hsi().clamp(0, 1) - paths.from_msi().clamp(0, 1)).abs()
        return error.sum() if reduce == "sum" else error.mean()

    operator = paths.operator
    return Stage(name, list(operator.parameters()), loss, lr, schedule, project=operator.constrain, capturable=True)
