"""``mossfuse preview``: pictures of cubes; and the preview that ``fuse`` writes: LR, HR and cube side by side in one exposure."""

import sys
from pathlib import Path

from mossfuse.errors import MossFuseError

SIDE = 512
GAP = 8


def add_verb(verbs):
    """Add the verb to the parser."""
    from mossfuse.cli.arguments import PAIR, output_path

    parser = verbs.add_parser(
        "preview", help="picture and facts of a cube, or of every cube in a folder",
        description="Write a picture of a cube in true colour (or of three bands, where it does not cover the visible) beside it, and "
        "print its facts.",
    )  # fmt: skip
    parser.add_argument("result", metavar="RESULT", help=f"a folder of cubes, or {PAIR}")
    parser.add_argument(
        "-o", "--output", metavar="PNG", type=output_path, help="where the picture goes (default: beside the cube)"
    )
    parser.add_argument("--force", action="store_true", help="replace pictures that exist")
    parser.set_defaults(run=run)


def run(options):
    """Make one picture, or one for every image of a folder; files of a folder that hold no cube are named and left out."""
    from mossfuse.pair.reading import split_key

    path, _ = split_key(options.result)
    if not path.is_dir() or is_product(path):
        show(options.result, options.output or path.with_suffix(".png"), options.force)
        return
    if options.output:
        raise MossFuseError(f"{path} is a folder; its pictures go beside its cubes, so leave --output out")
    found = cubes_of(path)
    if not found:
        raise MossFuseError(f"{path} holds no image of a known type; name another folder")
    shown = 0
    for name in found:
        try:
            show(name, name.with_suffix(".png"), options.force)
            shown += 1
        except MossFuseError as error:
            sys.stderr.write(f"left out: {error}\n")
    if not shown:
        raise MossFuseError(f"no file of {path} could be shown; see the lines above")


def is_product(path):
    """Return whether a folder is a product of Earth observation."""
    from mossfuse.files.products import product_of

    return product_of(path) is not None


def cubes_of(folder):
    """Return the images of a folder in the order of their names; of ENVI's two files the header."""
    from mossfuse.files import FORMATS

    raw = {suffix for suffix, module in FORMATS.items() if module == "envi"} - {".hdr"}
    return sorted(
        p for p in folder.iterdir()
        if p.is_file() and p.suffix.lower() in FORMATS and p.suffix.lower() not in raw and not p.stem.endswith("_sensor")
    )  # fmt: skip


def show(name, output, force):
    """Write the picture of one image and print what its file says of it."""
    import numpy as np

    from mossfuse.cli.arguments import check_outputs
    from mossfuse.cli.describe import say
    from mossfuse.colour import rendering_for, to_srgb
    from mossfuse.files import text
    from mossfuse.pair.look import hatch
    from mossfuse.pair.reading import open_image

    check_outputs([Path(output)], [str(name)], force)
    image = open_image(name)
    values = np.asarray(image.values, np.float32)
    missing = ~np.isfinite(values)
    bands = ~missing.all((0, 1))
    if image.good_bands is not None:
        bands &= image.good_bands
    if not bands.any():
        raise MossFuseError(f"{name} holds no value; there is nothing to show")
    measured = ~missing[..., bands].any(2)
    if image.measured is not None:
        measured &= image.measured
    shown = np.where(measured[..., None], values[..., bands], 0)
    wavelengths = None if image.wavelengths is None else image.wavelengths[bands]
    step = max(1, max(shown.shape[:2]) // (2 * SIDE))
    small = shown[::step, ::step]
    rendering = rendering_for(small, wavelengths)
    save_picture(output, hatch(to_srgb(small, rendering), measured[::step, ::step]))
    say("cube", f"{name}: {text(values.shape)}, {image.values.dtype}")
    if wavelengths is not None:
        say("bands", f"{wavelengths.min():g} to {wavelengths.max():g} nm; {int((~bands).sum())} without values")
    inside = values[measured][:, bands]
    if inside.size:
        say("values", f"{inside.min():.4g} to {inside.max():.4g}, mean {inside.mean(dtype=np.float64):.4g}")
    say("no-data", f"{100 * (1 - measured.mean()):.3g} % of the pixels")
    if image.georeference is not None:
        height, width = image.georeference.pixel
        say("ground", f"pixels of {height:g} x {width:g}; {name_of_crs(image.georeference.crs)}")
    say("written", f"{output}: {rendering.description}")


def name_of_crs(crs):
    """Return the name in a coordinate system's WKT, a short code such as EPSG:32631 as it is, or that there is none."""
    quoted = crs.split('"')
    return (quoted[1] if len(quoted) > 2 else crs) or "no coordinate system"


def save_picture(path, pixels):
    """Write (rows, cols, 3) uint8 as PNG."""
    from PIL import Image

    from mossfuse.files import replacing

    with replacing(path) as temporary:
        Image.fromarray(pixels).save(temporary, format="PNG")


def save_preview(path, look):
    """Write LR, HR and cube (mossfuse.pair.look.Look) side by side, panels of at most SIDE pixels."""
    from PIL import Image

    from mossfuse.files import replacing

    low, high = look.inputs
    panels = (
        (low, Image.Resampling.NEAREST), (high, Image.Resampling.BOX), (look.colours, Image.Resampling.BOX)
    )  # fmt: skip
    rows, cols = look.colours.shape[:2]
    factor = SIDE / max(rows, cols)
    height, width = (max(1, round(n * factor)) for n in (rows, cols))
    sheet = Image.new("RGB", (3 * width + 2 * GAP, height), "white")
    for place, (panel, how) in enumerate(panels):
        sheet.paste(Image.fromarray(panel).resize((width, height), how), (place * (width + GAP), 0))
    with replacing(path) as temporary:
        sheet.save(temporary, format="PNG")
