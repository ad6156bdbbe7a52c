"""Rotations and mirrorings of square patches, and operators that follow them.

A PSF need not sit in the middle of its block (the official one sits on pixel 15 of 32), so a rotated pair no longer
obeys the operator of the pair it came from: a flip moves phase p to ratio - 1 - p, and mirrors the PSF. ``follow_rotation``
gives the operator that a rotated pair obeys.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch


class Turn(NamedTuple):
    """``quarters`` of a full turn counter-clockwise, then left and right exchanged if ``mirrored``."""

    quarters: int
    mirrored: bool


def draw_turns(count: int, generator: torch.Generator) -> list[Turn]:
    """Return ``count`` Turns, each of the eight equally likely."""
    drawn = torch.randint(8, (count,), generator=generator).tolist()
    return [Turn(number % 4, number >= 4) for number in drawn]


def rotate(batch: torch.Tensor, turns: Sequence[Turn]) -> torch.Tensor:
    """Return a batch (N, C, n, n) with every image rotated by its own Turn."""
    return torch.stack([_turn(image, *turn) for image, turn in zip(batch, turns, strict=True)])


def rotate_back(batch: torch.Tensor, turns: Sequence[Turn]) -> torch.Tensor:
    """Return the batch that ``rotate`` was applied to."""
    return torch.stack([_turn_back(image, *turn) for image, turn in zip(batch, turns, strict=True)])


def follow_rotation(
    operator: Callable[[torch.Tensor], torch.Tensor], turns: Sequence[Turn]
) -> Callable[[torch.Tensor], torch.Tensor]:
    """Return the spatial ``operator`` as rotated pairs obey it: rotate back, apply, rotate; exact for any PSF and phase."""
    return lambda batch: rotate(operator(rotate_back(batch, turns)), turns)


def _turn(image: torch.Tensor, quarters: int, mirrored: bool) -> torch.Tensor:
    image = image.rot90(quarters, (-2, -1))
    return image.flip(-1) if mirrored else image


def _turn_back(image: torch.Tensor, quarters: int, mirrored: bool) -> torch.Tensor:
    return (image.flip(-1) if mirrored else image).rot90(-quarters, (-2, -1))
