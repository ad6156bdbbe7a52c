#!/usr/bin/env python3
"""Set up and run: `python3 run.py` runs the benchmark, `python3 run.py test` runs every test.

Needs nothing but Python 3.11+ and git. `--open` opens the report at the end. `--torch default` installs PyTorch's default
build (with CUDA on Linux), `--torch cpu` the smaller one without, `--torch ADDRESS` one from another index; without it, the
one that fits this machine. Arguments after `--` go to Snakemake or to pytest; `-- --verbose` shows all that Snakemake prints.
"""

import argparse
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
OLDEST = (3, 11)
NEEDED_GB = {"cpu": 3, "default": 8}  # for the installation, by PyTorch's build
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
REACH_S = 10  # seconds within which an index has to answer
MOST_WORKERS = 8  # of the test suite: each one imports torch and needs about 1 GB of memory
# Two numeric libraries with a thread pool each slow each other down wherever the processors are shared.
ONE_THREAD = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}

# Arguments of Snakemake that ask for another task than a run, or for its own words.
SNAKEMAKE_SPEAKS = {
    *(
        "-n",
        "--dry-run",
        "--dryrun",
        "--verbose",
        "-p",
        "--printshellcmds",
        "--logger",
        "--quiet",
        "-q",
        "-h",
        "--help",
    ),
    *(
        "-v",
        "--version",
        "--unlock",
        "--report",
        "--lint",
        "--summary",
        "-S",
        "--detailed-summary",
        "-D",
        "--touch",
        "-t",
    ),
    *("--dag", "--rulegraph", "--filegraph", "--d3dag", "--list-rules", "--list", "-l", "--list-target-rules", "--lt"),
    *(
        "--list-changes",
        "--lc",
        "--list-input-changes",
        "--li",
        "--list-params-changes",
        "--lp",
        "--list-untracked",
        "--lu",
    ),
    *(
        "--delete-all-output",
        "--delete-temp-output",
        "--cleanup-metadata",
        "--cleanup-shadow",
        "--archive",
        "--debug-dag",
    ),
    *("--containerize", "--print-compilation", "--generate-unit-tests", "--export-cwl", "--debug"),
}


def stop(sentence):
    """Exit with one sentence on stderr and status 1."""
    sys.exit(f"run.py: {sentence}")


def check_machine(build="default"):
    """Stop with one sentence where something would make the installation fail half-way; build: of PyTorch."""
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
    needed = NEEDED_GB.get(build, NEEDED_GB["default"])
    if not VENV.exists() and free < needed:
        stop(f"only {free:.1f} GB are free in {ROOT}, the installation needs about {needed} GB; free some space")


def wanted_stamp(extra):
    """Return the text that .venv/installed holds when the extra is installed for this Python and these requirements."""
    content = b"".join((ROOT / name).read_bytes() for name in ("pyproject.toml", "constraints.txt"))
    return f"{sys.version_info[0]}.{sys.version_info[1]} {hashlib.sha256(content).hexdigest()} {extra}"


def torch_build(wanted):
    """Return the build of PyTorch to install: 'default', 'cpu' or the address of an index.

    wanted: of --torch, or None: the CPU build on Linux without an NVIDIA driver, where the default build would bring
    gigabytes of CUDA libraries; the default build everywhere else, which has none on other systems.
    """
    if wanted:
        return wanted
    return "cpu" if sys.platform == "linux" and not nvidia_driver() else "default"


def nvidia_driver():
    """Return whether an NVIDIA driver answers."""
    if Path("/proc/driver/nvidia/version").exists():
        return True
    program = shutil.which("nvidia-smi")
    return bool(program) and subprocess.run([program, "-L"], capture_output=True).returncode == 0


def has_torch():
    """Return whether .venv has a torch already."""
    code = "import importlib.util, sys; sys.exit(importlib.util.find_spec('torch') is None)"
    return subprocess.run([str(BIN / "python"), "-c", code], capture_output=True).returncode == 0


def install_torch(pip, build):
    """Install torch from the index of a build before anything else, so that pip does not choose the default one.

    An installed torch stays. Where the index does not answer, nothing is done, and pip installs the default build later.
    """
    if build == "default" or has_torch():
        return
    index = CPU_INDEX if build == "cpu" else build
    try:
        urllib.request.urlopen(f"{index.rstrip('/')}/torch/", timeout=REACH_S).close()
    except (OSError, ValueError) as error:
        why = getattr(error, "reason", error)
        print(f"run.py: {index} does not answer ({why}); the default build of PyTorch is installed instead", flush=True)
        return
    print(f"run.py: no NVIDIA driver answers, so PyTorch's CPU build is installed, from {index}" if build == "cpu"
          else f"run.py: PyTorch is installed from {index}", flush=True)  # fmt: skip
    call(
        [*pip, "-c", "constraints.txt", "--extra-index-url", index, "torch"],
        "torch could not be installed; the lines above say why; `python3 run.py --torch default` installs the default build",
    )


def set_up(extra, torch=None):
    """Create .venv and install the project with an extra, 'benchmark' or 'test' (which includes it); skip it when nothing changed.

    torch: see torch_build.
    """
    build = torch_build(torch)
    check_machine(build)
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
    pip = [str(BIN / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    install_torch(pip, build)
    call(
        [*pip, "-c", "constraints.txt", "-e", f".[{extra}]"],
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


def run_benchmark(environment, arguments, open_report=False):
    """Run Snakemake on every core unless the arguments say otherwise; return its exit status.

    A run shows the project's own display (workflow/logger) and ends with the leaderboards; where the arguments ask for
    another task, or for all that Snakemake prints, Snakemake speaks for itself.
    """
    unlock()
    cores = [] if any(w.startswith(("--cores", "-c", "-j", "--jobs")) for w in arguments) else ["--cores", "all"]
    command = [str(BIN / "snakemake"), *cores, "--rerun-incomplete", "--keep-going", *arguments]
    if any(word.split("=")[0] in SNAKEMAKE_SPEAKS for word in arguments):
        return subprocess.run(command, env=environment).returncode
    from mossfuse.benchmark.plan import settled  # the clone's own, standard library only

    show = [str(BIN / "python"), "-m", "mossfuse", "bench", "show", *settings_of(arguments)]
    show += ["--open"] if open_report else []
    if settled.is_settled(ROOT, arguments, environment):
        print("nothing to do: every result is up to date", flush=True)
        return subprocess.run(show, env=environment).returncode
    settled.begin(ROOT)
    words = [str(ROOT / "workflow" / "logger"), environment.get("PYTHONPATH")]
    shown = {**environment, "PYTHONPATH": os.pathsep.join(filter(None, words))}
    # Ctrl-C reaches Snakemake as well, which ends its jobs and says so; until then this script waits.
    interrupts = []
    before = signal.signal(signal.SIGINT, lambda number, _: interrupts.append(number))
    status = subprocess.run([*command, "--logger", "mossfuse"], env=shown).returncode
    signal.signal(signal.SIGINT, before)
    if interrupts:
        print("run.py: interrupted; start again to finish what is missing", file=sys.stderr)
        return 130
    if status == 0:
        settled.record(ROOT, arguments, environment)
    subprocess.run(show, env=environment)
    if status:
        print("run.py: the run did not finish; all that was printed is in logs/run.log", file=sys.stderr)
    return status


def settings_of(arguments):
    """Return the option that names the configuration of a run, for `mossfuse bench show`."""
    for k, word in enumerate(arguments):
        name, _, value = word.partition("=")
        if name in ("--configfile", "--configfiles"):
            return ["--settings", value or "".join(arguments[k + 1 : k + 2])]
    return []


def parse(words):
    """Return (options, arguments for Snakemake or pytest) of the command line."""
    own, rest = (words[: words.index("--")], words[words.index("--") + 1 :]) if "--" in words else (words, [])
    parser = argparse.ArgumentParser(
        prog="run.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("verb", nargs="?", metavar="test", help="run the tests instead of the benchmark")
    parser.add_argument("--open", action="store_true", help="open the report at the end")
    parser.add_argument("--torch", metavar="BUILD", help="default, cpu, or the address of an index")
    options, unknown = parser.parse_known_args(own)
    if options.verb not in (None, "test"):
        unknown = [options.verb, *unknown]
    if unknown:
        stop(
            f"unknown argument {' '.join(unknown)}; use `python3 run.py` or `python3 run.py test`, then -- and further arguments"
        )
    return options, rest


def main():
    """Set up what the command line asks for, run it, and exit with its status."""
    options, rest = parse(sys.argv[1:])
    os.chdir(ROOT)
    place = {"PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}", "VIRTUAL_ENV": str(VENV)}
    environment = {**cache_folders(), **os.environ, **place}
    if options.verb == "test":
        set_up("test", options.torch)
        sys.exit(run_tests(environment, rest))
    set_up("benchmark", options.torch)
    sys.exit(run_benchmark(environment, rest, options.open))


if __name__ == "__main__":
    main()
