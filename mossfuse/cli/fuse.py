"""``mossfuse fuse``: fuse one pair of files into one cube, written tile by tile."""

import logging
import time
from contextlib import contextmanager

from mossfuse.cli.arguments import (
    WHITE,
    add_cameras,
    add_grid,
    add_pair,
    add_white,
    check_outputs,
    output_path,
    read_pair,
    seed,
)
from mossfuse.errors import MossFuseError

SENSOR_SUFFIX = "_sensor.npz"  # holds PSF and SRF if the output's format cannot
log = logging.getLogger(__name__)


def add_verb(verbs):
    """Add the verb to the parser."""
    parser = verbs.add_parser(
        "fuse", help="fuse a low-resolution HSI with a high-resolution MSI",
        description="Fuse a low-resolution HSI with a high-resolution MSI of the same area. The cube is float32 in the "
        "units of LR.",
    )  # fmt: skip
    add_pair(parser)
    parser.add_argument(
        "-o", "--output", metavar="OUT", required=True, type=output_path,
        help="the cube: .mat, .npz, .h5 (with PSF and SRF inside), .npy, ENVI .hdr, .tif (PSF and SRF beside it)",
    )  # fmt: skip
    parser.add_argument("--method", metavar="NAME", help="see mossfuse methods (default: the best blind method)")
    parser.add_argument(
        "--preset", metavar="NAME", help="a named set of the method's parameters; mossfuse methods NAME lists them"
    )
    parser.add_argument(
        "--set", metavar="KEY=VALUE", action="append", default=[],
        help="one parameter of the method, or with --weights fit of its training; may be repeated",
    )  # fmt: skip
    parser.add_argument(
        "--weights", metavar="W", help="for methods that learn: a file, 'released', or 'fit' to train on this pair"
    )
    parser.add_argument("--save-weights", metavar="FILE", type=output_path, help="keep what --weights fit has learnt")
    add_cameras(parser)
    add_white(parser, WHITE)
    add_grid(parser)
    parser.add_argument("--device", choices=("cpu", "cuda"), help="default: the GPU where the method uses one")
    parser.add_argument("--seed", type=seed, default=0, help="for methods that draw random numbers (default: 0)")
    parser.add_argument(
        "--preview", metavar="PNG", type=output_path, help="where the preview goes (default: beside OUT)"
    )
    parser.add_argument(
        "--uncertainty",
        action="store_true",
        help="write the standard deviation of every value into OUT_std, too (nsgp; docs/trust.md)",
    )
    parser.add_argument("--no-preview", action="store_true", help="write no preview")
    parser.add_argument(
        "--report",
        metavar="HTML",
        type=output_path,
        help="write one page on the pair: images, cameras, agreement, spectra, verdict",
    )
    parser.add_argument(
        "--dtype", choices=("float32", "int16", "uint16"), default="float32",
        help="of a GeoTIFF or ENVI cube; integers hold reflectance x 10000, counts as they are (default: float32)",
    )  # fmt: skip
    parser.add_argument("--force", action="store_true", help="replace outputs that exist")
    parser.add_argument("--traceback", action="store_true", help="if the method fails, show where")
    parser.set_defaults(run=run)


def run(options):
    """Read the pair, fuse, write and print."""
    from mossfuse.cli.describe import describe_grid, describe_pair, describe_verdict, say
    from mossfuse.estimation.memory import estimate_once
    from mossfuse.pair.deliver import in_units
    from mossfuse.pair.deviation import method_with_deviation
    from mossfuse.pair.judgement import judge_work
    from mossfuse.pair.work import check_choice, needs_geometry, prepare
    from mossfuse.parameters import parse_changes

    changes = parse_changes(options.set)
    check_choice(options.method, options.weights, options.save_weights, options.preset, changes)
    if options.uncertainty:
        options.method = method_with_deviation(options.method, options.weights)
    outputs = outputs_of(options)
    inputs = [name for name in (options.lr, options.hr, options.srf, options.psf, options.weights) if name]
    check_outputs([path for path in outputs.values() if path], inputs, options.force)
    with estimate_once():
        pair = read_pair(
            options, options.lr, options.hr, options.white, needs_geometry(options.method, options.weights)
        )
        georeference = georeference_for(options, pair)
        started = time.perf_counter()
        with name_failures(options):
            work = prepare(
                pair.observation, method=options.method, weights=options.weights, device=options.device,
                seed=options.seed, save_weights=options.save_weights, preset=options.preset,
                params=changes,
            )  # fmt: skip
            residuals, look = write(pair, work, outputs, georeference, options, changes)
    verdict = judge_work(pair, work, residuals.summary(), look.range)
    seconds = time.perf_counter() - started
    say(
        "method",
        f"{work.name}: {work.method.title}{default_mark(work)}",
    )
    describe_pair(pair)
    describe_grid(pair)
    show_sensor(pair, work)
    show_agreement(in_units(residuals.summary(), pair.white), pair)
    describe_verdict(verdict)
    if outputs["report"]:
        write_report(outputs["report"], pair, work, residuals, look, verdict, options)
    names = ", ".join(str(path) for name, path in outputs.items() if path and name != "weights")
    say("written", f"{names} in {seconds:.1f} s; the cube is in the units of {options.lr}")


def default_mark(work):
    """Return what is added to a method's name where it was chosen by default."""
    from mossfuse.pair.default_method import MIXED, parts_of

    if not work.reason:
        return ""
    return ", the default for a single HR band" if work.name == MIXED or parts_of(work.name) else ", the default"


def outputs_of(options):
    """Return {'cube', 'sensor', 'preview', 'report', 'deviation', 'weights'}: the paths that will be written, None for those that will not."""
    from mossfuse.files import can_hold

    cube = options.output
    inside = can_hold(cube, "psf_hat")  # refuses what is no file name, so it comes first
    preview = options.preview or cube.with_suffix(".png")
    return {
        "cube": cube,
        "sensor": None if inside else cube.with_name(cube.stem + SENSOR_SUFFIX),
        "preview": None if options.no_preview else preview,
        "report": options.report,
        "deviation": cube.with_name(f"{cube.stem}_std{cube.suffix}") if options.uncertainty else None,
        "weights": options.save_weights,
    }


def write(pair, work, outputs, georeference, options, changes):
    """Write the cube tile by tile, then the files beside it; return (Residuals, Look) of the tiles."""
    import numpy as np

    from mossfuse.cli.preview import save_preview
    from mossfuse.files import write_variables
    from mossfuse.pair.deliver import deliver
    from mossfuse.pair.look import Look
    from mossfuse.pair.output import result_writer
    from mossfuse.pair.output.encoding import choose_encoding
    from mossfuse.pair.provenance import provenance_of
    from mossfuse.physics.residuals import Residuals

    observation, sensor = pair.observation, work.sensor
    shape = pair.result.shape
    estimates = {
        "psf_hat": sensor.psf,
        "srf_hat": sensor.srf * (pair.white[1] / pair.white[0]),
        "phase": np.array(sensor.phase, np.int64),
        "method": work.name,
    }
    inside = {} if outputs["sensor"] else estimates
    residuals, look = Residuals(observation, sensor), Look(observation, sensor, pair.result.measured)
    with result_writer(
        outputs["cube"], pair.result, encoding=choose_encoding(options.dtype, pair.white[0]), georeference=georeference,
        provenance=provenance_of(pair, work, (options.lr, options.hr), changes), estimates=inside,
    ) as put:  # fmt: skip
        for (rows, cols), values in track_rows(deliver(pair, work, residuals, look.add), shape):
            put(rows, cols, values)
    if outputs["sensor"]:
        write_variables(outputs["sensor"], estimates)
    if outputs["deviation"]:
        write_deviation(outputs["deviation"], pair, work, georeference, choose_encoding(options.dtype, pair.white[0]))
    if outputs["preview"]:
        save_preview(outputs["preview"], look)
    return residuals, look


def write_deviation(path, pair, work, georeference, encoding):
    """Write the standard deviation of every value of the cube, in the cube's units and format."""
    from mossfuse.cli.describe import say
    from mossfuse.pair.deviation import deviations_of
    from mossfuse.pair.output import result_writer

    spread = deviations_of(pair, work)
    say("deviation", str(spread))
    made = {"method": work.name, "values": "standard deviation of the cube", "calibration": str(spread)}
    with result_writer(path, pair.result, encoding=encoding, georeference=georeference, provenance=made) as put:
        for (rows, cols), values in spread.tiles:
            put(rows, cols, values)


def write_report(path, pair, work, residuals, look, verdict, options):
    """Write the page on the pair."""
    import numpy as np

    from mossfuse.files import text
    from mossfuse.files.atomic import write_text
    from mossfuse.pair.page import build_page
    from mossfuse.pair.reading import split_key

    found = residuals.summary()
    facts = {
        "LR": options.lr, "HR": options.hr, "cube": f"{options.output}, {text(pair.result.shape)}",
        "method": f"{work.name}: {work.method.title}", "ratio": pair.observation.ratio,
        "PSF": work.source["psf"], "SRF": work.source["srf"], "phase": "{},{}".format(*work.sensor.phase),
        "agreement": f"rms {found['residual_hsi_rms'] * pair.white[0]:.3g} with LR, {found['residual_msi_rms'] * pair.white[1]:.3g} with HR",
        "white": "values of {:g} (LR) and {:g} (HR) count as 1".format(*pair.white), "grid": "; ".join(pair.result.notes) or "as given",
    }  # fmt: skip
    misfit = np.sqrt(np.mean((residuals.low - pair.observation.hsi) ** 2, 2))
    names = (split_key(name)[0].name for name in (options.lr, options.hr))
    title = "{}: fused from {} and {}".format(options.output.name, *names)
    write_text(path, build_page(pair, look, work.sensor, verdict, facts, misfit, title=title))


def track_rows(tiles, shape):
    """Yield the tiles behind a progress bar that counts finished rows."""
    from mossfuse.progress import track

    bar = iter(track(range(shape[0]), "fusing", total=shape[0]))
    for (rows, cols), values in tiles:
        yield (rows, cols), values
        if cols.stop == shape[1]:
            for _ in range(rows.start, rows.stop):
                next(bar)


def georeference_for(options, pair):
    """Return the georeference of the cube as the output's format holds it; log a warning if it is lost."""
    from mossfuse.files import format_module
    from mossfuse.files.placing import for_envi, for_geotiff
    from mossfuse.pair.reading import split_key

    source = split_key(options.hr)[0]
    as_it_is = kept_georeference(source, options.output, pair)
    if as_it_is is not None:
        return as_it_is
    place = pair.result.georeference
    if place is None:
        return None
    writers = {"mossfuse.files.envi": for_envi, "mossfuse.files.geotiff": for_geotiff}
    writer = writers.get(format_module(options.output).__name__)
    if writer is None and options.output.suffix.lower() != ".npy":
        return None  # files of named arrays hold its transform and coordinate system (mossfuse.pair.output.arrays)
    if writer is None or not place.upright:
        suffix = source.suffix if source.suffix in (".hdr", ".tif", ".tiff") else ".tif"
        log.warning("%s is georeferenced and %s cannot hold the georeference; write %s", source, options.output, suffix)
        return None
    return writer(place)


def kept_georeference(source, output, pair):
    """Return HR's georeference word for word, where the cube has HR's grid and format; None otherwise."""
    from mossfuse.files import can_hold, existing_file, format_module, read_georeference
    from mossfuse.files.products import product_of

    if product_of(source) is not None or pair.result.moved:
        return None
    same = existing_file(source) is format_module(output)
    return read_georeference(source) if same and can_hold(output, "georeference") else None


def show_sensor(pair, work):
    """Print PSF and SRF."""
    from mossfuse.cli.describe import describe_psf, describe_srf

    describe_psf(work.sensor, work.source["psf"], work.facts)
    srf = work.sensor.srf * (pair.white[1] / pair.white[0])
    describe_srf(srf, work.source["srf"], pair.observation.wavelengths)


def show_agreement(residuals, pair):
    """Print the residuals; log a warning if the cube does not even explain the HSI."""
    from mossfuse.cli.describe import describe_agreement, root_mean_square
    from mossfuse.pair.work import POOR

    describe_agreement(residuals, pair)
    if residuals["residual_hsi_rms"] > POOR * root_mean_square(pair.observation.hsi) * pair.white[0]:
        log.warning("the cube does not reproduce the HSI; do not trust it, and compare with --method gsa")


@contextmanager
def name_failures(options):
    """Turn any exception of a method into a one-line error; --traceback re-raises it."""
    try:
        yield
    except MossFuseError:
        raise
    except MemoryError as error:
        raise MossFuseError("there is not enough memory for this pair; crop it or choose another method") from error
    except Exception as error:
        if options.traceback:
            raise
        if "out of memory" in str(error):
            raise MossFuseError(
                "there is not enough GPU memory for this pair; give --set tile=256 (a method that has it) or --device cpu"
            ) from error
        reason = " ".join(str(error).split()) or type(error).__name__
        raise MossFuseError(
            f"the method failed on this pair ({reason}); choose another one, or add --traceback and report it"
        ) from error
