"""Structural similarity (Wang, Bovik, Sheikh, Simoncelli, TIP 2004), per band, K1 = 0.01, K2 = 0.03.

Local moments come from separable filters in float64; only windows that lie inside the image are averaged.
"""

import numpy as np

from mossfuse.metrics.preparation import check_window
from mossfuse.metrics.sharing import shared
from mossfuse.metrics.specification import Column, Metric, without_ratio

K1, K2 = 0.01, 0.03


def gaussian_window(size: int = 11, sigma: float = 1.5) -> np.ndarray:
    """Return (size,) weights of a Gaussian window, sum 1."""
    t = np.arange(size) - (size - 1) / 2
    weights = np.exp(-0.5 * (t / sigma) ** 2)
    return weights / weights.sum()


def uniform_window(size: int) -> np.ndarray:
    """Return (size,) equal weights, sum 1."""
    return np.full(size, 1 / size)


def ssim_bands(
    x: np.ndarray,
    y: np.ndarray,
    window: np.ndarray,
    data_range: float | np.ndarray = 1.0,
    sample_covariance: bool = False,
) -> np.ndarray:
    """Return the mean SSIM of every band, (bands,).

    window: (size,) separable weights; data_range: scalar or (bands,); sample_covariance: variances of n - 1
    instead of n pixels (scikit-image's default for the uniform window).
    """
    check_window(x.shape, len(window), "SSIM")
    ranges = np.broadcast_to(data_range, x.shape[2:])
    correction = len(window) ** 2 / (len(window) ** 2 - 1) if sample_covariance else 1.0
    return np.array(
        [
            ssim_map(np.ascontiguousarray(x[..., b]), np.ascontiguousarray(y[..., b]), window, r, correction).mean()
            for b, r in enumerate(ranges)
        ]
    )


def ssim_map(x: np.ndarray, y: np.ndarray, window: np.ndarray, data_range: float, correction: float) -> np.ndarray:
    """Return the SSIM of every window inside one band, (rows - size + 1, cols - size + 1)."""
    mean_x, mean_y = smooth(x, window), smooth(y, window)
    product, power = mean_x * mean_y, mean_x**2 + mean_y**2
    covariance = (smooth(x * y, window) - product) * correction
    variances = (smooth(x * x + y * y, window) - power) * correction  # SSIM needs only their sum
    c1, c2 = (K1 * data_range) ** 2, (K2 * data_range) ** 2
    return (2 * product + c1) * (2 * covariance + c2) / ((power + c1) * (variances + c2))


def smooth(image: np.ndarray, window: np.ndarray) -> np.ndarray:
    """Return the weighted mean in every window inside the image."""
    from scipy.ndimage import correlate1d

    edge = len(window) // 2
    rows = correlate1d(image, window, axis=0)[edge : image.shape[0] - edge]
    return correlate1d(rows, window, axis=1)[:, edge : image.shape[1] - edge]


@shared
def ssim_gauss11(x: np.ndarray, y: np.ndarray) -> float:
    """Return SSIM by the original definition: Gaussian 11 x 11, sigma 1.5, range 1, population covariance."""
    return float(ssim_bands(x, y, gaussian_window()).mean())


@shared
def ssim_uniform7(x: np.ndarray, y: np.ndarray) -> float:
    """Return SSIM as scikit-image's default: uniform 7 x 7, sample covariance, range 1.

    MossFuse and many Python evaluations print it.
    """
    return float(ssim_bands(x, y, uniform_window(7), sample_covariance=True).mean())


@shared
def ssim_uniform11(x: np.ndarray, y: np.ndarray) -> float:
    """Return SSIM as sewar's default: uniform 11 x 11, population covariance, range 1."""
    return float(ssim_bands(x, y, uniform_window(11)).mean())


def ssim_range_est(x: np.ndarray, y: np.ndarray) -> float:
    """Return the value of DAEM and M2U-Net: ``ssim_uniform7`` with the range of each band of the ESTIMATE."""
    spread = y.max((0, 1)) - y.min((0, 1))
    spread = np.where(spread > 0, spread, 1.0)  # a flat band has no range; 1 avoids 0/0
    return float(ssim_bands(x, y, uniform_window(7), spread, sample_covariance=True).mean())


def ssim_global(x: np.ndarray, y: np.ndarray) -> float:
    """Return imgvision's value: one window, the whole band; blind to local structure.

    Its covariance divides by n - 1 pixels and its variances by n, so a band compared with itself gives slightly more than 1.
    """
    mean_x, mean_y = x.mean((0, 1)), y.mean((0, 1))
    pixels = x.shape[0] * x.shape[1]
    covariance = ((x * y).mean((0, 1)) - mean_x * mean_y) * pixels / max(pixels - 1, 1)
    variances = x.var((0, 1)) + y.var((0, 1))
    c1, c2 = K1**2, K2**2
    return float(
        ((2 * mean_x * mean_y + c1) * (2 * covariance + c2) / ((mean_x**2 + mean_y**2 + c1) * (variances + c2))).mean()
    )


SSIM = Column("ssim", "SSIM", "", "higher", decimals=4, tie=5e-4, range=(-1, 1), order=20, shown="leaderboard")
METRICS = (
    Metric(
        "ssim.gauss11",
        SSIM,
        without_ratio(ssim_gauss11),
        "Gaussian 11 x 11, sigma 1.5, range 1",
        "std1, Wang et al., cal_ssim",
        ("std1", "u8", "denoising"),
    ),
    Metric(
        "ssim.uniform7",
        SSIM,
        without_ratio(ssim_uniform7),
        "uniform 7 x 7, sample covariance, range 1",
        "MossFuse, classical-table, scikit-image default",
        ("moss", "classical-table"),
    ),
    Metric(
        "ssim.uniform11",
        SSIM,
        without_ratio(ssim_uniform11),
        "uniform 11 x 11, range 1",
        "hif-benchmarking, sewar default",
        ("global",),
    ),
    Metric(
        "ssim.range_est",
        SSIM,
        without_ratio(ssim_range_est),
        "uniform7 with the range of each estimated band",
        "DAEM, M2U-Net",
        ("peak-band",),
    ),
    Metric(
        "ssim.global",
        SSIM,
        without_ratio(ssim_global),
        "one window: the whole band",
        "imgvision",
        ("imgvision",),
        exact=False,
    ),
)
