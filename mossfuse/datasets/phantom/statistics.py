"""Statistics that tell whether a cube behaves like a CAVE scene; docs/phantom.md prints them beside CAVE's.

Nothing here is used to generate a scene.
"""

import numpy as np

from mossfuse.spectra import nikon_d5100

SINGULAR_VALUES = (2, 3, 4, 5, 6, 8, 10, 12)
RANKS = (3, 4, 5, 6, 8, 12)


def scene_statistics(cube):
    """Return {name: float} for a square cube (n, n, 31) in [0, 1] at 400 to 700 nm.

    mean; p99: 99th percentile of the band mean; dark02, dark05: share of pixels whose band mean is below .02, .05;
    s2 .. s12: singular values of the uncentred pixel matrix over the first; rank3 .. rank12: PSNR of the best rank-K
    approximation; affine, quadratic: PSNR of the least-squares fit of the cube to its own noise-free Nikon D5100 image
    at full resolution, i.e. how far the scene is from linear; gradient_mean, _median, _p99: absolute differences of
    neighbouring pixels of the band mean; kurtosis of these differences (3 for a Gaussian); slope of the band mean's
    power spectrum; band400 .. band700: mean of the band over the mean of the cube.
    PSNR: dB, peak 1, mean over bands, not clipped.
    """
    cube = np.asarray(cube, np.float64)
    pixels, grey = cube.reshape(-1, cube.shape[-1]), cube.mean(-1)
    values = {
        "mean": grey.mean(),
        "p99": np.percentile(grey, 99),
        "dark02": (grey < 0.02).mean(),
        "dark05": (grey < 0.05).mean(),
    }
    energy, directions = np.linalg.eigh(pixels.T @ pixels)
    energy, directions = energy[::-1].clip(0), directions[:, ::-1]
    values |= {f"s{k}": np.sqrt(energy[k - 1] / energy[0]) for k in SINGULAR_VALUES}
    scores = pixels @ directions
    values |= {f"rank{k}": psnr(scores[:, k:] @ directions[:, k:].T) for k in RANKS}
    camera = pixels @ nikon_d5100().T
    values |= {"affine": fit(affine_features(camera), pixels), "quadratic": fit(quadratic_features(camera), pixels)}
    steps = np.concatenate([np.diff(grey, axis=axis).ravel() for axis in (0, 1)])
    values |= {
        "gradient_mean": np.abs(steps).mean(),
        "gradient_median": np.median(np.abs(steps)),
        "gradient_p99": np.percentile(np.abs(steps), 99),
        "kurtosis": np.mean((steps - steps.mean()) ** 4) / steps.var() ** 2,
        "slope": spectral_slope(grey),
    }
    bands = pixels.mean(0) / pixels.mean()
    values |= {f"band{400 + 10 * b}": bands[b] for b in range(0, 31, 5)}
    return {name: float(value) for name, value in values.items()}


def affine_features(camera):
    """Return (pixels, 4): a constant and the three channels."""
    return np.column_stack([np.ones(len(camera)), camera])


def quadratic_features(camera):
    """Return (pixels, 10): the affine features and the products of every two channels."""
    first, second = np.triu_indices(camera.shape[1])
    return np.column_stack([affine_features(camera), camera[:, first] * camera[:, second]])


def fit(features, pixels):
    """Return the PSNR of the least-squares fit of pixels (n, bands) to features (n, k)."""
    weights = np.linalg.solve(features.T @ features, features.T @ pixels)
    return psnr(features @ weights - pixels)


def psnr(error):
    """Return the PSNR in dB of an error (n, bands): peak 1, mean over bands."""
    return np.mean(-10 * np.log10(np.mean(error**2, axis=0)))


def spectral_slope(grey):
    """Return the exponent of the radially averaged power spectrum (Hann window, 4 cycles per image to Nyquist, log-log fit)."""
    n = len(grey)
    power = np.abs(np.fft.fft2((grey - grey.mean()) * np.outer(np.hanning(n), np.hanning(n)))) ** 2
    frequency = np.fft.fftfreq(n) * n
    ring = np.round(np.hypot(frequency[:, None], frequency)).astype(int).ravel()
    radial = np.bincount(ring, power.ravel()) / np.bincount(ring)
    cycles = np.arange(4, n // 2)
    return np.polyfit(np.log(cycles), np.log(radial[cycles]), 1)[0]
