"""Networks trained elsewhere as members of a stack: what they are given, and weights where nothing can be measured.

One scale down such a network is far worse than it is (it was made for images of the pair's own scale), so its error cannot be measured
there. Known without a truth are the distances of the cubes and, from nsgp's leave-one-out errors on the LR pixels, about how
large the error v of the first member is. Hence:

1. Members count equally, but the step from the first member to the mean Q of the others is at most v / d, d their mean squared
   difference: for errors that are not negatively correlated the best step is (v - c) / d, c >= 0 the mean of their product. A
   cube farther off than the first member's error admits is thus taken to be the worse one.
2. Where the pair's ratio is larger than the one a network was made for, the network runs twice: once as it would alone, from
   the interpolated LR-HSI, and then at its own ratio, from an LR-HSI taken from the first mix. The second cube takes the first one's place.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from mossfuse.physics.sampling import BlurSample
from mossfuse.protocol import Observation, Sensor
from mossfuse.stacking.correlation import distance, leave_one_out
from mossfuse.stacking.members import Member, fuse_members
from mossfuse.stacking.view import KERNEL, View, agree, kernel_of

PER_LOO = 5.0  # squared error at HR per squared leave-one-out error on LR pixels: nine in ten of 23 pairs have less
TINY = np.finfo(float).tiny


def split(members: Sequence[Member], cubes: Mapping[str, np.ndarray]) -> tuple[list[Member], list[Member]]:
    """Return (members that can be judged one scale down, networks trained elsewhere), of those that gave a cube."""
    used = [member for member in members if member.name in cubes]
    return [m for m in used if m.checkpoint is None], [m for m in used if m.checkpoint is not None]


def mix_with_networks(
    first: np.ndarray | None,
    shares: Mapping[str, float],
    others: Mapping[str, np.ndarray],
    networks: Sequence[Member],
    view: View,
    *,
    again: bool,
    seed: int,
    device: str,
) -> tuple[np.ndarray, dict[str, float]]:
    """Return (mixed cube (H, W, B) float32, weight by name).

    first: the mix of the members that can be judged, with its shares by name, or None without such members; others: cubes by
    name of the networks and of the kernel that sees them, consistent; again: run the networks at their own ratio, too.
    """
    error = np.inf if first is None else PER_LOO * leave_one_out(view, seed=seed, device=device)

    def mixed(cubes: Mapping[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        every = [*([] if first is None else [first]), *cubes.values()]
        weights = equal_weights(every, error)
        return blend(every, weights), weights

    cube, weights = mixed(others)
    second = from_mix(cube, networks, view, seed, device) if again else {}
    if second:
        others = {**others, **second}
        if KERNEL in others:
            given = [cube for name, cube in others.items() if name != KERNEL]
            others = {**others, KERNEL: kernel_of(given, view, seed, device)}
        cube, weights = mixed(others)
    found = dict(zip(others, weights[len(weights) - len(others) :], strict=True))
    own = {name: share * weights[0] for name, share in shares.items()}
    return cube, {name: float(weight) for name, weight in {**own, **found}.items()}


def equal_weights(cubes: Sequence[np.ndarray], first_error: float) -> np.ndarray:
    """Return weights (members,) of cubes (H, W, B): equal, as far as the first one's error admits the step to the others.

    first_error: its mean squared error, summed over the bands; infinite: plain equal weights.
    """
    count = len(cubes)
    step = 1 - 1 / count
    if count > 1 and np.isfinite(first_error):
        others = sum(cubes[1:]) / np.float32(count - 1)
        step = min(step, first_error / max(distance(cubes[0], others), TINY))
    return np.array([1 - step, *[step / max(count - 1, 1)] * (count - 1)])


def blend(cubes: Sequence[np.ndarray], weights: np.ndarray) -> np.ndarray:
    """Return sum_i weights_i cubes_i, (H, W, B) float32."""
    mixed = np.float32(weights[0]) * cubes[0]
    for cube, weight in zip(cubes[1:], weights[1:], strict=True):
        mixed += np.float32(weight) * cube
    return mixed


def from_mix(cube: np.ndarray, networks: Sequence[Member], view: View, seed: int, device: str) -> dict[str, np.ndarray]:
    """Return the consistent cubes, by name, of the networks that were made for a smaller ratio than the pair's."""
    found = {}
    for network in networks:
        pair = at_own_ratio(network, view.clean, view.sensor, cube)
        if pair is not None:
            cubes, _ = fuse_members([network], pair, pair.sensor, seed=seed, device=device)
            found |= {name: agree(new, view, device) for name, new in cubes.items()}
    return found


def at_own_ratio(member: Member, clean: Observation, sensor: Sensor, cube: np.ndarray) -> Observation | None:
    """Return the pair at the ratio that the member's weights are made for, its LR-HSI taken from a cube of the pair, or None.

    clean: the pair without stripes; sensor: its complete one. None where the pair's ratio is not larger than the member's, and where the
    MSI's size is no multiple of that.
    """
    own = member.own
    if own is None or clean.ratio <= own.ratio or any(size % own.ratio for size in clean.msi.shape[:2]):
        return None
    operator = BlurSample(own.psf, own.phase, own.ratio, clean.msi.shape)
    there = replace(
        sensor, psf=own.psf, psf_shape=own.psf.shape, phase=own.phase, border=operator.border, noise_hsi=None, noise_msi=None
    )  # fmt: skip
    return replace(clean, hsi=np.maximum(operator(cube), 0).astype(np.float32), ratio=own.ratio, sensor=there)
