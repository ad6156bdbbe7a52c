"""Spatial correlation of edges. Cubes are float64 (rows, cols, bands)."""

import numpy as np

from mossfuse.metrics.specification import Column, Metric, without_ratio

LAPLACE = np.array([[-1.0, -1, -1], [-1, 8, -1], [-1, -1, -1]])


def scc_sobel_cosine(x: np.ndarray, y: np.ndarray) -> float:
    """Return the cosine between the Sobel magnitudes of the two cubes (one border pixel cut, zero padding).

    As in DLPan and the Vivone toolbox.
    """
    ex, ey = edges(x), edges(y)
    norms = np.linalg.norm(ex) * np.linalg.norm(ey)
    return float(ex.ravel() @ ey.ravel() / norms) if norms > 0 else 0.0


def edges(cube: np.ndarray) -> np.ndarray:
    """Return the Sobel magnitude of every band inside a border of one pixel, (rows - 2, cols - 2, bands)."""
    from scipy.ndimage import correlate1d

    inside = cube[1:-1, 1:-1]
    smooth, slope = [1.0, 2, 1], [-1.0, 0, 1]
    steps = [
        correlate1d(correlate1d(inside, smooth, axis=1 - a, mode="constant"), slope, axis=a, mode="constant")
        for a in (0, 1)
    ]
    return np.hypot(*steps)


def scc_laplace_local8(x: np.ndarray, y: np.ndarray, size: int = 8) -> float:
    """Return sewar's value: correlation of the Laplacians in size x size windows (zero padding), mean over all.

    A window that is flat in one of the two counts 0.
    """
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


SCC = Column("scc", "SCC", "", "higher", decimals=4, tie=5e-4, range=(-1, 1), order=65, shown="table")
METRICS = (
    Metric(
        "scc.sobel_cosine",
        SCC,
        without_ratio(scc_sobel_cosine),
        "cosine of the Sobel magnitudes",
        "Vivone toolbox",
        ("pansharpening",),
    ),
    Metric(
        "scc.laplace_local8",
        SCC,
        without_ratio(scc_laplace_local8),
        "local correlation of Laplacians, window 8",
        "sewar, torchmetrics",
        ("global",),
    ),
)
