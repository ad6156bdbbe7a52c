"""Universal image quality index (Wang and Bovik, SPL 2002) and its form as printed by sewar.

Q = 4 cov(x, y) mean(x) mean(y) / ((var x + var y)(mean(x)^2 + mean(y)^2)) in every size x size window inside the
image, averaged over windows and bands. A window flat in both images keeps only the luminance factor
2 mean(x) mean(y) / (mean(x)^2 + mean(y)^2); a window that is zero in both counts 1 (as in the authors' code).
"""

import numpy as np

from mossfuse.metrics.preparation import check_window
from mossfuse.metrics.specification import Column, Metric, without_ratio

FLAT = 1e-13  # variances below this share of the second moment are rounding, not structure


def uqi(x: np.ndarray, y: np.ndarray, size: int = 8) -> float:
    """Return the mean Q over windows of ``size`` pixels (a power of two), stride 1, and over bands."""
    check_window(x.shape, size, "UQI")
    return float(np.mean([quality_map(*moments(x, y, b, size)).mean() for b in range(x.shape[2])]))


def uqi_sewar(x: np.ndarray, y: np.ndarray, size: int = 8) -> float:
    """Return the value that sewar (and with it MossFuse, DAEM and M2U-Net) prints as UQI.

    It puts window MEANS into a formula written for window sums, so N * mean(xy) - mean(x) mean(y) takes the
    place of the covariance (N = size^2): the index is inflated. The last row and column of windows are not averaged.
    """
    check_window(x.shape, size + 1, "UQI (sewar)")
    scores = []
    for b in range(x.shape[2]):
        mean_x, mean_y, mean_xy, mean_squares = (m[:-1, :-1] for m in moments(x, y, b, size))
        n, product, power = size**2, mean_x * mean_y, mean_x**2 + mean_y**2
        scores.append(quotient(n * mean_xy - product, n * mean_squares - power, product, power).mean())
    return float(np.mean(scores))


def quality_map(mean_x: np.ndarray, mean_y: np.ndarray, mean_xy: np.ndarray, mean_squares: np.ndarray) -> np.ndarray:
    """Return Q of every window from its means of x, y, xy and x^2 + y^2."""
    product, power = mean_x * mean_y, mean_x**2 + mean_y**2
    variances = mean_squares - power
    variances[variances <= FLAT * mean_squares] = 0
    return quotient(mean_xy - product, variances, product, power)


def quotient(covariance: np.ndarray, variances: np.ndarray, product: np.ndarray, power: np.ndarray) -> np.ndarray:
    """Return 4 cov * product / (variances * power), with the rules for flat and for zero windows."""
    denominator = variances * power
    with np.errstate(divide="ignore", invalid="ignore"):
        q = 4 * covariance * product / denominator
    if not denominator.all():
        lit = power > 0
        flat = lit & (variances == 0)
        q[flat] = 2 * product[flat] / power[flat]
        q[~lit] = 1
    return q


def moments(x: np.ndarray, y: np.ndarray, band: int, size: int) -> list[np.ndarray]:
    """Return the window means of x, y, xy and x^2 + y^2 in one band."""
    a, b = np.ascontiguousarray(x[..., band]), np.ascontiguousarray(y[..., band])
    return [window_mean(image, size) for image in (a, b, a * b, a * a + b * b)]


def window_mean(image: np.ndarray, size: int) -> np.ndarray:
    """Return the mean of every size x size window inside the image, by doubling: zero windows stay exactly zero."""
    if size & (size - 1):
        raise ValueError(f"window size must be a power of two, not {size}")
    total, step = image, 1
    while step < size:
        total = total[:-step] + total[step:]
        total = total[:, :-step] + total[:, step:]
        step *= 2
    return total / size**2


UQI = Column("uqi", "UQI", "", "higher", decimals=4, tie=1e-3, range=(-1, 1), order=70, shown="table")
UQI_SEWAR = Column(
    "uqi_sewar", "UQI (sewar)", "", "higher", decimals=4, tie=1e-3, range=(-1, 1), order=71, shown="table"
)
METRICS = (
    Metric("uqi.ws8", UQI, without_ratio(uqi), "Wang-Bovik, window 8, stride 1", "std1", ("std1",)),
    Metric(
        "uqi.ws8_sewar",
        UQI_SEWAR,
        without_ratio(uqi_sewar),
        "window means in the formula for sums, window 8",
        "sewar: MossFuse, DAEM, M2U-Net",
        ("moss", "peak-band", "global"),
    ),
    Metric(
        "uqi.ws32",
        UQI,
        without_ratio(uqi, size=32),
        "Wang-Bovik, window 32, stride 1",
        "img_qi 32: HySure family, Vivone toolbox",
        ("u8", "pansharpening"),
    ),
)
