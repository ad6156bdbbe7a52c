"""What a run has to download, and what a person has to get by hand: files, their terms and sizes; nothing is asked of a server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType

from mossfuse.benchmark.plan.grid import Block, Grid
from mossfuse.benchmark.plan.paths import Paths
from mossfuse.protocol import Dataset, RemoteFile
from mossfuse.remote.download import mirror_candidates
from mossfuse.remote.registry import REGISTRY

# Bytes of archives as their servers report them. Beside the datasets, whose code says nothing new where a size becomes known.
REPORTED = {"complete_ms_data.zip": 405_988_465}
SHOWN = 5  # scenes that a sentence names


@dataclass(frozen=True)
class Download:
    """Something that is in no folder and no mirror.

    file: None for scenes that have to be obtained by hand; how: what a person has to do, where there is no address. scenes: those
    that lack it; held: how many others of the grid are at hand; folder: where a download goes; unpacked: bytes that are taken
    out of an archive beside it.
    """

    owner: str
    terms: str
    file: RemoteFile | None = None
    scenes: tuple[str, ...] = ()
    how: str = ""
    held: int = 0
    folder: Path | None = None
    unpacked: float = 0.0


def downloads(grid: Grid, paths: Paths, mirrors: Sequence[Path]) -> list[Download]:
    """Return what is missing, datasets first; a file that several entries of the grid need is named once."""
    found: dict[str, Download] = {}
    wanted = grid.scenes_to_prepare()
    for block in grid.blocks:
        for item in of_dataset(block, wanted[block.label], paths, mirrors):
            found.setdefault(item.file.name if item.file else item.owner, item)
    names = {registry_name(d.srf): "response" for d in grid.degradations.values()}
    names |= {row.weights: "weights" for row in grid.rows.values()}
    for name in sorted(name for name in names if name in REGISTRY):
        file = REGISTRY[name]
        if not paths.registry_file(name).exists() and not at_hand(file, paths.registry, mirrors):
            owner = f"{names[name]} {name}"
            found.setdefault(file.name, Download(owner, file.terms, file, folder=paths.registry))
    return list(found.values())


def registry_name(response: str) -> str | None:
    """Return the registry file of a spectral response: that of its name, or of the sensor that its name begins with."""
    if response in REGISTRY:
        return response
    begins = [name for name in REGISTRY if response.startswith(f"{name}-")]
    return max(begins, key=len, default=None)


def of_dataset(block: Block, scenes: Sequence[str], paths: Paths, mirrors: Sequence[Path]) -> list[Download]:
    """Return what the scenes of one dataset need."""
    folder = paths.dataset(block.label).folder
    unfetched = [scene for scene in scenes if not paths.fetched(block.label, scene).exists()]
    missing = missing_scenes(block.module, unfetched, folder, mirrors)
    if not missing:
        return []
    held = len(scenes) - len(missing)
    layout, published = (getattr(block.module, name, None) for name in ("LAYOUT", "PUBLISHED"))
    terms, raw = block.spec.terms, folder / "raw"
    if layout is not None and layout.fetch is None:
        how = layout.manual.format(raw=raw)
        return [Download(block.dataset, terms, scenes=tuple(missing), how=how, held=held)]
    said = incomplete_archive(block.spec, block.module, missing, folder, mirrors)
    if said:
        return [Download(block.dataset, terms, scenes=tuple(missing), how=said, held=held)]
    own = getattr(block.module, "FILES", {}) if layout is None else {}
    by_hand = f"{published.by_hand}; its place is {raw}" if published is not None else f"put it into {raw}"
    files = [own[scene] for scene in missing if scene in own] or block.spec.files
    place, share = (raw if layout is None else folder), len(missing) / len(block.spec.scenes)
    found = []
    for file in files:
        if at_hand(file, folder, mirrors) or at_hand(file, raw, mirrors):
            continue
        known = replace(file, size=file.size or REPORTED.get(file.name))
        unpacked = share * known.size if known.size and layout is not None else 0.0
        how = "" if file.urls else by_hand
        found.append(Download(block.dataset, file.terms or terms, known, tuple(missing), how, held, place, unpacked))
    return found


def missing_scenes(module: ModuleType, scenes: Sequence[str], folder: Path, mirrors: Sequence[Path]) -> list[str]:
    """Return the scenes of which neither the folder of a dataset nor a mirror has the files."""
    mirrors = further_mirrors(module, folder, mirrors)
    layout, published = (getattr(module, name, None) for name in ("LAYOUT", "PUBLISHED"))
    if layout is not None:
        places = [folder / "raw", *(Path(mirror) / sub for mirror in mirrors for sub in layout.subfolders)]
        return [scene for scene in scenes if not any(located(layout, place, scene) for place in places)]
    if published is not None and published.member:
        names = (published.member, *(str(Path(n).with_name(published.member)) for n in published.file.mirror_names))
        member = RemoteFile(published.member, (), mirror_names=names)
        return [] if at_hand(member, folder / "raw", mirrors) else list(scenes)
    return list(scenes)


def located(layout: object, place: Path, scene: str) -> bool:
    """Return whether a scene lies below a place; one that lies there in part does as well: reading it says what is wrong."""
    from mossfuse.errors import MossFuseError

    try:
        return bool(layout.locate(place, scene))  # type: ignore[attr-defined]
    except MossFuseError:
        return True


def incomplete_archive(
    spec: Dataset, module: ModuleType, missing: Sequence[str], folder: Path, mirrors: Sequence[Path]
) -> str:
    """Return a sentence about the archive at hand that lacks some of the missing scenes; '' where it has all, or there is none."""
    from mossfuse.datasets._archives import scenes_held

    for file in spec.files:
        own = [place / file.name for place in (folder, folder / "raw") if (place / file.name).is_file()]
        archive = next(iter([*own, *mirror_candidates(file, further_mirrors(module, folder, mirrors))]), None)
        held = None if archive is None else scenes_held(archive, spec.scenes)
        lacking = [] if held is None else [scene for scene in missing if scene not in held]
        if held and lacking:
            return (
                f"{archive} holds {len(held)} of the {len(spec.scenes)} scenes of '{spec.name}' and lacks {len(spec.scenes) - len(held)}, "
                f"of which {listed(lacking)} {'is' if len(lacking) == 1 else 'are'} needed; put them, or the complete archive "
                f"({file.name}), into {folder}"
            )
    return ""


def further_mirrors(module: ModuleType, folder: Path, mirrors: Sequence[Path]) -> Sequence[Path]:
    """Return the mirrors with the places in which a dataset looks besides."""
    own = getattr(module, "further_mirrors", None)
    return mirrors if own is None else own(folder, mirrors)


def listed(names: Sequence[str]) -> str:
    """Return names as text: the first few and the number of the others."""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN + 1 else ""
    return ", ".join(names[:SHOWN] if more else names) + more


def at_hand(file: RemoteFile, folder: Path, mirrors: Sequence[Path]) -> bool:
    """Return whether a file, or one with the same content in another format, is in a folder or in a mirror."""
    every = (file, *file.derived)
    return any((folder / one.name).exists() or mirror_candidates(one, mirrors) for one in every)
