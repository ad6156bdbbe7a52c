"""Quality against truth over the steps of a fit: scored from the cubes that the method saved, never by the method."""

import csv
from pathlib import Path

from mossfuse.files.atomic import write_rows

COLUMNS = ("stage", "step", "seconds", "cpu_seconds", "psnr", "sam")


def score_iterates(*, iterates, truth, ratio, convention, output):
    """Write ``output``, one row per cube of the folder ``iterates`` (see mossfuse.fitting.records.Iterates), in order of steps.

    truth: the scene's cube file. step: over all stages of the fit. seconds, cpu_seconds: of the fit until then, on a
    machine that may do other work. psnr, sam: by ``convention``, empty where it has none. A cube that is not finite has no
    row; a fit that failed has the rows of what it saved before.
    """
    import numpy as np

    from mossfuse.files import read_cube
    from mossfuse.metrics import score

    index, rows = Path(iterates, "index.csv"), []
    if index.exists():
        reference, _ = read_cube(truth)
        with open(index, newline="") as stream:
            for entry in csv.DictReader(stream):
                cube = np.load(Path(iterates, entry["file"]))
                if np.isfinite(cube).all():
                    values = score(reference, cube, ratio, convention)
                    rows.append([entry[c] if c in entry else values.get(c, "") for c in COLUMNS])
    write_rows(Path(output), COLUMNS, rows)
