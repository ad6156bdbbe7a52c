"""Make sure of the room that a file needs before anything is computed for it."""

import errno
import os
from pathlib import Path

from mossfuse.files.atomic import writing


def reserve(path: Path, size: int) -> None:
    """Raise MossFuseError unless ``size`` bytes can be written beside ``path``; they are given back at once.

    It meets quotas and limits on files, too, which the free space of a disk does not show.
    """
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        probe = path.with_name(f".room.{os.getpid()}.tmp")
        try:
            with open(probe, "wb") as stream:
                fill(stream.fileno(), size)
        finally:
            probe.unlink(missing_ok=True)


def fill(descriptor: int, size: int) -> None:
    """Give a file ``size`` bytes on the disk; raise OSError where there is no room."""
    if size <= 0 or not hasattr(os, "posix_fallocate"):
        return
    try:
        os.posix_fallocate(descriptor, 0, size)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.EOPNOTSUPP):  # a file system that reserves nothing
            raise
