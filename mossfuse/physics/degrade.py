"""Make the pair that methods see from a scene: blur, sample, project, shift, add noise."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from mossfuse.errors import MossFuseError
from mossfuse.physics.draft import Draft
from mossfuse.physics.sampling import BlurSample
from mossfuse.physics.srf import apply_srf
from mossfuse.protocol import Degradation, Observation, Sensor


def degrade(
    cube: np.ndarray, degradation: Degradation, psf: np.ndarray, srf: np.ndarray, *, scene: str = "",
    wavelengths: Sequence[float] | np.ndarray | None = None, levels: np.ndarray | None = None,
    picture: np.ndarray | None = None, effects: Sequence[tuple[str, Callable[[Draft], Draft]]] = (),
) -> Observation:  # fmt: skip
    """Return the degraded pair of a scene as an Observation whose sensor holds everything but the effects.

    cube: (H, W, B) in [0, 1], H and W multiples of the ratio; psf: (k, k), sums to 1; srf: (M, B), rows sum to 1;
    scene: its name, for messages alone. Computed in float64, returned as float32. Noise is white and Gaussian,
    sigma^2 = mean(x^2) / 10^(SNR/10) over the image (snr_per_band: over each band), drawn by ``noise_generator``.
    signal_noise: variance proportional to the signal, with this mean. levels, picture: as in Draft; effects: (stage, function)
    as mossfuse.degradations.effects.make_effects gives them.
    Raises MossFuseError where shapes do not fit.
    """
    bands = cube.shape[2]
    srf = np.asarray(srf, np.float64)
    if srf.ndim != 2 or srf.shape[1] != bands:
        raise MossFuseError(
            f"the spectral response '{degradation.srf}' has {srf.shape[-1]} columns and the scene {scene or 'given'} has {bands} bands; "
            "make it for the scene's wavelengths"
        )
    wavelengths = None if wavelengths is None else np.asarray(wavelengths, np.float64)
    draft = Draft(degradation, cube.astype(np.float64), (psf,), srf, wavelengths, levels, picture)
    draft = apply_stage("sensor", effects, draft)
    draft = replace(draft, hsi=blur(draft), msi=shift_image(apply_srf(draft.cube, draft.srf), degradation.shift))
    draft = apply_stage("light", effects, draft)
    seed = degradation.noise_seed
    draws = {
        name: None if snr is None else noise_generator(cube, name, snr, seed)
        for name, snr in (("hsi", degradation.snr_hsi), ("msi", degradation.snr_msi))
    }
    kind = (degradation.snr_per_band, degradation.signal_noise)
    hsi, sigma_hsi = add_noise(draft.hsi, degradation.snr_hsi, draws["hsi"], *kind)
    msi, sigma_msi = add_noise(draft.msi, degradation.snr_msi, draws["msi"], *kind)
    draft = apply_stage("recording", effects, replace(draft, hsi=hsi, msi=msi))
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
        hsi=draft.hsi.astype(np.float32),
        msi=draft.msi.astype(np.float32),
        ratio=degradation.ratio,
        sensor=sensor,
        wavelengths=wavelengths,
    )


def apply_stage(stage: str, effects: Sequence[tuple[str, Callable[[Draft], Draft]]], draft: Draft) -> Draft:
    """Return the draft after the effects of one stage."""
    for own, effect in effects:
        if own == stage:
            draft = effect(draft)
    return draft


def blur(draft: Draft) -> np.ndarray:
    """Return the HSI (h, w, B) without noise: the scene under the PSF of all bands, or each band under its own."""
    degradation, cube = draft.degradation, draft.cube
    geometry = (degradation.phase, degradation.ratio, cube.shape[:2], degradation.border)
    if len(draft.psfs) == 1:
        return BlurSample(draft.psfs[0], *geometry)(cube)
    bands = (BlurSample(psf, *geometry)(cube[..., band]) for band, psf in enumerate(draft.psfs))
    return np.stack(list(bands), axis=-1)


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
    image: np.ndarray,
    snr: float | None,
    random: np.random.Generator | None,
    per_band: bool = False,
    of_signal: bool = False,
) -> tuple[np.ndarray, np.ndarray]:
    """Return (image + noise at ``snr`` dB, its sigma (bands,)); (image, 0) for None.

    sigma^2 = mean(x^2) / 10^(snr/10), the mean over the whole image, or over each band (per_band). of_signal: the variance is
    max(x, 0) times a constant with that mean over the image; sigma is then the root of its mean over each band.
    """
    if snr is None or random is None:
        return image, np.zeros(image.shape[2])
    power = (image**2).mean((0, 1)) if per_band else np.full(image.shape[2], (image**2).mean())
    sigma = np.sqrt(power / 10 ** (snr / 10))
    draw = random.standard_normal(image.shape)
    if not of_signal:
        return image + sigma * draw, sigma
    signal = np.maximum(image, 0)
    local = sigma * np.sqrt(signal / max(signal.mean(), np.finfo(float).tiny))
    return image + local * draw, np.sqrt((local**2).mean((0, 1)))
