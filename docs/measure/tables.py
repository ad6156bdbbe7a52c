"""Fill the tables, figures and numbers of README and docs from docs/evidence: python docs/measure/tables.py --write | --check.

--check changes nothing and ends with status 1, one line per fault: a page or figure that differs from the evidence, a result that
stands outside the marked places, a digest of code that is no longer the present one and is not waived.
"""

import argparse
import logging
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).resolve().parent)]

from pages import content, figures  # noqa: E402
from pages.markers import fill, typed_results  # noqa: E402
from pages.staleness import stale  # noqa: E402
from pages.store import Evidence  # noqa: E402

# Lines with decibels or degrees that are no results: (page, words of the line).
DEFINITIONS: tuple[tuple[str, str], ...] = (
    ("README.md", "degrees, non-zero reference pixels"),
    ("docs/classical-b.md", "the authors fix an SNR of 0 dB"),
    ("docs/deep.md", "read by pixel to 0.1 dB"),
    ("docs/glossary.md", "signal-to-noise ratio 35 dB (LR) and"),
    ("docs/glossary.md", "40 dB (HR)."),
    ("docs/metrics.md", "counts 90 degrees"),
    ("docs/metrics.md", "the official code printed for this output to 1e-5 dB"),
    ("docs/metrics.md", "in a degradation's name: sigma^2"),
    ("docs/metrics.md", "MSI (40 dB). All bands get the same sigma"),
    ("docs/phantom.md", "CIE 1931 2 degree observer"),
)
logger = logging.getLogger("tables")
FOLDER = ROOT / "docs" / "evidence"


def main() -> None:
    """Write the pages, or check them."""
    logging.basicConfig(format="%(message)s", level=logging.INFO)
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    group = options.add_mutually_exclusive_group(required=True)
    group.add_argument("--write", action="store_true", help="fill the pages")
    group.add_argument("--check", action="store_true", help="change nothing, and fail where something is stale")
    if options.parse_args().write:
        write()
        return
    faults = [*differing(), *typed(), *stale(Evidence(FOLDER), ROOT)]
    for fault in faults:
        logger.error(fault)
    sys.exit(bool(faults))


def pages() -> list[Path]:
    """Return README and every page of docs."""
    return [ROOT / "README.md", ROOT / "config" / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def filled(page: Path, evidence: Evidence) -> str:
    """Return a page as it should be."""
    text = page.read_text(encoding="utf-8")
    return fill(
        text, lambda name: content.table(name, evidence, page.parent), lambda query: content.number(query, evidence)
    )


def write() -> None:
    """Fill every page, and draw every figure whose values have changed."""
    evidence = Evidence(FOLDER)
    for page in pages():
        new = filled(page, evidence)
        if new != page.read_text(encoding="utf-8"):
            page.write_text(new, encoding="utf-8")
            logger.info("%s written", page.relative_to(ROOT))
    for picture, values in figures.pictures(FOLDER).items():
        if figures.drawn_from(picture) != figures.hash_of(values):
            figures.draw(picture, values)
            logger.info("%s drawn", picture.relative_to(ROOT))


def differing() -> Iterator[str]:
    """Yield one sentence for every page and figure that is not what the evidence gives."""
    evidence = Evidence(FOLDER)
    for page in pages():
        if filled(page, evidence) != page.read_text(encoding="utf-8"):
            yield f"{page.relative_to(ROOT)} differs from docs/evidence; run python docs/measure/tables.py --write"
    for picture, values in figures.pictures(FOLDER).items():
        if figures.drawn_from(picture) != figures.hash_of(values):
            yield f"{picture.relative_to(ROOT)} is not drawn from {values.relative_to(ROOT)}; run docs/measure/tables.py --write"


def typed() -> Iterator[str]:
    """Yield one sentence for every result that was typed into a page."""
    for page in pages():
        name = page.relative_to(ROOT).as_posix()
        for number, line in typed_results(page.read_text(encoding="utf-8")):
            if not any(name == where and words in line for where, words in DEFINITIONS):
                yield f"{name}:{number} holds a result that is not from docs/evidence: {line[:120]}"


if __name__ == "__main__":
    main()
