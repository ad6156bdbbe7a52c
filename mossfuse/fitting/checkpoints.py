"""The format of checkpoints: one name and one version for every method that writes one, and one check of both."""

from pathlib import Path
from typing import Any

from mossfuse.errors import MossFuseError
from mossfuse.files import torch_files
from mossfuse.files.kept import kept

VERSION = 1  # to be raised with every change of what checkpoints hold


def format_name(kind: str) -> str:
    """Return what the entry ``format`` of a checkpoint of this kind (a method's name) holds."""
    return f"{kind}-checkpoint-{VERSION}"


def write_checkpoint(path: str | Path, kind: str, content: dict[str, Any]) -> None:
    """Write a checkpoint (tensors and plain data) in one step, with its format."""
    torch_files.write_atomically({"format": format_name(kind), **content}, path)


def read_checkpoint(path: str | Path, kind: str) -> dict[str, Any]:
    """Return the content of a checkpoint; raise MossFuseError where it is damaged or has another format."""
    content = torch_files.read_file(path)
    check_format(content, path, kind)
    return content


@kept
def kept_checkpoint(path: str | Path, kind: str) -> dict[str, Any]:
    """Return the content of a checkpoint as ``read_checkpoint`` does, from memory while the file is unchanged."""
    return read_checkpoint(path, kind)


def check_format(content: Any, path: str | Path, kind: str) -> None:
    """Raise MossFuseError where the content of a torch file is not a checkpoint of this kind and version."""
    found = content.get("format") if isinstance(content, dict) else None
    if found == format_name(kind):
        return
    if isinstance(found, str) and found.startswith(f"{kind}-checkpoint-"):
        raise MossFuseError(
            f"{path} was written by another version of this package ({found}, this one reads {format_name(kind)}); "
            "train the method again"
        )
    raise MossFuseError(f"{path} is not a checkpoint of {kind} ({format_name(kind)}); train the method again")
