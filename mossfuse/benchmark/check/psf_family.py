"""What every family of PSFs promises."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from mossfuse.benchmark.check.claims import Claim, require
from mossfuse.benchmark.check.light import light_import
from mossfuse.degradations import make_psf
from mossfuse.degradations.names import psf_of
from mossfuse.degradations.spelling import PLACE, Spelled, spell_member
from mossfuse.protocol import PsfFamily


def claims(family: PsfFamily, module: ModuleType) -> list[Claim]:
    """Return the claims about a family, each checked on one member for every spelling."""
    return [
        Claim("title and citation are given", lambda folder: require_description(family)),
        light_import(str(module.__file__)),
        *[
            claim
            for spelling in family.spellings
            for claim in (
                Claim(f"{spelling}: the kernel is non-negative and sums to 1", partial(require_kernel, family, spelling)),
                Claim(f"{spelling}: the name of a member gives the same member back", partial(require_spelling, family, spelling)),
                Claim(f"{spelling}: the kernel has the size asked for", partial(require_size, family, spelling)),
            )
        ],
    ]  # fmt: skip


def example(family: PsfFamily, spelling: str) -> dict[str, Any]:
    """Return a member that this spelling writes, with the default parameters."""
    return {"family": family.name, **example_of(family, spelling)}


def example_of(spec: Spelled, spelling: str) -> dict[str, Any]:
    """Return the default parameters of those that a spelling of a PSF family or an effect writes."""
    member: dict[str, Any] = {}
    for place in PLACE.finditer(spelling):
        name, default = place[1], spec.params[place[1]]
        member[name] = default if place[2] is None else (*member.get(name, ()), default / (1 + int(place[2])))
    return member


def require_description(family: PsfFamily) -> None:
    """Raise Unmet where the specification lacks title or citation."""
    empty = [key for key in ("title", "citation") if not getattr(family, key).strip()]
    require(not empty, f"the specification leaves {', '.join(empty)} empty")


def require_kernel(family: PsfFamily, spelling: str, folder: Path) -> None:
    """Raise Unmet unless the kernel is a finite, non-negative image that sums to 1."""
    kernel = np.asarray(make_psf(example(family, spelling)))
    require(kernel.ndim == 2, f"the kernel has the shape {kernel.shape}, it needs rows and columns")
    require(np.isfinite(kernel).all(), "the kernel has values that are NaN or infinite")
    require(kernel.min() >= 0, f"the kernel has the negative value {kernel.min():g}")
    require(np.isclose(kernel.sum(), 1, atol=1e-9), f"the kernel sums to {kernel.sum():.10g}, it must sum to 1")


def require_size(family: PsfFamily, spelling: str, folder: Path) -> None:
    """Raise Unmet where a family with a parameter 'size' gives another size, for an odd and an even one."""
    if "size" not in family.params:
        return
    for size in (7, 8):
        shape = np.shape(make_psf({**example(family, spelling), "size": size}))
        require(shape == (size, size), f"the kernel has the shape {shape}, size {size} was asked for")


def require_spelling(family: PsfFamily, spelling: str, folder: Path) -> None:
    """Raise Unmet unless a member's spelling is read back as that member, and as no other family's."""
    member = example(family, spelling)
    text = spell_member(family, member)
    found = psf_of(text)
    require(found is not None, f"'{text}' cannot be read back")
    require(found == member, f"'{text}' is read back as {found}, it was written for {member}")
