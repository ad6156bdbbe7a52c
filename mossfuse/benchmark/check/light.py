"""Specifications are read at every start of the workflow, so that their files must not import anything heavy."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from mossfuse.benchmark.check.claims import Claim, require

HEAVY = ("torch", "scipy", "pandas", "h5py", "hdf5storage", "PIL", "skimage", "matplotlib", "sklearn")
PROGRAM = (
    "import sys; from pathlib import Path; from mossfuse.discovery import import_file; import_file(Path(sys.argv[1]));"
    f"print(', '.join(m for m in {HEAVY!r} if m in sys.modules))"
)


def light_import(path: str | Path) -> Claim:
    """Return the claim that a file imports nothing heavy at its top level."""

    def check(folder: Path) -> None:
        done = subprocess.run([sys.executable, "-c", PROGRAM, str(path)], capture_output=True, text=True)
        require(done.returncode == 0, f"the file cannot be imported by itself: {done.stderr.strip().splitlines()[-1:]}")
        found = done.stdout.strip()
        require(not found, f"importing the file imports {found}; import these inside the functions that need them")

    return Claim("importing the file imports nothing heavy", check)
