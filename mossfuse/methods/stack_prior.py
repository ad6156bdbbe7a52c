"""Stack that starts from the learned prior: nsgp-prior, cnmf and the kernel that sees both (docs/frontier.md).

Published numbers: none; it is this benchmark's own. As ``stack``, but for the member that is trusted where there is no evidence, which is
nsgp with the prior learned on renderings instead of the mean of its draws. No authors' weights, no download, blind.
"""

from mossfuse.methods.stack import OURS, SHARED, TUNED_ON, find_member, members, names_of
from mossfuse.protocol import Method

METHODS = (
    Method(
        name="stack-prior",
        title="Stack of nsgp with the learned prior and others (blind)",
        licence="own implementation",
        tuned_on=TUNED_ON,
        params={"members": members("nsgp-prior", "cnmf"), **SHARED},
        presets={"smoke": {"members": ("nsgp-prior", "ridge-dc"), "kernel": False}},
        note="as stack, from nsgp with the prior learned on renderings; no authors' weights, no download",
        **OURS,
    ),
)


def fuse(observation, *, seed, device, checkpoint=None, members, components, kernel, consistent):
    """Return the mixed cube; notes: the members' weights, those left out, and what the reduced pair said about each.

    Parameters and errors as those of mossfuse.methods.stack.fuse.
    """
    from mossfuse.stacking.stack import stack_pair

    found = [find_member(name, checkpoint) for name in names_of(members)]
    return stack_pair(
        observation, found, components=components, kernel=kernel, consistent=consistent, seed=seed, device=device
    )


def runs(params):
    """Return the names of the methods that a row with these parameters runs; their code counts as the row's."""
    return names_of(params["members"])
