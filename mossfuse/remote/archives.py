"""Zip and tar files of other people: checked for damage and for bombs; members are copied out under names chosen by the caller.

Nothing is extracted under a name that an archive holds, so a name with ``..`` or a link leads nowhere.
"""

from __future__ import annotations

import shutil
import tarfile
import zipfile
import zlib
from pathlib import Path
from typing import IO

from mossfuse.errors import MossFuseError

MOST_RATIO = 100  # of the unpacked size to the archive's own; scenes are PNGs and compressed MATLAB files, about 1


AGAIN = "delete it and run again to download it again"


def check_archive(path: Path, remedy: str = AGAIN) -> None:
    """Raise MossFuseError for a zip or tar file that is cut short or damaged (or an error page saved under its name).

    So does one that would unpack to more than MOST_RATIO times its own size; files of other types pass. remedy: what the message
    says to do.
    """
    name, most = path.name.removesuffix(".part").lower(), MOST_RATIO * path.stat().st_size
    try:
        if name.endswith(".zip"):
            with zipfile.ZipFile(path) as archive:
                require_size(path, sum(member.file_size for member in archive.infolist()), most)
                bad = archive.testzip()
            if bad:
                raise zipfile.BadZipFile(f"checksum of {bad} is wrong")
        elif name.endswith((".tgz", ".tar.gz", ".tar")):
            with tarfile.open(path) as archive:
                total = 0
                for member in archive:
                    total += member.size
                    require_size(path, total, most)
    except (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, OSError, ValueError) as error:
        raise MossFuseError(f"{path} is a damaged archive ({error}); {remedy}") from error


def require_size(path: Path, size: int, most: int) -> None:
    """Raise MossFuseError where the content of an archive is larger than ``most`` bytes."""
    if size > most:
        raise MossFuseError(
            f"{path} would unpack to more than {MOST_RATIO} times its size; it is not the right file, get it from its source"
        )


def copy_member(source: IO[bytes], target: Path, most: int) -> None:
    """Copy one member of an archive into the file ``target``; raise MossFuseError where it holds more than ``most`` bytes."""
    with open(target, "wb") as sink:
        shutil.copyfileobj(Limited(source, most, target.name), sink)


class Limited:
    """A stream that may be read up to a number of bytes."""

    def __init__(self, source: IO[bytes], most: int, name: str) -> None:
        self.source, self.left, self.name = source, most, name

    def read(self, size: int) -> bytes:
        """Return the next bytes; raise MossFuseError beyond the limit."""
        block = self.source.read(size)
        self.left -= len(block)
        if self.left < 0:
            raise MossFuseError(f"{self.name} in the archive is larger than such a file can be; get the archive again")
        return block
