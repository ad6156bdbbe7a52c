"""``mossfuse estimate``: estimate the two cameras of a pair without fusing it."""

import sys

from mossfuse.cli.arguments import (
    WHITE,
    add_cameras,
    add_grid,
    add_pair,
    add_white,
    check_outputs,
    output_path,
    read_pair,
)
from mossfuse.errors import MossFuseError

UNSEEN = 0.1  # share of an MSI band that no response over the HSI's bands explains; more is reported


def add_verb(verbs):
    """Add the verb to the parser."""
    parser = verbs.add_parser(
        "estimate", help="estimate PSF, SRF and noise of a pair",
        description="Estimate point spread function, spectral response and noise of a pair from the pair alone.",
    )  # fmt: skip
    add_pair(parser)
    add_cameras(parser)
    add_white(parser, WHITE)
    add_grid(parser)
    parser.add_argument(
        "-o", "--output", metavar="OUT", type=output_path,
        help="write psf, phase, srf, noise_hsi, noise_msi here (.mat, .npz, .h5); fuse takes it as --psf and --srf",
    )  # fmt: skip
    parser.add_argument("--force", action="store_true", help="replace an output that exists")
    parser.set_defaults(run=run)


def run(options):
    """Read the pair, estimate, print and write."""
    import numpy as np

    from mossfuse.cli import describe
    from mossfuse.estimation.memory import estimate_once
    from mossfuse.estimation.sensor import estimate_sensor
    from mossfuse.files import can_hold, write_variables

    if options.output:
        if not can_hold(options.output, "psf"):
            raise MossFuseError(
                f"{options.output}: this format cannot hold the estimate; write a .mat, .npz or .h5 file"
            )
        check_outputs(
            [options.output], [n for n in (options.lr, options.hr, options.srf, options.psf) if n], options.force
        )
    with estimate_once():
        pair = read_pair(options, options.lr, options.hr, options.white)
        observation = pair.observation
        sensor, facts = estimate_sensor(observation)
    srf = sensor.srf * (pair.white[1] / pair.white[0])
    source = {n: "given" if getattr(observation.sensor, n) is not None else "estimated" for n in ("psf", "srf")}
    describe.describe_pair(pair)
    describe.describe_grid(pair)
    describe.describe_psf(sensor, source["psf"], facts)
    describe.describe_noise(sensor.noise_hsi, sensor.noise_msi, pair.white)
    describe.say(
        "residual",
        f"no response over the HSI's bands explains {100 * facts['residual']:.2g} % of the blurred MSI",
    )
    describe.describe_srf(srf, source["srf"], observation.wavelengths)
    write_table(srf, observation.wavelengths, unseen(observation, facts))
    if options.output:
        write_variables(
            options.output,
            {
                "psf": sensor.psf, "phase": np.array(sensor.phase, np.int64), "srf": srf,
                "noise_hsi": sensor.noise_hsi * pair.white[0], "noise_msi": sensor.noise_msi * pair.white[1],
                "ratio": np.int64(observation.ratio), "wavelengths": observation.wavelengths,
            },
        )  # fmt: skip
        describe.say("written", options.output)


def unseen(observation, facts):
    """Return (M,): the residual of every MSI band over its root mean square."""
    import numpy as np

    energy = np.mean(np.square(observation.msi, dtype=np.float64), (0, 1))
    return np.sqrt(facts["residual_variance"] / np.maximum(energy, np.finfo(float).tiny))


def write_table(srf, wavelengths, shares):
    """Print the SRF, one line per HSI band, and what it leaves unexplained of every MSI band."""
    names = [f"MSI {m + 1}" for m in range(len(srf))]
    first = [f"{b + 1}" for b in range(srf.shape[1])] if wavelengths is None else [f"{nm:g}" for nm in wavelengths]
    rows = [["band" if wavelengths is None else "nm", *names]]
    rows += [[label, *(f"{value:.4f}" for value in column)] for label, column in zip(first, srf.T, strict=True)]
    rows += [["unseen", *(f"{100 * share:.2g} %" for share in shares)]]
    for row in rows:
        sys.stdout.write(" " * 10 + " ".join(f"{cell:>9}" for cell in row) + "\n")
