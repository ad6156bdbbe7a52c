"""HySure's ADMM: subspace coefficients with vector total variation (Simoes et al., TGRS 2015)."""

import numpy as np
import scipy.fft

from mossfuse.progress import track

from ..shared.circular import lattice, transfer_function


def fuse_total_variation(hsi, msi, spectra, psf, phase, srf, ratio, tv_weight, msi_weight, mu, iterations):
    """Return coefficient images (K, rows, cols) float32 and the history of the relative change.

    hsi (h, w, B), msi (rows, cols, M), spectra (K, B), psf and phase as in Sensor, srf (M, B); circular borders.
    """
    count, shape = len(spectra), msi.shape[:2]
    at = (slice(None), *lattice(phase, ratio, shape))
    blur = transfer_function(psf, shape).astype(np.complex64)
    identity = mu * np.eye(count)
    gram = spectra @ spectra.T
    mixed = spectra @ srf.T
    hsi_solve = np.linalg.inv(gram + identity).astype(np.float32)
    msi_solve = np.linalg.inv(msi_weight * mixed @ mixed.T + identity).astype(np.float32)
    low = np.einsum("kb,hwb->khw", hsi_solve @ spectra, hsi, optimize=True).astype(np.float32)
    low_gain, msi_gain = np.float32(mu) * hsi_solve, np.float32(mu) * msi_solve
    sharp = np.einsum("km,rcm->krc", msi_weight * msi_solve @ mixed, msi, optimize=True).astype(np.float32)
    inverse = (1 / (np.abs(blur) ** 2 + difference_spectrum(shape) + 1)).astype(np.float32)
    threshold = np.float32(tv_weight / mu)

    z = np.zeros((count, *shape), np.float32)
    blurred = np.zeros_like(z)
    dual_low, dual_pixel = np.zeros_like(low), np.zeros_like(z)
    dual_rows, dual_cols = np.zeros_like(z), np.zeros_like(z)
    change = []
    for _ in track(range(iterations), "HySure"):
        # the splits and their scaled duals from the present Z; ``target`` gathers what the next Z is asked to match
        wanted = blurred[at] - dual_low
        split = low + np.tensordot(low_gain, wanted, 1)
        dual_low = split - wanted
        blurred[at] = split + dual_low

        wanted = z - dual_pixel
        split = sharp + np.tensordot(msi_gain, wanted, 1)
        np.subtract(split, wanted, out=dual_pixel)
        target = split + dual_pixel
        target += shrunk_gradient_adjoint(z, dual_rows, dual_cols, threshold)

        spectrum = scipy.fft.rfft2(target)
        spectrum += np.conj(blur) * scipy.fft.rfft2(blurred)
        spectrum *= inverse
        previous, z = z, scipy.fft.irfft2(spectrum, s=shape)
        spectrum *= blur
        blurred = scipy.fft.irfft2(spectrum, s=shape, overwrite_x=True)
        change.append(relative_change(z, previous))
    return z, {"relative change": change}


def shrunk_gradient_adjoint(z, dual_rows, dual_cols, threshold):
    """Return D^T (V + dual) of the split V = D z after its vector soft threshold; update both duals in place.

    z, dual_rows, dual_cols: (K, rows, cols); D: circular forward differences along rows and columns.
    """
    for dual, axis in ((dual_rows, 1), (dual_cols, 2)):
        np.subtract(np.roll(z, -1, axis), z + dual, out=dual)
    length = np.sqrt((dual_rows**2).sum(0) + (dual_cols**2).sum(0))
    # V = (1 - cut) W for W = D z - dual, so the new dual is -cut W and V + dual = (1 - 2 cut) W
    cut = np.minimum(np.divide(threshold, length, out=np.ones_like(length), where=length > 0), 1)
    out = np.zeros_like(z)
    for dual, axis in ((dual_rows, 1), (dual_cols, 2)):
        toward = dual * (1 - 2 * cut)
        out += np.roll(toward, 1, axis)
        out -= toward
        dual *= -cut
    return out


def difference_spectrum(shape):
    """Return |F(D_rows)|^2 + |F(D_cols)|^2 of circular forward differences, half-spectrum (rows, cols // 2 + 1)."""
    rows, cols = (2 - 2 * np.cos(2 * np.pi * np.arange(n) / n) for n in shape)
    return (rows[:, None] + cols[None, : shape[1] // 2 + 1]).astype(np.float32)


def relative_change(new, old):
    """Return ||new - old|| / ||new||, 0 where new is zero."""
    size = np.linalg.norm(new.ravel())
    return float(np.linalg.norm((new - old).ravel()) / size) if size > 0 else 0.0
