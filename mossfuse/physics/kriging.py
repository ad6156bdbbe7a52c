"""Smooth right inverse of blur-and-sample: simple kriging of the low-resolution residual.

U = K H^T (H K H^T)^-1 with the separable Gaussian covariance K(d) = exp(-d^2 / (2 length^2)), d in high-resolution
pixels (Cressie, Statistics for Spatial Data, 1993, section 3.2). ``H U = I``: adding U (y - H X) makes X agree with y
and changes it nowhere abruptly, unlike the minimum-norm H^T (H H^T)^-1, which paints a dot at every sampled pixel.

H is held as a short sum of separable terms (one for a separable PSF), so no matrix is larger than rows x h. Borders
and windows that overlap are exact, because every term carries them.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from mossfuse.physics.sampling import BlurSample

Term = tuple[np.ndarray, np.ndarray]  # one separable term: what acts on the rows, what acts on the columns
ALL = slice(None)

JITTER = 1e-8  # of the prior variance of a low-resolution pixel; keeps H K H^T invertible for wide PSFs
NEGLIGIBLE = 1e-13  # covariances below this, relative to the largest, are skipped when a tile is filled
TILE = 256
COMPONENT = 0.02  # components with less variance than this share of the HSI's noise are not kriged


class SmoothInverse:
    """U of one operator (mossfuse.physics.sampling.BlurSample) and one covariance length in pixels."""

    def __init__(self, operator: BlurSample, length: float) -> None:
        self.shape, self.low_shape = operator.shape, operator.low_shape
        terms = operator.terms()
        spread = [(smooth_columns(rows, length), smooth_columns(cols, length)) for rows, cols in terms]
        self.cross = compress_terms(spread)
        self.inner = compress_terms([(gr @ kr, gc @ kc) for gr, gc in terms for kr, kc in spread])
        self.variance = float(np.mean(sum(np.outer(np.diag(a), np.diag(b)) for a, b in self.inner)))
        self.axes = [np.linalg.eigh((m + m.T) / 2) for m in make_positive(self.inner[0])]

    def solve(self, residual: np.ndarray, nugget: float | np.ndarray = 0.0) -> np.ndarray:
        """Return (H K H^T + nugget)^-1 residual; (h, w, C) -> (h, w, C) float64.

        nugget: noise variance over the field's variance at a low-resolution pixel, a scalar or one per channel.
        """
        target = np.asarray(residual, np.float64)
        shift = self.variance * (np.asarray(nugget, np.float64) + JITTER)
        if len(self.inner) == 1:
            return self._nearest_kronecker_inverse(target, shift)
        return conjugate_gradients(
            lambda x: apply_terms(self.inner, x) + shift * x,
            lambda x: self._nearest_kronecker_inverse(x, shift),
            target,
        )

    def spread(self, coefficients: np.ndarray, rows: slice = ALL, cols: slice = ALL, dtype: Any = None) -> np.ndarray:
        """Return the tile [rows, cols] of K H^T coefficients, (tile rows, tile cols, C).

        Only the low-resolution pixels near the tile are touched. dtype: by default float32, or float64 where the
        coefficients are so large that float32 sums would break the agreement with y.
        """
        dtype = dtype or apply_dtype(coefficients)
        out: Any = sum(
            apply_terms([(left.astype(dtype), right.astype(dtype))], part.astype(dtype))
            for left, right, part in self.near(coefficients, rows, cols)
        )
        return out

    def near(
        self, coefficients: np.ndarray, rows: slice = ALL, cols: slice = ALL
    ) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Yield (left, right, coefficients) per term, cut down to the low-resolution pixels that reach the tile."""
        for left, right in self.cross:
            a, b = used_columns(left[rows]), used_columns(right[cols])
            yield left[rows, a], right[cols, b], coefficients[a, b]

    def __call__(self, residual: np.ndarray, nugget: float | np.ndarray = 0.0) -> np.ndarray:
        """Return U residual, (h, w, C) -> (rows, cols, C) float32."""
        return self.fill(self.solve(residual, nugget))

    def fill(self, coefficients: np.ndarray) -> np.ndarray:
        """Return K H^T coefficients, (h, w, C) -> (rows, cols, C) float32, tile by tile."""
        out = np.empty((*self.shape, coefficients.shape[2]), np.float32)
        for rows in slices(self.shape[0], TILE):
            for cols in slices(self.shape[1], TILE):
                out[rows, cols] = self.spread(coefficients, rows, cols)
        return out

    def _nearest_kronecker_inverse(self, target: np.ndarray, shift: np.ndarray) -> np.ndarray:
        (row_values, row_vectors), (col_values, col_vectors) = self.axes
        values = np.maximum(np.outer(row_values, col_values), 0)[..., None] + shift
        inside = apply_terms([(row_vectors.T, col_vectors.T)], target)
        return apply_terms([(row_vectors, col_vectors)], inside / values)


def krige_components(
    inverse: SmoothInverse, components: np.ndarray, field: np.ndarray, noise: float, turn: np.ndarray
) -> np.ndarray:
    """Return the kriging coefficients (h, w, B) of component images (h, w, B) with field variances (B,) under white noise.

    Components with less field variance than COMPONENT noise^2 get none. turn: (B, B), the components' spectra in its
    columns.
    """
    used = field > COMPONENT * noise**2
    if not used.any():
        return np.zeros(components.shape)
    return inverse.solve(components[..., used], noise**2 / field[used]) @ turn[:, used].T


def smooth_columns(matrix: np.ndarray, length: float) -> np.ndarray:
    """Return K matrix^T for one axis: (low pixels, pixels) -> (pixels, low pixels)."""
    pixels = np.arange(matrix.shape[1])
    covariance = np.exp(-0.5 * (pixels / length) ** 2)
    out = np.empty(matrix.T.shape)
    for low, weights in enumerate(matrix):
        window = np.nonzero(weights)[0]
        out[:, low] = covariance[np.abs(pixels[:, None] - window)] @ weights[window]
    return out


def compress_terms(terms: list[Term], tolerance: float = 1e-12) -> list[Term]:
    """Return the shortest sum of Kronecker terms equal to the given one (Van Loan and Pitsianis, 1993), largest first."""
    if len(terms) == 1:
        return terms
    shapes = [m.shape for m in terms[0]]
    (ql, rl), (qr, rr) = (np.linalg.qr(np.stack([t[side].ravel() for t in terms], 1)) for side in (0, 1))
    left, weights, right = np.linalg.svd(rl @ rr.T)
    kept = int((weights > tolerance * weights[0]).sum())
    return [
        ((ql @ left[:, k]).reshape(shapes[0]) * weights[k], (qr @ right[k]).reshape(shapes[1])) for k in range(kept)
    ]


def make_positive(pair: Term) -> Term:
    """Return the same Kronecker product with both factors positive on the diagonal."""
    sign = np.sign(np.trace(pair[0]))
    return pair[0] * sign, pair[1] * sign


def apply_terms(terms: Sequence[tuple[Any, Any]], field: Any) -> Any:
    """Return sum_k left_k field right_k^T for a field (rows, cols, C); numpy arrays or torch tensors."""
    out: Any = 0
    for left, right in terms:
        rows, (_, cols, channels) = left.shape[0], field.shape
        out = out + right @ (left @ field.reshape(field.shape[0], cols * channels)).reshape(rows, cols, channels)
    return out


def conjugate_gradients(
    apply: Callable[[np.ndarray], np.ndarray], precondition: Callable[[np.ndarray], np.ndarray], target: np.ndarray,
    tolerance: float = 1e-10, most: int = 200,
) -> np.ndarray:  # fmt: skip
    """Solve apply(x) = target for all channels at once, each with its own step; (h, w, C) float64."""
    x = precondition(target)
    r = target - apply(x)
    z = precondition(r)
    p, rz = z, (r * z).sum((0, 1))
    scale = np.maximum(np.abs(target).max((0, 1)), np.finfo(float).tiny)
    for _ in range(most):
        if (np.abs(r).max((0, 1)) <= tolerance * scale).all():
            break
        q = apply(p)
        step = rz / np.maximum((p * q).sum((0, 1)), np.finfo(float).tiny)
        x, r = x + step * p, r - step * q
        z = precondition(r)
        previous, rz = rz, (r * z).sum((0, 1))
        p = z + rz / np.maximum(previous, np.finfo(float).tiny) * p
    return x


def used_columns(matrix: np.ndarray) -> slice:
    """Return the slice of the columns that matter in ``matrix``."""
    weight = np.abs(matrix).max(0)
    used = np.nonzero(weight > NEGLIGIBLE * weight.max())[0]
    return slice(int(used[0]), int(used[-1]) + 1) if len(used) else slice(0, 0)


def apply_dtype(coefficients: np.ndarray) -> type[np.floating]:
    """Return float64 where rounding the coefficients to float32 would move the field by more than about 1e-6."""
    return np.float64 if np.abs(coefficients).max(initial=0) > 10 else np.float32


def slices(length: int, step: int) -> list[slice]:
    """Return consecutive slices of at most ``step`` that cover ``range(length)``."""
    return [slice(start, min(start + step, length)) for start in range(0, length, step)]
