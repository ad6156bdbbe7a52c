"""MossFuse-c: constraints by construction, X = P M + N f, from a closed-form initial estimate (docs/mossfuse-c.md).

Published numbers: none; it is this benchmark's own. N = I - P R projects on the null space of the SRF, so that any f
agrees with the MSI; the back-projection U restores agreement with the HSI once, at the end. f = (1 - a) f0 + a f1: the
initial estimate's f0, and networks f1 that start at zero and are trained on the LR pixels before U. Held-out LR pixels
decide when to stop and choose a, which stays 0 (the initial estimate is returned) where they show no significant gain.
f1 is not MossFuse's network: its encoders and decoder in this place were tried and gained nothing (docs/mossfuse-c.md).
``mossfuse-c`` (from nsgp) and ``mossfuse-c-ridge`` (from ridge-dc) fit small pixel networks to the pair; they know what
their initial estimates know. ``mossfuse-c-dataset`` trains these networks on the training split's pairs first.
"""

from mossfuse.nsgp.scenes import TUNED_ON
from mossfuse.protocol import Method, Parameter

OURS = {"citation": "this benchmark (docs/mossfuse-c.md)", "licence": "own implementation", "gpu": True}
COMMON = {
    "steps": Parameter.count(400, minimum=0),
    "every": Parameter.count(80),
    "pixels": Parameter.count(2048),
    "learning_rate": Parameter.positive(1e-2),
    "weight_decay": Parameter.non_negative(1e-3),
    "average": Parameter(0.98, minimum=0, below=1),
}
SIZE = {"folds": Parameter.count(4, minimum=2), "width": Parameter.count(64)}
PARAMS = {**SIZE, **COMMON}
FROM_NSGP, FROM_RIDGE = Parameter.choice("nsgp", "ridge-dc"), Parameter.choice("ridge-dc", "nsgp")
SMOKE = {"steps": 40, "every": 20, "width": 16}
METHODS = (
    Method(
        name="mossfuse-c",
        title="MossFuse-c: constraints by construction, from nsgp",
        knows=frozenset({"phase"}),
        optional=frozenset({"phase"}),
        tuned_on=TUNED_ON,
        trains="scene",
        params={"start": FROM_NSGP, **PARAMS},
        presets={"smoke": SMOKE},
        note="a per-pixel network mixed with nsgp; weight chosen on held-out LR pixels; blind",
        **OURS,
    ),
    Method(
        name="mossfuse-c-ridge",
        title="MossFuse-c: constraints by construction, from ridge-dc",
        knows=frozenset({"psf", "phase", "srf"}),
        trains="scene",
        params={"start": FROM_RIDGE, **PARAMS},
        presets={"smoke": SMOKE},
        note="a per-pixel network mixed with ridge-dc; weight chosen on held-out LR pixels",
        **OURS,
    ),
    Method(
        name="mossfuse-c-dataset",
        title="MossFuse-c: constraints by construction, trained across scenes, from nsgp",
        knows=frozenset({"phase"}),
        optional=frozenset({"phase"}),
        tuned_on=TUNED_ON,
        trains="dataset",
        params={"start": FROM_NSGP, **COMMON},
        train_params={
            **SIZE,
            "pixels": Parameter.count(2048),
            "learning_rate": Parameter.positive(1e-2),
            "steps": Parameter.count(3000),
            "save_every": Parameter.count(500),
        },
        presets={"smoke": {"steps": 20, "every": 10, "width": 16}},
        note="the pixel networks trained on the training split's pairs, then fitted to each pair as in mossfuse-c; blind",
        **OURS,
    ),
)


def fuse(observation, *, seed, device, checkpoint=None, **params):
    """Return the fused cube with the PSF and SRF used; notes hold the decision of the held-out LR pixels.

    params: start ('nsgp' or 'ridge-dc'), steps, every (steps between two evaluations on held-out pixels), pixels (MSI
    pixels per step), learning_rate, weight_decay, average; folds (parts of the LR pixels, each held out once) and width
    where there is no checkpoint.
    """
    from mossfuse.constrained.scene import fuse_pair

    if "folds" in params:
        return fuse_pair(observation, seed=seed, device=device, **params)
    from mossfuse.constrained.pretraining import load

    pretrained = load(checkpoint, observation)
    folds, _, width, _ = pretrained.networks.size
    return fuse_pair(observation, seed=seed, device=device, folds=folds, width=width, pretrained=pretrained, **params)


def train(pairs, *, seed, device, path, resume=False, truths=None, **params):
    """Train on pairs alone; truths are not used (mossfuse.constrained.pretraining.train)."""
    from mossfuse.constrained.pretraining import train as train_on_pairs

    return train_on_pairs(pairs, seed=seed, device=device, path=path, resume=resume, **params)
