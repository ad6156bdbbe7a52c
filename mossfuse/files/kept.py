"""Keep what was read from a file while the file is unchanged.

Methods read their weights through this, so that none are read again while a method is timed or fuses many pairs.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from pathlib import Path
from typing import Any, TypeVar

Read = TypeVar("Read")


def kept(read: Callable[..., Read]) -> Callable[..., Read]:
    """Return ``read(path, *facts)`` that keeps its last result and returns it again while the file is unchanged.

    facts: what else the result depends on, hashable, such as the device. All callers share the result: it must not be
    modified.
    """

    @lru_cache(maxsize=1)
    def keep(path: str, state: tuple[int, int] | None, *facts: Any) -> Read:
        return read(path, *facts)

    @wraps(read)
    def reader(path: str | Path, *facts: Any) -> Read:
        file = Path(path)
        found = file.stat() if file.is_file() else None
        return keep(str(path), found and (found.st_mtime_ns, found.st_size), *facts)

    return reader
