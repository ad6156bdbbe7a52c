"""Notice that a file of the results is no longer what the step that made it has written: a damaged disk, an edit by hand."""

from __future__ import annotations

from pathlib import Path

from mossfuse.errors import MossFuseError
from mossfuse.files.atomic import read_json
from mossfuse.files.hashing import sha256_of


def require_unchanged(path: str | Path, record: str | Path, key: str) -> None:
    """Raise MossFuseError where the file's sha256 differs from the entry ``key`` of its JSON record.

    A record without that entry, and a missing record, say nothing about the file.
    """
    known = read_json(record).get(key) if Path(record).is_file() else None
    if known is not None and sha256_of(path) != known:
        raise MossFuseError(
            f"{path} is damaged or was edited (its sha256 is not that in {record}); delete it and run again to make it again"
        )
