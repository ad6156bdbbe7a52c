"""``mossfuse pair``: bring two images onto one grid and write them, without fusing."""

from mossfuse.cli.arguments import (
    WHITE,
    add_geometry,
    add_grid,
    add_pair,
    add_white,
    check_outputs,
    output_path,
    read_pair,
)


def add_verb(verbs):
    """Add the verb to the parser."""
    parser = verbs.add_parser(
        "pair", help="bring two images onto one grid",
        description="Bring LR and HR onto one grid, as fuse does: cropped to the common area, the shift between them estimated, pixels that were "
        "not measured filled, bad bands left out. Prints what was done.",
    )  # fmt: skip
    add_pair(parser)
    add_geometry(parser)
    add_white(parser, WHITE)
    add_grid(parser)
    parser.add_argument(
        "-o", "--output", metavar="OUT", type=output_path,
        help="PAIR.h5 (or .npz), which holds lr/cube and hr/cube, or a folder for lr.tif and hr.tif (default: only print)",
    )  # fmt: skip
    parser.add_argument("--force", action="store_true", help="replace outputs that exist")
    parser.set_defaults(run=run, srf=None, psf=None)


def run(options):
    """Read, align, print and write."""
    from mossfuse.cli.describe import describe_grid, describe_pair, say

    outputs = outputs_of(options.output)
    check_outputs(outputs, [options.lr, options.hr], options.force)
    pair = read_pair(options, options.lr, options.hr, options.white, search=False)
    describe_pair(pair)
    describe_grid(pair)
    if outputs:
        write(outputs, pair)
        say("written", ", ".join(map(str, outputs)))


def outputs_of(output):
    """Return the files to write: one that holds both images, or lr.tif and hr.tif of a folder."""
    from mossfuse.errors import MossFuseError

    if output is None:
        return []
    if not output.suffix:
        return [output / "lr.tif", output / "hr.tif"]
    if output.suffix.lower() not in (".h5", ".hdf5", ".npz"):
        raise MossFuseError(f"{output}: a pair is two images; write PAIR.h5 or PAIR.npz, or name a folder")
    return [output]


def write(outputs, pair):
    """Write LR and HR in their own units, with wavelengths, mask and ground position."""
    import numpy as np

    from mossfuse.files import write_cube, write_variables
    from mossfuse.files.placing import for_geotiff

    observation, result = pair.observation, pair.result
    low, high = observation.hsi * np.float32(pair.white[0]), observation.msi * np.float32(pair.white[1])
    place = result.georeference
    places = (None, None) if place is None else (place.with_pixels(observation.ratio), place)
    if len(outputs) == 2:
        outputs[0].parent.mkdir(parents=True, exist_ok=True)
        if result.measured is not None:
            high = np.where(result.measured[..., None], high, np.float32(np.nan))
        for path, cube, centres, where in zip(
            outputs, (low, high), (observation.wavelengths, None), places, strict=True
        ):
            write_cube(path, cube, centres, georeference=None if where is None else for_geotiff(where))
        return
    variables = {
        "lr/cube": low,
        "lr/wavelengths": observation.wavelengths,
        "hr/cube": high,
        "hr/measured": result.measured,
    }
    for name, where in zip(("lr", "hr"), places, strict=True):
        if where is not None:
            variables |= {f"{name}/transform": np.array(where.transform), f"{name}/crs": where.crs}
    if result.registration is not None:
        found = result.registration
        variables |= {"shift": np.array(found.shift), "shift_error": np.array(found.error)}
    write_variables(outputs[0], {name: value for name, value in variables.items() if value is not None})
