"""What a run has to download, as lines for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from mossfuse.benchmark.plan.downloads import Download, downloads
from mossfuse.benchmark.plan.grid import Grid
from mossfuse.benchmark.plan.paths import Paths
from mossfuse.remote.download import mirror_folders

AT_HAND = "files that you have already: put them into the folder named, or name the folder that holds them in MOSSFUSE_MIRRORS"


def lines_for(grid: Grid, paths: Paths) -> list[str]:
    """Return what a grid has to download, one line for each file or group of scenes, as ``described``."""
    return described(downloads(grid, paths, mirror_folders(grid.config["mirrors"])))


def described(found: Sequence[Download]) -> list[str]:
    """Return one line for each download, their sum, and what to do with files at hand; or one line that says there is none."""
    lines = [line(item) for item in found]
    if not lines:
        return ["none"]
    sent = [item.file for item in found if item.file is not None and item.file.urls]
    sizes = [file.size for file in sent if file.size is not None]
    parts = [size(sum(sizes))] if sizes else []
    parts += [f"{count(len(sent) - len(sizes), 'file')} of unknown size"] if len(sent) > len(sizes) else []
    parts += [f"{count(len(found) - len(sent), 'entry', 'entries')} BY HAND"] if len(found) > len(sent) else []
    if len(lines) > 1:
        lines.append(f"together: {', '.join(parts)}")
    return [*lines, AT_HAND]


def line(item: Download) -> str:
    """Return one download in a line: whose it is, which scenes lack it, its size, where it comes from and goes to, its terms."""
    terms = item.terms if item.terms.startswith("terms") else f"terms: {item.terms or 'not stated'}"
    held = f", {item.held} at hand" if item.held else ""
    wanted = f" for {count(len(item.scenes), 'scene')}{held}" if item.scenes else ""
    if item.file is None:
        return f"{item.owner}: {count(len(item.scenes), 'scene')} BY HAND{held}: {item.how} ({terms})"
    if not item.file.urls:
        return f"{item.owner}: {item.file.name}{wanted} BY HAND: {item.how} ({terms})"
    bytes_ = "size not known" if item.file.size is None else size(item.file.size)
    place = f" into {shown(item.folder)}" if item.folder else ""
    host = urlsplit(item.file.urls[0]).netloc
    return f"{item.owner}: {item.file.name}{wanted}, {bytes_}, from {host}{place} ({terms})"


def count(number: int, one: str, many: str = "") -> str:
    """Return a number with its noun."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def shown(folder: Path) -> str:
    """Return a folder as it is written in a sentence."""
    return folder.as_posix()


def size(count: float) -> str:
    """Return bytes as text: 1.2 GB."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= factor:
            return f"{count / factor:.3g} {unit}"
    return f"{count:.0f} bytes"
