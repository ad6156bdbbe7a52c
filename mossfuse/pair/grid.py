"""Bring two images onto one grid by their georeferences: whole LR pixels of the common area, each a block of whole HR pixels.

LR's pixels are never resampled. HR is cropped where its pixels nest in LR's, and warped onto such a grid where they do not.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mossfuse.errors import MossFuseError, extra_needed
from mossfuse.files.image import Georeference, Image

DRIFT = 0.1  # HR pixels by which a ratio that is no whole number may move HR against LR over the whole area
OFFSET = (
    0.51  # HR pixels between LR's corner and the nearest corner of an HR pixel; the sampling phase takes up that much
)
LEAST = 2  # LR pixels of the common area along each axis


@dataclass(frozen=True)
class Aligned:
    """Two images of one area. ratio: None where no georeference says. notes: sentences on what was done.

    rest: (rows, cols) in LR pixels that LR's corner lies from HR's, less than half an HR pixel; None where it is not known.
    """

    lr: Image
    hr: Image
    ratio: int | None = None
    notes: tuple[str, ...] = ()
    rest: tuple[float, float] | None = None


def align(lr: Image, hr: Image, names: tuple[str, str], ratio: int | None = None) -> Aligned:
    """Return both images cropped to the common area, HR warped where its grid does not nest in LR's.

    Without a georeference on both sides the images are returned as they are. Raises MossFuseError, with the numbers, where the areas
    do not overlap, where the pixels' sizes give no ratio of 2 or more, and where a coordinate system is missing on one side only.
    """
    low, high = lr.georeference, hr.georeference
    if low is None or high is None:
        only = names[0] if low is not None else names[1] if high is not None else None
        note = () if only is None else (f"only {only} is georeferenced: both are taken to show the same area",)
        return Aligned(lr, hr, notes=note)
    if bool(low.crs) != bool(high.crs):
        without = names[0] if not low.crs else names[1]
        raise MossFuseError(f"{without} has a position and no coordinate system, and the other image has one; add it")
    same = same_system(low, high)
    pixel = high.pixel if same else warped_pixel(lr, hr)
    found = whole_ratio(low.pixel, pixel, names, ratio)
    if same and low.upright and high.upright and nests(low, high, found, lr.values.shape):
        return crop(lr, hr, found, names)
    return warp(lr, hr, found, names, same)


def same_system(one: Georeference, other: Georeference) -> bool:
    """Return whether two coordinate systems are one."""
    if one.crs == other.crs:
        return True
    with extra_needed("comparing two coordinate systems"):
        from rasterio.crs import CRS
    return bool(CRS.from_user_input(one.crs) == CRS.from_user_input(other.crs))


def whole_ratio(low: tuple[float, float], high: tuple[float, float], names: tuple[str, str], wanted: int | None) -> int:
    """Return the ratio of two pixel sizes (height, width), rounded; raise MossFuseError below 2 or against ``wanted``."""
    times = float(np.sqrt(low[0] / high[0] * low[1] / high[1]))
    found = wanted or round(times)
    if found < 2 or not 0.75 < times / found < 1.33:
        raise MossFuseError(
            f"the pixels of {names[0]} ({low[0]:.6g} x {low[1]:.6g}) are {times:.3g} times those of {names[1]} "
            f"({high[0]:.6g} x {high[1]:.6g}); a ratio of 2 or more is needed" + (f", not {wanted}" if wanted else "")
        )
    return found


def nests(low: Georeference, high: Georeference, ratio: int, shape: tuple[int, ...]) -> bool:
    """Return whether blocks of ratio x ratio HR pixels have the size of LR's pixels, over the whole of LR."""
    drift = [abs(a / b - ratio) * n for a, b, n in zip(low.pixel, high.pixel, shape, strict=False)]
    return max(drift) < DRIFT


def crop(lr: Image, hr: Image, ratio: int, names: tuple[str, str]) -> Aligned:
    """Return both cropped to whole LR pixels of the common area, where blocks of HR pixels nest in LR's."""
    assert lr.georeference is not None and hr.georeference is not None
    a, _, c, _, e, f = hr.georeference.transform
    x, y = lr.georeference.at(0, 0)
    exact = np.array([(y - f) / e, (x - c) / a])  # of LR's corner, in HR pixels
    # Half a pixel may be rounded either way; which way must not depend on the last digit.
    start = np.floor(exact + 0.5 + 1e-6).astype(int)
    first = np.maximum(0, -(start // ratio))
    shapes = np.array(hr.values.shape[:2]), np.array(lr.values.shape[:2])
    last = np.minimum(shapes[1], (shapes[0] - start) // ratio)
    if (last - first < LEAST).any():
        raise MossFuseError(describe_apart(lr, hr, names))
    rows, cols = (slice(int(i), int(j)) for i, j in zip(first, last, strict=True))
    top, left = (int(n) for n in start + first * ratio)
    height, width = (int(n) for n in (last - first) * ratio)
    rest = (exact - start) / ratio
    notes = []
    if (last - first != shapes[1]).any() or ((last - first) * ratio != shapes[0]).any():
        notes.append(
            f"cropped to the common area: {rows.stop - rows.start}x{cols.stop - cols.start} LR pixels from row {rows.start} and "
            f"col {cols.start}, HR from row {top} and col {left}"
        )
    if np.abs(rest).max() > 0.02 / ratio:
        notes.append(
            f"LR's corner lies {rest[0] * ratio:+.2f}, {rest[1] * ratio:+.2f} HR pixels (down, right) from the nearest HR pixel's"
        )
    return Aligned(
        lr.cropped(rows, cols), hr.cropped(slice(top, top + height), slice(left, left + width)), ratio, tuple(notes),
        (float(rest[0]), float(rest[1])),
    )  # fmt: skip


def warp(lr: Image, hr: Image, ratio: int, names: tuple[str, str], same: bool) -> Aligned:
    """Return LR cropped to the common area and HR resampled (cubic) onto LR's grid divided by the ratio."""
    with extra_needed("bringing images of different grids together"):
        from rasterio.crs import CRS
        from rasterio.enums import Resampling
        from rasterio.transform import Affine
        from rasterio.warp import reproject
    assert lr.georeference is not None and hr.georeference is not None
    fine = lr.georeference.with_pixels(1 / ratio)
    rows, cols = (n * ratio for n in lr.values.shape[:2])
    anywhere = CRS.from_epsg(3857)  # any one system serves two images that are in the same unknown one
    source = CRS.from_user_input(hr.georeference.crs) if hr.georeference.crs else anywhere
    target = CRS.from_user_input(lr.georeference.crs) if lr.georeference.crs else anywhere
    placing = {
        "src_transform": Affine(*hr.georeference.transform), "src_crs": source,
        "dst_transform": Affine(*fine.transform), "dst_crs": target,
    }  # fmt: skip
    inside = np.zeros((rows, cols), np.float32)
    known = np.ones(hr.values.shape[:2], np.float32) if hr.measured is None else hr.measured.astype(np.float32)
    reproject(known, inside, resampling=Resampling.bilinear, init_dest_nodata=True, **placing)
    measured: np.ndarray = np.greater(inside, 0.999)
    if not measured.any():
        raise MossFuseError(describe_apart(lr, hr, names))
    bands = np.ascontiguousarray(hr.values.transpose(2, 0, 1), np.float32)
    if hr.measured is not None:
        bands = np.where(hr.measured, bands, bands[:, hr.measured].mean(1)[:, None, None])
    out = np.zeros((len(bands), rows, cols), np.float32)
    reproject(bands, out, resampling=Resampling.cubic, **placing)
    low = np.asarray(measured.reshape(lr.values.shape[0], ratio, lr.values.shape[1], ratio).any((1, 3)))
    keep = [np.flatnonzero(low.any(axis=1)), np.flatnonzero(low.any(axis=0))]
    r, c = (slice(int(k[0]), int(k[-1]) + 1) for k in keep)
    if min(r.stop - r.start, c.stop - c.start) < LEAST:
        raise MossFuseError(describe_apart(lr, hr, names))
    warped = replace(hr, values=out.transpose(1, 2, 0), measured=measured, georeference=fine, nodata=None)
    how = "its pixels do not nest in LR's" if same else "it is in another coordinate system"
    note = f"HR was resampled onto LR's grid because {how}; {r.stop - r.start}x{c.stop - c.start} LR pixels are common"
    return Aligned(
        lr.cropped(r, c),
        warped.cropped(*(slice(s.start * ratio, s.stop * ratio) for s in (r, c))),
        ratio,
        (note,),
        (0.0, 0.0),
    )


def warped_pixel(lr: Image, hr: Image) -> tuple[float, float]:
    """Return (height, width) of HR's pixels in LR's coordinate system."""
    with extra_needed("bringing images of different coordinate systems together"):
        from rasterio.crs import CRS
        from rasterio.warp import transform
    assert lr.georeference is not None and hr.georeference is not None
    height, width = hr.values.shape[:2]
    middle = [(height / 2, width / 2), (height / 2 + 1, width / 2), (height / 2, width / 2 + 1)]
    x, y = zip(*(hr.georeference.at(*place) for place in middle), strict=True)
    x, y = transform(
        CRS.from_user_input(hr.georeference.crs), CRS.from_user_input(lr.georeference.crs), list(x), list(y)
    )[:2]
    return float(np.hypot(x[1] - x[0], y[1] - y[0])), float(np.hypot(x[2] - x[0], y[2] - y[0]))


def describe_apart(lr: Image, hr: Image, names: tuple[str, str]) -> str:
    """Return a sentence with the extents of two images that do not overlap."""
    texts = []
    for image, name in zip((lr, hr), names, strict=True):
        assert image.georeference is not None
        x0, y0 = image.georeference.at(0, 0)
        x1, y1 = image.georeference.at(*image.values.shape[:2])
        texts.append(f"{name} (x {min(x0, x1):.8g} to {max(x0, x1):.8g}, y {min(y0, y1):.8g} to {max(y0, y1):.8g})")
    return f"{texts[0]} and {texts[1]} do not overlap by {LEAST} LR pixels; check their coordinate systems and areas"
