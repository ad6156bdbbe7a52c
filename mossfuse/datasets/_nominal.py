"""Nominal wavelengths of sensors whose files carry none: evenly spaced over the published range, or the sensor's own step."""

from collections.abc import Collection, Iterable

NOTE = "Nominal wavelengths"


def evenly(first: float, last: float, count: int) -> tuple[float, ...]:
    """Return ``count`` wavelengths in nm from ``first`` to ``last``, both included, rounded to 0.01 nm."""
    step = (last - first) / (count - 1)
    return tuple(round(first + step * band, 2) for band in range(count))


def aviris(kept: Iterable[int], last: int = 224) -> tuple[float, ...]:
    """Return the wavelengths of these 1-based AVIRIS bands, of 224 evenly spaced over 380-2500 nm; last: where a file ends."""
    centres = evenly(380, 2500, 224)
    return tuple(centres[band - 1] for band in kept if band <= last)


def hyperion(kept: Iterable[int]) -> tuple[float, ...]:
    """Return the wavelengths of these 1-based Hyperion bands: 1-70 from 355.59 nm, 71-242 from 851.92 nm (USGS)."""
    return tuple(
        round(355.59 + 10.1754 * (band - 1) if band <= 70 else 851.92 + 10.0892 * (band - 71), 2) for band in kept
    )


def without(count: int, removed: Collection[int]) -> tuple[int, ...]:
    """Return the 1-based band numbers up to ``count`` that are not removed."""
    return tuple(band for band in range(1, count + 1) if band not in removed)
