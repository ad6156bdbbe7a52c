"""The blind net: a Gaussian PSF of three free numbers and an SRF, from degraded pairs alone.

Both paths of a pair must meet: the MSI blurred and sampled (PSF) equals the HSI projected (SRF). Size and phase of
the PSF belong to the operator and are arguments; nothing is derived from the ratio.
"""

import logging
from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from mossfuse.errors import MossFuseError
from mossfuse.physics.psf import official_geometry
from mossfuse.physics.sampling import border_index
from mossfuse.physics.tensors import blur_sample, project_spectra
from mossfuse.turns import following

log = logging.getLogger(__name__)
FIRST_SIGMA = 0.2  # pixels: the released code starts with almost a delta
RIDGE = 1e-9  # times the mean energy of an HSI band: keeps the SRF finite where bands depend on each other
FIRST_GUESSES = (0.5, 1.0, 2.0, 4.0, 8.0)  # sigmas in pixels from which the PSF fit starts


class Geometry(NamedTuple):
    """Where the PSF sits: its size (rows, cols), the phase (row, col) and the image border, as in Sensor."""

    size: tuple[int, int]
    phase: tuple[int, int]
    border: str = "reflect"


def geometry_of(observation):
    """Geometry from what the observation's sensor tells, the official one where it tells nothing."""
    sensor = observation.sensor
    size, phase = official_geometry(observation.ratio)
    return Geometry(
        tuple(int(n) for n in sensor.psf_shape or (size, size)),
        tuple(int(n) for n in sensor.phase or (phase, phase)),
        sensor.border,
    )


def same_geometry(size, phase, observation):
    """Whether a PSF of ``size`` (rows, cols) pixels centred on ``phase`` (row, col), of some weights, lies as the pair's does.

    Says in a warning where it does not, because it is not this pair's PSF then.
    """
    here = geometry_of(observation)
    if (tuple(size), tuple(phase)) == (here.size, here.phase):
        return True
    log.warning(
        "the weights were trained where the PSF has %dx%d pixels and phase %d,%d, and this pair's has %dx%d and %d,%d: their "
        "PSF is not this pair's", *size, *phase, *here.size, *here.phase,
    )  # fmt: skip
    return False


def gaussian_kernel(factor, size):
    """PSF exp(-|L z|^2 / 2), sum 1, on the pixels z = (row, col) around the centre; (rows, cols) = ``size``.

    factor: (2, 2), of which the lower triangle L is used; sigma 2 pixels is 0.5 on the diagonal.
    """
    rows, cols = (torch.arange(n, device=factor.device, dtype=factor.dtype) - (n - 1) / 2 for n in size)
    z = torch.stack(torch.meshgrid(rows, cols, indexing="ij"), -1)
    kernel = torch.exp(-0.5 * (z @ factor.tril().T).square().sum(-1))
    return kernel / kernel.sum()


class BlindOperators(nn.Module):
    """PSF and SRF as parameters: M * B + 4 numbers, one of which the triangle leaves without effect."""

    def __init__(self, bands, msi_bands, ratio, geometry):
        super().__init__()
        self.ratio, self.geometry = ratio, geometry
        self.factor = nn.Parameter(torch.eye(2) / FIRST_SIGMA)
        self.raw_srf = nn.Parameter(torch.ones(msi_bands, bands))

    def psf(self):
        """(k_rows, k_cols), sums to 1."""
        return gaussian_kernel(self.factor, self.geometry.size)

    def srf(self):
        """(M, B), rows sum to 1; small negative entries are possible, as in the released weights."""
        return self.raw_srf / self.raw_srf.sum(1, keepdim=True)

    def blur(self, image, psf, turns=None):
        """Blur and sample (N, C, rows, cols) -> (N, C, rows / ratio, cols / ratio), in block form.

        turns: how each image was turned (mossfuse.turns); the PSF and its phase then turn with it.
        """
        if turns is not None:
            return following(lambda upright: self.blur(upright, psf), turns)(image)
        return blur_sample(image, psf, self.geometry.phase, self.ratio, self.geometry.border)

    def forward(self, msi, hsi, turns=None):
        """The blurred MSI seen twice, each (N, M, rows / ratio, cols / ratio), clamped to [0, 1]: from HSI, from MSI."""
        return project_spectra(hsi, self.srf()).clamp(0, 1), self.blur(msi, self.psf(), turns).clamp(0, 1)

    @torch.no_grad()
    def set_to(self, factor, srf):
        """Take the result of ``fit_operators``."""
        self.factor.copy_(torch.as_tensor(factor))
        self.raw_srf.copy_(torch.as_tensor(srf))


def fit_operators(pairs, geometry):
    """PSF and SRF common to all ``pairs`` (Observations), least squares: (factor (2, 2), srf (M, B)), float64.

    Minimises the sum over pixels of |blurred MSI - projected HSI|^2. For a given PSF the best SRF is linear least
    squares, so only the PSF's three numbers are searched (variable projection, Golub and Pereyra 1973); the SRF then
    is the non-negative solution, rows scaled to sum 1. Neither the truth nor a seed is involved.
    """
    from scipy.optimize import least_squares, nnls

    windows_windows, hsi_windows, hsi_hsi = 0.0, 0.0, 0.0
    for pair in pairs:
        spectra = pair.hsi.reshape(-1, pair.hsi.shape[2]).astype(np.float64)
        windows = msi_windows(pair, geometry)
        hsi_hsi = hsi_hsi + spectra.T @ spectra
        hsi_windows = hsi_windows + np.stack([spectra.T @ band for band in windows])
        windows_windows = windows_windows + sum(band.T @ band for band in windows)
    bands = len(hsi_hsi)
    if not hsi_hsi.any():
        raise MossFuseError("every LR-HSI of the training pairs is black; train on scenes with light in them")
    hsi_hsi = hsi_hsi + RIDGE * np.trace(hsi_hsi) / bands * np.eye(bands)
    unexplained = windows_windows - sum(hw.T @ np.linalg.solve(hsi_hsi, hw) for hw in hsi_windows)
    energy, axes = np.linalg.eigh(unexplained)
    root = np.sqrt(np.maximum(energy, 0) / energy[-1])[:, None] * axes.T

    def kernel(triangle):
        factor = torch.tensor([[triangle[0], 0.0], [triangle[1], triangle[2]]], dtype=torch.float64)
        return gaussian_kernel(factor, geometry.size).numpy().ravel()

    fits = [
        least_squares(lambda t: root @ kernel(t), [1 / sigma, 0.0, 1 / sigma], xtol=1e-12, ftol=1e-15, gtol=1e-15)
        for sigma in FIRST_GUESSES
    ]
    triangle = min(fits, key=lambda fit: fit.cost).x
    factor = np.array([[triangle[0], 0.0], [triangle[1], triangle[2]]])
    half = np.linalg.cholesky(hsi_hsi).T
    srf = np.stack([nnls(half, np.linalg.solve(half.T, hw @ kernel(triangle)))[0] for hw in hsi_windows])
    if not srf.any(1).all():
        raise MossFuseError(
            f"no SRF explains MSI band {int(np.argmin(srf.sum(1)))} of the training pairs; is it all zero?"
        )
    return factor, srf / srf.sum(1, keepdims=True)


def msi_windows(pair, geometry):
    """The MSI pixels under the PSF of every low-resolution pixel: (M, h * w, k_rows * k_cols) float64."""
    index, inside = [], []
    for n, low, size, phase in zip(pair.msi.shape, pair.hsi.shape, geometry.size, geometry.phase, strict=False):
        start = phase - (size - 1) // 2
        before, after = max(0, -start), max(0, start + size - pair.ratio)
        source = border_index(n, (before, after), geometry.border)
        at = source[before + start + pair.ratio * np.arange(low)[:, None] + np.arange(size)]
        index.append(np.maximum(at, 0))
        inside.append(at >= 0)
    (rows, cols), (rows_in, cols_in) = index, inside
    windows = pair.msi[rows[:, None, :, None], cols[None, :, None, :]].astype(np.float64)
    windows *= (rows_in[:, None, :, None] & cols_in[None, :, None, :])[..., None]
    return windows.reshape(rows.shape[0] * cols.shape[0], -1, pair.msi.shape[2]).transpose(2, 0, 1)
