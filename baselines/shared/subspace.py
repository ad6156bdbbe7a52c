"""Low-dimensional spectral subspaces of a LR-HSI."""

import numpy as np

from .resize import spline_upsample
from .sylvester import SylvesterSolver


def subspace_size(pixels, wanted):
    """Return ``wanted``, at most the number of pixels and bands of pixels (n, B), at least 1."""
    return max(1, min(wanted, *pixels.shape))


def leading_vectors(pixels, count):
    """Return the first k <= count right singular vectors of the pixels (n, B), uncentred, as rows (k, B) float64."""
    pixels = np.asarray(pixels, np.float64)
    vectors = np.linalg.eigh(pixels.T @ pixels)[1][:, ::-1][:, : subspace_size(pixels, count)].T
    return vectors * np.sign(vectors[np.arange(len(vectors)), np.abs(vectors).argmax(1)])[:, None]


def widest_vertices(pixels, count, draws, rng):
    """Return the spectra (k, B) float64 that span the largest volume, det(E E^T), among ``draws`` vertex searches.

    The vertices are searched by VCA's affine branch (Nascimento, Bioucas-Dias, TGRS 2005, the branch for SNR below
    its threshold): extremes of the k - 1 leading principal components, k = min(count, n, B). Dark pixels are not
    extremes there, so the endmembers are of comparable brightness, which HySure's ADMM needs to converge.
    pixels (n, B); rng: numpy Generator.
    """
    pixels = np.asarray(pixels, np.float64)
    size = subspace_size(pixels, count)
    mean = pixels.mean(0)
    axes = leading_vectors(pixels - mean, size)[: size - 1]
    scores = (pixels - mean) @ axes.T
    radius = np.sqrt((scores**2).sum(1).max())
    points = np.column_stack([scores, np.full(len(pixels), radius if radius > 0 else 1.0)])
    best, widest = None, -np.inf
    for _ in range(draws):
        spectra = scores[extreme_points(points, rng)] @ axes + mean
        volume = np.linalg.det(spectra @ spectra.T)
        if best is None or volume > widest:
            best, widest = spectra, volume
    return best


def extreme_points(points, rng):
    """Return as many indices of points (n, k) as there are columns: extremes in random directions orthogonal to the
    rest.

    The first direction is orthogonal to the last axis (the constant of affine coordinates).
    """
    vertices = np.zeros((points.shape[1], points.shape[1]))
    vertices[0, -1] = 1
    chosen = np.zeros(len(vertices), int)
    for i in range(len(vertices)):
        known = vertices[: max(i, 1)]
        direction = rng.standard_normal(len(vertices))
        direction -= np.linalg.pinv(known) @ (known @ direction)
        chosen[i] = np.argmax(np.abs(points @ direction))
        vertices[i] = points[chosen[i]]
    return chosen


class SubspaceData:
    """The data terms ||Yh - D A H||^2 + ||Ym - R D A||^2 of coefficient images A (rows, cols, K).

    operator: BlurSample of the observation; basis (K, B) float32: the leading singular vectors of the LR-HSI, at most
    ``size`` of them, as rows (D transposed).
    """

    def __init__(self, observation, operator, size):
        hsi, msi, sensor = observation.hsi, observation.msi, observation.sensor
        basis = leading_vectors(hsi.reshape(-1, hsi.shape[2]), size)
        seen = basis @ np.asarray(sensor.srf, np.float64).T
        self.basis = basis.astype(np.float32)
        self.low = hsi @ self.basis.T
        self.place = (observation.ratio, sensor.psf.shape, sensor.phase)
        self.solver = SylvesterSolver(operator)
        self.observed = msi @ seen.T.astype(np.float32) + operator.adjoint(self.low)
        self.gram = seen @ seen.T

    def interpolate(self):
        """Interpolate the LR-HSI's coefficients to the MSI's grid by cubic splines, (rows, cols, K) float32."""
        return spline_upsample(self.low, *self.place).astype(np.float32)

    def solve(self, mu, split, dual):
        """Return argmin over A of the data terms + mu ||A - split - dual / (2 mu)||^2; mu > 0, images (rows, cols, K)."""
        right = self.observed + np.float32(mu) * split + dual / 2
        return self.solver.solve(self.gram + mu * np.eye(len(self.gram)), right)
