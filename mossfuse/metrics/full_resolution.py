"""Indices of a fused cube without a truth, at HR's own resolution. None of them says that a cube is right: they say with what it agrees.

With F the cube (H, W, B), X the HSI, P the MSI, H the blur by the PSF and sampling at the phase, Q the universal quality index of two bands (mean over
windows), and m(b) the MSI band whose H P_m has the largest correlation with X_b, in magnitude:

- ``d_lambda`` = 1 - Q2n(X, H F) (Khan, Alparone, Chanussot, IEEE TGRS 47(11), 2009);
- ``d_s`` = mean over b of abs(Q(F_b, P_m) - Q(X_b, H P_m)) (Alparone et al., PERS 74(2), 2008; there P is one band);
- ``d_sr`` = mean over the MSI's bands of 1 - R^2, R^2 of the affine regression of P_m on all bands of F (Alparone, Garzelli, Vivone, IEEE GRSL 2017);
- ``d_rho`` = mean over b of 1 - the correlation of F_b and P_m in small windows, in magnitude (Scarpa, Ciotola, Remote Sensing 14(8), 2022; there P is one
  band and the sign counts: a band of an HSI may run against the MSI);
- ``hqnr`` = (1 - d_lambda)(1 - d_s) (Aiazzi et al., IGARSS 2014).

Windows of Q have 32 pixels divided by the ratio, rounded and at least 4, at X's resolution and the ratio times as many at P's; those of d_rho have the
ratio's pixels, at least 4. All windows have stride 1 and lie inside the image.
"""

import numpy as np

from mossfuse.errors import MossFuseError
from mossfuse.metrics.definitions.q2n import q2n
from mossfuse.metrics.definitions.uqi import quality_map
from mossfuse.physics.sampling import operator_of
from mossfuse.protocol import Observation

NAMES = ("d_lambda", "d_s", "d_sr", "d_rho", "hqnr")
WINDOW, SMALLEST = 32, 4
FLAT = 1e-12  # share of a window's second moment below which its variance is rounding


def full_resolution(cube: np.ndarray, observation: Observation) -> dict[str, float]:
    """Return the indices NAMES of a cube (H, W, B); 0 is best, but for ``hqnr``, where it is 1.

    observation.sensor must hold psf and phase: given, or estimated from the pair. Raises MossFuseError for a cube of another shape, and where an
    image is smaller than a window.
    """
    sensor, ratio = observation.sensor, observation.ratio
    if sensor.psf is None or sensor.phase is None:
        raise MossFuseError(
            "the indices at full resolution need a PSF and its phase; give them or estimate them from the pair"
        )
    hsi, msi, cube = (np.asarray(image, np.float64) for image in (observation.hsi, observation.msi, cube))
    expected = (*msi.shape[:2], hsi.shape[2])
    if cube.shape != expected:
        raise MossFuseError(
            f"the fused cube has shape {cube.shape}, its pair asks for {expected}; check the cube's file"
        )
    size = max(SMALLEST, round(WINDOW / ratio))
    if min(hsi.shape[:2]) < size:
        raise MossFuseError(
            f"the HSI has {hsi.shape[0]}x{hsi.shape[1]} pixels, fewer than the {size} of a window; use a larger pair"
        )
    operator = operator_of(observation)
    low_msi = np.asarray(operator(msi), np.float64)
    nearest = np.abs(correlations(hsi, low_msi)).argmax(1)
    spatial, local = [], []
    for band, partner in enumerate(nearest):
        high, low = (cube[..., band], msi[..., partner]), (hsi[..., band], low_msi[..., partner])
        spatial.append(abs(quality(*high, size * ratio) - quality(*low, size)))
        local.append(1 - local_correlation(*high, max(SMALLEST, ratio)))
    found = {
        "d_lambda": 1 - q2n(hsi, np.asarray(operator(cube), np.float64)),
        "d_s": float(np.mean(spatial)),
        "d_sr": unexplained(cube, msi),
        "d_rho": float(np.mean(local)),
    }
    return {**found, "hqnr": (1 - found["d_lambda"]) * (1 - found["d_s"])}


def correlations(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the correlation of every band of x with every band of y, (bands of x, bands of y); 0 for a flat band."""
    a, b = (image.reshape(-1, image.shape[2]) - image.mean((0, 1)) for image in (x, y))
    norms = np.outer(np.linalg.norm(a, axis=0), np.linalg.norm(b, axis=0))
    return np.divide(a.T @ b, norms, out=np.zeros_like(norms), where=norms > 0)


def quality(x: np.ndarray, y: np.ndarray, size: int) -> float:
    """Return Q of two bands, the mean over windows of size x size pixels."""
    return float(quality_map(*(window_mean(image, size) for image in (x, y, x * y, x * x + y * y))).mean())


def local_correlation(x: np.ndarray, y: np.ndarray, size: int) -> float:
    """Return the mean magnitude of the correlation in windows; windows that are flat in either band are left out (1 where all are)."""
    x, y = x - x.mean(), y - y.mean()  # correlation does not see a level, and the sums keep their digits
    mean_x, mean_y, mean_xy, mean_xx, mean_yy = (window_mean(image, size) for image in (x, y, x * y, x * x, y * y))
    variances = (mean_xx - mean_x**2), (mean_yy - mean_y**2)
    lit = (variances[0] > FLAT * (x * x).mean()) & (variances[1] > FLAT * (y * y).mean())
    if not lit.any():
        return 1.0
    return float(np.abs((mean_xy - mean_x * mean_y)[lit] / np.sqrt(variances[0][lit] * variances[1][lit])).mean())


def unexplained(cube: np.ndarray, msi: np.ndarray) -> float:
    """Return the mean over MSI bands of the share of their variance that no affine combination of the cube's bands explains."""
    features = cube.reshape(-1, cube.shape[2])
    features = features - features.mean(0)
    target = msi.reshape(-1, msi.shape[2])
    target = target - target.mean(0)
    rest = target - features @ np.linalg.lstsq(features, target, rcond=None)[0]
    power = (target**2).sum(0)
    return float(np.mean(np.divide((rest**2).sum(0), power, out=np.zeros_like(power), where=power > 0)))


def window_mean(image: np.ndarray, size: int) -> np.ndarray:
    """Return the mean of every size x size window inside the image."""
    total = np.zeros((image.shape[0] + 1, image.shape[1] + 1))
    total[1:, 1:] = image.cumsum(0).cumsum(1)
    return (total[size:, size:] - total[:-size, size:] - total[size:, :-size] + total[:-size, :-size]) / size**2
