"""Interpolation of a low-resolution image onto the high-resolution grid: cubic convolution and cubic spline."""

import numpy as np


def upsample_cubic(image: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Interpolate by cubic convolution with block centres: (h, w, C) -> (rows, cols, C) float32, edge pixels repeated.

    Equals cv2.resize(INTER_CUBIC) and torch's bicubic (a = -0.75, align_corners=False).
    """
    rows, cols = (cubic_matrix(low, high) for low, high in zip(image.shape[:2], shape, strict=True))
    middle = np.tensordot(rows, image.astype(np.float64), 1)
    return np.matmul(cols, middle).astype(np.float32)


def cubic_matrix(low: int, high: int, a: float = -0.75) -> np.ndarray:
    """Return the interpolation weights (high, low) with sample i at high-resolution coordinate (i + 0.5) high / low - 0.5."""
    position = (np.arange(high) + 0.5) * low / high - 0.5
    base = np.floor(position).astype(int)
    matrix = np.zeros((high, low))
    for tap in range(-1, 3):
        distance = np.abs(position - base - tap)
        near = ((a + 2) * distance - (a + 3)) * distance**2 + 1
        far = a * (((distance - 5) * distance + 8) * distance - 4)
        np.add.at(matrix, (np.arange(high), np.clip(base + tap, 0, low - 1)), np.where(distance <= 1, near, far))
    return matrix


def upsample_spline(image: np.ndarray, ratio: int, phase: tuple[int, int]) -> np.ndarray:
    """Interpolate by a cubic spline with sample (i, j) at pixel phase + ratio (i, j): (h, w, C) -> (h ratio, w ratio, C) float32.

    Beyond the outermost samples the border sample is repeated, as far as the lattice leaves pixels there.
    """
    from scipy.ndimage import spline_filter1d

    out = image.astype(np.float64)
    for axis, start in enumerate(phase):
        low = image.shape[axis]
        coefficients = spline_filter1d(np.eye(low), order=3, axis=0, mode="mirror") if low > 1 else np.eye(1)
        position = np.clip((np.arange(low * ratio) - start) / ratio, 0, low - 1)
        matrix = bspline_matrix(position, low) @ coefficients
        out = np.moveaxis(np.tensordot(matrix, out, ([1], [axis])), 0, axis)
    return out.astype(np.float32)


def bspline_matrix(position: np.ndarray, low: int) -> np.ndarray:
    """Return the values (len(position), low) of the cubic B-splines centred on 0 .. low - 1, mirrored at both ends."""
    matrix = np.zeros((len(position), low))
    base = np.floor(position).astype(int)
    for tap in range(-1, 3):
        t = np.abs(position - base - tap)
        value = np.where(t < 1, 2 / 3 - t**2 + t**3 / 2, (2 - t) ** 3 / 6)
        index = np.abs(base + tap)
        index = np.where(index > low - 1, np.maximum(2 * (low - 1) - index, 0), index) if low > 1 else 0 * index
        np.add.at(matrix, (np.arange(len(position)), index), value)
    return matrix
