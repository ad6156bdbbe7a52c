"""``mossfuse score``: score a cube against its ground truth, under a named convention."""

import logging

from mossfuse.cli.arguments import PAIR, add_cameras, add_white, read_pair
from mossfuse.errors import MossFuseError

UNLIKE = 10.0
SCALED = "store it on the truth's scale, [0, 1]"
SEEN = 6  # bands of the cube, at most, in which a shift against the truth is looked for
log = logging.getLogger(__name__)


def add_verb(verbs):
    """Add the verb to the parser."""
    parser = verbs.add_parser(
        "score", help="score a fused cube against the truth",
        description="Score a fused cube against the true one, and, with --pair, against its own two images.",
    )  # fmt: skip
    parser.add_argument("truth", metavar="TRUTH", help=f"the true cube: {PAIR}")
    parser.add_argument("cube", metavar="CUBE", help="the fused cube, in the truth's units or in [0, 1]")
    parser.add_argument("--convention", default="std1", metavar="ID", help="see docs/metrics.md (default: std1)")
    parser.add_argument(
        "--pair", nargs=2, metavar=("LR", "HR"), help="the pair it was made from: check agreement with it, too"
    )
    parser.add_argument(
        "--register", action="store_true", dest="align",
        help="also score the cube moved by the shift that is estimated between it and the truth; both figures are shown",
    )  # fmt: skip
    parser.add_argument(
        "--nodata", type=float, action="append", default=[], metavar="V",
        help="a value that marks pixels without data, beside NaN and what the files declare; may be repeated",
    )  # fmt: skip
    add_cameras(parser)
    add_white(
        parser, "value of the truth that counts as 1 (default: 255 or 65535 for integers that fill 8 or 16 bits, or 1)"
    )
    parser.set_defaults(run=run)


def run(options):
    """Read, score and print."""
    from mossfuse.cli.describe import say
    from mossfuse.estimation.memory import estimate_once
    from mossfuse.metrics import find_convention, metrics_of, score_all
    from mossfuse.pair.masked_scores import score_measured

    find_convention(options.convention)
    if options.ratio is None and not options.pair:
        raise MossFuseError("ERGAS needs the ratio; name it with --ratio, or the pair with --pair LR HR")
    if options.ratio is not None and options.ratio < 1:
        raise MossFuseError(f"ratio {options.ratio} is not possible; name a whole number of 1 or more")
    *cubes, declared = read_cubes(options)
    truth, cube, wavelengths, measured = check_cubes(*cubes, options)
    white, own = scales(truth, cube, declared, options)
    with estimate_once():
        pair = read_pair(options, *options.pair) if options.pair else None
        ratio = pair.observation.ratio if pair else options.ratio
        facts = {} if wavelengths is None else {"wavelengths": wavelengths}
        part = None
        if measured is not None:
            masked = score_measured(truth / white, cube / own, measured, ratio, options.convention, facts)
            found, part = {"": masked.scores}, masked
        else:
            every = {"": cube, **(registered(truth, cube) if options.align else {})}
            found = {
                label: score_all(truth / white, each / own, ratio, (options.convention,), facts)[options.convention]
                for label, each in every.items()
            }
        scores = found.pop("")
        say(
            "scale",
            f"the truth's {white:g} and the cube's {own:g} count as 1; convention {options.convention}, ratio {ratio}",
        )
        if part is not None:
            say("no data", describe_gaps(measured, part))
        for name in metrics_of(options.convention):
            if name in scores.values:
                say(name, figure(name, scores, found))
            elif name in scores.reasons:
                say(name, f"no value: {scores.reasons[name]}")
        if pair:
            show_agreement(cube * (white / own), pair)


def figure(name, scores, registered):
    """Return a metric's value with its unit, and beside it that of the registered cube where there is one."""
    from mossfuse.metrics import find_column

    column = find_column(name)
    unit = f" {column.unit}" if column.unit else ""
    text = f"{scores.values[name]:.{column.decimals}f}{unit}"
    for label, more in registered.items():
        if name in more.values:
            text += f"; {more.values[name]:.{column.decimals}f}{unit} {label}"
    return text


def registered(truth, cube):
    """Return {label: the cube moved by the shift between it and the truth}, nothing where none is found, and print the shift."""
    import numpy as np

    from mossfuse.cli.describe import say
    from mossfuse.pair.registration import estimate_registration
    from mossfuse.pair.registration.resample import into_frame_of_lr

    few = np.unique(np.linspace(0, cube.shape[2] - 1, SEEN).astype(int))
    found = estimate_registration(truth, cube[..., few], 1)
    if found is None or not found.trusted:
        say("shift", "not well determined between the cube and the truth; they are compared as they are")
        return {}
    rows, cols = found.shift
    say(
        "shift",
        f"the truth against the cube by {rows:+.2f} rows and {cols:+.2f} cols, +- {max(found.error):.2f} pixels",
    )
    return {"registered": into_frame_of_lr(cube, found, 1, truth.shape)}


def read_cubes(options):
    """Return (truth, cube, wavelengths, measured, declared).

    measured: (rows, cols), False where a file or --nodata says that a pixel has no data, or None. declared: the values of truth and cube that count as 1, None
    where a file does not state its own.
    """
    import numpy as np

    from mossfuse.pair.open import with_no_data
    from mossfuse.pair.reading import open_image

    images = [with_no_data(open_image(name), options.nodata) for name in (options.truth, options.cube)]
    marks = [image.measured for image in images if image.measured is not None]
    same = len({image.values.shape for image in images}) == 1
    measured = np.logical_and.reduce(marks) if marks and same else None
    return images[0].values, images[1].values, images[0].wavelengths, measured, tuple(image.white for image in images)


def describe_gaps(measured, part):
    """Return a sentence on the pixels that are left out, and on the part over which surroundings are compared."""
    left = int((~measured).sum())
    text = f"{left} of {measured.size} pixels hold none in one cube or the other and are left out"
    if part.rectangle is not None and part.windowed:
        rows, cols = part.rectangle
        text += (
            f"; {', '.join(part.windowed)} over the largest part without gaps, rows {rows.start} to {rows.stop - 1} and "
            f"cols {cols.start} to {cols.stop - 1}"
        )
    return text


def check_cubes(truth, cube, wavelengths, measured, options):
    """Return (truth, cube, wavelengths, measured): without bands that hold nothing but NaN, as of a band marked bad.

    measured: (rows, cols), also False for NaN; such pixels then hold each band's smallest value. None where every pixel has data. Raises MossFuseError for what ``fuse`` refuses in an image, and for cubes whose bands are not on the last axis.
    """
    import numpy as np

    from mossfuse.files import text
    from mossfuse.pair.values import as_image

    if truth.shape != cube.shape:
        raise MossFuseError(
            f"{options.truth} has shape {text(truth.shape)} and {options.cube} {text(cube.shape)}; name two cubes of one scene"
        )
    rows, cols, bands = truth.shape
    ratio = options.ratio or 1
    if rows % ratio and cols % ratio == 0 == bands % ratio or (wavelengths is None and rows < cols == bands):
        raise MossFuseError(
            f"{options.truth} ({text(truth.shape)}) seems to have its bands on the first axis; store cubes as (rows, cols, bands)"
        )
    empty = np.zeros(bands, bool)
    for image in (truth, cube):
        if image.dtype.kind == "f":
            empty |= np.isnan(image).all((0, 1))
    if empty.any() and not empty.all():
        log.warning("bands %s hold no values and are left out", ", ".join(str(b + 1) for b in np.nonzero(empty)[0]))
        truth, cube = truth[..., ~empty], cube[..., ~empty]
        wavelengths = None if wavelengths is None else wavelengths[~empty]
    bad = np.zeros(truth.shape[:2], bool) if measured is None else ~measured
    for image in (truth, cube):
        if image.dtype.kind == "f":
            bad |= np.isnan(image).any(2)
    if bad.all():
        raise MossFuseError(
            f"no pixel has data in both {options.truth} and {options.cube}; name two cubes of one area, or fill them"
        )
    measured = None
    if bad.any():
        if options.align or options.pair:
            raise MossFuseError(
                f"{int(bad.sum())} pixels hold no data, and --register and --pair need whole images; fill or crop them first"
            )
        measured = ~bad
        truth, cube = (np.where(bad[..., None], image[measured].min(0), image) for image in (truth, cube))
    truth, cube = as_image(truth, options.truth), as_image(cube, options.cube)
    flat = np.nonzero(truth.min((0, 1)) == truth.max((0, 1)))[0]
    if len(flat):
        log.warning(
            "band %s of %s is the same everywhere; metrics that compare single bands, such as PSNR, may be infinite or empty",
            ", ".join(str(b + 1) for b in flat), options.truth,
        )  # fmt: skip
    return truth, cube, wavelengths, measured


def scales(truth, cube, declared, options):
    """Return (value of the truth, value of the cube) that count as 1: given, stated by the files, or by the rule of mossfuse.files.scaling.

    declared: what the two files state, or None each. Without a statement the cube is in the truth's units or in [0, 1]; integers
    beside a truth in [0, 1] have a scale of their own.
    """
    import numpy as np

    from mossfuse.files.scaling import USUAL, white_of_cube

    usual = USUAL[1]
    if options.white is not None:
        white, stated = options.white[0], None
    else:
        white, stated = declared[0] or white_of_cube(truth, options.truth), declared[1]
    if stated is not None:
        own = stated
    elif white > 1 and truth.max() > usual >= cube.max():
        own = 1.0
    elif white == 1 and options.white is None and np.issubdtype(cube.dtype, np.integer):
        own = white_of_cube(cube, options.cube, SCALED)
    else:
        own = white
    if own != white and stated is None:
        inside, other = (options.cube, options.truth) if own == 1 else (options.truth, options.cube)
        log.warning("%s lies in [0, 1] and %s does not: they are compared on the scale [0, 1]", inside, other)
    means = abs(float(truth.mean())) / white, abs(float(cube.mean())) / own
    if max(means) > UNLIKE * min(means):
        log.warning("the means of truth and cube, %.3g and %.3g, are far apart; check the units", *means)
    return white, own


def show_agreement(cube, pair):
    """Print how well a cube in the units of the pair's HSI explains the pair, under the given or estimated cameras."""
    from mossfuse.cli.describe import describe_agreement, say
    from mossfuse.estimation.sensor import estimate_sensor
    from mossfuse.pair.deliver import in_units
    from mossfuse.physics.residuals import Residuals

    observation = pair.observation
    expected = (*observation.msi.shape[:2], observation.hsi.shape[2])
    if cube.shape != expected:
        raise MossFuseError(f"the cube has shape {cube.shape} and the pair needs {expected}; name the right pair")
    given = [n.upper() for n in ("psf", "srf") if getattr(observation.sensor, n) is not None]
    residuals = Residuals(observation, estimate_sensor(observation).sensor)
    residuals.add(slice(0, expected[0]), slice(0, expected[1]), cube / pair.white[0])
    say("cameras", f"{' and '.join(given)} given" if len(given) == 2 else "PSF or SRF estimated from the pair")
    describe_agreement(in_units(residuals.summary(), pair.white), pair)
