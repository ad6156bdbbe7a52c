"""What a child process is handed: a folder of its own with neutral names, and an environment that names no scene."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from mossfuse.benchmark.run.borders import Borders
from mossfuse.threads import pin_threads

# Variables of schedulers and of the workflow hold the names of jobs, those of the project the folders of the data.
PRIVATE = ("SLURM", "SBATCH", "PBS_", "LSB_", "LSF_", "JOB_", "SNAKEMAKE", "DVC_", "MOSSFUSE_", "PYTEST_")
PLACES = ("PWD", "OLDPWD", "_")
KEPT = "MOSSFUSE_BASELINES"


@contextmanager
def handover() -> Iterator[Handover]:
    """Yield an empty Handover; its folder is removed when the block ends."""
    with tempfile.TemporaryDirectory(prefix="mossfuse-", ignore_cleanup_errors=True) as folder:
        yield Handover(Path(folder).resolve())


class Handover:
    """The folder of one child process: it works there, and all that it is handed and leaves is there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.count = 0

    def neutral(self, path: str | Path) -> Path:
        """Return a free path in the folder that shows no more of another one than its suffix."""
        self.count += 1
        return self.folder / f"input{self.count}{Path(path).suffix}"

    def show(self, path: str | Path) -> str:
        """Link to a file that the child reads, and whose link it removes, before it runs a method; return the link."""
        link = self.neutral(path)
        link.symlink_to(Path(path).resolve())
        return str(link)

    def give(self, path: str | Path) -> str:
        """Hand over a copy of a file that the method opens itself, and may write to; return its path."""
        return str(shutil.copyfile(path, self.neutral(path)))

    def fetch(self, name: str, target: Path) -> None:
        """Move a file or folder that the child left under this name to its target, where there is one."""
        source = self.folder / name
        if source.exists() and not source.is_symlink():
            shutil.move(source, target)


def environment(folder: Path, closed: Iterable[Path], threads: int, variables: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of a child process that works in ``folder``; relative paths in them become absolute."""
    out = {k: v for k, v in variables.items() if not k.startswith(PRIVATE) and k not in PLACES}
    pin_threads(out, threads)
    package = str(Path(__file__).resolve().parents[3])
    listed = variables.get("PYTHONPATH", "").split(os.pathsep)
    # An installed package is found without: its folder must not come before the standard library.
    code = listed if Path(package).is_relative_to(Path(sys.prefix).resolve()) else [package, *listed]
    out["PYTHONPATH"] = joined(code)
    if variables.get(KEPT):
        out[KEPT] = joined(os.path.expanduser(path) for path in variables[KEPT].split(os.pathsep))
    if Borders.around(closed).part(os.path.realpath(tempfile.gettempdir())):
        # Beside a closed folder nothing can be made: temporary files go where the method works.
        out["TMPDIR"] = str(folder)
    return out


def joined(paths: Iterable[str]) -> str:
    """Return paths as an environment variable holds them, absolute."""
    return os.pathsep.join(os.path.abspath(path) for path in paths if path)
