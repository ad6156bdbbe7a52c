"""How far nsgp is from the Cramer-Rao bound on scenes of low CP rank, in dB of the mean squared error.

    python docs/measure/cramer_rao.py                    # 48 x 48 pixels, 31 bands, ratio 4, ranks 3 and 6, 20 to 50 dB

The scenes are smooth random CP models, the PSF is the official Gaussian (separable), the response that of the Nikon D5100. The bound holds for
unbiased estimates that know the rank and the cameras; nsgp knows neither and is biased, so that under strong noise it may lie below it.
"""

import argparse
import math
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from mossfuse.benchmark.results.cramer_rao import Coupled, compose, mean_variance_bound  # noqa: E402
from mossfuse.degradations import load_srf  # noqa: E402
from mossfuse.methods import catalogue  # noqa: E402
from mossfuse.physics.psf import gaussian_psf  # noqa: E402
from mossfuse.physics.psf_geometry import official_geometry  # noqa: E402
from mossfuse.physics.sampling import BlurSample  # noqa: E402
from mossfuse.protocol import Observation, Sensor  # noqa: E402

BANDS = np.arange(400.0, 701, 10)


def smooth(length: int, rank: int, random: np.random.Generator) -> np.ndarray:
    """Return positive smooth columns (length, rank) with values in 0.1 ... 1."""
    x = np.linspace(0, 1, length)[:, None]
    waves = sum(
        random.standard_normal((1, rank)) * np.cos(np.pi * k * x + random.uniform(0, 6, (1, rank))) / k
        for k in range(1, 9)
    )
    return 0.1 + 0.9 * (waves - waves.min(0)) / np.ptp(waves, axis=0)


def model(size: int, rank: int, ratio: int, snr: float, seed: int) -> tuple[Coupled, BlurSample, np.ndarray]:
    """Return a CP model under noise of this SNR in both images, its blur, and the PSF."""
    random = np.random.default_rng(seed)
    a, b, c = (smooth(n, rank, random) for n in (size, size, BANDS.size))
    c /= compose(a, b, c).max()
    width, phase = official_geometry(ratio)
    psf = gaussian_psf(width, 2.0)
    operator = BlurSample(psf, (phase, phase), ratio, (size, size))
    separable = operator.rows_and_cols()
    assert separable is not None
    plain = Coupled(a, b, c, *separable, load_srf("nikon-d5100", BANDS), 1.0, 1.0)
    levels = (math.sqrt((image**2).mean() / 10 ** (snr / 10)) for image in plain.images)
    return Coupled(a, b, c, *separable, plain.srf, *levels), operator, psf


def main(arguments: list[str] | None = None) -> int:
    """Print one line for each rank and level of noise."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=48)
    parser.add_argument("--ratio", type=int, default=4)
    parser.add_argument("--ranks", type=int, nargs="+", default=[3, 6])
    parser.add_argument("--snr", type=float, nargs="+", default=[20, 30, 40, 50])
    parser.add_argument("--method", default="nsgp")
    options = parser.parse_args(arguments)
    spec, module = catalogue().find(options.method)
    lines = [f"| rank | SNR, dB | bound, PSNR dB | {options.method}, PSNR dB | distance, dB |", "|---|---|---|---|---|"]
    for rank in options.ranks:
        for snr in options.snr:
            found, operator, psf = model(options.size, rank, options.ratio, snr, seed=rank)
            random = np.random.default_rng(1000 + rank)
            hsi, msi = (
                (image + sigma * random.standard_normal(image.shape)).astype(np.float32)
                for image, sigma in zip(found.images, (found.sigma_hsi, found.sigma_msi), strict=True)
            )
            sensor = Sensor(psf, psf.shape, operator.phase, found.srf)
            pair = Observation(hsi, msi, options.ratio, sensor.restricted_to(spec.knows), BANDS)
            cube = module.fuse(pair, seed=0, device="cpu", **dict(spec.params)).cube
            bound, error = mean_variance_bound(found), float(((cube - found.scene) ** 2).mean())
            lines.append(
                f"| {rank} | {snr:g} | {-10 * math.log10(bound):.2f} | {-10 * math.log10(error):.2f} | {10 * math.log10(error / bound):+.2f} |"
            )
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
