"""Refuse files beyond the borders of a method: by an audit hook for its reason, by Landlock for good."""

from __future__ import annotations

import os
import site
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any

from mossfuse.benchmark.run.borders import Borders
from mossfuse.benchmark.run.landlock import restrict_to

# Audit event -> positions of the paths among its arguments (https://docs.python.org/3/library/audit_events.html).
EVENTS = {
    "open": (0,),
    "os.listdir": (0,),
    "os.scandir": (0,),
    "os.chdir": (0,),
    "os.link": (0, 1),
    "os.symlink": (0, 1),
    "os.rename": (0, 1),
    "os.remove": (0,),
    "os.rmdir": (0,),
    "os.mkdir": (0,),
    "os.truncate": (0,),
    "sqlite3.connect": (0,),
}
NETWORK = ("socket.connect", "socket.sendto")
PROCESSES = "/proc"


class Refused(PermissionError):
    """A method asked for something that it was not handed."""


class Guard:
    """What the audit hook of this process refuses at present. opened: paths that were asked for, as reasons."""

    def __init__(self) -> None:
        self.borders: Borders | None = None
        self.reasons: list[str] = []
        self.hooked = False
        # Reading code and libraries is what most opening is, and needs no look at symbolic links.
        self.code = tuple(os.path.join(prefix, "lib", "") for prefix in {sys.prefix, sys.base_prefix})

    def hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Look at one audit event."""
        if self.borders is None:
            return
        if event in NETWORK:
            if isinstance(arguments[1], tuple):
                raise Refused("a method may not use the network")
        elif event in EVENTS:
            for position in EVENTS[event]:
                self.check(arguments[position])

    def check(self, path: Any) -> None:
        """Raise Refused where the path is beyond the borders, and keep the reason."""
        if self.borders is None or isinstance(path, int):
            return
        text = os.fsdecode("." if path is None else path)
        if text.startswith(self.code) and ".." not in text:
            return
        place = os.path.realpath(text)
        if self.borders.refused(place):
            reason = f"the method opened {place}, which it was not handed"
            if not place.startswith(PROCESSES):  # some libraries look at the processes of the machine
                self.reasons.append(reason)
            raise Refused(reason)


GUARD = Guard()


@contextmanager
def watching(borders: Borders) -> Iterator[list[str]]:
    """Refuse what is beyond the borders inside the block; yield the list of what was asked for, as reasons."""
    install()
    GUARD.borders, GUARD.reasons = borders, []
    try:
        yield GUARD.reasons
    finally:
        GUARD.borders = None


def confine(closed: Iterable[str], opened: Iterable[str]) -> str:
    """Refuse from now on, in this process and those it starts, what is closed and not opened; return 'landlock' or 'audit'.

    'landlock': the kernel refuses it to any code. 'audit': Python's own functions and h5py refuse it; code in C
    and other programs are not held back.
    """
    borders = borders_of_method(closed, opened)
    kind = "landlock" if restrict_to(borders.grants()) else "audit"
    install()
    GUARD.borders, GUARD.reasons = borders, []
    return kind


def borders_of_method(closed: Iterable[str], opened: Iterable[str]) -> Borders:
    """Return the borders of a method: its code and libraries are open, and so is of all processes its own alone."""
    package = Path(__file__).resolve().parents[2]
    libraries = [sys.prefix, sys.base_prefix, *sys.path, *site.getsitepackages(), package, package.parent / "baselines"]
    methods = os.environ.get("MOSSFUSE_BASELINES", "").split(os.pathsep)
    opened = [*opened, *(path for path in (*libraries, *methods) if path)]
    closed = list(closed)
    if os.path.isdir(PROCESSES):
        closed.append(PROCESSES)
        machine = [os.path.join(PROCESSES, name) for name in os.listdir(PROCESSES) if not name.isdigit()]
        opened += [*(path for path in machine if not os.path.islink(path)), os.path.join(PROCESSES, str(os.getpid()))]
    return Borders.around(closed, opened)


def install() -> None:
    """Add the audit hook, which stays for as long as the process lives, and the same check to h5py, which has no event."""
    if GUARD.hooked:
        return
    GUARD.hooked = True
    sys.addaudithook(GUARD.hook)
    import h5py

    h5py.h5f.open = checked(h5py.h5f.open)


def checked(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that checks the path, its first argument, before it opens it."""

    @wraps(function)
    def opening(path: Any, *arguments: Any, **options: Any) -> Any:
        GUARD.check(path)
        return function(path, *arguments, **options)

    return opening
