"""Write what a script of docs/measure has measured to docs/evidence/FOLDER, with where it comes from."""

import argparse
import csv
import logging
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

EVIDENCE = Path(__file__).resolve().parents[1] / "evidence"


def options(doc: str | None) -> argparse.ArgumentParser:
    """Return the arguments of a script that measures scenes of a mirror (--mirror FOLDER, --write), and let it print its messages.

    doc: of the script; its first line is the description.
    """
    logging.basicConfig(format="%(message)s", level=logging.INFO)
    logging.getLogger("mossfuse").setLevel(logging.ERROR)
    found = argparse.ArgumentParser(description=(doc or "").splitlines()[0])
    found.add_argument("--mirror", type=Path, required=True, help="folder of the scenes")
    found.add_argument("--write", action="store_true", help="write the evidence")
    return found


def record(
    folder: str,
    name: str,
    head: Sequence[str],
    rows: Iterable[Sequence[Any]],
    make: str,
    *,
    code: Iterable[str] = (),
    **facts: Any,
) -> Path:
    """Write ``name``.csv and provenance.json below docs/evidence/``folder`` and return the table's path.

    make: the script and its arguments that measured it, from the repository; code: methods, modules and functions of
    mossfuse that decide the values (measured_code.digests), none where the program as a whole is measured
    (pages.staleness.WHOLE_PROGRAM); facts: further entries, such as threads.
    """
    from measured_code import digests

    from mossfuse.benchmark.run.provenance import code_state, processor_name, versions
    from mossfuse.files.atomic import replacing, write_json

    state = code_state()
    path = EVIDENCE / folder / f"{name}.csv"
    with replacing(path) as new, open(new, "w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(head)
        writer.writerows(rows)
    write_json(
        path.with_name("provenance.json"),
        {
            "make": make,
            "commit": f"{state['commit']}",
            "dirty": state["dirty"],
            "device": processor_name(),
            "date": date.today().isoformat(),
            "versions": versions(),
            **({"code": found} if (found := digests(code)) else {}),
            **facts,
        },
    )
    return path
