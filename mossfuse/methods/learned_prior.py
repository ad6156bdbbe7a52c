"""nsgp with a learned prior: a small network, trained on renderings, decides per pixel which closed forms to follow.

Published numbers: none; it is this benchmark's own (docs/frontier.md). Six further closed forms of the pair (affine regression, a
back-projection in proportion to the light, means of LR pixels weighted by place and colour, nsgp with other lengths) differ from nsgp only
where neither image decides. A network of a few thousand weights (mossfuse/prior/weights.npz, made by docs/measure/train_prior.py from
phantom's training scenes with random cameras) weighs these differences from quantities that have no band count and no camera in them.
No real image took part in its training. Blind, as nsgp.
"""

from mossfuse.nsgp.scenes import TUNED_ON
from mossfuse.protocol import Method, Parameter

METHODS = (
    Method(
        name="nsgp-prior",
        title="nsgp with a prior learned on renderings (blind)",
        citation="this benchmark (docs/frontier.md)",
        licence="own implementation",
        knows=frozenset({"phase"}),
        optional=frozenset({"phase"}),
        tuned_on=TUNED_ON,
        params={"components": Parameter.count(6), "draws": Parameter.count(4)},
        presets={"smoke": {"draws": 1}},
        note="weights of a few kilobytes in the package, trained on phantom with random cameras; no real image, no download",
    ),
)


def fuse(observation, *, seed, device, checkpoint=None, components, draws):
    """Return the fused cube; notes: mean weights of the closed forms, and how much nsgp was changed.

    components: of the null space that are corrected; draws: of nsgp's features, averaged. Raises MossFuseError for a pair whose sizes
    do not fit together.
    """
    from mossfuse.prior.fusion import fuse_with_prior

    return fuse_with_prior(observation, components=components, draws=draws, seed=seed, device=device)
