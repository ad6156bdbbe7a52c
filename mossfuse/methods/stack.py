"""Stack: any set of methods' cubes of one pair into one, with weights that the pair itself decides (docs/frontier.md).

Published numbers: none; it is this benchmark's own. Every member runs on the pair with what it knows of the sensor (estimated
where the pair does not hold it), is made consistent with both images (+dc, soft under noise), and is mixed per
component of what the LR-HSI leaves open. The weights follow from how far the cubes are apart, which needs no truth, and
from the errors of the same members one scale further down, where the LR-HSI is the truth (mossfuse.stacking.judged). A network that
was trained elsewhere cannot be judged there: it counts as much as the others, as far as the first member's error admits
(mossfuse.stacking.unjudged), and at a larger ratio than its own it runs once more on what the first mix says at its own. A further
member, ``kernel``, is nsgp with the others' null-space components as inputs. A member that fails is left out, with a line in the notes.
``stack-sfno`` has SFNO's released CAVE weights among its members; an HSI with some of their 31 bands missing is interpolated over
wavelength for SFNO, and its cube brought back to the pair's bands.
"""

from mossfuse.nsgp import scenes
from mossfuse.protocol import Method, Parameter

OURS = {
    "citation": "this benchmark (docs/frontier.md)",
    "knows": frozenset({"phase"}),
    "optional": frozenset({"phase"}),
}
TUNED_ON = {
    **scenes.TUNED_ON,  # the weights' rule was chosen on these and two more
    "cave": (*scenes.EIGHT_BAND, "chart_and_stuffed_toy"),
    "cave-half": ("balloons",),
}
SHARED = {"components": Parameter.count(6), "kernel": True, "consistent": True}
WEIGHTS = "sfno-cave-x4"
BANDS = {WEIGHTS: tuple(400.0 + 10.0 * band for band in range(31))}  # nm, of the weights
TRAINED_ON = {WEIGHTS: (4, 2.0)}  # ratio; sigma of their Gaussian PSF, as wide as the ratio


def members(*names: str) -> Parameter:
    """Return the parameter that lists the members: names of methods, the first one trusted where there is no evidence."""
    return Parameter(names, kinds=(tuple, list, str))


METHODS = (
    Method(
        name="stack",
        title="Stack of nsgp and others (blind)",
        licence="own implementation",
        tuned_on=TUNED_ON,
        params={"members": members("nsgp-x4", "cnmf"), **SHARED},
        presets={"smoke": {"members": ("nsgp-fast", "ridge-dc")}},
        note="no authors' weights; weights of the members from the pair alone, one scale further down",
        **OURS,
    ),
    Method(
        name="stack-sfno",
        title="Stack of nsgp with the learned prior and SFNO with the authors' weights (blind)",
        licence="own implementation; SFNO's weights are the authors', terms not stated, not redistributed",
        weights=WEIGHTS,
        gpu=True,
        tuned_on=TUNED_ON,
        params={"members": members("nsgp-prior", "sfno-released"), **SHARED},
        note="SFNO was supervised on 20 CAVE scenes",
        **OURS,
    ),
)


def fuse(observation, *, seed, device, checkpoint=None, members, components, kernel, consistent):
    """Return the mixed cube; notes: the members' weights, those left out, and what the reduced pair said about each.

    members: names of methods (a list, or text with commas); components: of the null space, with weights of their own;
    kernel: add nsgp with the others' components as inputs; consistent: False, with a single member, returns its cube as it is.
    Raises MossFuseError for an unknown member, one that needs weights of another method, or where none gives a cube.
    """
    from mossfuse.stacking.stack import stack_pair

    found = [find_member(name, checkpoint) for name in names_of(members)]
    return stack_pair(
        observation, found, components=components, kernel=kernel, consistent=consistent, seed=seed, device=device
    )


def runs(params):
    """Return the names of the methods that a row with these parameters runs; their code counts as the row's."""
    return names_of(params["members"])


def names_of(members):
    """Return the members' names; raise MossFuseError for none, for one named twice, and for a stack in a stack."""
    from mossfuse.errors import MossFuseError

    names = [name.strip() for name in members.split(",")] if isinstance(members, str) else list(members)
    twice = sorted({name for name in names if names.count(name) > 1})
    if not names or twice or any(name in {method.name for method in METHODS} for name in names):
        wrong = (
            f"'{twice[0]}' is named twice"
            if twice
            else "there are none"
            if not names
            else "a stack cannot hold a stack"
        )
        raise MossFuseError(f"members of the stack: {wrong}; name different methods, such as nsgp, cnmf")
    return names


def find_member(name, checkpoint):
    """Return the Member of a method's name; raise MossFuseError where it would need a training or other weights."""
    from mossfuse.errors import MossFuseError
    from mossfuse.methods import find_method
    from mossfuse.stacking.members import Member

    method, module = find_method(name)
    if method.trains in ("dataset", "supervised") or (method.weights and (method.weights != WEIGHTS or not checkpoint)):
        raise MossFuseError(
            f"'{name}' cannot be a member of this stack: it needs weights; use stack-sfno, or other members"
        )
    weights = checkpoint if method.weights else None
    return Member(
        name,
        module.fuse,
        method.knows,
        dict(method.params),
        weights,
        BANDS.get(method.weights),
        own_pairs(method.weights),
    )


def own_pairs(weights):
    """Return the Own of the pairs that weights of this name were trained on, or None where there are none."""
    from mossfuse.physics.psf import gaussian_psf
    from mossfuse.stacking.members import Own

    if weights not in TRAINED_ON:
        return None
    ratio, sigma = TRAINED_ON[weights]
    return Own(ratio, gaussian_psf(ratio, sigma), ((ratio - 1) // 2,) * 2)
