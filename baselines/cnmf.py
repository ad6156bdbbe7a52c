"""CNMF: coupled non-negative matrix factorisation.

Paper: N. Yokoya, T. Yairi, A. Iwasaki, "Coupled nonnegative matrix factorization unmixing for hyperspectral and
multispectral data fusion", IEEE TGRS 50(2), 2012.
Official code: HSMSFusionToolbox, in magamig/hif-benchmarking at ef23570 (all rights reserved; a Python release is
GPL-3.0).
Differs: the abundances are degraded and the SRF is estimated with the true PSF and lattice (at ratio 32 the toolbox's
Gaussian with FWHM = ratio loses 22 dB), and the endmembers start from the largest of 20 VCA simplices, since the
results of single runs spread over up to 3 dB. The interpolated abundances are bounded below by 0.01 instead of 0:
multiplicative updates never leave zero, and interpolation undershoots in large areas. `faithful` restores the toolbox's
operator, its single VCA run and its zeros. Updates have a floor against 0/0; with frozen endmembers they run a fixed
count, block by block in cache.
Published numbers: none on CAVE.
"""

import numpy as np

from mossfuse.protocol import Fusion, Method, Parameter

METHOD = Method(
    name="cnmf",
    title="CNMF",
    citation="Yokoya, Yairi, Iwasaki, IEEE TGRS 50(2), 2012",
    licence="own implementation (MIT); original all rights reserved",
    knows=frozenset({"psf", "phase"}),
    tuned_on={"cave": ("chart_and_stuffed_toy",)},
    params={"endmembers": Parameter.count(None), "iterations": Parameter.count(200), "faithful": False},
    presets={"smoke": {"iterations": 10}, "faithful": {"faithful": True}},
    code="magamig/hif-benchmarking@ef23570",
)
TINY = 1e-12
LEAST = 0.01  # lower bound of the abundances that the fit to the MSI starts from
BLOCK = 4096  # pixels whose abundances fit in cache


def fuse(observation, *, seed, device, checkpoint=None, endmembers=None, iterations=200, faithful=False):
    """Fuse with endmembers from the HSI and abundances from the MSI, one outer iteration; the cube is non-negative.

    endmembers: their number; None: 30 or the virtual dimensionality if larger, at most the HSI's bands and pixels.
    iterations: inner updates (the paper's I1). Raises MossFuseError where the PSF or its phase is unknown.
    """
    from .shared.known_sensor import known_operator
    from .shared.nnls import estimate_srf
    from .shared.resize import imresize
    from .shared.toolbox import toolbox_downsample
    from .shared.vca import largest_simplex

    operator = known_operator(observation, "CNMF", srf=False)
    degrade = (lambda image: toolbox_downsample(image, observation.ratio)) if faithful else operator
    hsi, msi = observation.hsi.astype(np.float64), observation.msi.astype(np.float64)
    srf, offset = estimate_srf(hsi, degrade(msi))
    y = np.maximum(hsi, 0).reshape(-1, hsi.shape[2]).T
    m = np.maximum(msi - offset, 0)
    count = min(endmembers or max(30, virtual_dimension(y.T)), *y.shape)
    sum_weight = 2 * np.sqrt(max(float(msi.mean()), 0) / 0.7455) / msi.shape[2] ** 3

    _, chosen = largest_simplex(y.T, count, np.random.default_rng(seed), runs=1 if faithful else 20)
    w, h = unmix_hsi(y, np.maximum(y[:, chosen], TINY), sum_weight, iterations)
    maps = imresize(h.T.reshape(*hsi.shape[:2], count), msi.shape[:2])
    maps = unmix_msi(m, srf @ w, np.maximum(maps, 0 if faithful else LEAST), sum_weight, iterations)
    low_maps = degrade(maps).reshape(-1, count).T
    w = refine_endmembers(y, w, low_maps, sum_weight, iterations, alternate=msi.shape[2] > 3)
    cube = maps.astype(np.float32) @ w.T.astype(np.float32)
    return Fusion(cube=cube, srf_hat=srf, notes={"endmembers": count})


def unmix_hsi(y, w, sum_weight, iterations):
    """Factorise the HSI, y (B, n) ~ w (B, p) h (p, n): abundances first, then both in turn (paper, eqs. 7 and 8)."""
    from mossfuse.progress import track

    h = np.full((w.shape[1], y.shape[1]), 1 / w.shape[1])
    cost = np.inf
    for _ in track(range(3 * iterations), "CNMF abundances of the HSI"):
        h = update_abundances(y, w, h, sum_weight)
        previous, cost = cost, ((y - w @ h) ** 2).sum()
        if previous - cost < 1e-8 * previous and np.isfinite(previous):
            break
    for _ in track(range(iterations), "CNMF endmembers of the HSI"):
        w = update_endmembers(y, w, h)
        h = update_abundances(y, w, h, sum_weight)
        previous, cost = cost, ((y - w @ h) ** 2).sum()
        if previous - cost < 1e-8 * previous:
            break
    return w, h


def refine_endmembers(y, w, h, sum_weight, iterations, alternate):
    """Return the HSI's endmembers for degraded abundances h; with ``alternate`` (b > 3) h is updated as well."""
    from mossfuse.progress import track

    for _ in track(range(iterations), "CNMF coupled endmembers"):
        w = update_endmembers(y, w, h)
    for _ in track(range(iterations - 1), "CNMF coupled endmembers"):
        if alternate:
            h = update_abundances(y, w, h, sum_weight)
        w = update_endmembers(y, w, h)
    return w


def update_abundances(y, w, h, sum_weight):
    """Return h * (w'y + d^2) / (w'w h + d^2 1'h): the row of ones weighted d pulls the abundances' sum to one."""
    return h * (w.T @ y + sum_weight**2) / np.maximum(w.T @ (w @ h) + sum_weight**2 * h.sum(0), TINY)


def update_endmembers(y, w, h):
    """Return w * (y h') / (w h h')."""
    return w * (y @ h.T) / np.maximum(w @ (h @ h.T), TINY)


def unmix_msi(msi, w, maps, sum_weight, iterations):
    """Return the MSI's abundances (rows, cols, p); with more than three bands its endmembers w (b, p) are updated too."""
    from mossfuse.progress import track

    rows, cols, count = maps.shape
    w = w.astype(np.float32)
    pixels = msi.reshape(-1, msi.shape[2]).astype(np.float32)
    blocks = [
        (pixels[i : i + BLOCK].T.copy(), maps.reshape(-1, count)[i : i + BLOCK].T.astype(np.float32))
        for i in range(0, len(pixels), BLOCK)
    ]
    moving = msi.shape[2] > 3
    for y, h in track(blocks, "CNMF abundances"):
        sharpen(y, w, h, sum_weight, iterations if moving else 2 * iterations)
    for _ in track(range(iterations if moving else 0), "CNMF multispectral endmembers"):
        for y, h in blocks:
            sharpen(y, w, h, sum_weight, 1)
        cross, gram = sum(y @ h.T for y, h in blocks), sum(h @ h.T for _, h in blocks)
        w = w * cross / np.maximum(w @ gram, TINY)
    return np.concatenate([h.T for _, h in blocks]).reshape(rows, cols, count)


def sharpen(y, w, h, sum_weight, iterations):
    """Apply ``update_abundances`` to one block of pixels, in place, with the endmembers frozen."""
    augmented = np.vstack([w, np.full((1, w.shape[1]), sum_weight, w.dtype)])
    target = augmented.T @ np.vstack([y, np.full((1, y.shape[1]), sum_weight, y.dtype)])
    ratio = np.empty_like(h)
    for _ in range(iterations):
        np.matmul(augmented.T, augmented @ h, out=ratio)
        np.maximum(ratio, TINY, out=ratio)
        np.divide(target, ratio, out=ratio)
        h *= ratio


def virtual_dimension(pixels, alpha=0.05):
    """Count spectral signatures by the HFC test at false-alarm rate ``alpha`` (Chang & Du, IEEE TGRS 42(3), 2004)."""
    from scipy.stats import norm

    n = len(pixels)
    mean = pixels.mean(0)
    correlation = np.linalg.eigvalsh(pixels.T @ pixels / n)
    covariance = np.linalg.eigvalsh(pixels.T @ pixels / n - np.outer(mean, mean))
    spread = np.sqrt(2 * (correlation**2 + covariance**2) / n)
    return int((correlation - covariance > norm.isf(alpha) * spread).sum())
