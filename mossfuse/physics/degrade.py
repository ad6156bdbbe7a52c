"""Make the pair that methods see from a scene: blur, sample, project, shift, add noise."""

import hashlib
from collections.abc import Sequence

import numpy as np

from mossfuse.errors import MossFuseError
from mossfuse.physics.sampling import BlurSample
from mossfuse.physics.srf import apply_srf
from mossfuse.protocol import Degradation, Observation, Sensor


def degrade(
    cube: np.ndarray, degradation: Degradation, psf: np.ndarray, srf: np.ndarray, *, scene: str = "",
    wavelengths: Sequence[float] | np.ndarray | None = None,
) -> Observation:  # fmt: skip
    """Return the degraded pair of a scene as an Observation whose sensor holds everything.

    cube: (H, W, B) in [0, 1], H and W multiples of the ratio; psf: (k, k), sums to 1; srf: (M, B), rows sum to 1;
    scene: its name, for messages alone. Computed in float64, returned as float32. Noise is white and Gaussian,
    sigma^2 = mean(x^2) / 10^(SNR/10) over the image (snr_per_band: over each band), drawn by ``noise_generator``.
    Raises MossFuseError where shapes do not fit.
    """
    rows, cols, bands = cube.shape
    srf = np.asarray(srf, np.float64)
    if srf.ndim != 2 or srf.shape[1] != bands:
        raise MossFuseError(
            f"the spectral response '{degradation.srf}' has {srf.shape[-1]} columns and the scene {scene or 'given'} has {bands} bands; "
            "make it for the scene's wavelengths"
        )
    scene_f64 = cube.astype(np.float64)
    hsi = BlurSample(psf, degradation.phase, degradation.ratio, (rows, cols), degradation.border)(scene_f64)
    msi = shift_image(apply_srf(scene_f64, srf), degradation.shift)
    seed = degradation.noise_seed
    draws = {
        name: None if snr is None else noise_generator(cube, name, snr, seed)
        for name, snr in (("hsi", degradation.snr_hsi), ("msi", degradation.snr_msi))
    }
    hsi, sigma_hsi = add_noise(hsi, degradation.snr_hsi, draws["hsi"], degradation.snr_per_band)
    msi, sigma_msi = add_noise(msi, degradation.snr_msi, draws["msi"], degradation.snr_per_band)
    sensor = Sensor(
        psf=psf,
        psf_shape=psf.shape,
        phase=(degradation.phase[0], degradation.phase[1]),
        srf=srf,
        noise_hsi=sigma_hsi,
        noise_msi=sigma_msi,
        border=degradation.border,
    )
    return Observation(
        hsi=hsi.astype(np.float32),
        msi=msi.astype(np.float32),
        ratio=degradation.ratio,
        sensor=sensor,
        wavelengths=None if wavelengths is None else np.asarray(wavelengths, np.float64),
    )


def shift_image(image: np.ndarray, shift: tuple[float, float]) -> np.ndarray:
    """Return the image moved down and right by (rows, cols) pixels: cubic interpolation, mirrored edges, kept in [0, 1]."""
    if not any(shift):
        return image
    from scipy.ndimage import shift as move

    return np.clip(move(image, (*shift, 0), order=3, mode="mirror"), 0, 1)


def noise_generator(cube: np.ndarray, image: str, snr: float, seed: int) -> np.random.Generator:
    """Return the generator of an image's noise: PCG64 seeded with the SHA-256 of seed, image, SNR and the scene's values.

    cube: the scene, hashed as float32; image: 'hsi' or 'msi'; snr in dB. With the scene everybody draws the same noise, and
    nothing that a method is given leads to it. Seed and level come before the scene in the hash, so hashes of known scenes
    that a method carries along serve one seed and one level alone. Images, levels and seeds have independent noise.
    """
    values = np.ascontiguousarray(cube, "<f4")
    digest = hashlib.sha256(f"noise {seed} {image} {float(snr)!r} {values.shape} ".encode())
    digest.update(values.data)
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest.digest(), "big")))


def add_noise(
    image: np.ndarray, snr: float | None, random: np.random.Generator | None, per_band: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Return (image + white noise at ``snr`` dB, its sigma (bands,)); (image, 0) for None.

    sigma^2 = mean(x^2) / 10^(snr/10), the mean over the whole image, or over each band (per_band).
    """
    if snr is None or random is None:
        return image, np.zeros(image.shape[2])
    power = (image**2).mean((0, 1)) if per_band else np.full(image.shape[2], (image**2).mean())
    sigma = np.sqrt(power / 10 ** (snr / 10))
    return image + sigma * random.standard_normal(image.shape), sigma
