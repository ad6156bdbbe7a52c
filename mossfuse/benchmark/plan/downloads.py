"""What a run has to download: files, their terms and sizes; nothing is asked of a server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mossfuse.benchmark.plan.grid import Block, Grid
from mossfuse.benchmark.plan.paths import Paths
from mossfuse.protocol import RemoteFile
from mossfuse.remote.download import mirror_candidates
from mossfuse.remote.registry import REGISTRY


@dataclass(frozen=True)
class Download:
    """A file that is in no folder and no mirror. file: None for scenes that have to be obtained by hand."""

    owner: str
    terms: str
    file: RemoteFile | None = None
    scenes: tuple[str, ...] = ()


def downloads(grid: Grid, paths: Paths, mirrors: Sequence[Path]) -> list[Download]:
    """Return what is missing, datasets first; a file that several entries of the grid need is named once."""
    found: dict[str, Download] = {}
    wanted = grid.scenes_to_prepare()
    for block in grid.blocks:
        for item in of_dataset(block, wanted[block.label], paths, mirrors):
            found.setdefault(item.file.name if item.file else item.owner, item)
    names = {d.srf for d in grid.degradations.values()} | {row.weights for row in grid.rows.values() if row.weights}
    for name in sorted(names & REGISTRY.keys()):
        file = REGISTRY[name]
        if not paths.registry_file(name).exists() and not at_hand(file, paths.registry, mirrors):
            found.setdefault(file.name, Download(name, file.terms, file))
    return list(found.values())


def of_dataset(block: Block, scenes: Sequence[str], paths: Paths, mirrors: Sequence[Path]) -> list[Download]:
    """Return what the scenes of one dataset need."""
    folder = paths.dataset(block.label).folder
    missing = [scene for scene in scenes if not paths.fetched(block.label, scene).exists()]
    layout = getattr(block.module, "LAYOUT", None)
    if layout is not None:
        places = [folder / "raw", *(Path(mirror) / sub for mirror in mirrors for sub in layout.subfolders)]
        missing = [scene for scene in missing if not any(layout.locate(place, scene) for place in places)]
        if missing and layout.fetch is None:
            return [Download(block.dataset, block.spec.terms, scenes=tuple(missing))]
    if not missing:
        return []
    own = getattr(block.module, "FILES", {})
    files = [own[scene] for scene in missing if scene in own] or block.spec.files
    return [
        Download(block.dataset, file.terms or block.spec.terms, file, tuple(missing))
        for file in files
        if not at_hand(file, folder, mirrors) and not at_hand(file, folder / "raw", mirrors)
    ]


def at_hand(file: RemoteFile, folder: Path, mirrors: Sequence[Path]) -> bool:
    """Return whether a file, or one with the same content in another format, is in a folder or in a mirror."""
    every = (file, *file.derived)
    return any((folder / one.name).exists() or mirror_candidates(one, mirrors) for one in every)
