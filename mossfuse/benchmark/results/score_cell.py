"""Scoring one cell: every convention, consistency, blind estimates, and the pictures of its page."""

import json
from pathlib import Path

from mossfuse.files.atomic import write_rows


def score_cell(*, files, pair, truth, conventions):
    """Write score, bands, estimate and view of a finished cell (CellFiles).

    A failed cell gets a table of scores with nothing but a header: its row in the tables has the reason instead.
    """
    import numpy as np

    from mossfuse.benchmark.data.pairs import read_pair
    from mossfuse.benchmark.pictures import render_cell
    from mossfuse.files import read_cube, read_variables
    from mossfuse.files.atomic import write_json
    from mossfuse.metrics import band_psnr, consistency, score, score_estimates
    from mossfuse.physics.psf_geometry import around

    record = json.loads(files.run.read_text())
    rows, bands, estimate = [], [], {}
    files.view.mkdir(parents=True, exist_ok=True)
    if record["status"] == "ok":
        reference, wavelengths = read_cube(truth)
        estimated, _ = read_cube(files.cube)
        observation = read_pair(pair)
        for convention in conventions:
            values = score(reference, estimated, observation.ratio, convention)
            rows += [(convention, metric, value) for metric, value in values.items()]
        rows += [("consistency", m, v) for m, v in consistency(estimated, observation).items()]
        # A method that was told the PSF or SRF may hand it back; that is no estimate.
        names = [f"{part}_hat" for part in ("psf", "srf", "phase") if part not in record["knows"]]
        found = read_variables(files.cube, names)
        phase = found.pop("phase_hat", None)
        if phase is not None and "psf_hat" in found:
            found["psf_hat"] = around(found["psf_hat"], np.ravel(phase).tolist(), observation.sensor.phase)
        if found:
            rows += [("estimate", m, v) for m, v in score_estimates(found, observation).items()]
            estimate = {**found, "psf_true": observation.sensor.psf, "srf_true": observation.sensor.srf}
        bands = list(zip(range(1, len(wavelengths) + 1), wavelengths, band_psnr(reference, estimated), strict=True))
        cell = "/".join(str(record[k]) for k in ("dataset", "degradation", "method", "scene", "seed"))
        render_cell(reference, estimated, wavelengths, files.view, key=cell)
    write_rows(files.score, ("convention", "metric", "value"), rows)
    write_rows(files.bands, ("band", "wavelength", "psnr"), bands)
    write_json(files.estimate, estimate)


def render_pair(*, pair, truth, folder):
    """Write the pictures of a scene's page that no method changes: the truth and the two inputs."""
    from mossfuse.benchmark.data.pairs import read_pair
    from mossfuse.benchmark.pictures import render_scene
    from mossfuse.files import read_cube

    Path(folder).mkdir(parents=True, exist_ok=True)
    reference, wavelengths = read_cube(truth)
    render_scene(reference, read_pair(pair), wavelengths, Path(folder))
