"""From two images as their files hold them to a pair for the methods: one grid, one frame, gaps filled, bad bands left out."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from mossfuse.errors import MossFuseError, suggestion
from mossfuse.estimation.sensor import estimate_sensor
from mossfuse.files import text
from mossfuse.files.image import Georeference, Image
from mossfuse.files.no_data import mark_measured, refuse_undeclared
from mossfuse.pair.assemble import NAMES, Pair, assemble
from mossfuse.pair.consistent import Blur, clean_rectangle, fill_by_sensor
from mossfuse.pair.grid import Aligned, align
from mossfuse.pair.masked_sensor import estimate_masked
from mossfuse.pair.registration import Registration, estimate_registration
from mossfuse.pair.registration.resample import into_frame_of_lr
from mossfuse.pair.result import Result
from mossfuse.pair.shapes import crop_to_whole_blocks, find_ratio
from mossfuse.pair.values import as_image, white_levels
from mossfuse.physics.fill import blocks_measured, fill_pair, joint_mask

REGISTER = ("auto", "report", "off")
FRAMES = ("hr", "lr")
REPORTED = 0.2  # LR pixels, beyond which a shift is warned of
log = logging.getLogger(__name__)


def open_pair(
    lr: Image, hr: Image, *, names: tuple[str, str] = NAMES, ratio: int | None = None, srf: ArrayLike | None = None,
    psf: ArrayLike | None = None, phase: Sequence[int] | None = None, psf_size: int | Sequence[int] | None = None,
    white: float | Sequence[float] | None = None, nodata: Sequence[float] = (), register: str = "auto", frame: str = "hr",
    search: bool = True,
) -> Pair:  # fmt: skip
    """Return the Pair of two images of one area, its ``result`` complete.

    ratio, srf, psf, phase, psf_size, white, search: as for mossfuse.pair.assemble.assemble. nodata: values that mark pixels as not measured,
    beside those that the files declare. register: 'auto' estimates the shift of LR against HR and takes it into account, 'report' only
    estimates it, 'off' does neither. frame: 'hr': the cube's pixels are HR's; 'lr': its blocks are LR's pixels, for which HR is
    resampled. Raises MossFuseError, one sentence, for images that are not a pair.
    """
    check_choice("register", register, REGISTER)
    check_choice("frame", frame, FRAMES)
    if frame == "lr" and register != "auto":
        raise MossFuseError("a cube in LR's frame needs the estimated shift; choose register 'auto'")
    hr_place = hr.georeference
    stored, declared, given_white = np.asarray(lr.values).dtype.name, lr.nodata, lr.white
    lr, hr = (with_no_data(image, nodata) for image in (lr, hr))
    every_band = lr.values.shape[2]
    about = lr
    lr = leave_out_bands(lr, srf, every_band)
    if srf is not None and about.good_bands is not None:
        srf = srf_of_good_bands(np.asarray(srf, np.float64), about.good_bands)
    aligned = align(lr, hr, names, ratio)
    if aligned.ratio is None:
        aligned = without_georeference(aligned, names, ratio)
    lr, hr = aligned.lr, aligned.hr
    ratio = find_ratio(lr.values.shape, hr.values.shape, aligned.ratio or ratio, names)
    low, high, mask = filled(lr, hr, ratio, names)
    high_mask = hr.measured
    found = None
    if register != "off":
        usable = None if mask is None else blocks_measured(mask, ratio)
        found = estimate_registration(low, high, ratio, usable=usable, pixel=metres(lr))
    notes = aligned.notes
    if found is not None:
        place = found.trusted and found.significant
        notes = (*notes, *report(found, frame, place, aligned.rest or (0.0, 0.0)))
        if frame == "lr" and place:
            high = into_frame_of_lr(high, found, ratio, low.shape)
            high_mask = None if high_mask is None else in_frame(high_mask, found, ratio, low.shape)
            mask = None if mask is None else in_frame(mask, found, ratio, low.shape)
    elif frame == "lr":
        raise MossFuseError("the pair shows too little to estimate its shift; choose frame 'hr'")
    if mask is not None and search:
        known = {
            "srf": srf,
            "psf": psf,
            "phase": phase,
            "psf_size": psf_size,
            "wavelengths": lr.wavelengths,
            "names": names,
        }
        low, high, geometry = obey_sensor(low, high, mask, ratio, (lr.measured, high_mask), known)
        if geometry is not None and psf is None and phase is None and psf_size is None:
            psf_size, phase = geometry
    if white is None and (lr.white or hr.white):
        white = declared_levels(low, high, lr.white, hr.white, names)
    pair = assemble(
        low, high, ratio=ratio, srf=srf, psf=psf, phase=phase, psf_size=psf_size, wavelengths=lr.wavelengths,
        white=white, names=names, search=search,
    )  # fmt: skip
    rows, cols = pair.observation.msi.shape[:2]
    result = Result(
        shape=(rows, cols, every_band), good_bands=about.good_bands, measured=mask, wavelengths=about.wavelengths,
        fwhm=about.fwhm, band_names=about.band_names, georeference=place_of_cube(aligned, ratio, frame),
        stored=stored, nodata=declared, white=given_white, units=about.units,
        facts={**{f"lr_{k}": v for k, v in about.facts.items()}, **{f"hr_{k}": v for k, v in hr.facts.items()}},
        notes=notes, moved=frame == "lr" or aligned.hr.georeference != hr_place, registration=found,
    )  # fmt: skip
    return replace(pair, about=result)


def check_choice(key: str, value: str, known: Sequence[str]) -> None:
    """Raise MossFuseError for an unknown choice."""
    if value not in known:
        raise MossFuseError(f"{key} '{value}' is not known; {suggestion(value, known)}")


def with_no_data(image: Image, values: Sequence[float]) -> Image:
    """Return the image whose ``measured`` also leaves out the pixels that hold one of the values, or NaN beside a declared no-data value."""
    if not len(values):
        return image
    measured = np.ones(image.values.shape[:2], bool) if image.measured is None else image.measured
    for value in values:
        measured = measured & mark_measured(image.values, value)
    return replace(image, measured=None if measured.all() else measured)


def leave_out_bands(lr: Image, srf: ArrayLike | None, bands: int) -> Image:
    """Return LR with its good bands alone, and log how many are left out."""
    if lr.good_bands is None or lr.good_bands.all():
        return replace(lr, good_bands=None)
    log.info("%d of %d bands of LR are marked as bad; they come back as no-data", int((~lr.good_bands).sum()), bands)
    return lr.without_bad_bands()


def srf_of_good_bands(srf: np.ndarray, good: np.ndarray) -> np.ndarray:
    """Return a response that lists every band without those marked as bad; one of the good bands alone stays as it is."""
    axis = next((k for k, n in enumerate(srf.shape) if n == good.size), None)
    return srf if axis is None else np.compress(good, srf, axis=axis)


def without_georeference(aligned: Aligned, names: tuple[str, str], ratio: int | None) -> Aligned:
    """Return images whose sizes are no multiple of each other cropped around the common area, whose place is estimated from the pair."""
    lr, hr = aligned.lr, aligned.hr
    found = crop_to_whole_blocks(lr.values.shape, hr.values.shape, ratio)
    if found is None:
        return aligned
    times, start = found
    centred = tuple(s / times for s in start)
    values = as_image(fill_each(lr), names[0]), as_image(fill_each(hr), names[1])
    shift = estimate_registration(*values, times, start=(centred[0], centred[1]), reach=2.0)
    if shift is None or not shift.trusted:
        return aligned
    low, high = np.array(lr.values.shape[:2]), np.array(hr.values.shape[:2])
    first_pixel = np.round(np.asarray(shift.shift) * times).astype(int)
    first = np.maximum(0, -(first_pixel // times))
    last = np.minimum(low, (high - first_pixel) // times)
    if (last - first < 2).any():
        return aligned
    rows, cols = (slice(int(i), int(j)) for i, j in zip(first, last, strict=True))
    top, left = (int(n) for n in first_pixel + first * times)
    height, width = (int(n) for n in (last - first) * times)
    note = (
        f"{names[1]} has {text(hr.values.shape[:2])} pixels, no multiple of {text(lr.values.shape[:2])}: cropped around the common area, as "
        f"the images show it, to {rows.stop - rows.start}x{cols.stop - cols.start} LR pixels from row {rows.start} and col "
        f"{cols.start}, HR from row {top} and col {left}"
    )
    return Aligned(
        lr.cropped(rows, cols),
        hr.cropped(slice(top, top + height), slice(left, left + width)),
        times,
        (*aligned.notes, note),
    )


def fill_each(image: Image) -> np.ndarray:
    """Return the values of an image with its gaps filled from its own surroundings."""
    from mossfuse.physics.fill import fill

    return image.values if image.measured is None else fill(image.values, image.measured)


def filled(
    lr: Image, hr: Image, ratio: int, names: tuple[str, str]
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Return (LR, HR, measured (H, W) or None): gaps filled; refuse fill values that no file declares."""
    mask = joint_mask(lr.measured, hr.measured, ratio, names)
    low, high = lr.values, hr.values
    if mask is not None:
        ones = [np.ones(image.values.shape[:2], bool) for image in (lr, hr)]
        marks = [one if image.measured is None else image.measured for one, image in zip(ones, (lr, hr), strict=True)]
        low, high = fill_pair(low, high, marks[0], marks[1], ratio)
    for image, name in ((low, names[0]), (high, names[1])):
        refuse_undeclared(image, name)
        as_image(image, name)
    return low, high, mask


def in_frame(mask: np.ndarray, found: Registration, ratio: int, low: tuple[int, ...]) -> np.ndarray:
    """Return a mask (H, W) in LR's frame."""
    return into_frame_of_lr(mask.astype(np.float32), found, ratio, low) > 0.5


def obey_sensor(
    low: np.ndarray,
    high: np.ndarray,
    mask: np.ndarray,
    ratio: int,
    marks: Sequence[np.ndarray | None],
    known: dict[str, Any],
) -> tuple[np.ndarray, np.ndarray, tuple[tuple[int, int], tuple[int, int]] | None]:
    """Return (LR, HR, (PSF size, phase)): gaps that obey the sensor of the measured part; None where too little was measured to find it."""
    own = [np.ones(n.shape[:2], bool) if m is None else m for n, m in ((low, marks[0]), (high, marks[1]))]
    part = clean_rectangle(blocks_measured(mask, ratio))
    if part is not None:
        fine = tuple(slice(s.start * ratio, s.stop * ratio) for s in part)
        seen = assemble(low[part], high[fine], ratio=ratio, **known)
        sensor, facts = estimate_sensor(seen.observation)
        exact = not facts["unseen"].any()
    else:
        seen = assemble(low, high, ratio=ratio, search=False, **known)
        open_geometry = known["psf"] is None and known["phase"] is None
        given = replace(seen.observation.sensor, phase=None) if open_geometry else seen.observation.sensor
        found = estimate_masked(replace(seen.observation, sensor=given), own[0], own[1])
        if found is None:
            return low, high, None
        sensor, exact = found, True
    phase = sensor.phase or seen.observation.sensor.phase
    assert sensor.psf is not None and sensor.srf is not None and phase is not None
    response = sensor.srf * (seen.white[1] / seen.white[0]) if exact else None
    low, high = fill_by_sensor(low, high, own[0], own[1], ratio, Blur(sensor.psf, phase, response))
    return low, high, ((sensor.psf.shape[0], sensor.psf.shape[1]), phase)


def declared_levels(
    low: np.ndarray, high: np.ndarray, low_white: float | None, high_white: float | None, names: tuple[str, str]
) -> tuple[float, float]:
    """Return the values that count as 1 where one file or both declare theirs (10000 of a scaled reflectance)."""
    if low_white and high_white:
        return low_white, high_white
    first, second = white_levels(as_image(low, names[0]), as_image(high, names[1]), names=names)
    if low_white:
        return low_white, second / first * low_white
    assert high_white
    return first / second * high_white, high_white


def report(found: Registration, frame: str, apply: bool, known: tuple[float, float]) -> list[str]:
    """Return the sentences on a registration; log a warning where a shift that no georeference explains is large.

    known: (rows, cols) in LR pixels that the georeferences say.
    """
    where = f"LR is shifted against HR by {found.shift[0]:+.2f} rows and {found.shift[1]:+.2f} cols (LR pixels)"
    if found.pixel is not None:
        down, right = (s * p for s, p in zip(found.shift, found.pixel, strict=True))
        where += f", {down:+.3g} and {right:+.3g} m"
    where += f", +- {max(found.error):.2f}"
    if any(known):
        where += f"; the georeferences say {known[0]:+.2f} and {known[1]:+.2f}"
    if not found.trusted:
        return [f"{where}: not well determined, so it is not applied"]
    lines = [where]
    if found.corner > max(REPORTED, 3 * found.corner_error):
        lines.append(
            f"LR is rotated by {found.angle:+.2f} degrees and scaled by {found.scale:.4f} against HR: {found.corner:.2f} LR pixels at the corners"
        )
    beyond = float(np.hypot(*np.subtract(found.shift, known)))
    if beyond > REPORTED and found.significant:
        done = (
            "HR was resampled into LR's frame"
            if frame == "lr" and apply
            else "the cube lies on HR's pixels, not on LR's"
        )
        log.warning("%s; %s", where, done)
    return lines


def metres(lr: Image) -> tuple[float, float] | None:
    """Return (height, width) of LR's pixels in metres, or None where they are not known in metres."""
    place = lr.georeference
    if place is None or not projected(place):
        return None
    return place.pixel


def projected(place: Georeference) -> bool:
    """Return whether coordinates are in metres, as far as the text of the coordinate system shows."""
    crs = place.crs.upper()
    return crs.startswith(("PROJC", "EPSG:326", "EPSG:327", "EPSG:3857")) or "PROJCS[" in crs


def place_of_cube(aligned: Aligned, ratio: int, frame: str) -> Georeference | None:
    """Return the georeference of the cube: HR's, or that of LR divided by the ratio."""
    low, high = aligned.lr.georeference, aligned.hr.georeference
    if high is not None and (frame == "hr" or low is None):
        return high
    return None if low is None else low.with_pixels(1 / ratio)
