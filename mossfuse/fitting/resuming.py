"""What makes a training resumable: the pairs it needs, and the file that holds its state between two runs.

A state is continued only by a training with the same pairs, settings and seed, and by the version of this package that
wrote it; the result is then bit for bit that of an uninterrupted training.
"""

import hashlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mossfuse.errors import MossFuseError
from mossfuse.files import torch_files
from mossfuse.physics.psf_geometry import geometry_of
from mossfuse.protocol import Observation

STATE_FORMAT = "training-state-1"  # to be raised with every change of what a training stores
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class StateFile:
    """The state of one training, kept beside its checkpoint until it is complete. identity: of ``fingerprint``."""

    path: Path
    identity: str

    def store(self, state: Mapping[str, Any]) -> None:
        """Write the state (tensors and plain data) in one step."""
        torch_files.write_atomically({"format": STATE_FORMAT, "identity": self.identity, **state}, self.path)

    def restore(self) -> dict[str, Any] | None:
        """Return the stored state; None where there is none, and with a warning where it is damaged or of another training."""
        if not self.path.exists():
            return None
        try:
            state = torch_files.read_file(self.path)
        except MossFuseError as error:
            log.warning("%s; starting again", error)
            return None
        if not isinstance(state, dict) or state.get("format") != STATE_FORMAT:
            log.warning("%s was written by another version of this package; starting again", self.path)
            return None
        if state.get("identity") != self.identity:
            log.warning("%s belongs to a training with other pairs, settings or seed; starting again", self.path)
            return None
        return state

    def remove(self) -> None:
        """Delete the state of a training that is complete."""
        self.path.unlink(missing_ok=True)


def state_file(
    path: str | Path, pairs: Sequence[Observation], settings: Any, seed: int, truths: Sequence[np.ndarray] | None = None
) -> StateFile:
    """Return the StateFile of the training that writes the checkpoint ``path``.

    settings: all that decides the result besides pairs, truths and seed; its text is part of the identity.
    """
    return StateFile(partial_path(path), fingerprint(pairs, settings, seed, truths))


def partial_path(path: str | Path) -> Path:
    """Return the path of the resumable state of the training that writes the checkpoint ``path``."""
    path = Path(path)
    return path.with_name(path.name + ".partial")


def fingerprint(
    pairs: Sequence[Observation], settings: Any, seed: int, truths: Sequence[np.ndarray] | None = None
) -> str:
    """Return a hash of everything that decides a training's result."""
    digest = hashlib.sha256(f"{settings} {seed}".encode())
    for pair in pairs:
        digest.update(f"{geometry_of(pair)}".encode())
        for image in (pair.hsi, pair.msi):
            add_array(digest, image)
    for cube in truths or ():
        add_array(digest, cube)
    return digest.hexdigest()


def add_array(digest: "hashlib._Hash", array: np.ndarray) -> None:
    """Add an array's shape and bytes to a hash."""
    digest.update(f"{array.shape}".encode())
    digest.update(np.ascontiguousarray(array).data)


def check_pairs(pairs: Sequence[Observation]) -> None:
    """Raise MossFuseError for an empty list, and for pairs that differ in bands, ratio or sampling geometry."""
    if not pairs:
        raise MossFuseError("training needs at least one pair; check the dataset's training split")
    kinds = {(p.hsi.shape[2], p.msi.shape[2], p.ratio, geometry_of(p)) for p in pairs}
    if len(kinds) > 1:
        raise MossFuseError(
            "training pairs must agree in bands, ratio and PSF geometry; found (HSI bands, MSI bands, ratio, "
            f"geometry): {sorted(kinds)}"
        )
