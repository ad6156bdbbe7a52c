"""Score one cell: every convention, the consistency with its inputs, and a blind method's estimates of the sensor."""

from mossfuse.files.atomic import read_json, write_rows


def score_cell(*, files, pair, truth, conventions):
    """Write the scores, the bands' PSNR and the estimates of a finished cell.

    files: the cell's CellFiles; pair, truth: paths; conventions: names, the first one ranks. A metric that cannot be computed
    has an empty value and its reason; the others are not affected.

    A failed cell gets a table of scores with nothing but a header: its row in the tables has the reason instead.
    """
    import numpy as np

    from mossfuse.benchmark.data.labels import read_truth
    from mossfuse.benchmark.data.pairs import read_pair
    from mossfuse.benchmark.data.unchanged import require_unchanged
    from mossfuse.files import read_prepared, read_variables
    from mossfuse.files.atomic import write_json
    from mossfuse.metrics.consistency import consistency
    from mossfuse.metrics.estimates import score_estimates
    from mossfuse.metrics.scoring import band_psnr, score_all
    from mossfuse.physics.psf_geometry import around

    record = read_json(files.run)
    rows, bands, estimate = [], [], {}
    if record["status"] == "ok":
        require_unchanged(files.cube, files.run, "output")
        reference, facts = read_truth(truth)
        estimated, _ = read_prepared(files.cube)
        observation = read_pair(pair)
        found = score_all(reference, estimated, observation.ratio, conventions, facts)
        for convention, scores in found.items():
            rows += [(convention, metric, value, "") for metric, value in scores.values.items()]
            rows += [(convention, metric, "", reason) for metric, reason in scores.reasons.items()]
        rows += [("consistency", m, v, "") for m, v in consistency(estimated, observation).items()]
        # A method that was given the PSF or SRF may return it; that is no estimate.
        names = [f"{part}_hat" for part in ("psf", "srf", "phase") if part not in record["knows"]]
        found = read_variables(files.cube, names)
        phase = found.pop("phase_hat", None)
        if phase is not None and "psf_hat" in found:
            found["psf_hat"] = around(found["psf_hat"], np.ravel(phase).tolist(), observation.sensor.phase)
        if found:
            rows += [("estimate", m, v, "") for m, v in score_estimates(found, observation).items()]
            estimate = {**found, "psf_true": observation.sensor.psf, "srf_true": observation.sensor.srf}
        nm, psnr = facts["wavelengths"], band_psnr(reference, estimated)
        bands = list(zip(range(1, len(nm) + 1), nm, psnr, strict=True))
    write_rows(files.score, ("convention", "metric", "value", "reason"), rows)
    write_rows(files.bands, ("band", "wavelength", "psnr"), bands)
    write_json(files.estimate, estimate)
