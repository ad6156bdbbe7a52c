"""The Sylvester equation of image fusion in closed form: C0 U G + C1 U = C3 with G = H^T H acting on the pixels.

Q. Wei, N. Dobigeon, J.-Y. Tourneret, "Fast fusion of multi-band images based on solving a Sylvester equation", IEEE TIP
24(11), 2015; Woodbury form without inversion of the PSF: Q. Wei, N. Dobigeon, J.-Y. Tourneret, J. M. Bioucas-Dias,
S. Godsill, "R-FUSE", IEEE SPL 23(11), 2016.

The generalised eigenproblem C1 Q = C0 Q diag(w), Q^T C0 Q = I, decouples the bands: (G + w) v = c for every component,
and (G + w)^-1 = (1 - H^T (w + H H^T)^-1 H) / w. H H^T lives on the low-resolution grid:
- windows inside their own block (official protocol): H H^T = sum(psf^2) I, any border, no transform at all;
- circular border: H H^T is a convolution; its spectrum is |FFT(psf)|^2 folded over the aliases, an FFT of the small
  grid;
- other borders: conjugate gradients on the small grid, preconditioned by the circular spectrum.
"""

import numpy as np
import scipy.fft
import scipy.linalg

from mossfuse.physics.sampling import BlurSample

TOLERANCE = 1e-11  # relative residual of the conjugate gradients


def solve_sylvester(c1, c3, psf, phase, ratio, border="wrap", weight=None):
    """Return U with ``weight U G + c1 U = c3``, (rows, cols, L) float64.

    c1: (L, L) symmetric positive definite; c3: (rows, cols, L) coefficient images; weight: (L, L) symmetric positive
    definite, default identity; psf, phase, ratio, border: the operator H of mossfuse.physics.sampling.BlurSample.
    Raises numpy.linalg.LinAlgError where c1 or weight is not positive definite.
    """
    return SylvesterSolver(BlurSample(psf, phase, ratio, c3.shape[:2], border)).solve(c1, c3, weight)


class SylvesterSolver:
    """The same for many right-hand sides (ADMM loops): the spectrum of H H^T is computed once."""

    def __init__(self, operator):
        self.operator = operator
        self.spectrum = None if operator.one_block else gram_spectrum(operator)

    def solve(self, c1, c3, weight=None):
        """Solve as ``solve_sylvester``; for c3 in float32, in float32 except for the small matrices."""
        values, vectors = scipy.linalg.eigh(c1, weight)
        if values[0] <= 0:
            raise np.linalg.LinAlgError("c1 must be positive definite")
        values, vectors = values.astype(c3.dtype), vectors.astype(c3.dtype)
        c = c3 @ vectors
        v = (c - self.operator.adjoint(self.solve_low(self.operator(c), values))) / values
        return v @ vectors.T

    def solve_low(self, low, shift):
        """Return (H H^T + shift_k)^-1 low_k for every component k; low (h, w, L), shift (L,) positive."""
        if self.operator.one_block:
            return low / (self.operator.gain + shift)
        guess = self._solve_circular(low, shift)
        return guess if self.operator.border == "wrap" else self._refine(low, shift, guess)

    def _solve_circular(self, low, shift):
        """Return ``solve_low`` for a circular border."""
        spectrum = scipy.fft.rfft2(low, axes=(0, 1))
        spectrum /= self.spectrum.astype(low.dtype)[:, : spectrum.shape[1], None] + shift
        return scipy.fft.irfft2(spectrum, s=low.shape[:2], axes=(0, 1))

    def _refine(self, low, shift, x):
        """Refine the circular solution by preconditioned conjugate gradients, all components at once."""
        tolerance = max(TOLERANCE, 10 * np.finfo(low.dtype).eps)
        operator, scale = self.operator, tolerance**2 * (low**2).sum((0, 1))
        residual = low - operator(operator.adjoint(x)) - shift * x
        z = self._solve_circular(residual, shift)
        direction, rho = z, (residual * z).sum((0, 1))
        for _ in range(low.shape[0] * low.shape[1]):
            if np.all((residual**2).sum((0, 1)) <= scale):
                break
            image = operator(operator.adjoint(direction)) + shift * direction
            curvature = (direction * image).sum((0, 1))
            step = np.divide(rho, curvature, out=np.zeros_like(rho), where=curvature > 0)
            x = x + step * direction
            residual = residual - step * image
            z = self._solve_circular(residual, shift)
            rho, previous = (residual * z).sum((0, 1)), rho
            direction = z + np.divide(rho, previous, out=np.zeros_like(rho), where=previous > 0) * direction
        return x


def gram_spectrum(operator):
    """Return the eigenvalues (h, w) of H H^T with a circular border: the transform of its response to one pixel."""
    circular = BlurSample(operator.psf, operator.phase, operator.ratio, operator.shape, "wrap")
    pixel = np.zeros(operator.low_shape)
    pixel[0, 0] = 1
    return np.maximum(scipy.fft.fft2(circular(circular.adjoint(pixel))).real, 0)
