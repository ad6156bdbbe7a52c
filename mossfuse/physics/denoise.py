"""Denoising of the MSI: hard threshold of redundant 8 x 8 DCT coefficients, then an empirical Wiener pass.

G. Yu and G. Sapiro, DCT image denoising: a simple and effective image denoising algorithm, IPOL 1, 2011; the second
pass shrinks the noisy coefficients by the powers of the first result, as in K. Dabov et al., IEEE TIP 16(8), 2007.
Blocks are weighted by the inverse of the variance left in them. Bands, brought to unit noise, are first turned to
their principal components, so that structure they share is thresholded once.

How much noise is left differs between the components: nearly all in the textured first one, next to none in one that is mostly
noise. The best linear shrinkage leaves of the noise's variance as much as its mean gain, and the mean gain of a nonlinear filter is its
divergence, found by a random probe (S. Ramani et al., IEEE TIP 17(9), 2008).
"""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import torch

SIDE, STEP, THRESHOLD = 8, 2, 2.7
LEAST_LEFT = 1 / SIDE**2  # share of the noise's variance left in any case: every block's mean is kept
PROBE = 0.1  # standard deviation of the probe, in units of the noise
PROBED = 2**18  # pixels probed at least, in whole strips
SMALLEST = 1e-6  # noise below this is treated as this: every coefficient of such a band is kept
MARGIN = 4 * SIDE  # rows beyond a strip that can reach into it through both passes
AXES_PIXELS = 2**20  # the principal axes of larger images come from about as many pixels, in whole rows
STRIP = 512  # rows denoised at once


class Denoised(NamedTuple):
    """A denoised MSI (rows, cols, M) float32, and the covariance (M, M) of the noise left in it, in squared units of the image."""

    msi: np.ndarray
    left: np.ndarray


def denoise_dct(msi: np.ndarray, noise: np.ndarray, device: str = "cpu", slope: np.ndarray | None = None) -> Denoised:
    """Return the denoised MSI and what noise is left; noise: standard deviation per band (M,), in units of the image.

    slope: (M,) where the variance is noise^2 + slope * value; the image is then brought to unit variance first
    (z = 2 x / (sqrt(slope x + noise^2) + noise), Anscombe, Biometrika 35, 1948) and back afterwards.
    """
    import torch
    from scipy.fft import dct

    noise = np.maximum(np.asarray(noise, np.float64), SMALLEST)
    slope = np.zeros(len(noise)) if slope is None else slope
    some = msi[:: max(msi.shape[0] * msi.shape[1] // AXES_PIXELS, 1)]
    rotation = principal_axes(stabilise_variance(some, noise, slope))
    basis = torch.from_numpy(dct(np.eye(SIDE), axis=0, norm="ortho").astype(np.float32)).to(device)
    atoms = torch.kron(basis, basis)  # (coefficients, pixels of a block)
    rows = len(msi)
    out = np.empty(msi.shape, np.float32)
    probed = range(0, rows, STRIP * max(rows * msi.shape[1] // PROBED, 1))
    gains, rng = np.zeros(len(noise)), np.random.default_rng(0)
    for start in range(0, rows, STRIP):
        stop = min(start + STRIP, rows)
        first, last = max(start - MARGIN, 0), min(stop + MARGIN, rows)
        strip = stabilise_variance(msi[first:last], noise, slope) @ rotation.T
        clean = clean_planes(strip, atoms, device)
        unit = clean[start - first : stop - first].astype(np.float64) @ rotation
        out[start:stop] = unit * noise + slope * unit * np.abs(unit) / 4
        if start in probed:
            probe = rng.standard_normal(strip.shape)
            change = (clean_planes(strip + PROBE * probe, atoms, device) - clean) * probe / PROBE
            gains += change[start - first : stop - first].sum((0, 1), dtype=np.float64)
    count = sum(min(STRIP, rows - start) for start in probed) * msi.shape[1]
    level = np.sqrt(noise**2 + slope * np.maximum(some.mean((0, 1), dtype=np.float64), 0))
    scaled = rotation * level
    return Denoised(out, (scaled.T * np.clip(gains / count, LEAST_LEFT, 1)) @ scaled)


def clean_planes(planes: np.ndarray, atoms: "torch.Tensor", device: str) -> np.ndarray:
    """Return the planes (rows, cols, K) of unit noise, denoised one by one, float32."""
    import torch

    padded = np.pad(planes.astype(np.float32), ((SIDE, SIDE), (SIDE, SIDE), (0, 0)), mode="reflect")
    clean = [clean_plane(torch.from_numpy(padded[..., k].copy()).to(device), atoms) for k in range(planes.shape[2])]
    return torch.stack(clean, -1)[SIDE:-SIDE, SIDE:-SIDE].cpu().numpy()


def stabilise_variance(msi: np.ndarray, noise: np.ndarray, slope: np.ndarray) -> np.ndarray:
    """Return the image with noise of unit variance, float64; zero stays zero."""
    x = msi.astype(np.float64)
    return 2 * x / (np.sqrt(slope * np.abs(x) + noise**2) + noise)


def principal_axes(image: np.ndarray) -> np.ndarray:
    """Return orthonormal rows (M, M): the principal components of the pixels of (rows, cols, M)."""
    values = image.reshape(-1, image.shape[-1])
    centred = values - values.mean(0)
    return np.linalg.eigh(centred.T @ centred)[1].T


def clean_plane(image: "torch.Tensor", atoms: "torch.Tensor") -> "torch.Tensor":
    """Apply both passes to an image (rows, cols) of unit noise; torch tensor in and out."""
    noisy = transform(image, atoms)
    kept = (noisy.abs() > THRESHOLD).float()
    kept[0] = 1
    pilot = transform(average_blocks(noisy, kept, atoms, image.shape), atoms) ** 2
    gain = pilot / (pilot + 1)
    gain[0] = 1
    return average_blocks(noisy, gain, atoms, image.shape)


def transform(image: "torch.Tensor", atoms: "torch.Tensor") -> "torch.Tensor":
    """Return the coefficients (atoms, blocks) of every block of an image (rows, cols)."""
    import torch.nn.functional as F

    return atoms @ F.unfold(image[None, None], SIDE, stride=STEP)[0]


def average_blocks(
    coefficients: "torch.Tensor", gain: "torch.Tensor", atoms: "torch.Tensor", shape: tuple[int, ...]
) -> "torch.Tensor":
    """Return the image (rows, cols) of shrunk coefficients, blocks weighted by 1 / sum gain^2 (the noise variance left)."""
    import torch.nn.functional as F

    weight = 1 / (gain**2).sum(0)
    blocks = atoms.T @ (coefficients * gain * weight)
    total, weights = (F.fold(b[None], shape, SIDE, stride=STEP)[0, 0] for b in (blocks, weight.expand_as(blocks)))
    return total / weights.clamp_min(1e-9)
