"""Compute once what several metrics of one pair of cubes need, such as the error of every band."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import numpy as np

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


@dataclass
class Memory:
    """Results of one block. cubes: the arrays whose results are kept, by identity; they live as long as the block."""

    cubes: dict[int, np.ndarray] = field(default_factory=dict)
    results: dict[Hashable, Any] = field(default_factory=dict)


current: ContextVar[Memory | None] = ContextVar("current", default=None)


@contextmanager
def sharing(*cubes: np.ndarray) -> Iterator[None]:
    """Keep the results of shared functions of these cubes until the block ends. The cubes must not change meanwhile."""
    token = current.set(Memory({id(cube): cube for cube in cubes}))
    try:
        yield
    finally:
        current.reset(token)


def shared(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Return ``function``, which within ``sharing`` computes each result for the same cubes and options only once.

    Its results are handed to several callers, so arrays are made read-only. Calls with other arrays are not kept.
    """

    @wraps(function)
    def wrapper(*args: Arguments.args, **options: Arguments.kwargs) -> Result:
        memory = current.get()
        given = [*args, *options.values()]
        if memory is None or any(isinstance(a, np.ndarray) and id(a) not in memory.cubes for a in given):
            return function(*args, **options)
        key = (function, *(id(a) if isinstance(a, np.ndarray) else a for a in given), *options)
        if key not in memory.results:
            memory.results[key] = locked(function(*args, **options))
        return memory.results[key]

    return wrapper


def locked(result: Any) -> Any:
    """Return a result whose arrays can no longer be written to."""
    for array in result if isinstance(result, tuple) else (result,):
        if isinstance(array, np.ndarray):
            array.setflags(write=False)
    return result
