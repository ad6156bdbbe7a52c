"""Landlock: the kernel refuses every file but those granted, whatever code asks for it, here and in child processes.

Linux 5.13 or newer (https://docs.kernel.org/userspace-api/landlock.html); called through libc, so that nothing is installed.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterable

CREATE, ADD_RULE, RESTRICT = 444, 445, 446  # numbers of the system calls, the same on every architecture in use
VERSION, PATH_BENEATH, NO_NEW_PRIVILEGES = 1, 1, 38
ON_FILES = 0b111  # execute, write, read
ON_FOLDERS = (
    0b1_1111_1111_0111  # these, remove, and make an entry of any kind; not list, which a search for modules needs
)
REFER, TRUNCATE = 1 << 13, 1 << 14  # rename from folder to folder; since the second and third version


class Ruleset(ctypes.Structure):
    """The rights that are refused unless a rule grants them."""

    _fields_ = (("handled", ctypes.c_uint64),)


class Beneath(ctypes.Structure):
    """Rights to everything beneath a folder, or to one file."""

    _pack_ = 1
    _layout_ = "ms"
    _fields_ = (("allowed", ctypes.c_uint64), ("file", ctypes.c_int32))


def restrict_to(paths: Iterable[str]) -> bool:
    """Let this thread, and every thread and process that it starts, open nothing but ``paths`` and what is beneath them.

    Return whether the kernel does so; False where it knows no Landlock. It cannot be undone. Rights can only be given up from now on,
    in any case (no_new_privs).
    """
    if sys.platform != "linux":
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0)  # needed for Landlock, and seen by the warm process of a workflow
    version = libc.syscall(CREATE, None, ctypes.c_size_t(0), VERSION)
    if version < 1:
        return False
    files = ON_FILES | (TRUNCATE if version >= 3 else 0)
    folders = ON_FOLDERS | files | (REFER if version >= 2 else 0)
    rules = Ruleset(folders)
    ruleset = libc.syscall(CREATE, ctypes.byref(rules), ctypes.c_size_t(ctypes.sizeof(rules)), 0)
    if ruleset < 0:
        return False
    try:
        for path in paths:
            grant(libc, ruleset, path, files, folders)
        done: bool = libc.syscall(RESTRICT, ruleset, 0) == 0
        return done
    finally:
        os.close(ruleset)


def grant(libc: ctypes.CDLL, ruleset: int, path: str, files: int, folders: int) -> None:
    """Add the rule for one path; one that cannot be opened, such as another user's folder, gets none."""
    try:
        file = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        rule = Beneath(folders if os.path.isdir(path) else files, file)
        libc.syscall(ADD_RULE, ruleset, PATH_BENEATH, ctypes.byref(rule), 0)
    finally:
        os.close(file)
