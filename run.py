#!/usr/bin/env python3
"""Set up and run: `python3 run.py` runs the benchmark, `python3 run.py test` runs every test.

Needs nothing but Python 3.11+ and git. Arguments after `--` go to Snakemake or to pytest.
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
MOST_WORKERS = 8  # of the test suite: each one imports torch and needs about 1 GB of memory
# Two numeric libraries with a thread pool each slow each other down wherever the processors are shared.
ONE_THREAD = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}


def stop(sentence):
    """Exit with one sentence on stderr and status 1."""
    sys.exit(f"run.py: {sentence}")


def check_machine():
    """Stop with one sentence where something would make the installation fail half-way."""
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
        stop(f"no permission to write in {ROOT}; clone the repository into a folder you may write to")
    free = shutil.disk_usage(ROOT).free / 1e9
    if not VENV.exists() and free < NEEDED_GB:
        stop(f"only {free:.1f} GB are free in {ROOT}, the installation needs about {NEEDED_GB} GB; free some space")


def wanted_stamp(extra):
    """Return the text that .venv/installed holds when the extra is installed for this Python and these requirements."""
    content = b"".join((ROOT / name).read_bytes() for name in ("pyproject.toml", "constraints.txt"))
    return f"{sys.version_info[0]}.{sys.version_info[1]} {hashlib.sha256(content).hexdigest()} {extra}"


def set_up(extra):
    """Create .venv and install the project with an extra, 'benchmark' or 'test' (which includes it); skip it when nothing changed."""
    check_machine()
    stamp = VENV / "installed"
    have, _, place = stamp.read_text(encoding="utf-8").partition("\n") if stamp.exists() else ("", "", "")
    moved = bool(place) and place != str(ROOT)  # the scripts of an environment name the folder it was made in
    if have in (wanted_stamp(extra), wanted_stamp("test")) and not moved:
        return
    print("run.py: setting up .venv (a few minutes the first time)", flush=True)
    stamp.unlink(missing_ok=True)
    if moved or not ((BIN / "python").exists() or (BIN / "python.exe").exists()):
        call([sys.executable, "-m", "venv", "--clear", str(VENV)], "the virtual environment .venv could not be created")
    if have.endswith(" test"):
        extra = "test"
    install = [str(BIN / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    call(
        [*install, "-c", "constraints.txt", "-e", f".[{extra}]"],
        "the installation failed; the lines above say why (most often: no network, a full disk)",
    )
    stamp.write_text(f"{wanted_stamp(extra)}\n{ROOT}", encoding="utf-8")


def call(command, sentence):
    """Run a command in the repository; stop with the sentence where it fails."""
    if subprocess.run(command, cwd=ROOT).returncode:
        stop(sentence)


def snakemake_running():
    """Return whether a Snakemake process runs in this folder; True as well where the system does not say which folder."""
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
    """Remove the lock that a killed Snakemake left behind; stop where Snakemake is running in this folder."""
    locks = ROOT / ".snakemake" / "locks"
    if not locks.is_dir() or not any(locks.iterdir()):
        return
    if snakemake_running():
        stop("Snakemake is already running in this folder; wait for it to finish or stop it, then start again")
    print("run.py: an earlier run was interrupted; unlocking and completing what is missing", flush=True)
    for lock in locks.iterdir():
        lock.unlink()


def processors():
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def cache_folders():
    """Return the variables that keep Snakemake's and matplotlib's caches in the clone where the home folder is read-only."""
    if os.access(os.path.expanduser("~"), os.W_OK):
        return {}
    cache = str(ROOT / ".snakemake" / "cache")
    return {"XDG_CACHE_HOME": cache, "MPLCONFIGDIR": cache}


def run_tests(environment, arguments):
    """Run pytest with one worker per processor and one numeric thread per worker; return its exit status."""
    workers = ["-n", str(min(processors(), MOST_WORKERS)), "--dist", "worksteal"]
    command = [str(BIN / "python"), "-m", "pytest", *workers, *arguments]
    return subprocess.run(command, env={**environment, **ONE_THREAD}).returncode


def run_benchmark(environment, arguments):
    """Run Snakemake on every core unless the arguments say otherwise; return its exit status."""
    unlock()
    cores = [] if any(w.startswith(("--cores", "-c", "-j", "--jobs")) for w in arguments) else ["--cores", "all"]
    command = [str(BIN / "snakemake"), *cores, "--rerun-incomplete", "--keep-going", *arguments]
    return subprocess.run(command, env=environment).returncode


def main():
    """Set up what the command line asks for, run it, and exit with its status."""
    words = sys.argv[1:]
    rest = words[words.index("--") + 1 :] if "--" in words else []
    verbs = words[: words.index("--")] if "--" in words else words
    if verbs not in ([], ["test"]):
        stop(
            f"unknown argument {' '.join(verbs)}; use `python3 run.py` or `python3 run.py test`, then -- and further arguments"
        )
    os.chdir(ROOT)
    environment = {
        **cache_folders(),
        **os.environ,
        "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}",
        "VIRTUAL_ENV": str(VENV),
        "PYTHONUTF8": "1",
    }
    if verbs == ["test"]:
        set_up("test")
        sys.exit(run_tests(environment, rest))
    set_up("benchmark")
    sys.exit(run_benchmark(environment, rest))


if __name__ == "__main__":
    main()
