"""Measure seconds and memory of ``mossfuse fuse`` at an earlier commit and now: a real pan pair, a pair of 4096 px, and a method whose name is wrong.

    python docs/measure/speed_of_fuse.py [--before 7c454ee] [--large 4096] [--save]

One thread; each row is a process of its own, from files to files, so that starting Python and reading count. Before and now take turns on one machine, and seconds are
those of the processor, because other work on a machine adds to the wall's. The real pair is Paris (Hyperion, ALI's panchromatic band, ratio 3; looked for in
MOSSFUSE_MIRRORS); the large one is the embedded ``twins`` at ratio 32 with 31 bands, repeated. The method is named where both commits are to do the same work.
--save writes docs/evidence/fuse-speed, from which the table of docs/speed.md is made.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from multiprocessing import Process
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).resolve().parent)]

from real_pairs import PARIS, mirrored  # noqa: E402
from recording import record  # noqa: E402
from speed_of_nsgp import UNIT, save_images  # noqa: E402

HEAD = ("pair", "method", "before, CPU s", "now, CPU s", "before, peak GB", "now, peak GB")
CODE = ("mossfuse.pair.work.prepare", "nsgp", "stack")
SIDE = 512  # px of the embedded scene


def main() -> None:
    """Measure, print and, where asked, write."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--before", default="7c454ee", help="the earlier commit")
    options.add_argument("--large", type=int, default=4096, help="side of the large pair, a multiple of 512; 0: none")
    options.add_argument("--save", action="store_true", help="write docs/evidence/fuse-speed")
    chosen = options.parse_args()
    rows = []
    with tempfile.TemporaryDirectory(dir=".") as name:
        folder = Path(name).resolve()
        check_out(chosen.before, folder / "before")
        paris = mirrored(PARIS.format("pan"))
        pan = [f"{paris}:HSim", f"{paris}:PCim"]
        cases = [("wrong name", "nspg", pan), ("Paris PAN x3", "nsgp", pan), ("Paris PAN x3", "", pan)]
        if chosen.large:
            made = Process(
                target=save_large, args=(folder, chosen.large)
            )  # not here: a child's peak starts at its parent's
            made.start(), made.join()
            cases.append((f"{chosen.large} px, x32", "nsgp", [str(folder / "lr.npy"), str(folder / "hr.npy")]))
        for pair, method, images in cases:
            found = [run(code, images, method, folder / "out.h5") for code in (folder / "before", ROOT)]
            seconds, peaks = zip(*found, strict=True)
            rows.append(
                (pair, method or "the default", *(f"{s:.1f}" for s in seconds), *(f"{p / 1e9:.2f}" for p in peaks))
            )
            sys.stdout.write(" | ".join(rows[-1]) + "\n")
            sys.stdout.flush()
    if chosen.save:
        record(
            "fuse-speed",
            "fuse",
            HEAD,
            rows,
            "docs/measure/speed_of_fuse.py --save",
            code=CODE,
            before=chosen.before,
            threads=1,
        )


def check_out(commit: str, folder: Path) -> None:
    """Write the package as it was at a commit into a new folder."""
    folder.mkdir()
    packed = subprocess.run(
        ["git", "archive", commit, "mossfuse", "baselines"], cwd=ROOT, check=True, capture_output=True
    )
    subprocess.run(["tar", "-x", "-C", str(folder)], input=packed.stdout, check=True)


def save_large(folder: Path, side: int) -> None:
    """Write lr.npy and hr.npy of ``side`` px."""
    save_images(folder / "pair.npz", SIDE, False)
    stored = np.load(folder / "pair.npz")
    for image, name in (("hsi", "lr"), ("msi", "hr")):
        np.save(folder / f"{name}.npy", np.tile(stored[image], (side // SIDE, side // SIDE, 1)))


def run(code: Path, images: list[str], method: str, out: Path) -> tuple[float, int]:
    """Return (CPU seconds, peak bytes) of one fusion by the package in a folder."""
    command = [sys.executable, "-m", "mossfuse", "fuse", *images, "-o", str(out), "--no-preview", "--force"]
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    with tempfile.TemporaryFile() as said:
        started = time.perf_counter()
        process = subprocess.Popen(
            command + ["--method", method] * bool(method), stdout=said, stderr=said, cwd=out.parent,
            env={**os.environ, **threads, "PYTHONPATH": str(code)},
        )  # fmt: skip
        _, status, used = os.wait4(process.pid, 0)
        said.seek(0)
        if os.waitstatus_to_exitcode(status) != (2 if method == "nspg" else 0):
            raise SystemExit(f"{' '.join(command)} failed:\n{said.read().decode(errors='replace')[-2000:]}")
    sys.stderr.write(f"{code.name} {method}: {time.perf_counter() - started:.1f} s on the clock\n")
    return used.ru_utime + used.ru_stime, used.ru_maxrss * UNIT


if __name__ == "__main__":
    main()
