"""Notice that the table of a spectral response has changed: its hash is part of what every pair made with it depends on."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from mossfuse.degradations.responses import find_response
from mossfuse.files.atomic import write_json
from mossfuse.files.hashing import array_sha256
from mossfuse.remote.download import offline

ABSENT = "not fetched"


def record_response(name: str, path: Path, mirrors: Iterable[Path], folder: Path) -> None:
    """Read the table of a spectral response, downloading it where that is needed, and write its hash to ``path``.

    mirrors, folder: as for ``mossfuse.degradations.responses.load_srf``.
    """
    record = {"sha256": table_sha256(name, tuple(mirrors), folder)}
    if not path.is_file() or json.loads(path.read_text(encoding="utf-8")) != record:
        write_json(path, record)


def response_digest(name: str, path: Path, mirrors: Iterable[Path], folder: Path) -> str:
    """Return the hash, 16 hex digits, of the table as it is now; of its record where it cannot be read without a download.

    'not fetched' where there is neither: what was made from a table that is no longer here stays valid.
    """
    if not path.is_file():
        return ABSENT
    try:
        with offline():
            return table_sha256(name, tuple(mirrors), folder)[:16]
    except Exception:  # other people's code reads the table; whatever stops it stops the job with its reason
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return str(found["sha256"])[:16]


@cache
def table_sha256(name: str, mirrors: tuple[Path, ...], folder: Path) -> str:
    """Return the hash of the table's values; it is read once in a process, which asks before every job."""
    return array_sha256(find_response(name)[0].table(list(mirrors), folder))
