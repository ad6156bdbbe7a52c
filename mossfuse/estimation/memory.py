"""Estimate a pair once: within a block, a result for the same images and the same knowledge is computed only once.

Everything that works on one pair (geometry, knowledge that a method lacks, the method, its refinement, the check of the
cube) asks for the sensor of that pair. The key of a result is the content of both images and all that the observation
knows, so that an estimate made with more knowledge never reaches a method that must not have it.
"""

import hashlib
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import astuple, dataclass, field
from typing import Any, TypeVar

import numpy as np

from mossfuse.protocol import Observation

Result = TypeVar("Result")


@dataclass
class Memory:
    """Results of one block by key. computed: how often each kind of result was computed in the block."""

    results: dict[Hashable, Any] = field(default_factory=dict)
    computed: dict[str, int] = field(default_factory=dict)


current: ContextVar[Memory | None] = ContextVar("current", default=None)


@contextmanager
def estimate_once() -> Iterator[Memory]:
    """Keep estimates until the block ends and yield their Memory; a block inside another one shares its memory."""
    memory = current.get()
    if memory is not None:
        yield memory
        return
    memory = Memory()
    token = current.set(memory)
    try:
        yield memory
    finally:
        current.reset(token)


def recall(kind: str, observation: Observation, settings: Hashable, compute: Callable[[], Result]) -> Result:
    """Return ``compute()``, or its earlier result for the same pair and settings; outside a block always compute."""
    memory = current.get()
    if memory is None:
        return compute()
    key = kind, content_key(observation), settings
    if key not in memory.results:
        memory.results[key] = compute()
        memory.computed[kind] = memory.computed.get(kind, 0) + 1
    return memory.results[key]


def content_key(observation: Observation) -> str:
    """Return a fingerprint of the images, the ratio and everything that the observation's sensor holds."""
    digest = hashlib.sha256(str(observation.ratio).encode())
    for value in (observation.hsi, observation.msi, *astuple(observation.sensor)):
        if isinstance(value, np.ndarray):
            digest.update(f"{value.shape}{value.dtype.str}".encode())
            digest.update(np.ascontiguousarray(value).data)
        else:
            digest.update(repr(value).encode())
    return digest.hexdigest()
