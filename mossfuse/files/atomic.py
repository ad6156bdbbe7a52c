"""Write files in one step: a reader sees the old file or the complete new one."""

import csv
import json
import os
from contextlib import contextmanager
from pathlib import Path

from mossfuse.errors import MossFuseError


@contextmanager
def replacing(path):
    """Yield a temporary path in the folder of ``path`` that takes its name when the block ends without an exception.

    After any exception nothing is left behind and an older file of that name is untouched. An OSError (no
    permission, disk full, a folder that is a file) becomes a MossFuseError.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with writing(path):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            yield temporary
            os.replace(temporary, path)
        finally:
            if temporary.parent.is_dir():
                temporary.unlink(missing_ok=True)


@contextmanager
def writing(path):
    """Turn an OSError of the block into a MossFuseError that names ``path``."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or " ".join(str(error).split())
        raise MossFuseError(
            f"cannot write {path} ({reason}); check that the folder can be written to and the disk is not full"
        ) from error


def write_text(path, text):
    """Write a text file (UTF-8, as given) in one step."""
    with replacing(path) as temporary:
        temporary.write_bytes(text.encode())


def write_json(path, content):
    """Write ``content`` (numpy values, tuples and sets allowed) as JSON in one step."""
    write_text(path, json.dumps(content, indent=1, sort_keys=True, default=as_plain) + "\n")


def as_plain(value):
    """Convert numpy scalars and arrays, sets and mappings to what JSON can hold."""
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, frozenset | set):
        return sorted(value)
    if hasattr(value, "items"):
        return dict(value)
    raise TypeError(f"cannot write {type(value).__name__} as JSON")


def write_rows(path, header, rows):
    """Write a small CSV in one step, numbers with ten significant digits."""
    with replacing(path) as temporary, open(temporary, "w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(
            [f"{v:.10g}" if isinstance(v, float) or hasattr(v, "dtype") else v for v in row] for row in rows
        )
