"""Measure how exactly the sensor of a pair is estimated from the pair alone, and write docs/evidence/estimation/cases.csv.

    python docs/measure/estimation.py

Every case is a PSF, a ratio, a level of noise, and what the estimator is given. The scenes are CAVE's (balloons at half size, the chart, eleven with
eight bands), from the folders of MOSSFUSE_MIRRORS; the SRF is that of the official protocol, resampled to each scene's bands.
"""

import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))

from recording import record  # noqa: E402

from mossfuse.benchmark.data.prepare import fetch_dataset, prepare_scene  # noqa: E402
from mossfuse.datasets import find_dataset  # noqa: E402
from mossfuse.degradations.responses import load_srf  # noqa: E402
from mossfuse.estimation.sensor import estimate_sensor  # noqa: E402
from mossfuse.files import read_cube  # noqa: E402
from mossfuse.physics.psf import box_psf, gaussian_psf  # noqa: E402
from mossfuse.physics.psf_geometry import official_geometry  # noqa: E402
from mossfuse.physics.sampling import BlurSample  # noqa: E402
from mossfuse.protocol import Observation, Sensor  # noqa: E402
from mossfuse.remote.download import mirror_folders  # noqa: E402

HEAD = (
    "case", "dataset", "scene", "ratio", "snr_hsi", "snr_msi", "draw", "given", "family", "true_family", "geometry_found", "psf_max_error",
    "psf_l1_error", "width_error", "angle_error", "shift_error", "srf_mean_error",
    "noise_free", "hsi_noise", "msi_noise", "seconds",
)  # fmt: skip
LEVELS = ((40, 45), (35, 40), (30, 35), (25, 30))
DRAWS = 3


@dataclass(frozen=True)
class Case:
    """A PSF on its support and the phase of the lattice; what the estimator is given; what it should find.

    family: 'isotropic', 'anisotropic', 'free' or 'box'. sigma (px; one number or (along, across)), angle (degrees), shift (px): of a Gaussian.
    """

    name: str
    psf: np.ndarray
    phase: tuple[int, int]
    ratio: int
    family: str
    given: tuple[str, ...] = ("phase",)
    sigma: float | tuple[float, float] | None = None
    angle: float = 0.0
    shift: tuple[float, float] = (0.0, 0.0)
    snr: tuple[int, int] | None = None


def main() -> None:
    """Run every case on its scenes and write the table."""
    with tempfile.TemporaryDirectory() as folder:
        scenes = {name: list(load(name, Path(folder))) for name in ("cave-half", "cave", "cave-8")}
    rows = []
    for case, names in planned():
        for name in names:
            for scene, cube, srf in scenes[name]:
                for draw in range(DRAWS if case.snr else 1):
                    rows.append((case.name, name, scene, *measure(case, cube, srf, draw)))
                    sys.stderr.write(" ".join(str(v) for v in rows[-1]) + "\n")
    record(
        "estimation", "cases", HEAD, rows, "docs/measure/estimation.py", code=("mossfuse.estimation.sensor",), threads=1
    )


def load(name: str, folder: Path) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Yield (scene, cube, srf) of a dataset; of CAVE the chart alone."""
    spec, _ = find_dataset(name)
    scenes = ("chart_and_stuffed_toy",) if name == "cave" else (*spec.train, *spec.test)
    fetch_dataset(name, scenes, folder / name)
    for scene in scenes:
        cube, wavelengths = read_cube(prepare_scene(name, scene, folder / name))
        yield scene, cube, load_srf("nikon-d700", wavelengths, mirror_folders())


def planned() -> Iterator[tuple[Case, tuple[str, ...]]]:
    """Yield every case and the datasets it runs on."""
    both, every = ("cave-half", "cave"), ("cave-half", "cave", "cave-8")
    for ratio in (8, 32):
        size, phase = official_geometry(ratio)
        centre = (phase, phase)
        official = gaussian_psf(size, 2.0)
        yield Case("official", official, centre, ratio, "isotropic", sigma=2.0), every
        yield (
            Case("official, support and phase not given", official, centre, ratio, "isotropic", given=(), sigma=2.0),
            both,
        )
        box = box_psf(ratio)
        yield Case("box, support and phase not given", box, (ratio // 2 - 1,) * 2, ratio, "box", given=()), both
        for title, psf in shapes(size, ratio).items():
            yield Case(title, psf, centre, ratio, "free"), both
        for snr in LEVELS:
            yield Case("official, noise", official, centre, ratio, "isotropic", sigma=2.0, snr=snr), both
    for angle in (0.0, 30.0, 110.0):
        psf = gaussian_psf(31, (5, 2), angle)
        yield Case("rotated ellipse 5 x 2 px", psf, (15, 15), 32, "anisotropic", sigma=(5, 2), angle=angle), both
    shift = (0.5, 0.3)
    shifted = gaussian_psf(31, 2.0, 0.0, shift)
    yield Case("shift of 0.5, 0.3 px", shifted, (15, 15), 32, "isotropic", sigma=2.0, shift=shift), both
    yield (
        Case("shift of 0.5, 0.3 px, noise", shifted, (15, 15), 32, "isotropic", sigma=2.0, shift=shift, snr=(30, 35)),
        both,
    )
    turned = gaussian_psf(31, (2.5, 1.5), 30.0)
    yield (
        Case(
            "ellipse 2.5 x 1.5 px, noise",
            turned,
            (15, 15),
            32,
            "anisotropic",
            sigma=(2.5, 1.5),
            angle=30.0,
            snr=(30, 35),
        ),
        both,
    )


def shapes(size: int, ratio: int) -> dict[str, np.ndarray]:
    """Return PSFs unlike any Gaussian on a (size, size) support; their widths grow with the ratio."""
    at = np.arange(size) - (size - 1) / 2
    squared = at[:, None] ** 2 + at**2
    width = {8: 2.0, 32: 3.0}[ratio]
    moffat = (1 + squared / width**2) ** -2.5
    disc = (squared <= (size / 3) ** 2).astype(float)
    motion = ((np.abs(at[:, None] - at / 2) < 0.75) & (np.abs(at) <= size / 3)).astype(float)
    return {
        name: psf / psf.sum() for name, psf in (("Moffat", moffat), ("disc", disc), ("motion blur", motion))
    }  # fmt: skip


def measure(case: Case, cube: np.ndarray, srf: np.ndarray, draw: int) -> tuple[object, ...]:
    """Return the columns after the scene's name."""
    hsi, msi = BlurSample(case.psf, case.phase, case.ratio, cube.shape)(cube), (cube @ srf.T).astype(np.float32)
    scales = [0.0, 0.0]
    if case.snr:
        generator = np.random.default_rng(draw)
        scales = [scale_of(image, level) for image, level in zip((hsi, msi), case.snr, strict=True)]
        hsi, msi = (noisy(image, scale, generator) for image, scale in zip((hsi, msi), scales, strict=True))
    sensor = Sensor(psf=case.psf, psf_shape=case.psf.shape, phase=case.phase, srf=srf)
    pair = Observation(hsi=hsi, msi=msi, ratio=case.ratio, sensor=sensor.restricted_to(set(case.given)))
    start = time.process_time()
    found, facts, *_ = estimate_sensor(pair)
    seconds = time.process_time() - start
    mine, theirs = common_grid(found.psf, found.phase, case.psf, case.phase)
    width, angle, shift = shape_errors(case, facts)
    return (
        case.ratio, *(case.snr or ("", "")), draw, " ".join(case.given) or "nothing", facts["family"], case.family,
        int(found.psf.shape == case.psf.shape and tuple(found.phase) == tuple(case.phase)),
        f"{np.abs(mine - theirs).max():.3g}", f"{np.abs(mine - theirs).sum():.3g}", width, angle, shift,
        f"{np.abs(found.srf - srf).mean():.3g}", int(facts["noise_free"]), *noise_found(found, scales), f"{seconds:.3g}",
    )  # fmt: skip


def scale_of(image: np.ndarray, snr: float) -> float:
    """Return the standard deviation of white noise of this SNR in dB."""
    return float(np.sqrt((image.astype(np.float64) ** 2).mean() / 10 ** (snr / 10)))


def noisy(image: np.ndarray, scale: float, generator: np.random.Generator) -> np.ndarray:
    """Return the image with white noise of this standard deviation."""
    return (image + generator.standard_normal(image.shape) * scale).astype(np.float32)


def noise_found(found: Sensor, scales: list[float]) -> tuple[str, str]:
    """Return the estimated standard deviation (mean over bands) of the HSI's and the MSI's noise over the true one; empty without noise."""
    pairs = zip((found.noise_hsi, found.noise_msi), scales, strict=True)
    first, second = (f"{float(np.mean(value)) / scale:.4g}" if scale else "" for value, scale in pairs)
    return first, second


def common_grid(a: np.ndarray, phase_a, b: np.ndarray, phase_b) -> tuple[np.ndarray, np.ndarray]:
    """Return both PSFs on one grid of the scene's pixels."""
    reach = max(*a.shape, *b.shape)
    grids = []
    for psf, phase in ((a, phase_a), (b, phase_b)):
        grid = np.zeros((4 * reach, 4 * reach))
        row, col = (reach + p - (k - 1) // 2 for k, p in zip(psf.shape, phase, strict=True))
        grid[row : row + psf.shape[0], col : col + psf.shape[1]] = psf
        grids.append(grid)
    return grids[0], grids[1]


def shape_errors(case: Case, facts) -> tuple[str, str, str]:
    """Return the errors of a Gaussian's width (px), angle (degrees) and centre (px), each empty where it does not apply."""
    width = angle = shift = ""
    if case.sigma is not None and facts.get("sigma") is not None:
        width = f"{np.abs(np.sort(np.ravel(facts['sigma'])) - np.sort(np.ravel(case.sigma))).max():.3g}"
    if case.family == "anisotropic" and facts.get("angle") is not None:
        angle = f"{abs((facts['angle'] - case.angle + 90) % 180 - 90):.3g}"
    if any(case.shift) and facts.get("centre") is not None:
        shift = f"{np.abs(np.subtract(facts['centre'], case.shift)).max():.3g}"
    return width, angle, shift


if __name__ == "__main__":
    main()
