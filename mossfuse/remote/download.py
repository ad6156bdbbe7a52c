"""Getting files of other people: mirror folders first, then a list of URLs with retries, resume and sha256.

Standard library only. A file whose sha256 is not known in advance is trusted on first sight and its hash written to
``SHA256SUMS`` in its folder; from then on that hash is the one it must have.
"""

import http.client
import logging
import os
import re
import socket
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

from mossfuse.errors import MossFuseError
from mossfuse.files.atomic import write_text, writing
from mossfuse.files.hashing import sha256_of
from mossfuse.progress import track
from mossfuse.remote.archives import AGAIN, check_archive

CHUNK = 1 << 18
TRIES = 4
TIMEOUT_S = 20
BACK_OFF_S = 1.0
SUMS = "SHA256SUMS"
LEFT_ALONE = "it lies in a mirror and is left alone"
OFFLINE: ContextVar[bool] = ContextVar("OFFLINE", default=False)
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Obtained:
    """A file that is there: where, from where, its hash, and whether that hash was known beforehand.

    source: 'folder' (it was already there), 'mirror' or 'download'.
    """

    path: Path
    source: str
    sha256: str
    verified: bool


class Unreachable(Exception):
    """No use in trying this URL again: the host or the file is not there."""


@contextmanager
def offline() -> Iterator[None]:
    """Let ``obtain`` raise MossFuseError inside the block where it would have to download a file."""
    token = OFFLINE.set(True)
    try:
        yield
    finally:
        OFFLINE.reset(token)


def mirror_folders(extra=()):
    """Return the folders that are searched before any download: ``extra``, then those of MOSSFUSE_MIRRORS.

    ``~`` is the user's home. A folder that does not exist is passed over with a warning: a disk may not be mounted.
    """
    named = [
        Path(os.path.expanduser(p)) for p in (*extra, *os.environ.get("MOSSFUSE_MIRRORS", "").split(os.pathsep)) if p
    ]
    for folder in named:
        if not folder.is_dir():
            log.warning(
                "the mirror folder %s does not exist and is passed over; check mirrors: and MOSSFUSE_MIRRORS", folder
            )
    return [folder for folder in named if folder.is_dir()]


def obtain(remote, folder, mirrors=()):
    """Make a RemoteFile available, verify it and return Obtained. Nothing is copied out of a mirror.

    A file in ``folder`` that fails verification is an error; one in a mirror is passed over. MossFuseError says
    what was tried and what to do by hand.
    """
    folder = Path(folder)
    own = folder / remote.name
    if own.exists():
        return verify(remote, own, folder, "folder")
    problems = []
    candidates = [(file, path) for file in (remote, *remote.derived) for path in mirror_candidates(file, mirrors)]
    for file, path in candidates:
        try:
            return verify(file, path, folder, "mirror")
        except MossFuseError as error:
            log.warning("%s", error)
            problems.append(str(error))
    with lock(own):
        if own.exists():  # another process was faster
            return verify(remote, own, folder, "folder")
        return download(remote, own, problems)


def mirror_candidates(remote, mirrors):
    """Return the existing files of the mirrors that may be this one."""
    names = dict.fromkeys((*remote.mirror_names, remote.name))
    return [path for mirror in mirrors for name in names if (path := Path(mirror) / name).is_file()]


def verify(remote, path, folder, source):
    """Check a file against its known or recorded sha256 (recording it where it is new).

    The message about a wrong file of a mirror does not say to delete it: a mirror is other people's, or shared.
    """
    check_archive(path, LEFT_ALONE if source == "mirror" else AGAIN)
    found = sha256_of(path)
    if remote.sha256:
        if found != remote.sha256:
            raise MossFuseError(
                f"{path} has sha256 {found[:16]}..., expected {remote.sha256[:16]}...; "
                + (LEFT_ALONE if source == "mirror" else "delete it and run again to get the right file")
            )
        return Obtained(path, source, found, True)
    record_hashes(folder, {remote.name: found})
    return Obtained(path, source, found, False)


def record_hashes(folder, found):
    """Write first-seen hashes {name: sha256} to SHA256SUMS; MossFuseError where another one stands there already."""
    sums = read_sums(folder)
    for name, sha in found.items():
        if sums.get(name, sha) != sha:
            raise MossFuseError(
                f"{name} has changed since it was first recorded ({sha[:16]}..., but {sums[name][:16]}... in "
                f"{Path(folder) / SUMS}); restore it, or remove its line there if the new file is right"
            )
    if not found.keys() <= sums.keys():
        lines = sorted({**sums, **found}.items())
        write_text(Path(folder) / SUMS, "".join(f"{sha}  {name}\n" for name, sha in lines))


def forget_hash(folder, name):
    """Take a first-seen hash out of SHA256SUMS: its file turned out not to be the right one."""
    sums = read_sums(folder)
    if sums.pop(name, None) is not None:
        write_text(Path(folder) / SUMS, "".join(f"{sha}  {name}\n" for name, sha in sorted(sums.items())))


def read_sums(folder):
    """Return {name: sha256} of a folder's SHA256SUMS (empty where there is none)."""
    path = Path(folder) / SUMS
    if not path.is_file():
        return {}
    lines = (line.split(maxsplit=1) for line in path.read_text(encoding="utf-8").splitlines() if line.strip())
    return {name.strip(): sha for sha, name in lines}


def download(remote, own, problems=()):
    """Fetch ``remote`` to ``own`` from the first URL that serves it; MossFuseError lists every attempt."""
    problems = list(problems)
    if OFFLINE.get():
        raise MossFuseError(f"{remote.name} is in no folder of MOSSFUSE_MIRRORS, and nothing is downloaded here")
    part = own.with_name(own.name + ".part")
    with writing(own):
        for url in remote.urls:
            host = urllib.parse.urlsplit(url).netloc
            log.info("downloading %s from %s (terms: %s)", remote.name, host, remote.terms or "not stated")
            try:
                fetch(url, part)
                found = check_arrived(remote, part)
            except (Unreachable, MossFuseError) as error:
                problems.append(f"{host}: {error}")
                log.warning("%s from %s: %s", remote.name, host, error)
                continue
            os.replace(part, own)
            forget(part)
            if not remote.sha256:
                record_hashes(own.parent, {remote.name: found})
            return Obtained(own, "download", found, bool(remote.sha256))
    tried = "; ".join(problems) or "no URL is known"
    where = f"get it from {remote.urls[0]} by hand and " if remote.urls else ""
    terms = f" (terms: {remote.terms})" if remote.terms else ""
    raise MossFuseError(
        f"{remote.name} could not be obtained ({tried}); {where}put it at {own} or into a folder of MOSSFUSE_MIRRORS{terms}"
    )


def check_arrived(remote, part):
    """Return the sha256 of a complete download; remove a wrong or damaged one so that nothing resumes from it."""
    try:
        check_archive(part)
        found = sha256_of(part)
        if remote.sha256 and found != remote.sha256:
            raise MossFuseError(f"sha256 is {found[:16]}..., expected {remote.sha256[:16]}...")
    except MossFuseError as error:
        forget(part)
        part.unlink()
        raise MossFuseError(str(error).replace(str(part), "what it sent")) from error
    return found


def fetch(url, part):
    """Complete ``part`` from ``url``, continuing an earlier attempt; raise Unreachable where that is hopeless.

    Attempts that brought nothing new are counted; one that waited in vain for a connection counts twice.
    """
    failures = 0
    while True:
        before, cost = size_of(part), 1
        try:
            transfer(url, part)
            return
        except urllib.error.HTTPError as error:
            if error.code == 416 and error.headers.get("Content-Range", "").endswith(f"*/{before}"):
                return  # an earlier attempt had received all of it
            if error.code == 416:  # the part is longer than the file: it belongs to something else
                forget(part)
                part.unlink(missing_ok=True)
            elif error.code not in (408, 425, 429) and error.code < 500:
                raise Unreachable(f"HTTP {error.code} {error.reason}") from error
            reason = f"HTTP {error.code} {error.reason}"
        except urllib.error.URLError as error:
            reason = getattr(error.reason, "strerror", None) or str(error.reason)
            if isinstance(error.reason, (socket.gaierror, ConnectionRefusedError)):
                raise Unreachable(f"host not reachable ({reason})") from error
            cost = 2 if isinstance(error.reason, TimeoutError) else 1
        except (http.client.HTTPException, ConnectionError, TimeoutError, ssl.SSLError) as error:
            reason = str(error) or type(error).__name__
        failures = cost if size_of(part) > before else failures + cost
        if failures >= TRIES:
            raise Unreachable(f"gave up after several attempts ({reason})")
        log.info("%s: %s; trying again", url, reason)
        time.sleep(BACK_OFF_S * 2 ** (failures - 1))


def transfer(url, part):
    """Send one request: append to ``part`` where the server continues it, otherwise start from the beginning."""
    start = size_of(part)
    headers = {"User-Agent": "mossfuse"}
    if start:
        headers["Range"] = f"bytes={start}-"
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=TIMEOUT_S) as response:
        if start and not continues(response, start, part):
            start = 0
            if response.status == 206:
                forget(part)
                part.unlink()
                raise ConnectionError("the file on the server has changed")
        remember(part, response)
        length = response.headers.get("Content-Length")
        total = start + int(length) if length else None
        with open(part, "ab" if start else "wb") as stream:
            steps = -(-int(length) // CHUNK) if length else None
            for chunk in track(iter(lambda: response.read(CHUNK), b""), f"downloading {part.stem}", total=steps):
                stream.write(chunk)
    if total is not None and size_of(part) < total:
        raise ConnectionError(f"the connection ended after {size_of(part)} of {total} bytes")


def continues(response, start, part):
    """Return True where a 206 answer continues at ``start`` the file that the part began with."""
    position = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
    same = validator(response) == (tag_file(part).read_text(encoding="utf-8") if tag_file(part).is_file() else "")
    return response.status == 206 and same and position is not None and int(position[1]) == start


def validator(response):
    """Return what identifies the server's version of a file."""
    return response.headers.get("ETag") or response.headers.get("Last-Modified") or ""


def remember(part, response):
    tag_file(part).write_text(validator(response), encoding="utf-8")


def forget(part):
    tag_file(part).unlink(missing_ok=True)


def tag_file(part):
    return part.with_name(part.name + ".tag")


def size_of(path):
    return path.stat().st_size if path.is_file() else 0


@contextmanager
def lock(path):
    """Let one process at a time download to ``path`` (the empty lock file stays: removing it would be a race)."""
    import fcntl

    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        stream = open(path.with_name(f".{path.name}.lock"), "w", encoding="utf-8")
    with stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield
