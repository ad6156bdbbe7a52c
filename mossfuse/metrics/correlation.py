"""Correlation of bands, of spectra and of edges. Cubes are float64 (rows, cols, bands)."""

import numpy as np

from mossfuse.errors import MossFuseError

FLAT = 1e-12  # a deviation below this share of the RMS is rounding: the vector is constant
LAPLACE = np.array([[-1.0, -1, -1], [-1, 8, -1], [-1, -1, -1]])


def pearson(x, y):
    """Pearson correlation along the last axis of (..., n); NaN where x is constant, 0 where only y is."""
    dx, dy = x - x.mean(-1, keepdims=True), y - y.mean(-1, keepdims=True)
    norm_x, norm_y = np.linalg.norm(dx, axis=-1), np.linalg.norm(dy, axis=-1)
    flat_x = norm_x <= FLAT * np.linalg.norm(x, axis=-1)
    flat_y = norm_y <= FLAT * np.linalg.norm(y, axis=-1)
    denominator = np.where(flat_x | flat_y, 1.0, norm_x * norm_y)
    r = np.clip(np.einsum("...n,...n->...", dx, dy) / denominator, -1, 1)
    return np.where(flat_x, np.nan, np.where(flat_y, 0.0, r))


def cc_bands(x, y):
    """Pearson correlation of every band, (bands,); NaN where the reference band is constant."""
    return np.array([pearson(x[..., b].ravel(), y[..., b].ravel()) for b in range(x.shape[2])])


def cc(x, y):
    """Mean over the bands with a varying reference; a constant estimate of such a band counts 0."""
    return kept_mean(cc_bands(x, y), "band")


def cc_pixel_spectral(x, y):
    """imgvision: correlation of the two spectra in every pixel, mean over pixels with a varying reference spectrum."""
    return kept_mean(pearson(x.reshape(-1, x.shape[2]), y.reshape(-1, x.shape[2])), "spectrum")


def kept_mean(values, what):
    kept = values[~np.isnan(values)]
    if not kept.size:
        raise MossFuseError(f"correlation: every {what} of the reference is constant; check the scene")
    return float(kept.mean())


def scc_sobel_cosine(x, y):
    """DLPan / Vivone toolbox: cosine between the Sobel magnitudes of the two cubes (one border pixel cut, zero padding)."""
    ex, ey = edges(x), edges(y)
    norms = np.linalg.norm(ex) * np.linalg.norm(ey)
    return float(ex.ravel() @ ey.ravel() / norms) if norms > 0 else 0.0


def edges(cube):
    from scipy.ndimage import correlate1d

    inside = cube[1:-1, 1:-1]
    smooth, slope = [1.0, 2, 1], [-1.0, 0, 1]
    steps = [
        correlate1d(correlate1d(inside, smooth, axis=1 - a, mode="constant"), slope, axis=a, mode="constant")
        for a in (0, 1)
    ]
    return np.hypot(*steps)


def scc_laplace_local8(x, y, size=8):
    """sewar: correlation of the Laplacians in size x size windows (zero padding), 0 where one is flat, mean of all."""
    from scipy.ndimage import correlate, uniform_filter

    scores = []
    for b in range(x.shape[2]):
        u, v = (correlate(np.ascontiguousarray(c[..., b]), LAPLACE, mode="reflect") for c in (x, y))
        mean_u, mean_v, uu, vv, uv = (
            uniform_filter(image, size, mode="constant") for image in (u, v, u * u, v * v, u * v)
        )
        spread = np.sqrt(np.maximum(uu - mean_u**2, 0)) * np.sqrt(np.maximum(vv - mean_v**2, 0))
        scores.append(np.divide(uv - mean_u * mean_v, spread, out=np.zeros_like(u), where=spread > 0).mean())
    return float(np.mean(scores))
