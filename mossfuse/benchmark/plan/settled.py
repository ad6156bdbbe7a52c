"""Whether a run would find nothing to do, from the state of every file that Snakemake's decision depends on.

``run.py`` asks before it starts Snakemake, which takes seconds to say the same. The record that is compared is written where Snakemake itself found
nothing to do, or where a finished run was certified (mossfuse.benchmark.run.settling), and where no file has changed since. A state is path, size,
inode, and the times of the last modification and of the last change of any kind, which no program can set back. Any difference, any doubt, and any
argument that is not listed here means: start Snakemake. Standard library only, because ``run.py`` runs outside of the environment.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

FOLDER = Path(".snakemake", "mossfuse")
STARTED = FOLDER / "started"  # its time is that of the start, by the clock of the file system
WATCHED = FOLDER / "watched.json"  # written by the workflow: what its decisions depend on
CERTIFIED = FOLDER / "certified"  # its time is that of the certificate
RECORD = FOLDER / "settled.json"
# Options with one value, or several, that change nothing else than what is run, and on how many processors.
OPTIONS = {"--configfile": 99, "--configfiles": 99, "--cores": 1, "-c": 1, "--jobs": 1, "-j": 1}
# Variables that Snakemake, the workflow or discovery read, and those that decide how text is read.
VARIABLES = ("MOSSFUSE_", "SNAKEMAKE_", "PYTHON", "XDG_", "LC_", "LANG", "HOME")
MOST_FILES = 200_000  # beyond, looking at every file takes longer than Snakemake's start
WAIT_S = 0.05  # longer than the steps of any file system's clock


def is_settled(root: Path, arguments: Sequence[str], environment: Mapping[str, str]) -> bool:
    """Return whether nothing has changed since a run with these arguments had nothing left to do."""
    try:
        record = json.loads((root / RECORD).read_text(encoding="utf-8"))
        return (
            may_be_settled(arguments)
            and record["asked"] == asked(root, arguments, environment)
            and record["state"] == digest_of(root, record["watched"])
        )
    except (OSError, ValueError, KeyError, TypeError):
        return False


def begin(root: Path) -> None:
    """Forget what was known, and note when the run starts."""
    for name in (RECORD, CERTIFIED, WATCHED, STARTED):
        (root / name).unlink(missing_ok=True)
    (root / FOLDER).mkdir(parents=True, exist_ok=True)
    time.sleep(WAIT_S)
    (root / STARTED).touch()


def record(root: Path, arguments: Sequence[str], environment: Mapping[str, str]) -> bool:
    """Record the state that a successful run has left; return False where there is any doubt about it.

    What a run reads must be older than its start. What it makes must be older than its certificate or, where it made nothing and has none, than its
    start.
    """
    try:
        watched = json.loads((root / WATCHED).read_text(encoding="utf-8"))
        started = (root / STARTED).stat().st_ctime_ns
        sealed = (root / CERTIFIED).stat().st_ctime_ns if (root / CERTIFIED).exists() else started
        if os.name != "posix" or not may_be_settled(arguments):
            return False
        found = states(root, watched)
        for kind, limit in (("read", started), ("made", sealed)):
            if any(state is not None and state[3] >= limit for _, state in found[kind]):
                return False
    except (OSError, ValueError, KeyError, TypeError):
        return False
    content = {"asked": asked(root, arguments, environment), "watched": watched, "state": digest(found)}
    (root / RECORD).write_text(json.dumps(content), encoding="utf-8")
    return True


def may_be_settled(arguments: Sequence[str]) -> bool:
    """Return whether these arguments of Snakemake ask for the default target, and force nothing."""
    words = list(arguments)
    while words:
        name, _, value = words.pop(0).partition("=")
        if name not in OPTIONS:
            return False
        for _ in range(0 if value else OPTIONS[name]):
            if not words or words[0].startswith("-"):
                break
            words.pop(0)
    return True


def asked(root: Path, arguments: Sequence[str], environment: Mapping[str, str]) -> dict[str, Any]:
    """Return what was asked for: arguments, place, and the environment as far as it matters."""
    variables = {name: value for name, value in environment.items() if name.startswith(VARIABLES)}
    return {"arguments": list(arguments), "root": str(root.resolve()), "environment": variables}


def digest_of(root: Path, watched: Mapping[str, Any]) -> str:
    """Return the digest of the present state of the watched files."""
    return digest(states(root, watched))


def digest(found: Mapping[str, Any]) -> str:
    """Return the digest of states."""
    return hashlib.sha256(json.dumps(found, sort_keys=True).encode()).hexdigest()


def states(root: Path, watched: Mapping[str, Any]) -> dict[str, Any]:
    """Return {"read": [(path, state)], "made": ..., "listed": names in folders}; a state is None where there is no file.

    watched: {"read" | "made": paths of files and folders, "listed": folders of which the names alone count}. Raises ValueError where there are more
    files than MOST_FILES.
    """
    found: dict[str, Any] = {}
    for kind in ("read", "made"):
        rows: dict[str, list[int] | None] = {}
        for path in watched[kind]:
            for file, state in look_at(root / path):
                rows[file] = state
                if len(rows) > MOST_FILES:
                    raise ValueError("too many files")
        found[kind] = sorted(rows.items())
    found["listed"] = [sorted(os.listdir(folder)) for folder in watched["listed"]]
    return found


def look_at(path: Path) -> Iterator[tuple[str, list[int] | None]]:
    """Yield (path, state) of a file, or of every file below a folder, links followed; compiled Python does not count."""
    if not path.is_dir():
        yield str(path), state_of(path)
        return
    seen: set[tuple[int, int]] = set()
    for folder, folders, files in os.walk(path, followlinks=True):
        about = os.stat(folder)
        if (about.st_dev, about.st_ino) in seen:
            folders.clear()
            continue
        seen.add((about.st_dev, about.st_ino))
        folders[:] = [name for name in folders if name != "__pycache__"]
        for name in files:
            file = os.path.join(folder, name)
            yield file, state_of(file)


def state_of(path: str | Path) -> list[int] | None:
    """Return [size, inode, time of modification, time of change] of a file; None where there is none."""
    try:
        about = os.stat(path)
    except OSError:
        return None
    return [about.st_size, about.st_ino, about.st_mtime_ns, about.st_ctime_ns]


def write_watched(read: Iterable[str | Path], made: Iterable[str | Path], listed: Iterable[str | Path]) -> None:
    """Write what the decisions of this workflow depend on, where ``run.py`` has started it."""
    if STARTED.exists():
        content = {"read": sorted(map(str, read)), "made": sorted(map(str, made)), "listed": sorted(map(str, listed))}
        WATCHED.write_text(json.dumps(content), encoding="utf-8")


def certify() -> None:
    """Note that what the run has made is in order now, where ``run.py`` has started it."""
    if STARTED.exists():
        time.sleep(WAIT_S)
        CERTIFIED.touch()
