"""Notice that a scene's raw files have changed since they were fetched.

The record of a fetched scene holds the hash of every raw file, and its size and modification time at that moment. A file
whose size and time are unchanged is not read again, so that asking costs one look at each file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from mossfuse.files.atomic import read_json
from mossfuse.files.hashing import sha256_of


def describe_files(paths: Iterable[str | Path], sums: Mapping[str, str]) -> dict[str, list]:
    """Return path -> [size, modification time in ns, sha256] of raw files, in the order of their hashes ``sums``."""
    found = {}
    for path, sha in zip(map(Path, paths), sums.values(), strict=True):
        about = path.stat()
        found[str(path)] = [about.st_size, about.st_mtime_ns, sha]
    return found


def raw_digest(record: Path) -> str:
    """Return a digest of the raw files of a scene as they are now, from its record; 'not fetched' without a record.

    A file that is no longer there counts as it was: what was made from it stays valid.
    """
    if not record.is_file():
        return "not fetched"
    state = read_json(record).get("state", {})
    sums = [current_sha256(Path(path), *known) for path, known in sorted(state.items())]
    return hashlib.sha256(" ".join(sums).encode()).hexdigest()[:16] if sums else "no raw files"


def has_changed(record: Mapping[str, Any]) -> bool:
    """Return whether a raw file's content differs from its record."""
    return any(current_sha256(Path(path), *known) != known[2] for path, known in record.get("state", {}).items())


def current_sha256(path: Path, size: int, time: int, sha: str) -> str:
    """Return the file's hash, reading it only where its size or modification time differs from what is known."""
    if not path.is_file():
        return sha
    about = path.stat()
    return sha if (about.st_size, about.st_mtime_ns) == (size, time) else sha256_of(path)
