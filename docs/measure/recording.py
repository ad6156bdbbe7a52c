"""Write what a script of docs/measure has measured to docs/evidence/FOLDER, with where it comes from."""

import csv
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

EVIDENCE = Path(__file__).resolve().parents[1] / "evidence"


def record(folder: str, name: str, head: Sequence[str], rows: Iterable[Sequence[Any]], make: str, **facts: Any) -> Path:
    """Write ``name``.csv and provenance.json below docs/evidence/``folder`` and return the table's path.

    make: the script and its arguments that measured it, from the repository; facts: further entries, such as threads.
    """
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
            **facts,
        },
    )
    return path
