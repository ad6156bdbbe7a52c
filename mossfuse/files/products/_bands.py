"""Bands of instruments with two spectrometers whose ranges overlap."""

import numpy as np


def join_spectrometers(parts):
    """Return (values, wavelengths, widths, measured) of one image from those of [(values, wavelengths, widths, measured), ...].

    Each part runs upwards. In the overlap the first part's bands end, and the next part's begin, at the middle of the overlap, where
    neither detector is at the end of its range.
    """
    values, centres, widths, measured = parts[0]
    for more, wavelengths, their_widths, valid in (part for part in parts[1:] if len(part[1])):
        low, high = wavelengths.min(), centres.max()
        border = (low + high) / 2 if low < high else high
        first, second = centres <= border, wavelengths > border
        values = np.concatenate([values[..., first], more[..., second]], 2)
        centres = np.concatenate([centres[first], wavelengths[second]])
        widths = np.concatenate([widths[first], their_widths[second]])
        measured = measured & valid
    return values, centres, widths, measured


def upwards(centres, *others):
    """Return the order that sorts wavelengths upwards, leaving out the overlap's bands of the second spectrometer's range.

    centres: (bands,) nm as delivered, the first spectrometer's bands before the second's; where they step back, the overlap begins.
    """
    centres = np.asarray(centres, np.float64)
    back = np.flatnonzero(np.diff(centres) < 0)
    if not len(back):
        return np.arange(centres.size)
    cut = int(back[0]) + 1
    border = (centres[cut:].min() + centres[:cut].max()) / 2
    keep = np.concatenate([centres[:cut] <= border, centres[cut:] > border])
    kept = np.flatnonzero(keep)
    return kept[np.argsort(centres[kept], kind="stable")]
