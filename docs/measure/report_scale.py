"""Measure what a large report costs: CPU seconds, peak memory, bytes of the front page, for growing numbers of scenes.

Each size is fabricated (25 methods, 3 degradations, 40 pixels) and built in a process of its own. Usage:
python docs/measure/report_scale.py [SCENES ...] [--record]
"""

import argparse
import multiprocessing
import resource
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HEAD = ("scenes", "methods", "degradations", "cells", "cpu_s", "peak_mb", "index_kb", "pages", "largest_page_kb")


def build(scenes, methods, degradations, queue):
    """Fabricate and build one report; put its row on the queue."""
    sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
    import numpy as np

    from helpers.many_results import BANDS, SIZE, fabricate_many
    from mossfuse.benchmark.check.pairs import make_pair
    from mossfuse.benchmark.report.build import build_report

    cube = make_pair(SIZE, SIZE, seed=1)[1], np.linspace(400, 700, BANDS)
    with tempfile.TemporaryDirectory() as folder:
        places = fabricate_many(folder, cube, scenes=scenes, methods=methods, degradations=degradations)
        start = time.process_time()
        out = build_report(*places, Path(folder) / "out").parent
        seconds = time.process_time() - start
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        sizes = {p.relative_to(out).as_posix(): p.stat().st_size / 1024 for p in out.rglob("*.html")}
    queue.put(
        (scenes, methods, degradations, scenes * methods * degradations, round(seconds, 1), round(peak),
         round(sizes["index.html"]), len(sizes), round(max(sizes.values())))
    )  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scenes", nargs="*", type=int, default=[8, 16, 32])
    parser.add_argument("--methods", type=int, default=25)
    parser.add_argument("--degradations", type=int, default=3)
    parser.add_argument("--record", action="store_true", help="write docs/evidence/report-scale")
    options = parser.parse_args()
    rows = []
    for scenes in options.scenes:
        context = multiprocessing.get_context("spawn")
        queue = context.Queue()
        process = context.Process(target=build, args=(scenes, options.methods, options.degradations, queue))
        process.start()
        rows.append(queue.get())
        process.join()
        print(dict(zip(HEAD, rows[-1], strict=True)), flush=True)
    if options.record:
        sys.path.insert(0, str(ROOT))
        from recording import record

        scenes = " ".join(map(str, options.scenes))
        record("report-scale", "report-scale", HEAD, rows, make=f"docs/measure/report_scale.py {scenes} --record")


if __name__ == "__main__":
    main()
