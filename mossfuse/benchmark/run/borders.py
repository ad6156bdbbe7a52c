"""Which files a method may open: none below the closed folders, but for what it was handed; everything else."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Borders:
    """Closed folders, and the folders and files that are open all the same; real paths, the deepest decides.

    Closed wins where both name one path.
    """

    closed: frozenset[str]
    opened: frozenset[str]

    @classmethod
    def around(cls, closed: Iterable[str | os.PathLike[str]], opened: Iterable[str | os.PathLike[str]] = ()) -> Borders:
        """Return the borders of these folders; relative paths start at the working directory."""
        return cls(frozenset(map(os.path.realpath, closed)), frozenset(map(os.path.realpath, opened)))

    def refused(self, path: str) -> bool:
        """Return whether a real path is closed."""
        while True:
            if path in self.closed:
                return True
            if path in self.opened or path == os.path.dirname(path):
                return False
            path = os.path.dirname(path)

    def part(self, path: str) -> bool:
        """Return whether something below the path is closed while the path itself is not."""
        return any(folder.startswith(os.path.join(path, "")) for folder in self.closed) and path not in self.closed

    def grants(self) -> Iterator[str]:
        """Yield the paths that together are everything open: what is beside the closed folders, at every level.

        Symbolic links are left out: where they lead is granted in its own place. What is made later in a folder that
        holds a closed one, at any depth, is not granted.
        """
        yield from self.open_parts(os.sep)
        for path in sorted(self.opened):
            if self.refused(os.path.dirname(path)) and path not in self.closed:
                yield from self.open_parts(path)

    def open_parts(self, path: str) -> Iterator[str]:
        """Yield the open paths among a path and what is below it, as few as possible."""
        if path in self.closed:
            return
        if not self.part(path):
            yield path
            return
        try:
            entries = [entry.path for entry in os.scandir(path) if not entry.is_symlink()]
        except OSError:  # a folder that may be passed through but not listed
            return
        for entry in entries:
            yield from self.open_parts(entry)
