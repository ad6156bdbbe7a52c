"""Where the raw files of a dataset's scenes are found, checked, and recorded.

Order: ``<folder>/raw``, the mirrors, then whatever the dataset can download. A scene that is in ``raw`` but broken is
an error; one that is broken in a mirror is passed over, and named if nothing else turns up.
"""

import hashlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mossfuse.errors import MossFuseError
from mossfuse.progress import track
from mossfuse.protocol import Dataset

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Layout:
    """How the scenes of a dataset lie on disk.

    locate(base, scene) -> files of the scene below ``base`` ([] where it is not there);
    load(dataset, scene, files) -> cube (H, W, B) float32 in [0, 1], MossFuseError where anything is wrong;
    subfolders: places inside a mirror that are searched;
    fetch(dataset, scenes, folder, mirrors): brings scenes into ``folder/raw`` or raises MossFuseError;
    known: scene -> ``digest`` of its files, where the originals' hashes are known;
    picture(files) -> the colour picture beside a scene's files, or None; it is recorded after the files of the bands;
    manual: what to do by hand, with {raw} for the folder of raw files.
    """

    dataset: Dataset
    locate: Callable
    load: Callable
    manual: str
    subfolders: tuple[str, ...] = ("",)
    fetch: Callable | None = None
    known: Mapping[str, str] = field(default_factory=dict)
    picture: Callable = lambda files: None


def open_scene(layout, scene, folder, mirrors):
    """Return (cube, files, source) of a scene that is on disk, or (None, [], problems)."""
    raw = Path(folder) / "raw"
    files = layout.locate(raw, scene)
    if files:
        return layout.load(layout.dataset, scene, files), files, "folder"
    problems = []
    for base in (Path(mirror) / sub for mirror in mirrors for sub in layout.subfolders):
        try:
            files = layout.locate(base, scene)
            if files:
                return layout.load(layout.dataset, scene, files), files, "mirror"
        except MossFuseError as error:
            log.warning("passed over: %s", error)
            problems.append(str(error))
    return None, [], problems


def obtain_scenes(layout, scenes, folder, mirrors):
    """Check and record every scene; raise one MossFuseError that names those missing."""
    folder = Path(folder)
    records, missing, problems = {}, [], []
    for scene in track(scenes, f"checking {layout.dataset.name}"):
        cube, files, origin = open_scene(layout, scene, folder, mirrors)
        if cube is None:
            missing.append(scene)
            problems += origin
        else:
            records[scene] = record(layout, scene, files, origin, folder)
    if missing and layout.fetch is not None:
        try:
            layout.fetch(layout.dataset, missing, folder, mirrors)
        except MossFuseError as error:
            raise incomplete(layout, missing, folder, [*problems, str(error)]) from error
        for scene in missing:
            _, files, _ = open_scene(layout, scene, folder, ())
            records[scene] = record(layout, scene, files, "download", folder)
    elif missing:
        raise incomplete(layout, missing, folder, problems)
    return {scene: records[scene] for scene in scenes}


def incomplete(layout, missing, folder, reasons):
    said = "; ".join([*reasons, layout.manual.format(raw=Path(folder) / "raw")])
    return MossFuseError(f"dataset '{layout.dataset.name}' lacks {', '.join(missing)}: {said}")


def record(layout, scene, files, source, folder):
    """Return one scene's record; hashes seen for the first time go to SHA256SUMS."""
    from mossfuse.files.hashing import sha256_of
    from mossfuse.remote.download import record_hashes

    names = [f"{f.parent.name}/{f.name}" if len(files) > 1 else f.name for f in files]
    sums = dict(zip(names, map(sha256_of, files), strict=True))
    verified = scene in layout.known and digest(sums) == layout.known[scene]
    picture = layout.picture(files)
    if picture is not None:
        files = [*files, picture]
        sums[f"{picture.parent.name}/{picture.name}"] = sha256_of(picture)
    if not verified:
        record_hashes(folder, sums)
    return {"source": source, "files": list(sums), "sha256": sums, "verified": verified, "paths": list(map(str, files))}


def digest(sums):
    """Return one hash for a set of files: sha256 over the sorted lines 'sha256  file name'."""
    lines = sorted(f"{sha}  {name.rpartition('/')[2]}\n" for name, sha in sums.items())
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def read_scene(layout, scene, folder, mirrors):
    """Return (cube, wavelengths) of a scene that obtain has made available."""
    import numpy as np

    cube, _, problems = open_scene(layout, scene, folder, mirrors)
    if cube is None:
        raise incomplete(layout, [scene], folder, problems)
    return cube, np.array(layout.dataset.wavelengths)


def read_picture(layout, scene, folder, mirrors):
    """Return the colour picture (H, W, 3) float32 in [0, 1] of a scene that obtain has made available, or None without one."""
    import numpy as np

    from mossfuse.files.scaling import unit_float32

    _, files, _ = open_scene(layout, scene, folder, mirrors)
    path = layout.picture(files) if files else None
    if path is None:
        return None
    from PIL import Image

    try:
        with Image.open(path) as image:
            pixels = np.asarray(image.convert("RGB"))
    except (OSError, SyntaxError, ValueError) as error:
        raise MossFuseError(f"{path} is a damaged picture ({error}); delete it and get the scene again") from error
    return unit_float32(pixels)


def one_file(names):
    """Return a ``locate`` for scenes that are one file: the first of ``names`` (with {scene}) below the base."""

    def locate(base, scene):
        paths = (base / name.format(scene=scene) for name in names)
        return next(([path] for path in paths if path.is_file()), [])

    return locate
