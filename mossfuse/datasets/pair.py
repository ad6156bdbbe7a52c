"""`pair`: a user's own two images, LR and HR of one place, as a dataset by one line of a configuration.

    grid:
      - {dataset: pair, as: my-site, options: {lr: PRS_L2D.he5, hr: S2A.SAFE:R10m, registered: true}, degradations: [x3-box3-estimated], ...}

``lr`` and ``hr`` are whatever ``mossfuse pair`` reads: FILE, FILE:VARIABLE, a product's folder or FOLDER:PART (PRISMA, EnMAP, SAFE, EO-1, ENVI, GeoTIFF, .mat, .npy, .h5).
They have to lie on one grid, LR's pixels whole numbers of HR's with the same first corner; ``mossfuse pair LR HR -o FOLDER`` brings two images there
(``lr: FOLDER/lr.tif, hr: FOLDER/hr.tif``). The scene is LR as it was measured, so that only degradations such as ``x3-box3-estimated`` make sense
of HR: Wald's protocol one level down (mossfuse.benchmark.data.real_pair).

window: [row, col, rows, cols] of LR, where it is not all of it. white: the number that counts as 1 in both images (0: what the file states, or LR's largest). wavelengths:
in nm, where LR's file has none. registered: HR is moved into LR's frame by the shift that is estimated from the reduced pair alone. Bands that LR marks as bad are left out,
bands are put in the order of their wavelengths, negative numbers count as 0; an LR or HR with pixels that were not measured is refused.
"""

from pathlib import Path

from mossfuse.errors import MossFuseError
from mossfuse.protocol import Dataset

ALIGNED = 0.02  # LR pixels by which two georeferences may disagree
DATASET = Dataset(
    name="pair",
    title="A user's own pair",
    citation="the user's own images",
    terms="the user's own",
    train=(),
    test=("pair",),
    wavelengths=(400.0,),
    options={"lr": "", "hr": "", "white": 0.0, "window": [], "wavelengths": [], "registered": False},
    url="docs/usage.md",
    note="LR as it was measured is the truth one level down; the wavelengths of a scene are those of its file. Degradations such as x2-box2-estimated.",
)


def own_files(lr="", hr="", **others):
    """Return the paths of the two images, which no method may open: of ENVI both files."""
    from mossfuse.files import parts

    paths = [split(name)[0] for name in (lr, hr) if name]
    return [part for path in paths for part in (parts(path) if path.is_file() else (path,))]


def split(name):
    """Return (path, variable or part) of 'FILE', 'FILE:VARIABLE', 'FOLDER' or 'FOLDER:PART'."""
    whole = Path(str(name)).expanduser()
    head, _, key = str(whole).rpartition(":")
    return (Path(head), key) if head and key and not whole.exists() else (whole, None)


def obtain(scenes, folder, mirrors, lr="", hr="", **others):
    """Return scene -> record of the two images' files and their sha256; raise MossFuseError where one is not named or not there."""
    from mossfuse.files.hashing import sha256_of

    for name, value in (("lr", lr), ("hr", hr)):
        if not value:
            raise MossFuseError(
                f"dataset 'pair' lacks pair: give both images, options: {{lr: FILE, hr: FILE}}; '{name}' is missing"
            )
        if not split(value)[0].exists():
            raise MossFuseError(
                f"dataset 'pair' lacks pair: {split(value)[0]} does not exist; correct the option '{name}'"
            )
    files = sorted(
        {
            file
            for path in own_files(lr, hr)
            for file in ([path] if path.is_file() else path.rglob("*"))
            if file.is_file()
        }
    )
    sums = {str(file): sha256_of(file) for file in files}
    record = {"source": "folder", "files": list(sums), "sha256": sums, "verified": False, "paths": list(sums)}
    return {scene: record for scene in scenes}


def read(scene, folder, mirrors, lr="", hr="", white=0.0, window=(), wavelengths=(), registered=False):
    """Return (LR (rows, cols, bands) float32 in [0, 1], wavelengths (bands,) in nm, ascending); raise MossFuseError without wavelengths."""
    import numpy as np

    image = low(lr, window)
    centres = np.asarray(image.wavelengths if image.wavelengths is not None else wavelengths, np.float64).ravel()
    if centres.size != image.values.shape[2]:
        raise MossFuseError(
            f"{lr} has {image.values.shape[2]} bands and {centres.size} wavelengths; list one for each band in nm under the option 'wavelengths'"
        )
    order = np.argsort(centres, kind="stable")
    cube = np.clip(image.values[..., order] / white_of(image, white), 0, 1)
    return cube.astype(np.float32), centres[order]


def hr(scene, folder, mirrors, lr="", hr="", white=0.0, window=(), wavelengths=(), registered=False):
    """Return HR (H, W, M) float32 of LR's window, over the number that counts as 1."""
    import numpy as np

    first = open_image(lr)
    second = open_image(hr)
    factor = factor_of(first, second, lr, hr)
    row, col, rows, cols = window or (0, 0, *first.values.shape[:2])
    part = measured(
        second.cropped(slice(row * factor, (row + rows) * factor), slice(col * factor, (col + cols) * factor)), hr
    )
    # Both images are over one number where LR's own is used, so that a response that sums to 1 stays one.
    own = white or part.white or white_of(low(lr, window), white)
    return (part.values / np.float32(own)).astype(np.float32)


def low(lr, window):
    """Return the Image of LR's window without its bad bands."""
    image = open_image(lr)
    if window:
        row, col, rows, cols = window
        if (
            row < 0
            or col < 0
            or rows < 1
            or cols < 1
            or row + rows > image.values.shape[0]
            or col + cols > image.values.shape[1]
        ):
            raise MossFuseError(
                f"window {list(window)} does not lie in {lr}, which has {image.values.shape[0]}x{image.values.shape[1]} pixels; correct it"
            )
        image = image.cropped(slice(row, row + rows), slice(col, col + cols))
    return measured(image, lr)


def open_image(name):
    """Return the Image of one of the two, without its bad bands."""
    from mossfuse.files.reading import read_image

    return read_image(*split(name)).without_bad_bands()


def measured(image, name):
    """Return the image; raise MossFuseError where a pixel was not measured."""
    import numpy as np

    gaps = 0 if image.measured is None else int((~image.measured).sum())
    gaps = gaps or int((~np.isfinite(image.values).all(2)).sum() if image.values.dtype.kind == "f" else 0)
    if gaps:
        raise MossFuseError(
            f"{name} has {gaps} pixels that were not measured, which can be no truth; choose a part without them by the option 'window'"
        )
    return image


def white_of(image, white):
    """Return the number that counts as 1: the given one, the file's, or the largest where it is larger than the file's."""
    largest = float(image.values.max())
    if white and largest > white:
        raise MossFuseError(
            f"{image.source} has numbers up to {largest:g}, more than white {white:g}; raise it or leave it out"
        )
    return float(white or max(image.white or 0.0, largest) or 1.0)


def factor_of(first, second, lr, hr):
    """Return how many HR pixels one LR pixel has on a side; raise MossFuseError unless both images lie on one grid."""
    (rows, cols), (high_rows, high_cols) = first.values.shape[:2], second.values.shape[:2]
    factor = high_rows // rows
    advice = f"bring them onto one grid first: mossfuse pair {lr} {hr} -o FOLDER"
    if factor < 1 or (factor * rows, factor * cols) != (high_rows, high_cols):
        raise MossFuseError(
            f"{hr} has {high_rows}x{high_cols} pixels, no whole multiple of {lr} with {rows}x{cols}; {advice}"
        )
    places = first.georeference, second.georeference
    if None not in places:
        pixel = max(places[0].pixel)
        ends = [
            place.at(size[0] * end, size[1] * end)
            for place, size in zip(places, ((rows, cols), (high_rows, high_cols)), strict=True)
            for end in (0, 1)
        ]
        apart = max(abs(ends[a][k] - ends[a + 2][k]) for a in (0, 1) for k in (0, 1)) / pixel
        if apart > ALIGNED or not same_system(*(place.crs for place in places)):
            raise MossFuseError(
                f"{lr} and {hr} do not lie on one grid (corners {apart:.2f} LR pixels apart, or another coordinate system); {advice}"
            )
    return factor


def same_system(one, other):
    """Return whether two coordinate systems are the same, however they are written; one that is not stated fits any."""
    from mossfuse.errors import extra_needed

    if not one or not other or one == other:
        return True
    with extra_needed("comparing coordinate systems"):
        from rasterio.crs import CRS
    return bool(CRS.from_user_input(one) == CRS.from_user_input(other))
