"""nsgp: null-space random-feature ridge regression (a Gaussian process), closed form, blind, with data consistency.

Published numbers: none; it is this benchmark's own method (docs/nsgp.md gives formulas, tables, limits and the scenes
its defaults were chosen on). X = P M + W phi + U (y - H X), with everything it needs estimated from the pair: a
Gaussian PSF, a non-negative SRF, both noise levels. ``nsgp``, ``nsgp-fast`` and ``nsgp-x4`` know the PSF's support and
phase only; ``nsgp-known`` knows PSF and SRF too.
"""

import logging
from dataclasses import replace

from mossfuse.nsgp.scenes import TUNED_ON
from mossfuse.protocol import Fusion, Method, Parameter

log = logging.getLogger(__name__)
CITATION = "this benchmark (docs/nsgp.md)"
OURS = {"citation": CITATION, "licence": "own implementation"}
BLIND = frozenset({"phase"})
PARAMS = {
    "setting": Parameter.choice("best", "fast"),
    "draws": Parameter.count(1),
    "family": Parameter.choice("auto", "isotropic", "anisotropic", "free"),
    "hard": False,
}
METHODS = (
    Method(
        name="nsgp",
        title="Null-space Gaussian process (blind)",
        knows=BLIND,
        optional=BLIND,
        tuned_on=TUNED_ON,
        params=PARAMS,
        **OURS,
    ),
    Method(
        name="nsgp-fast",
        title="Null-space Gaussian process, 256 features (blind)",
        knows=BLIND,
        optional=BLIND,
        tuned_on={**TUNED_ON, "cave-half": ("balloons",)},  # its setting was chosen on balloons and oil_painting
        params=PARAMS | {"setting": Parameter.choice("fast", "best")},
        **OURS,
    ),
    Method(
        name="nsgp-x4",
        title="Null-space Gaussian process, mean of 4 draws (blind)",
        knows=BLIND,
        optional=BLIND,
        tuned_on=TUNED_ON,
        params=PARAMS | {"draws": Parameter.count(4)},
        **OURS,
    ),
    Method(
        name="nsgp-known",
        title="Null-space Gaussian process (PSF and SRF known)",
        knows=frozenset({"phase", "psf", "srf"}),
        tuned_on=TUNED_ON,
        params=PARAMS,
        **OURS,
    ),
)


def fuse(observation, *, seed=0, device="cpu", checkpoint=None, **params):
    """Return the fused cube (H, W, B); params: see ``fuse_tiles``."""
    from mossfuse.files.tiles import assemble_tiles

    estimates, tiles = fuse_tiles(observation, seed=seed, device=device, **params)
    shape = (*observation.msi.shape[:2], observation.hsi.shape[2])
    return Fusion(cube=assemble_tiles(tiles, shape), **estimates)


def fuse_tiles(
    observation, *, seed=0, device="cpu", checkpoint=None, setting="best", draws=1, family="auto", hard=False
):
    """Return (psf_hat, srf_hat and notes by name, iterator over ((rows, cols), tile)): for cubes larger than memory.

    setting: 'best' or 'fast'; draws: averaged cubes with different features; family: of the PSF; hard: treat the
    pair as free of noise (the cube then agrees with the HSI exactly, the HSI's noise included).
    """
    from mossfuse.estimation.sensor import estimate_sensor, estimate_without_stripes
    from mossfuse.nsgp.defaults import choose_settings
    from mossfuse.nsgp.model import fit_model, predict_tiles

    settings = choose_settings(setting, observation.ratio)
    if hard:
        sensor, facts = remove_noise(*estimate_sensor(observation, family))
    else:
        observation, sensor, facts = estimate_without_stripes(observation, family)
    settings |= {"unseen": facts["unseen"], "device": device}
    models = [fit_model(observation, sensor, seed=draws * seed + n, **settings) for n in range(draws)]
    notes = {k: facts[k] for k in ("family", "sigma", "angle", "centre", "residual") if k in facts}
    notes |= {"noise_hsi": float(sensor.noise_hsi.mean()), "noise_msi": float(sensor.noise_msi.mean())}
    if facts.get("stripes"):
        notes["stripes"] = facts["stripes"]
    if facts["unseen"].any():
        notes["unseen"] = unseen_shares(observation, facts["unseen"])
        log.warning(
            "no response over the HSI's bands explains %s %% of the MSI's bands; the MSI helps to predict the cube, which does "
            "not reproduce it",
            ", ".join(f"{100 * share:.2g}" for share in notes["unseen"]),
        )
    together = zip(*map(predict_tiles, models), strict=True)
    tiles = ((parts[0][0], sum(values / draws for _, values in parts)) for parts in together)
    return {"psf_hat": sensor.psf, "srf_hat": sensor.srf, "notes": notes}, tiles


def remove_noise(sensor, facts):
    """Return sensor and facts with zero noise and nothing unseen, so that both images are taken as exact."""
    import numpy as np

    silent = replace(sensor, noise_hsi=np.zeros_like(sensor.noise_hsi), noise_msi=np.zeros_like(sensor.noise_msi))
    return silent, facts | {"unseen": np.zeros_like(facts["unseen"])}


def unseen_shares(observation, unseen):
    """Return the share of every MSI band that the HSI does not see, rms over the band's rms."""
    import numpy as np

    energy = np.mean(np.square(observation.msi, dtype=np.float64), (0, 1))
    return np.sqrt(np.diag(unseen) / np.maximum(energy, np.finfo(float).tiny)).tolist()
