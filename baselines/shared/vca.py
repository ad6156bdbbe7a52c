"""Vertex component analysis: endmembers as the extreme pixels of a cube.

J. M. P. Nascimento, J. M. Bioucas-Dias, "Vertex component analysis: a fast algorithm to unmix hyperspectral data",
IEEE TGRS 43(4), 2005. Written from the paper's algorithm 1.
"""

import numpy as np

from mossfuse.errors import MossFuseError


def vca(pixels, count, rng):
    """Return the spectra of ``count`` vertices of the pixel cloud and the pixels' indices.

    pixels: (n, B); count: at most min(n, B), otherwise MossFuseError; rng: numpy Generator.
    Returns endmembers (count, B) float64, projected on the signal subspace as in the paper, and indices (count,).
    Identical pixels give identical endmembers; the result is always finite.
    """
    pixels = np.asarray(pixels, np.float64)
    n, bands = pixels.shape
    if not 1 <= count <= min(n, bands):
        raise MossFuseError(
            f"cannot find {count} endmembers in {n} pixels of {bands} bands; ask for 1 to {min(n, bands)}"
        )
    coordinates, restore = signal_subspace(pixels, count)
    vertices = np.zeros((count, coordinates.shape[1]))
    vertices[0, -1] = 1  # the first direction is orthogonal to the last axis
    chosen = np.zeros(count, int)
    for i in range(count):
        known = vertices[: max(i, 1)]
        direction = rng.standard_normal(coordinates.shape[1])
        direction -= np.linalg.pinv(known) @ (known @ direction)
        chosen[i] = np.argmax(np.abs(coordinates @ direction))
        vertices[i] = coordinates[chosen[i]]
    return restore(chosen), chosen


def largest_simplex(pixels, count, rng, runs=20):
    """Repeat ``vca`` ``runs`` times and return the endmembers of the largest volume (as Simoes et al., TGRS 2015).

    Volume: product of the singular values of the endmembers, so degenerate clouds compare as equals and the first wins.
    """
    found = [vca(pixels, count, rng) for _ in range(runs)]
    volumes = [np.log(np.maximum(np.linalg.svd(e, compute_uv=False), 1e-30)).sum() for e, _ in found]
    return found[int(np.argmax(volumes))]


def signal_subspace(pixels, count):
    """Return coordinates (n, count) on which the cloud is a simplex, and a function index -> denoised spectra.

    High SNR: projective projection on the first ``count`` singular vectors; low SNR: ``count - 1`` principal
    components with a constant appended (the paper's two branches, its threshold 15 + 10 log10(count) dB).
    """
    n, bands = pixels.shape
    mean = pixels.mean(0)
    centred = pixels - mean
    axes = leading_axes(centred.T @ centred / n, count)
    scores = centred @ axes
    if snr_db(pixels, mean, scores) < 15 + 10 * np.log10(count):
        scores = scores[:, : count - 1]
        radius = np.sqrt((scores**2).sum(1).max()) if count > 1 else 1.0
        coordinates = np.hstack([scores, np.full((n, 1), radius if radius > 0 else 1.0)])
        return coordinates, lambda chosen: scores[chosen] @ axes[:, : count - 1].T + mean
    axes = leading_axes(pixels.T @ pixels / n, count)
    scores = pixels @ axes
    centre = scores.mean(0)
    scale = scores @ centre
    lit = scale > 1e-6 * np.abs(scale).max()  # dark pixels have no direction and cannot be vertices
    coordinates = np.divide(scores, scale[:, None], out=np.zeros_like(scores), where=lit[:, None])
    return coordinates, lambda chosen: scores[chosen] @ axes.T


def leading_axes(gram, count):
    """Return eigenvectors (B, count) of the largest eigenvalues, each with its largest entry positive."""
    axes = np.linalg.eigh(gram)[1][:, ::-1][:, :count]
    return axes * np.sign(axes[np.abs(axes).argmax(0), np.arange(count)])


def snr_db(pixels, mean, scores):
    """Return the cloud's signal-to-noise ratio from its energy inside and outside the subspace (the paper's eq. 13)."""
    n, bands = pixels.shape
    total = (pixels**2).sum() / n
    inside = (scores**2).sum() / n + mean @ mean
    noise = total - inside
    signal = inside - scores.shape[1] / bands * total
    if noise <= 1e-12 * total or signal <= 0:
        return np.inf if noise <= 1e-12 * total else -np.inf
    return 10 * np.log10(signal / noise)
