"""nsgp: null-space random-feature ridge regression (a Gaussian process), closed form, blind, with data consistency.

Nothing is published about it; it is this benchmark's own method (docs/nsgp.md gives formulas, the scenes its defaults were chosen on, tables, limits).
X = P M + W phi + U (y - H X), with everything it needs estimated from the pair: a Gaussian PSF, a non-negative SRF, both noise levels.
``nsgp`` and ``nsgp-fast`` and ``nsgp-x4`` are told the PSF's support and phase, nothing else; ``nsgp-known`` is told PSF and SRF too.
"""

from mossfuse.protocol import Fusion, Method

CITATION = "this benchmark (docs/nsgp.md)"
OURS = {"citation": CITATION, "licence": "own implementation"}
BLIND = frozenset({"phase"})
PARAMS = {"setting": "best", "draws": 1, "family": "auto"}
METHODS = (
    Method(name="nsgp", title="Null-space Gaussian process (blind)", knows=BLIND, params=PARAMS, **OURS),
    Method(
        name="nsgp-fast",
        title="Null-space Gaussian process, 256 features (blind)",
        knows=BLIND,
        params=PARAMS | {"setting": "fast"},
        **OURS,
    ),
    Method(
        name="nsgp-x4",
        title="Null-space Gaussian process, mean of 4 draws (blind)",
        knows=BLIND,
        params=PARAMS | {"draws": 4},
        **OURS,
    ),
    Method(
        name="nsgp-known",
        title="Null-space Gaussian process (PSF and SRF known)",
        knows=frozenset({"phase", "psf", "srf"}),
        params=PARAMS,
        **OURS,
    ),
)


def fuse(observation, *, seed=0, device="cpu", checkpoint=None, setting="best", draws=1, family="auto"):
    """(H, W, B); setting: 'best' or 'fast'; draws: cubes with different features that are averaged; family: of the PSF."""
    from mossfuse.closed_form.nsgp import fit, predict
    from mossfuse.closed_form.settings import settings_for
    from mossfuse.physics.noise import identify

    sensor, facts = identify(observation, family)
    settings = settings_for(setting, observation.ratio)
    cube = 0
    for draw in range(draws):
        model = fit(observation, sensor, seed=draws * seed + draw, device=device, **settings)
        cube = cube + predict(model) / draws
    notes = {k: facts[k] for k in ("family", "sigma", "angle", "residual") if k in facts}
    notes |= {"noise_hsi": float(sensor.noise_hsi.mean()), "noise_msi": float(sensor.noise_msi.mean())}
    return Fusion(cube=cube.astype("float32"), psf_hat=sensor.psf, srf_hat=sensor.srf, notes=notes)
