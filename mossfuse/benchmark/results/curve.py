"""Quality against truth over the steps of a fit: scored from the cubes that the method saved, never by the method."""

import csv
from pathlib import Path

from mossfuse.files.atomic import write_rows

STEP_COLUMNS = ("stage", "step", "seconds", "cpu_seconds")


def score_iterates(*, iterates, truth, ratio, convention, output):
    """Write ``output``, one row per cube of the folder ``iterates`` (mossfuse.fitting.records.Iterates), by step.

    truth: the scene's cube file. step: over all stages of the fit. seconds, cpu_seconds: of the fit until then, on a
    machine that may do other work. Then the metrics of ``convention`` that are shown everywhere (psnr, sam, ...), or its first one
    where none is. A cube that is not finite has no row; a fit that failed has the rows of what it saved before.
    """
    import numpy as np

    from mossfuse.files import read_prepared
    from mossfuse.metrics.catalogue import metrics_of
    from mossfuse.metrics.scoring import score_all

    index, rows = Path(iterates, "index.csv"), []
    contained = metrics_of(convention)
    quality = [name for name, metric in contained.items() if metric.column.shown == "everywhere"] or list(contained)[:1]
    if index.exists():
        reference, _ = read_prepared(truth)
        with open(index, newline="", encoding="utf-8") as stream:
            for entry in csv.DictReader(stream):
                cube = np.load(Path(iterates, entry["file"]), allow_pickle=False)
                if np.isfinite(cube).all():
                    values = score_all(reference, cube, ratio, (convention,), columns=quality)[convention].values
                    rows.append([*(entry[c] for c in STEP_COLUMNS), *(values.get(name, "") for name in quality)])
    write_rows(Path(output), (*STEP_COLUMNS, *quality), rows)
