"""Write files in one step: a reader sees the old file or the complete new one; and read back what was written so."""

import csv
import json
import math
import os
import shutil
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


def require_space(path, shape):
    """Raise MossFuseError unless the disk of ``path`` has room for a float32 array of ``shape``."""
    folder = next(parent for parent in Path(path).absolute().parents if parent.is_dir())
    needed, free = 4 * math.prod(shape), shutil.disk_usage(folder).free
    if free < needed:
        raise MossFuseError(
            f"cannot write {path}: it needs {needed / 1e9:.3g} GB and {free / 1e9:.3g} GB are free; free some space"
        )


@contextmanager
def writing(path):
    """Turn an OSError of the block into a MossFuseError that names ``path``."""
    try:
        yield
    except OSError as error:
        # HDF5 puts several lines into the text of its errors, and GDAL none into their number.
        reason = os.strerror(error.errno) if error.errno else " ".join(str(error).split())
        raise MossFuseError(
            f"cannot write {path} ({reason}); check that the folder can be written to and the disk is not full"
        ) from error


def write_bytes(path, content):
    """Write a file in one step."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def write_text(path, text):
    """Write a text file (UTF-8, as given) in one step."""
    write_bytes(path, text.encode())


def write_json(path, content):
    """Write ``content`` (numpy values, tuples and sets allowed) as JSON in one step."""
    write_text(path, json.dumps(content, indent=1, sort_keys=True, default=as_plain) + "\n")


def read_json(path):
    """Return the content of a JSON file; raise MossFuseError where it is damaged, FileNotFoundError where it is missing."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except ValueError as error:
        reason = str(error).split(":")[0]
        raise MossFuseError(f"{path} is damaged ({reason}); delete it and run again to make it again") from None


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
