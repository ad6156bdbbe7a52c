"""Which scenes an archive of scenes holds, by the names in it, before anything is taken out of it."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

SUFFIX = "_ms"  # of the folders of CAVE


def scenes_held(archive: Path, scenes: Iterable[str]) -> list[str] | None:
    """Return those of the scenes that a zip archive has a folder or a file of; None for what is no zip archive.

    A file or folder belongs to a scene whose name it has, with or without ``_ms`` and a file type.
    """
    if archive.suffix.lower() != ".zip" or not zipfile.is_zipfile(archive):
        return None
    with zipfile.ZipFile(archive) as bundle:
        parts = {part for name in bundle.namelist() for part in PurePosixPath(name).parts}
    stems = {PurePosixPath(part).stem.removesuffix(SUFFIX) for part in parts if not part.startswith("._")}
    return [scene for scene in scenes if scene in stems]
