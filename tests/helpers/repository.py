"""The folders of the repository and of the environment that runs the tests, and a way to run its tools."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent


def run_tool(*command):
    """Run a tool of the environment in the repository and return (exit status, everything it printed)."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    result = subprocess.run(
        [str(BIN / command[0]), *command[1:]], cwd=ROOT, capture_output=True, text=True, env=environment
    )
    return result.returncode, f"{' '.join(command)}\n{result.stdout}{result.stderr}"
