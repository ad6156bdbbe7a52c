"""Rotations and mirrorings of square patches, and operators that follow them.

A PSF need not sit in the middle of its block (the official one sits on pixel 15 of 32), so a turned pair no longer
obeys the operator of the pair it came from: a flip moves phase p to ratio - 1 - p, and mirrors the PSF. ``following``
gives the operator that a turned pair obeys.
"""

from typing import NamedTuple

import torch


class Turn(NamedTuple):
    """``quarters`` of a full turn against the clock, then left and right exchanged where ``mirrored``."""

    quarters: int
    mirrored: bool


def draw_turns(count, generator):
    """``count`` Turns, each of the eight equally likely."""
    drawn = torch.randint(8, (count,), generator=generator).tolist()
    return [Turn(number % 4, number >= 4) for number in drawn]


def turned(batch, turns):
    """A batch (N, C, n, n) with every image turned its own way."""
    return torch.stack([_turn(image, *turn) for image, turn in zip(batch, turns, strict=True)])


def turned_back(batch, turns):
    """The inverse of ``turned``."""
    return torch.stack([_turn_back(image, *turn) for image, turn in zip(batch, turns, strict=True)])


def following(operator, turns):
    """The spatial ``operator`` as turned pairs obey it: turn back, apply, turn again; exact for any PSF and phase."""
    return lambda batch: turned(operator(turned_back(batch, turns)), turns)


def _turn(image, quarters, mirrored):
    image = image.rot90(quarters, (-2, -1))
    return image.flip(-1) if mirrored else image


def _turn_back(image, quarters, mirrored):
    return (image.flip(-1) if mirrored else image).rot90(-quarters, (-2, -1))
