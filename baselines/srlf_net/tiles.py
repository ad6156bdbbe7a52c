"""Apply a network to overlapping tiles of a pair, and average where they overlap."""

import torch


def in_tiles(function, hsi, msi, ratio, side, batch):
    """Return the mean of ``function(low, high)`` over tiles of about ``side`` MSI pixels that overlap by half.

    hsi: (1, B, h, w); msi: (1, M, ratio h, ratio w); function: (n, B, a, b), (n, M, ratio a, ratio b) -> (n, B, ratio a, ratio b).
    batch: tiles at a time. Images smaller than a tile are one.
    """
    low = max(1, side // ratio)
    (rows, tall), (cols, wide) = (starts(n, low) for n in hsi.shape[2:])
    places = [(row, col) for row in rows for col in cols]
    total, count = (msi.new_zeros(1, n, *msi.shape[2:]) for n in (hsi.shape[1], 1))
    for first in range(0, len(places), batch):
        group = places[first : first + batch]
        lows = torch.cat([hsi[:, :, i : i + tall, j : j + wide] for i, j in group])
        windows = [(slice(i * ratio, (i + tall) * ratio), slice(j * ratio, (j + wide) * ratio)) for i, j in group]
        highs = torch.cat([msi[:, :, a, b] for a, b in windows])
        for cube, (a, b) in zip(function(lows, highs), windows, strict=True):
            total[0, :, a, b] += cube
            count[0, :, a, b] += 1
    return total / count


def starts(size, side):
    """Return (where tiles begin along an axis, their length): half a tile apart, the last one at the end."""
    side = min(size, side)
    found = [*range(0, size - side, max(1, side // 2)), size - side]
    return found, side
