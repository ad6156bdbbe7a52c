"""Measure when the pages of a large report can be used, in headless Chromium slowed down four times, and what they weigh.

The report has 32 scenes, 25 methods and 3 degradations (40 pixels); its scene page of 512 pixels comes from a report of its own with
one scene and 25 methods. Usable: the end of the last task of more than 50 ms after the page began to load (DevTools protocol,
Emulation.setCPUThrottlingRate); the smallest of several loads, because other work slows a browser down and never speeds it up.
Usage: python docs/measure/report_interactive.py [--loads N] [--scenes N] [--record]
"""

import argparse
import sys
import tempfile
from pathlib import Path
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).resolve().parents[2]
THROTTLE, QUIET_MS, SIDE = 4, 1500, 512
HEAD = ("page", "scenes", "methods", "usable_ms", "first_paint_ms", "page_kb", "first_view_kb", "everything_kb")
WATCH = (
    "window.longTasks = []; new PerformanceObserver(l => longTasks.push(...l.getEntries().map(e => e.startTime + e.duration)))"
    ".observe({type: 'longtask', buffered: true});"
)


def usable(tab, path, throttle=THROTTLE, quiet_ms=QUIET_MS):
    """Return (milliseconds until the page can be used, milliseconds until its first paint) of one load."""
    script = tab.call("Page.addScriptToEvaluateOnNewDocument", source=WATCH)["identifier"]
    tab.call("Emulation.setCPUThrottlingRate", rate=throttle)
    try:
        tab.open(path)
        found = tab.run(
            f"new Promise(done => setTimeout(() => {{ const n = performance.getEntriesByType('navigation')[0];"
            "const p = performance.getEntriesByName('first-contentful-paint')[0];"
            f"done([Math.max(n.domContentLoadedEventEnd, ...longTasks), p ? p.startTime : null]); }}, {quiet_ms}))"
        )
    finally:
        tab.call("Emulation.setCPUThrottlingRate", rate=1)
        tab.call("Page.removeScriptToEvaluateOnNewDocument", identifier=script)
    return found


def weight(tab):
    """Return the bytes of the local files that the present page has asked for."""
    paths = {Path(unquote(urlsplit(url).path)) for url in tab.requests if url.startswith("file:")}
    return sum(path.stat().st_size for path in paths if path.is_file())


def row_of(tab, name, path, scenes, methods, loads, everything=None):
    """Return the row of one page: the best of several loads and what the first view weighs."""
    tab.forget()
    times = [usable(tab, path) for _ in range(loads)]
    seconds, paint = min(times)[0], min(p for _, p in times if p is not None)
    total = "" if everything is None else round(everything / 1000)
    return (
        name,
        scenes,
        methods,
        round(seconds),
        round(paint),
        round(path.stat().st_size / 1000),
        round(weight(tab) / 1000),
        total,
    )


def largest(folder):
    """Return the largest page of a folder."""
    return max(folder.glob("*.html"), key=lambda path: path.stat().st_size)


def large_cube():
    """Return a rough scene of 512 pixels: (truth, wavelengths)."""
    import numpy as np

    rng = np.random.default_rng(0)
    coarse = rng.random((64, 64, 31)).astype(np.float32).cumsum(2) / 31
    truth = coarse.repeat(8, 0).repeat(8, 1) * (0.9 + 0.1 * rng.random((SIDE, SIDE, 1), np.float32))
    return truth, np.linspace(400, 700, 31)


def measure(tab, root, scenes, loads):
    """Yield the rows of all pages."""
    import numpy as np

    from helpers.many_results import BANDS, SIZE, fabricate_many
    from mossfuse.benchmark.check.pairs import make_pair
    from mossfuse.benchmark.report.build import build_report

    cube = make_pair(SIZE, SIZE, seed=1)[1], np.linspace(400, 700, BANDS)
    index = build_report(*fabricate_many(root / "many", cube, scenes=scenes), root / "many" / "out")
    out = index.parent
    pages = {"front page": index, "Across": out / "across.html", "Paper": out / "paper.html", "Statistics": out / "statistics.html",
             "a board": largest(out / "boards"), "a scene of 40 px": largest(out / "scenes")}  # fmt: skip
    for name, path in pages.items():
        yield row_of(tab, name, path, scenes, 25, loads)
    index = build_report(*fabricate_many(root / "one", large_cube(), scenes=1, degradations=1), root / "one" / "out")
    path = largest(index.parent / "scenes")
    own = sum(p.stat().st_size for p in (index.parent / "assets").rglob("*.[jc]s*")) + path.stat().st_size
    pictures = sum(p.stat().st_size for p in (index.parent / "view").rglob("*") if p.is_file())
    yield row_of(tab, f"a scene of {SIDE} px", path, 1, 25, loads, everything=own + pictures)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--loads", type=int, default=5)
    parser.add_argument("--scenes", type=int, default=32)
    parser.add_argument("--record", action="store_true", help="write docs/evidence/report-interactive")
    options = parser.parse_args()
    sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
    from helpers.headless import browser, find_browser

    if find_browser() is None:
        parser.error("needs chromium, chromium-browser or google-chrome")
    rows = []
    with tempfile.TemporaryDirectory() as folder, browser(find_browser()) as tab:
        version = tab.call("Browser.getVersion")["product"]
        for row in measure(tab, Path(folder), options.scenes, options.loads):
            rows.append(row)
            print(dict(zip(HEAD, row, strict=True)), flush=True)
    if options.record:
        from recording import record

        make = f"docs/measure/report_interactive.py --loads {options.loads} --scenes {options.scenes} --record"
        record("report-interactive", "report-interactive", HEAD, rows, make=make, browser=version, throttle=THROTTLE)


if __name__ == "__main__":
    main()
