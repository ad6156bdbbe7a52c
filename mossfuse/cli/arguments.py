"""Arguments that several verbs share: a pair and what is known of its cameras."""

import os
from pathlib import Path

from mossfuse.errors import MossFuseError

WHITE = "value that counts as 1, one for both images or V,W (default: see docs/usage.md)"
LONGEST_NAME = 220  # bytes; most file systems take 255, and an unfinished file is called .NAME.PROCESS.tmp
PAIR = "FILE or FILE:VARIABLE (.mat, .npy, .npz, .h5, ENVI .hdr, .tif)"


def add_pair(parser):
    """Add LR and HR, two positional arguments."""
    parser.add_argument("lr", metavar="LR", help=f"low-resolution hyperspectral image: {PAIR}")
    parser.add_argument(
        "hr", metavar="HR", help="high-resolution multispectral image of the same area: FILE or FILE:VARIABLE"
    )


def add_cameras(parser):
    """Add --srf, --psf, --ratio, --phase, --psf-size."""
    parser.add_argument(
        "--srf", metavar="FILE",
        help="spectral response, MSI bands x HSI bands or transposed, or a table with wavelengths (nm) in the first "
        "column; .csv, .txt or a file of arrays (default: estimated)",
    )  # fmt: skip
    parser.add_argument(
        "--psf", metavar="FILE", help="point spread function, a matrix of HR pixels (default: estimated)"
    )
    add_geometry(parser)


def add_geometry(parser):
    """Add --ratio, --phase, --psf-size."""
    parser.add_argument("--ratio", type=int, metavar="N", help="HR pixels along one LR pixel (default: from the sizes)")
    parser.add_argument(
        "--phase", type=whole_numbers, metavar="R,C",
        help="HR pixel, within the first LR pixel, on which its PSF is centred (default: found)",
    )  # fmt: skip
    parser.add_argument(
        "--psf-size", type=whole_numbers, metavar="K", help="support of the PSF in HR pixels, K or K,L (default: found)"
    )


def add_white(parser, help):
    """Add --white: one value, or one for each image."""
    parser.add_argument("--white", type=positive_numbers, metavar="V", help=help)


def seed(text):
    """Return a seed from 0 to 2^31 - 1, which every random number generator accepts."""
    value = int(text)
    if not 0 <= value < 2**31:
        raise ValueError
    return value


def whole_numbers(text):
    """Return (3, 4) for '3,4' and (3, 3) for '3'."""
    values = [int(part) for part in text.split(",")]
    if len(values) not in (1, 2):
        raise ValueError
    return values[0], values[-1]


def positive_numbers(text):
    """Return [65535.0, 255.0] for '65535,255'."""
    values = [float(part) for part in text.split(",")]
    if len(values) not in (1, 2) or min(values) <= 0:
        raise ValueError
    return values


def add_grid(parser):
    """Add --register, --frame, --nodata: how the two images are brought together."""
    parser.add_argument(
        "--register", choices=("auto", "report", "off"), default="auto",
        help="the shift between the two images: estimate it and take it into account, only report it, or neither (default: auto)",
    )  # fmt: skip
    parser.add_argument(
        "--frame", choices=("hr", "lr"), default="hr",
        help="whose frame the cube is in: HR's pixels as they are, or LR's, for which HR is resampled (default: hr)",
    )  # fmt: skip
    parser.add_argument(
        "--nodata", type=float, action="append", default=[], metavar="V",
        help="a value that marks pixels as not measured, beside those that the files declare; may be repeated",
    )  # fmt: skip


def read_pair(options, lr, hr, white=None, search=True):
    """Return the Pair (mossfuse.pair.open.open_pair) of the images ``lr`` and ``hr`` and the cameras given as options.

    search: whether the geometry of the PSF is looked for where it is not given.
    """
    from mossfuse.pair.open import open_pair
    from mossfuse.pair.reading import open_image, read_psf, read_srf

    if lr == hr:
        raise MossFuseError(f"{lr} is named twice; two images in one file are FILE:VARIABLE and FILE:OTHER")
    low, high = open_image(lr), open_image(hr)
    psf, phase = read_psf(options.psf) if options.psf else (None, None)
    srf = read_srf(options.srf, low.wavelengths) if options.srf else None
    return open_pair(
        low, high, ratio=options.ratio, srf=srf, psf=psf, phase=options.phase or phase, psf_size=options.psf_size,
        white=white, names=(lr, hr), register=getattr(options, "register", "report"),
        frame=getattr(options, "frame", "hr"), nodata=getattr(options, "nodata", ()), search=search,
    )  # fmt: skip


def check_outputs(outputs, inputs, force):
    """Raise MossFuseError for outputs that exist already (unless ``force``), that are inputs, that collide or that cannot be written."""
    from mossfuse.files import parts
    from mossfuse.pair.reading import split_key

    read = {part.resolve() for name in inputs if split_key(name)[0].is_file() for part in parts(split_key(name)[0])}
    seen = set()
    for part in (part for path in outputs for part in touched(path)):
        if part.resolve() in read:
            raise MossFuseError(f"{part} is an input and would be overwritten; name another output")
        if part.resolve() in seen:
            raise MossFuseError(f"{part} would be written twice; name another output")
        if part.is_dir():
            raise MossFuseError(f"{part} is a folder; name a file inside it")
        if part.exists() and not force:
            raise MossFuseError(f"{part} exists already; name another output or add --force to replace it")
        check_length(part)
        folder = next(parent for parent in part.absolute().parents if parent.exists())
        if not folder.is_dir() or not os.access(folder, os.W_OK):
            raise MossFuseError(f"{part} cannot be written because of {folder}; choose a folder you may write to")
        seen.add(part.resolve())


def check_length(path):
    """Raise MossFuseError for a name that leaves no room for the ending of the unfinished file beside it."""
    size = len(os.fsencode(path.name))
    if size > LONGEST_NAME:
        raise MossFuseError(
            f"the name {path.name} is too long ({size} bytes); name an output of at most {LONGEST_NAME}"
        )


def output_path(text):
    """Return the path of an output; ~ is the home folder, which the shell does not expand in --output=~/x."""
    return Path(text).expanduser()


def touched(path):
    """Return the files that are written for an output: two for ENVI, one for everything else, whatever lies beside it."""
    from mossfuse.files import FORMATS, parts

    return parts(path) if path.suffix.lower() in FORMATS else (path,)
