"""What happens to a machine costs no results: a small run is killed, starved, damaged and moved, and started again.

python docs/measure/faults.py --save              # every fault, to docs/evidence/faults (about 15 CPU minutes)
python docs/measure/faults.py --only damaged      # those whose name matches; printed

A run in a copy of the tracked files is finished once; its metrics.csv is the reference. Each fault then happens to a copy of that folder, with
what is to be made again removed. A fault passes where the next start gives a metrics.csv of the same bytes, or ends with one sentence that
names the file and the remedy, and the start after that remedy gives the same bytes. Moments and kinds of kills are drawn from --seed.
"""

import argparse
import hashlib
import http.server
import importlib.util
import io
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mossfuse.benchmark.plan.paths import Paths

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
HEAD = ("what happens", "the next start", "the table in the end")
PATHS = Paths()
PAIR = ("phantom-64", "x8-gauss7s2-nikond5100")
PLACE = PATHS.results.joinpath(*PAIR)
BICUBIC = PATHS.cell(*PAIR, "bicubic", "mosaic", 0)
CONFIG = {
    "name": "faults",
    "grid": [
        {
            "dataset": "phantom",
            "as": "phantom-64",
            "options": {"size": 64, "seed": 0},
            "scenes": ["mosaic"],
            "train_scenes": ["globes"],
            "degradations": ["x8-gauss7s2-nikond5100"],
            "methods": ["bicubic", "ridge-dc+sdc", "mossfuse"],
        }
    ],
    "methods": {"mossfuse": {"train": {"dim": 8, "num_blocks": 1, "steps": 20, "patch": 32, "batch": 2}}},
    "conventions": ["std1"],
    "timing": {"scenes": "none"},
    # What dvc.yaml asks for by name.
    "external": {},
    "mirrors": [],
    "threads": {"fuse": 1, "train": 1},
}
# A scene that is downloaded, or found in a mirror.
SCENE, SIDE, BANDS = "scene.npy", 64, 31
DATASET = """
import numpy as np
from mossfuse.protocol import Dataset, RemoteFile
from mossfuse.remote.download import obtain as get
FILE = RemoteFile(name="{name}", urls=("http://127.0.0.1:{port}/{name}",), sha256="{sha256}", size={size}, terms="-", mirror_names=("{name}",))
WAVELENGTHS = tuple(range(400, 710, 10))
DATASET = Dataset(name="remote-scene", title="Remote", citation="-", terms="-", train=(), test=("one",), shape=({side}, {side}, {bands}),
                  wavelengths=WAVELENGTHS)
def obtain(scenes, folder, mirrors):
    found = get(FILE, folder, mirrors)
    return {{scene: {{"source": found.source, "files": [str(found.path)], "sha256": {{"{name}": found.sha256}}, "verified": True}} for scene in scenes}}
def read(scene, folder, mirrors):
    return np.load(get(FILE, folder, mirrors).path), np.array(WAVELENGTHS, float)
"""
REMOTE = {
    "name": "remote",
    "grid": [{"dataset": "remote-scene", "degradations": ["x8-gauss7s2-nikond5100"], "methods": ["bicubic"]}],
    "conventions": ["std1"],
    "timing": {"scenes": "none"},
}
LONGEST_S = 900
# What the program says: a step, a failed row, run.py, the check at the start; and Snakemake about files that it may not write.
SENTENCE = re.compile(r"(?:mossfuse: |FAILED: |run\.py: |^(?=the run needs|Write-protected))(.+)")


@dataclass(frozen=True)
class Outcome:
    """What happened, what the next start said (empty: it went through), and whether the table has the same bytes in the end."""

    fault: str
    said: str
    equal: bool

    @property
    def row(self) -> tuple[str, str, str]:
        """Return the line of the table."""
        return (
            self.fault,
            self.said.replace("|", "/") or "goes through",
            "same bytes" if self.equal else "**DIFFERENT**",
        )


class Clone:
    """A copy of the tracked files with a run in it."""

    def __init__(self, path: Path, reference: bytes = b"") -> None:
        self.path, self.reference = path, reference

    def start(self, *words: str, **variables: str) -> subprocess.Popen:
        """Start Snakemake as run.py does; its words go to the file log.txt."""
        self.unlock()
        command = [
            str(BIN / "snakemake"),
            "--cores",
            "2",
            "--keep-going",
            "--rerun-incomplete",
            *(words or ("tables",)),
        ]
        environment = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "PYTHONUTF8": "1", **variables}
        for name in ("PYTHONPATH", "MOSSFUSE_MIRRORS"):
            environment.pop(name, None)
        with open(self.path / "log.txt", "w", encoding="utf-8") as log:
            return subprocess.Popen(
                command, cwd=self.path, env=environment, stdout=log, stderr=log, start_new_session=True
            )

    def unlock(self) -> None:
        """Remove a dead run's lock, as run.py does."""
        spec = importlib.util.spec_from_file_location("run_script", self.path / "run.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        module.unlock()

    def finish(self, *words: str, **variables: str) -> tuple[int, str]:
        """Run to the end; return exit status and words."""
        process = self.start(*words, **variables)
        process.wait(LONGEST_S)
        return process.returncode, self.words()

    def words(self) -> str:
        """Return what the last run said."""
        return (self.path / "log.txt").read_text(encoding="utf-8", errors="replace")

    @property
    def table(self) -> bytes:
        """The table of the scores; empty where there is none."""
        path = self.path / PATHS.metrics
        return path.read_bytes() if path.is_file() else b""

    def is_equal(self) -> bool:
        """Return whether the table has the bytes of the reference."""
        return self.table == self.reference

    def forget(self, name: Path) -> None:
        """Remove a result and the tables that were made from it, so that both are made again."""
        path = self.path / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
        (self.path / PATHS.metrics).unlink()

    def wipe(self) -> None:
        """Remove what runs have made."""
        for name in ("results", "reports", "checkpoints", "data", "logs", ".snakemake"):
            shutil.rmtree(self.path / name, ignore_errors=True)

    def copy(self, path: Path) -> "Clone":
        """Return a copy elsewhere, times of the files kept."""
        shutil.copytree(self.path, path, symlinks=True)
        return Clone(path, self.reference)

    def outcome(self, fault: str, remedy: Callable[[], object] | None = None) -> Outcome:
        """Start again, apply the remedy where the start fails, and start once more."""
        code, words = self.finish()
        if code == 0 and "FAILED" not in words:
            return Outcome(fault, "", self.is_equal())
        found = [match[1].strip() for line in words.splitlines() if (match := SENTENCE.search(line))]
        said = found[0].replace(str(self.path), ".") if found else "**no sentence**"
        if remedy:
            remedy()
        code, words = self.finish()
        return Outcome(fault, f"“{said}”", bool(found) and code == 0 and self.is_equal())


def make_clone(path: Path, config: dict[str, Any] = CONFIG) -> Clone:
    """Return a copy of the tracked files with the small grid as its configuration."""
    listing = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in listing.stdout.splitlines():
        if (ROOT / name).is_file() and not name.startswith(("docs/", "tests/", "results/", "reports/")):
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, path / name)
    write_config(path, config)
    return Clone(path)


def write_config(path: Path, config: dict[str, Any]) -> None:
    """Write the configuration of a clone."""
    (path / "config.yaml").write_text(json.dumps(config), encoding="utf-8")


# ---- kills --------------------------------------------------------------------------------------------------------


def session(leader: int) -> list[int]:
    """Return the processes of a session."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == leader and fields[0] != "Z":
            found.append(int(stat.parent.name))
    return found


KILLS = {
    "SIGTERM to Snakemake": lambda p, _: os.kill(p.pid, signal.SIGTERM),
    "SIGKILL to Snakemake": lambda p, _: os.kill(p.pid, signal.SIGKILL),
    "SIGKILL to every process": lambda p, _: os.killpg(p.pid, signal.SIGKILL),
    "SIGINT to every process": lambda p, _: os.killpg(p.pid, signal.SIGINT),
    "SIGKILL to one process of a job": lambda p, draw: os.kill(
        draw.choice([pid for pid in session(p.pid) if pid != p.pid] or [p.pid]), signal.SIGKILL
    ),
}


def kills(clone: Clone, count: int, draw: random.Random, longest: float) -> list[Outcome]:
    """Kill ``count`` runs at random moments; every run that ends is compared, and then everything is made again."""
    counts: dict[str, int] = dict.fromkeys(KILLS, 0)
    left, compared, equal = 0, 0, True
    clone.wipe()
    while sum(counts.values()) < count:
        process = clone.start("all")
        try:
            process.wait(draw.uniform(0.5, longest / 2))
        except subprocess.TimeoutExpired:
            kind = draw.choice(list(KILLS))
            KILLS[kind](process, draw)
            counts[kind] += 1
            process.wait(LONGEST_S)
            left += not ended(process.pid)
            continue
        if process.returncode:
            continue  # a killed job or method fails its run; the next start tries exactly it again
        compared, equal = compared + 1, equal and clone.is_equal()
        clone.wipe()
    code, _ = clone.finish("all")
    equal = equal and code == 0 and clone.is_equal()
    listing = ", ".join(f"{number} x {kind}" for kind, number in counts.items() if number)
    behind = f"; {left} runs left processes behind" if left else "; no process stayed behind"
    return [
        Outcome(f"{count} kills at random moments: {listing}", f"goes on; {compared + 1} runs compared{behind}", equal)
    ]


def ended(leader: int, within_s: float = 60) -> bool:
    """Return whether every process of a session ends by itself."""
    end = time.monotonic() + within_s
    while session(leader):
        if time.monotonic() > end:
            os.killpg(leader, signal.SIGKILL)
            return False
        time.sleep(0.2)
    return True


# ---- damage -------------------------------------------------------------------------------------------------------


def flip(path: Path) -> None:
    """Change one byte in the middle of a file."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)


def cut(path: Path) -> None:
    """Cut a file short."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


# fault -> (how, file, files to remove by hand as the sentence says: None for the file itself)
DAMAGE = {
    "damaged cube (one byte)": (flip, BICUBIC.cube),
    "damaged cube (cut short)": (cut, PATHS.cell(*PAIR, "mossfuse", "mosaic", 0).cube),
    "damaged pair (one byte)": (flip, PATHS.pair(*PAIR, "mosaic")),
    "damaged scene (cut short)": (cut, "data/phantom-64/SCENES/mosaic.mat"),
    "damaged checkpoint (one byte)": (flip, PATHS.training(*PAIR, "mossfuse", 0).weights),
    "damaged record of a run (cut short)": (cut, BICUBIC.run),
    "damaged scores (cut short)": (cut, BICUBIC.score),
}


def damage(clone: Clone, fault: str) -> Outcome:
    """Damage a file between two runs."""
    how, name = DAMAGE[fault]
    scenes = next((clone.path / "data" / "phantom-64").glob("scenes*")).name
    path = clone.path / str(name).replace("SCENES", scenes)
    how(path)
    return clone.outcome(fault, lambda: path.unlink(missing_ok=True))


def damaged_table(clone: Clone) -> Outcome:
    """Damage the table itself; the report asks."""
    path = clone.path / PATHS.metrics
    cut(path)
    code, words = clone.finish("all")
    found = [match[1].strip() for line in words.splitlines() if (match := SENTENCE.search(line))]
    path.unlink()
    code, _ = clone.finish()
    said = f"“{found[0]}”" if found else "**no sentence**"
    return Outcome(
        f"damaged {PATHS.metrics.name} (cut short), then the report",
        said,
        bool(found) and code == 0 and clone.is_equal(),
    )


# ---- the disk -----------------------------------------------------------------------------------------------------


def full_disk(clone: Clone) -> Outcome:
    """Fill a small disk (a tmpfs of this process's own) while the run is on, then free it."""
    fault = "disk full while the run is on"
    filler = clone.path / "filler"
    for name in ("results", "checkpoints"):
        shutil.rmtree(clone.path / name)
    process = clone.start()
    while process.poll() is None and not (clone.path / PATHS.pair(*PAIR, "mosaic")).exists():
        time.sleep(0.2)
    with open(filler, "wb") as stream:
        try:
            while True:
                stream.write(bytes(1 << 16))
                stream.flush()
        except OSError:
            pass
    process.wait(LONGEST_S)
    words = clone.words()
    for log in clone.path.glob("logs/**/*.log"):
        words += log.read_text(encoding="utf-8", errors="replace")
    for record in (clone.path / PATHS.results).rglob(BICUBIC.run.name):
        words += record.read_text(encoding="utf-8", errors="replace")
    crashed = "Segmentation" in words or "signal 11" in words
    found = [match[1].strip() for line in words.splitlines() if (match := SENTENCE.search(line))]
    filler.unlink()
    code, _ = clone.finish()
    said = "**segmentation fault**" if crashed else f"“{found[0]}”" if found else "**no sentence**"
    return Outcome(fault, said.replace(str(clone.path), "."), code == 0 and not crashed and clone.is_equal())


def small_disk(clone: Clone) -> Outcome:
    """Start where the disk is too small from the beginning."""
    clone.wipe()
    filler = clone.path / "filler"
    free = shutil.disk_usage(clone.path).free
    filler.write_bytes(bytes(max(free - (1 << 20), 0)))
    return clone.outcome("disk too small at the start", filler.unlink)


def no_permission(clone: Clone) -> Outcome:
    """Take away the permission to write a cell: by its mode, or from root, whom modes do not hold back, by a read-only mount."""
    place = clone.path / BICUBIC.folder
    clone.forget(BICUBIC.score)
    if os.geteuid():
        place.chmod(0o555)
        return clone.outcome("results without permission to write", lambda: place.chmod(0o755))
    for words in (["--bind", str(place), str(place)], ["-o", "remount,bind,ro", str(place)]):
        subprocess.run(["mount", *words], check=True)
    return clone.outcome("results on a disk that became read-only", lambda: subprocess.run(["umount", str(place)]))


# ---- several runs, other places -----------------------------------------------------------------------------------


def two_runs(clone: Clone) -> Outcome:
    """Start a second run in the folder of one that is on."""
    shutil.rmtree(clone.path / "results")
    first = clone.start()
    while first.poll() is None and not list((clone.path / ".snakemake").glob("locks/*")):
        time.sleep(0.1)
    try:
        clone.unlock()
        said = "**the second run went on**"
    except SystemExit as stop:
        said = f"“{stop}”"
    first.wait(LONGEST_S)
    return Outcome(
        "two runs in one folder (the second one by run.py)", said, first.returncode == 0 and clone.is_equal()
    )


def moved(clone: Clone) -> Outcome:
    """Move the checkout after half of the results are removed."""
    clone.forget(BICUBIC.folder)
    path = clone.path.with_name("moved to another folder")
    clone.path.rename(path)
    return Clone(path, clone.reference).outcome("checkout moved, to a name with blanks")


def locales(clone: Clone, place: Path) -> list[Outcome]:
    """Plan again under other locales: nothing may run again."""
    outcomes = []
    for name, charmap in (("zh_CN", "GBK"), ("de_DE", "ISO-8859-1")):
        folder = place / "locales"
        folder.mkdir(exist_ok=True)
        made = subprocess.run(
            ["localedef", "-i", name, "-f", charmap, str(folder / f"{name}.{charmap}")], capture_output=True
        )
        if made.returncode > 1 or not (folder / f"{name}.{charmap}").exists():
            outcomes.append(Outcome(f"locale {name}.{charmap}", "not tried: localedef cannot make it here", True))
            continue
        clone.forget(BICUBIC.folder)
        code, words = clone.finish(LOCPATH=str(folder), LC_ALL=f"{name}.{charmap}", PYTHONUTF8="0")
        fused = words.count("rule fuse:")
        said = f"goes through; {fused} of 3 methods run again, the one whose results were removed"
        outcomes.append(Outcome(f"locale {name}.{charmap}", said, code == 0 and fused == 1 and clone.is_equal()))
    return outcomes


def read_only_home(clone: Clone) -> Outcome:
    """Run with a home folder that cannot be written to, as run.py does."""
    clone.forget(BICUBIC.folder)
    cache = str(clone.path / ".snakemake" / "cache")
    code, _ = clone.finish(HOME="/proc/nowhere", XDG_CACHE_HOME=cache, MPLCONFIGDIR=cache)
    return Outcome("home folder that cannot be written to", "", code == 0 and clone.is_equal())


def blanks(clone: Clone) -> Outcome:
    """Run with blanks in the names of all folders of results, in a fresh folder."""
    clone.wipe()
    names = {"results": "my results", "reports": "my reports", "checkpoints": "my checkpoints"}
    write_config(clone.path, {**CONFIG, **names})
    code, _ = clone.finish()
    table = clone.path / names["results"] / PATHS.metrics.name
    equal = code == 0 and table.is_file() and table.read_bytes() == clone.reference
    return Outcome("blanks in `results:`, `reports:` and `checkpoints:`", "", equal)


def dvc(clone: Clone) -> Outcome:
    """Call dvc by its path, with no snakemake on the path."""
    clone.forget(BICUBIC.folder)
    (clone.path / ".venv").symlink_to(BIN.parent)
    path = os.pathsep.join(p for p in os.environ["PATH"].split(os.pathsep) if not (Path(p) / "snakemake").exists())
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(clone.path)}
    subprocess.run(["git", "init", "-q"], cwd=clone.path, check=True)
    done = subprocess.run([".venv/bin/dvc", "repro"], cwd=clone.path, env=environment, capture_output=True, text=True)
    said = "" if done.returncode == 0 else f"“{done.stderr.strip().splitlines()[-1]}”"
    return Outcome("`.venv/bin/dvc repro` in a shell that has not activated it", said, not said and clone.is_equal())


def from_elsewhere(clone: Clone, folder: Path) -> Outcome:
    """Start the workflow of a checkout in another folder."""
    folder.mkdir()
    write_config(folder, CONFIG)
    snakefile = clone.path / "Snakefile"
    other = Clone(folder, clone.reference)
    shutil.copy2(clone.path / "run.py", folder)
    code, _ = other.finish("tables", "-s", str(snakefile))
    return Outcome("`snakemake -s CHECKOUT/Snakefile` in another folder", "", code == 0 and other.is_equal())


# ---- downloads and mirrors ----------------------------------------------------------------------------------------


@contextmanager
def server(content: bytes, cuts: int) -> Iterator[int]:
    """Serve a file, the first ``cuts`` answers cut after a tenth of what was asked for; yield the port."""
    left = [cuts]

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = re.match(r"bytes=(\d+)-", self.headers.get("Range", ""))
            first = int(asked[1]) if asked else 0
            self.send_response(206 if asked else 200)
            if asked:
                self.send_header("Content-Range", f"bytes {first}-{len(content) - 1}/{len(content)}")
            self.send_header("Content-Length", str(len(content) - first))
            self.end_headers()
            whole, left[0] = left[0] <= 0, left[0] - 1
            self.wfile.write(content[first:] if whole else content[first : first + (len(content) - first) // 10])

        def log_message(self, *_: Any) -> None:
            """Write nothing."""

    own = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=own.serve_forever, daemon=True).start()
    yield own.server_address[1]
    own.shutdown()
    own.server_close()


def downloads(place: Path) -> list[Outcome]:
    """Cut downloads, three times and always; and find the scene in a mirror below ``~``, beside one that does not exist."""
    clone = make_clone(place / "remote", REMOTE)
    stream = io.BytesIO()
    np.save(stream, np.random.default_rng(0).random((SIDE, SIDE, BANDS), np.float32))
    content = stream.getvalue()
    folder = place / "datasets"
    folder.mkdir()

    def run(cuts: int) -> tuple[int, str]:
        facts = {
            "name": SCENE,
            "sha256": hashlib.sha256(content).hexdigest(),
            "size": len(content),
            "side": SIDE,
            "bands": BANDS,
        }
        with server(content, cuts) as port:
            (folder / "remote_scene.py").write_text(DATASET.format(port=port, **facts), encoding="utf-8")
            return clone.finish(MOSSFUSE_DATASETS=str(folder), HOME=str(place / "home"))

    code, words = run(0)
    if code:
        sys.exit(f"the run with a download failed:\n{words[-3000:]}")
    clone.reference = clone.table
    clone.wipe()
    code, _ = run(3)
    outcomes = [
        Outcome(
            "a download that is cut three times",
            "goes through, continued where it was cut",
            code == 0 and clone.is_equal(),
        )
    ]
    clone.wipe()
    code, words = run(10_000)
    said = next((match[1].strip() for line in words.splitlines() if (match := SENTENCE.search(line))), "")
    again, _ = run(0)
    text = f"“{re.sub('127.0.0.1:[0-9]+', 'HOST', said)}”" if said else "**no sentence**"
    outcomes.append(
        Outcome("a download that is always cut", text, bool(code and said) and again == 0 and clone.is_equal())
    )
    clone.wipe()
    (place / "home" / "mirror").mkdir(parents=True)
    (place / "home" / "mirror" / SCENE).write_bytes(content)
    write_config(clone.path, {**REMOTE, "mirrors": ["~/mirror", "/a/disk/that/is/not/mounted"]})
    code, words = run(10_000)
    found = "is passed over" in words
    said = "goes through; a warning names the folder that does not exist" if found else "**no warning**"
    outcomes.append(Outcome("`~` and a missing folder in `mirrors:`", said, code == 0 and found and clone.is_equal()))
    return outcomes


# ---- all of it ----------------------------------------------------------------------------------------------------


def on_small_disk(name: str) -> list[Outcome]:
    """Run one case in a mount namespace of its own, on a tmpfs; say so where that is not permitted."""
    with tempfile.TemporaryDirectory() as folder:
        script = f"mount -t tmpfs -o size=24m none {folder} && exec {sys.executable} {__file__} --folder {folder} --case {name}"
        done = subprocess.run(["unshare", "-rm", "sh", "-c", script], capture_output=True, text=True)
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode or not lines:
        return [Outcome(name.replace("_", " "), f"not tried: {done.stderr.strip().splitlines()[-1:]}", False)]
    return [Outcome(**json.loads(line)) for line in lines]


def in_namespace(name: str, clone: Clone) -> list[Outcome]:
    """Run one case on a finished run in a mount namespace of its own where this is root's process, else here."""
    if os.geteuid():
        return [no_permission(clone)]
    command = ["unshare", "-m", sys.executable, __file__, "--folder", str(clone.path), "--case", name]
    done = subprocess.run(command, capture_output=True, text=True)
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if not lines:
        return [Outcome(name.replace("_", " "), f"not tried: {done.stderr.strip().splitlines()[-1:]}", False)]
    return [Outcome(**json.loads(line)) for line in lines]


def every_fault(place: Path, wanted: str, count: int, seed: int) -> list[Outcome]:
    """Return the outcome of every fault whose name matches the pattern ``wanted``."""
    base = make_clone(place / "clone")
    began = time.monotonic()
    code, words = base.finish()
    if code:
        sys.exit(f"the reference run failed:\n{words[-3000:]}")
    took, base.reference = time.monotonic() - began, base.table
    cases: list[tuple[str, Callable[[], list[Outcome]]]] = [
        ("kills", lambda: kills(base.copy(place / "kills"), count, random.Random(seed), took)),
        *(
            (fault, lambda fault=fault: [damage(base.copy(place / f"case{list(DAMAGE).index(fault)}"), fault)])
            for fault in DAMAGE
        ),
        ("damaged table", lambda: [damaged_table(base.copy(place / "table"))]),
        ("small_disk", lambda: on_small_disk("small_disk")),
        ("full_disk", lambda: on_small_disk("full_disk")),
        ("no_permission", lambda: in_namespace("no_permission", base.copy(place / "permission"))),
        ("two runs", lambda: [two_runs(base.copy(place / "two"))]),
        ("moved", lambda: [moved(base.copy(place / "moving"))]),
        ("locales", lambda: locales(base.copy(place / "locale"), place)),
        ("home", lambda: [read_only_home(base.copy(place / "read-only"))]),
        ("blanks", lambda: [blanks(base.copy(place / "blanks"))]),
        ("dvc", lambda: [dvc(base.copy(place / "dvc"))]),
        ("elsewhere", lambda: [from_elsewhere(base, place / "elsewhere")]),
        ("downloads", lambda: downloads(place)),
    ]
    outcomes = []
    for name, case in cases:
        if re.search(wanted, name):
            found = case()
            outcomes += found
            sys.stderr.write("".join(f"{' | '.join(outcome.row)}\n" for outcome in found))
    return outcomes


def one_case(folder: Path, name: str) -> None:
    """Run a case in a folder that another process has prepared, and print its outcome."""
    if name == "no_permission":
        clone = Clone(folder, (folder / PATHS.metrics).read_bytes())
        outcome = no_permission(clone)
    else:
        base = make_clone(folder / "clone")
        base.finish()
        base.reference = base.table
        outcome = {"small_disk": small_disk, "full_disk": full_disk}[name](base)
    sys.stdout.write(json.dumps(vars(outcome)) + "\n")


def main() -> None:
    """Run the faults and print or write the table; exit with status 1 where one fails."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--save", action="store_true", help="write the table to docs/evidence/faults")
    parser.add_argument("--only", default="", help="faults whose name matches this pattern")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path, help="where to work (default: a temporary folder)")
    parser.add_argument("--case", help="one case in --folder; for the script itself")
    options = parser.parse_args()
    if options.case:
        one_case(options.folder, options.case)
        return
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        outcomes = every_fault(options.folder or Path(folder), options.only, options.kills, options.seed)
    rows = [outcome.row for outcome in outcomes]
    if options.save:
        from recording import record

        record("faults", "faults", HEAD, rows, "docs/measure/faults.py --save", kills=options.kills, seed=options.seed)
    else:
        sys.stdout.write("".join(f"{' | '.join(row)}\n" for row in rows))
    sys.exit(not all(outcome.equal for outcome in outcomes))


if __name__ == "__main__":
    main()
