"""MossFuse-c: constraints by construction, X = P M + N f(M, hsi), from a closed-form start (docs/mossfuse-c.md).

Nothing is published about it; it is this benchmark's own. N = I - P R projects on the null space of the SRF, so the MSI is
met by any f; the back-projection U meets the HSI once, at the end. f begins as the start's and is trained on the LR pixels
before U; LR pixels that were held out decide when to stop and how much of it to take, and the start is returned where they
show no significant gain.
``mossfuse-c`` (from nsgp) and ``mossfuse-c-ridge`` (from ridge-dc) fit small pixel networks to the pair; they know what
their starts know. ``mossfuse-c-dataset`` trains MossFuse's encoders and decoder on the training split's pairs.
"""

from mossfuse.protocol import Method

OURS = {"citation": "this benchmark (docs/mossfuse-c.md)", "licence": "own implementation", "gpu": True}
PARAMS = {
    "folds": 4,
    "width": 64,
    "steps": 400,
    "every": 80,
    "pixels": 2048,
    "learning_rate": 1e-2,
    "weight_decay": 1e-3,
    "average": 0.98,
}
SMOKE = {"steps": 40, "every": 20, "width": 16}
METHODS = (
    Method(
        name="mossfuse-c",
        title="MossFuse-c: constraints by construction, from nsgp",
        knows=frozenset({"phase"}),
        trains="scene",
        params={"start": "nsgp", **PARAMS},
        presets={"smoke": SMOKE},
        note="pixel networks blended into nsgp as far as held-out LR pixels prefer them; blind",
        **OURS,
    ),
    Method(
        name="mossfuse-c-ridge",
        title="MossFuse-c: constraints by construction, from ridge-dc",
        knows=frozenset({"psf", "phase", "srf"}),
        trains="scene",
        params={"start": "ridge-dc", **PARAMS},
        presets={"smoke": SMOKE},
        note="pixel networks blended into ridge-dc as far as held-out LR pixels prefer them",
        **OURS,
    ),
    Method(
        name="mossfuse-c-dataset",
        title="MossFuse-c: constraints by construction, trained across scenes, from nsgp",
        knows=frozenset({"phase"}),
        trains="dataset",
        train_params={
            "start": "nsgp",
            "folds": 4,
            "dim": 16,
            "num_blocks": 1,
            "patch": 64,
            "batch": 2,
            "learning_rate": 2e-3,
            "steps": 1000,
            "save_every": 200,
        },
        presets={"smoke": {"dim": 8, "steps": 10, "patch": 32}},
        note="MossFuse's encoders and decoder on top of nsgp, trained on pairs without ground truth; blind",
        **OURS,
    ),
)


def fuse(observation, *, seed, device, checkpoint=None, **params):
    """The fused cube with the PSF and SRF used; notes say what the held-out LR pixels decided.

    params: start ('nsgp' or 'ridge-dc'), folds (parts of the LR pixels, each held out once), width, steps, every (steps
    between two looks), pixels (MSI pixels per step), learning_rate, weight_decay, average; none with a checkpoint.
    """
    if params:
        from mossfuse.constrained.scene import fuse_pair

        return fuse_pair(observation, seed=seed, device=device, **params)
    from mossfuse.constrained.dataset import fuse_trained

    return fuse_trained(observation, checkpoint=checkpoint, seed=seed, device=device)


def train(pairs, *, seed, device, path, resume=False, truths=None, **params):
    """Train on pairs alone; truths are not looked at (mossfuse.constrained.dataset.train)."""
    from mossfuse.constrained.dataset import train as train_on_pairs

    return train_on_pairs(pairs, seed=seed, device=device, path=path, resume=resume, **params)
