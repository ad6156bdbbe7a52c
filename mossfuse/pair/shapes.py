"""Check that two images form a pair; report swapped arguments, band-first, transposed or cropped images."""

from collections.abc import Sequence

from mossfuse.errors import MossFuseError
from mossfuse.files import text

Shape = tuple[int, ...]
SLACK = (
    0.1  # share by which the sizes of two images may differ from a whole ratio to be cropped around their common area
)


def find_ratio(
    low: Shape, high: Shape, wanted: float | None = None, names: tuple[str, str] = ("the HSI", "the MSI")
) -> int:
    """Return the ratio of an HSI of shape ``low`` (h, w, B) and an MSI of shape ``high`` (H, W, M), the same along both axes.

    wanted: the ratio the user named, or None. names: what to call the two in messages. Raises
    MossFuseError, one sentence, if they do not form a pair.
    """
    a, b = (f"{name} ({text(shape)})" for name, shape in zip(names, (low, high), strict=True))
    found = whole_ratio(low, high)
    if wanted is not None and (wanted != int(wanted) or wanted < 2):
        raise MossFuseError(f"ratio {wanted} is not possible; give a whole number of 2 or more, or leave it out")
    if low[2] < high[2] and area(low) > area(high) and not any(bands_first(low, high)):
        raise MossFuseError(
            f"{a} looks like the MSI and {b} like the HSI; swap them: the low-resolution HSI comes first"
        )
    if found is None:
        raise MossFuseError(describe_misfit(low, high, wanted, names, a, b))
    if found == 1:
        raise MossFuseError(f"{a} and {b} have the same number of pixels; there is nothing to fuse")
    if low[2] == 1:
        raise MossFuseError(f"{a} has a single band; an HSI has rows, cols and bands, so name or reshape the cube")
    if wanted not in (None, found):
        raise MossFuseError(f"ratio {wanted} does not fit: {b} has {found} times the rows and cols of {a}; use {found}")
    return found


def describe_misfit(low: Shape, high: Shape, wanted: float | None, names: Sequence[str], a: str, b: str) -> str:
    """Return a sentence that says why no whole ratio exists, and what to do. a, b: name and shape of each image."""
    first = bands_first(low, high)
    if any(first):
        which = " and ".join(name for name, wrong in zip((a, b), first, strict=True) if wrong)
        have, them = ("have their", "them") if all(first) else ("has its", "it")
        return f"{which} {have} bands on the first axis; store {them} as (rows, cols, bands)"
    for name, own, other in ((a, low, high), (b, high, low)):
        moved = (own[0], own[2], own[1])
        pair = (moved, other) if own is low else (other, moved)
        if (whole_ratio(*pair) or 0) > 1 and pair[0][2] > 1:
            return f"{name} has its bands on the second axis; store it as (rows, cols, bands)"
    if (whole_ratio((low[1], low[0]), high) or 0) > 1:
        return f"{a} has rows and cols swapped against {b}; transpose one of the two"
    if area(low) >= area(high):
        return f"{a} has no fewer pixels than {b}; the low-resolution HSI comes first, the high-resolution MSI second"
    times = [h / n for h, n in zip(high, low[:2], strict=False)]
    ratio = int(wanted or max(min(times), 1))
    crop = [n * ratio for n in low[:2]]
    fits = ratio > 1 and all(c <= h for c, h in zip(crop, high, strict=False))
    advice = f"crop {names[1]} to {text(crop)}" if fits else "crop or resample one of them"
    return (
        f"{b} has {times[0]:.4g} times the rows and {times[1]:.4g} times the cols of {a}, which must be one whole "
        f"number; {advice} so that both show the same area"
    )


def whole_ratio(low: Shape, high: Shape) -> int | None:
    """Return high over low if that is the same whole number along rows and cols, otherwise None."""
    (h, w), (rows, cols) = low[:2], high[:2]
    return rows // h if rows % h == 0 and cols % w == 0 and rows // h == cols // w else None


def crop_to_whole_blocks(low: Shape, high: Shape, wanted: int | None) -> tuple[int, tuple[float, float]] | None:
    """Return (ratio, HR's place in HR pixels at which LR would start if both had the same middle) of sizes that nearly fit.

    None where the sizes are a whole ratio already, or differ from one by more than SLACK along an axis.
    """
    if whole_ratio(low, high) is not None and wanted in (None, whole_ratio(low, high)):
        return None
    times = [b / a for a, b in zip(low[:2], high[:2], strict=True)]
    ratio = wanted or round((times[0] * times[1]) ** 0.5)
    if ratio < 2 or any(abs(t / ratio - 1) > SLACK for t in times):
        return None
    rows, cols = ((b - a * ratio) / 2 for a, b in zip(low[:2], high[:2], strict=True))
    return ratio, (rows, cols)


def bands_first(low: Shape, high: Shape) -> tuple[bool, bool]:
    """Return which of the two must be read as (bands, rows, cols) to form a pair; neither if that does not help."""
    for first in ((True, True), (True, False), (False, True)):
        x, y = ((*shape[1:], shape[0]) if wrong else shape for shape, wrong in zip((low, high), first, strict=True))
        if (whole_ratio(x, y) or 0) > 1 and x[2] > y[2]:
            return first
    return False, False


def area(shape: Shape) -> int:
    """Return the number of pixels."""
    return shape[0] * shape[1]
