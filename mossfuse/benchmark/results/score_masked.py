"""Score a cell whose degradation leaves pixels unmeasured: no score counts them.

Left out are the pixels that the MSI, or the HSI in the LR pixel around them, did not measure. As in ``mossfuse score``, metrics of single pixels are computed over the rest,
and metrics that look at surroundings (SSIM, UQI, Q2n, ...) over the largest rectangle without gaps. Which is which is found on the truth alone, so that
all methods of a pair are scored over the same pixels. Residuals are those of the pixels that each image measured.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from mossfuse.benchmark.data.labels import read_truth
from mossfuse.benchmark.data.pairs import read_pair
from mossfuse.benchmark.data.unchanged import require_unchanged
from mossfuse.benchmark.plan.paths import CellFiles
from mossfuse.benchmark.results.curve import STEP_COLUMNS
from mossfuse.degradations.gaps import measured_in_both, measured_pixels
from mossfuse.files import read_prepared, read_variables
from mossfuse.files.atomic import read_json, write_json, write_rows
from mossfuse.metrics.catalogue import metrics_of
from mossfuse.metrics.consistency import COLUMNS
from mossfuse.metrics.estimates import score_estimates
from mossfuse.metrics.scoring import Scores, band_psnr, score_all
from mossfuse.pair.consistent import largest_rectangle
from mossfuse.pair.masked_scores import LEAST, SIDE, depend_on_surroundings
from mossfuse.physics.fill import at_high_resolution
from mossfuse.physics.psf_geometry import around
from mossfuse.physics.sampling import operator_of
from mossfuse.protocol import Degradation, Observation

WRONG = 0.02  # noise on the truth that stands for an estimate, where metrics are told apart
NO_PART = "needs an image, and no rectangle without gaps is large enough"


def score_masked_cell(
    *, files: CellFiles, pair: Path, truth: Path, conventions: Iterable[str], degradation: Degradation
) -> None:
    """Write what ``mossfuse.benchmark.results.score_cell.score_cell`` writes, over the pixels that were measured."""
    record = read_json(files.run)
    rows: list[tuple[str, str, float | str, str]] = []
    bands: list[tuple[int, float, float]] = []
    estimate: dict[str, np.ndarray | None] = {}
    if record["status"] == "ok":
        require_unchanged(files.cube, files.run, "output")
        reference, facts = read_truth(truth)
        estimated, _ = read_prepared(files.cube)
        observation = read_pair(pair)
        low, high = measured_pixels(reference, degradation)
        measured = at_high_resolution(low, observation.ratio) & high
        found = masked_scores(reference, estimated, measured, observation.ratio, conventions, facts)
        for convention, scores in found.items():
            rows += [(convention, metric, value, "") for metric, value in scores.values.items()]
            rows += [(convention, metric, "", reason) for metric, reason in scores.reasons.items()]
        rows += [("consistency", m, v, "") for m, v in masked_residuals(estimated, observation, low, high).items()]
        known = estimates_of(files.cube, record["knows"], observation)
        if known:
            rows += [("estimate", m, v, "") for m, v in score_estimates(known, observation).items()]
            estimate = {**known, "psf_true": observation.sensor.psf, "srf_true": observation.sensor.srf}
        psnr = band_psnr(reference[measured][None], estimated[measured][None])
        bands = list(zip(range(1, len(psnr) + 1), facts["wavelengths"], psnr, strict=True))
    write_rows(files.score, ("convention", "metric", "value", "reason"), rows)
    write_rows(files.bands, ("band", "wavelength", "psnr"), bands)
    write_json(files.estimate, estimate)


def score_masked_iterates(
    *, iterates: Path, truth: Path, degradation: Degradation, convention: str, output: Path
) -> None:
    """Write what ``mossfuse.benchmark.results.curve.score_iterates`` writes, over the pixels that were measured."""
    index, rows = Path(iterates, "index.csv"), []
    contained = metrics_of(convention)
    quality = [name for name, metric in contained.items() if metric.column.shown == "everywhere"] or list(contained)[:1]
    if index.exists():
        reference, _ = read_prepared(truth)
        measured = measured_in_both(reference, degradation)
        with open(index, newline="", encoding="utf-8") as stream:
            for entry in csv.DictReader(stream):
                cube = np.load(Path(iterates, entry["file"]), allow_pickle=False)
                if np.isfinite(cube).all():
                    values = masked_scores(reference, cube, measured, degradation.ratio, (convention,), {})[convention]
                    rows.append([*(entry[c] for c in STEP_COLUMNS), *(values.values.get(name, "") for name in quality)])
    write_rows(Path(output), (*STEP_COLUMNS, *quality), rows)


def masked_scores(
    truth: np.ndarray, cube: np.ndarray, measured: np.ndarray, ratio: int, conventions: Iterable[str],
    facts: Mapping[str, np.ndarray],
) -> dict[str, Scores]:  # fmt: skip
    """Return convention -> Scores of the pixels (rows, cols) that are ``measured``; facts: as for score_all, those of pixels are cut likewise."""
    x, y = pixels(truth, measured), pixels(cube, measured)
    part = largest_rectangle(measured, LEAST)
    of_pixels = {name for name, fact in facts.items() if np.shape(fact)[:2] == measured.shape}
    alone = {name: pixels(fact, measured) if name in of_pixels else fact for name, fact in facts.items()}
    found = {}
    for convention, single in score_all(x, y, ratio, conventions, alone).items():
        windowed = windowed_metrics(x, ratio, convention, {k: v for k, v in facts.items() if k not in of_pixels})
        values = {name: value for name, value in single.values.items() if name not in windowed}
        reasons = {name: reason for name, reason in single.reasons.items() if name not in windowed}
        if part is None:
            reasons |= dict.fromkeys(sorted(windowed), NO_PART)
        else:
            inside = {name: fact[part] if name in of_pixels else fact for name, fact in facts.items()}
            local = score_all(truth[part], cube[part], ratio, (convention,), inside, windowed)[convention]
            values, reasons = values | local.values, reasons | local.reasons
        found[convention] = Scores(values, reasons)
    return found


def pixels(image: np.ndarray, measured: np.ndarray) -> np.ndarray:
    """Return the measured pixels of an image (rows, cols, ...) as an image of one row."""
    return image[measured][None]


def windowed_metrics(x: np.ndarray, ratio: int, convention: str, facts: Mapping[str, np.ndarray]) -> set[str]:
    """Return the columns of a convention that need an image: those that look at surroundings, and those without a value on one row.

    x: the truth's pixels, (1, n, bands), beside which the same with a little noise stands for an estimate.
    """
    few = np.resize(x[0], (SIDE**2, x.shape[2]))
    wrong = few + WRONG * np.random.default_rng(0).standard_normal(few.shape)
    on_a_row = score_all(few[None], wrong[None], ratio, (convention,), facts)[convention]
    return depend_on_surroundings(few, wrong, ratio, convention, facts) | set(on_a_row.reasons)


def masked_residuals(cube: np.ndarray, observation: Observation, low: np.ndarray, high: np.ndarray) -> dict[str, float]:
    """Return the largest and the rms residual of the pixels that each image measured (low (h, w), high (H, W)), by the names of consistency."""
    x, sensor = cube.astype(np.float64), observation.sensor
    residuals = (
        (operator_of(observation)(x) - observation.hsi)[low],
        (x @ np.asarray(sensor.srf).T - observation.msi)[high],
    )
    values = [f(np.abs(r)) for r in residuals for f in (np.max, lambda r: np.sqrt(np.mean(r**2)))]
    return {column.name: float(value) for column, value in zip(COLUMNS, values, strict=True)}


def estimates_of(path: Path, knows: Iterable[str], observation: Observation) -> dict[str, np.ndarray]:
    """Return what a method estimated of the sensor; a PSF or a response that it was given is no estimate."""
    found = read_variables(path, [f"{part}_hat" for part in ("psf", "srf", "phase") if part not in knows])
    phase = found.pop("phase_hat", None)
    if phase is not None and "psf_hat" in found and observation.sensor.phase is not None:
        found["psf_hat"] = around(found["psf_hat"], np.ravel(phase).tolist(), observation.sensor.phase)
    return dict(found)
