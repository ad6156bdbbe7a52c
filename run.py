#!/usr/bin/env python3
"""Set up and run: `python3 run.py` runs the benchmark, `python3 run.py test` runs every test.

Needs nothing but Python 3.11+ and git. Arguments after `--` go to Snakemake (or to pytest).
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
OLDEST = (3, 11)
NEEDED_GB = 6


def stop(sentence):
    sys.exit(f"run.py: {sentence}")


def check_machine():
    """One clear sentence for each thing that would make the installation fail half-way."""
    if sys.version_info < OLDEST:
        stop(
            f"Python {'.'.join(map(str, OLDEST))} or newer is needed, this is {sys.version.split()[0]}; "
            "start run.py with a newer one, for example python3.12 run.py"
        )
    for module in ("venv", "ensurepip"):
        try:
            __import__(module)
        except ImportError:
            stop(
                f"this Python has no '{module}' module; install it (Debian and Ubuntu: "
                f"apt install python{sys.version_info[0]}.{sys.version_info[1]}-venv) and start again"
            )
    if not os.access(ROOT, os.W_OK):
        stop(f"no permission to write in {ROOT}; clone the repository into a folder of your own")
    free = shutil.disk_usage(ROOT).free / 1e9
    if not VENV.exists() and free < NEEDED_GB:
        stop(f"only {free:.1f} GB are free in {ROOT}, the installation needs about {NEEDED_GB} GB; free some space")


def wanted_stamp(extra):
    content = b"".join((ROOT / name).read_bytes() for name in ("pyproject.toml", "constraints.txt"))
    return f"{sys.version_info[0]}.{sys.version_info[1]} {hashlib.sha256(content).hexdigest()} {extra}"


def set_up(extra):
    """Create .venv and install the project (with the tests' tools where extra is 'test'); skipped when nothing changed."""
    check_machine()
    stamp = VENV / "installed"
    have = stamp.read_text() if stamp.exists() else ""
    if have in (wanted_stamp(extra), wanted_stamp("test")):
        return
    print("run.py: setting up .venv (a few minutes the first time)", flush=True)
    stamp.unlink(missing_ok=True)
    if not (BIN / "python").exists() and not (BIN / "python.exe").exists():
        call([sys.executable, "-m", "venv", str(VENV)], "the virtual environment .venv could not be made")
    target = ".[test]" if extra == "test" or have.endswith(" test") else "."
    call(
        [
            str(BIN / "python"),
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "-c",
            "constraints.txt",
            "-e",
            target,
        ],
        "the installation failed; the lines above say why (most often: no network, a full disk)",
    )
    stamp.write_text(wanted_stamp("test" if target != "." else extra))


def call(command, sentence):
    if subprocess.run(command, cwd=ROOT).returncode:
        stop(sentence)


def snakemake_running():
    """True where a Snakemake process works in this folder (or where that cannot be told)."""
    if Path("/proc/self/cwd").exists():
        for process in Path("/proc").glob("[0-9]*"):
            try:
                words = (process / "cmdline").read_bytes().split(b"\0")
                here = os.path.samefile(process / "cwd", ROOT)
            except OSError:
                continue
            if here and any(re.search(rb"(^|/)snakemake(\.exe)?$", word) for word in words[:4]):
                return True
        return False
    listing = subprocess.run(["ps", "-axo", "command"], capture_output=True, text=True)
    return "snakemake" in listing.stdout


def unlock():
    """A killed run leaves Snakemake's lock behind; it is removed when nobody holds it any more."""
    locks = ROOT / ".snakemake" / "locks"
    if not locks.is_dir() or not any(locks.iterdir()):
        return
    if snakemake_running():
        stop("another Snakemake run is at work in this folder; wait for it, or stop it, and start again")
    print("run.py: an earlier run was cut short; unlocking and finishing what is missing", flush=True)
    for lock in locks.iterdir():
        lock.unlink()


def main():
    words = sys.argv[1:]
    rest = words[words.index("--") + 1 :] if "--" in words else []
    verbs = words[: words.index("--")] if "--" in words else words
    if verbs not in ([], ["test"]):
        stop(
            f"unknown argument {' '.join(verbs)}; use `python3 run.py` or `python3 run.py test`, then -- and further arguments"
        )
    os.chdir(ROOT)
    environment = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}", "VIRTUAL_ENV": str(VENV)}
    if verbs == ["test"]:
        set_up("test")
        command = [str(BIN / "python"), "-m", "pytest", *rest]
    else:
        set_up("run")
        unlock()
        cores = [] if any(w.startswith(("--cores", "-c", "-j", "--jobs")) for w in rest) else ["--cores", "all"]
        command = [str(BIN / "snakemake"), *cores, "--rerun-incomplete", "--keep-going", *rest]
    sys.exit(subprocess.run(command, env=environment).returncode)


if __name__ == "__main__":
    main()
