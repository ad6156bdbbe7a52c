"""What can be done to a pair before a method sees it, named by a prefix: ``denoised+cnmf`` is CNMF on the denoised pair.

``denoised+`` offers nsgp's noise model to every method, so that its share in nsgp's results is visible: the stripes of the HSI
are removed, the MSI is denoised and the HSI Wiener-filtered with the noise levels that are estimated from the pair. A pair in
which the estimate finds no noise stays as it is. Formulas: docs/nsgp.md. The rows are reported separately.
"""

from __future__ import annotations

from dataclasses import replace

from mossfuse.errors import MossFuseError, suggestion
from mossfuse.protocol import Observation

PREFIXES = {"denoised": "on the pair denoised by nsgp's noise model first"}


def split_prefix(name: str) -> tuple[str | None, str]:
    """Split a row's name: 'denoised+cnmf' -> ('denoised', 'cnmf'); 'cnmf+dc' -> (None, 'cnmf+dc')."""
    prefix, plus, rest = name.partition("+")
    return (prefix, rest) if plus and prefix in PREFIXES else (None, name)


def preprocess(prefix: str | None, observation: Observation, device: str = "cpu") -> Observation:
    """Return the pair as a row with this prefix hands it to its method; None: as it is.

    What the observation's sensor holds is used, the rest is estimated; the sensor stays what it is, but for the MSI's noise
    level: where it holds one, that becomes what the denoising leaves. Raises MossFuseError for an unknown prefix.
    """
    if prefix is None:
        return observation
    if prefix not in PREFIXES:
        raise MossFuseError(f"unknown prefix '{prefix}+'; {suggestion(prefix, PREFIXES)}")
    return denoise_pair(observation, device)


def denoise_pair(observation: Observation, device: str) -> Observation:
    """Return the pair without stripes, its MSI denoised and its HSI Wiener-filtered as nsgp does it (float32)."""
    import numpy as np

    from mossfuse.estimation.noise import denoise_msi
    from mossfuse.estimation.sensor import estimate_without_stripes
    from mossfuse.physics.projection import wiener
    from mossfuse.physics.sampling import check_pair

    check_pair(observation)
    clean, sensor, _ = estimate_without_stripes(observation)
    hsi, known = clean.hsi, observation.sensor
    noise_hsi = float(np.sqrt(np.mean(np.square(sensor.noise_hsi))))
    msi, left = denoise_msi(clean.msi, sensor.noise_msi, device)
    if noise_hsi > 0:
        hsi = wiener(clean.hsi, noise_hsi)[0].astype(np.float32)
    share = np.sqrt(np.diag(left)) / np.maximum(sensor.noise_msi, np.finfo(float).tiny)
    remaining = None if known.noise_msi is None else share * known.noise_msi
    return replace(observation, hsi=hsi, msi=msi, sensor=replace(known, noise_msi=remaining))
