"""Small pictures: WebP within a number of bytes, so that a scene with many methods can be read over a slow line."""

import io

from PIL import Image

LOSSLESS_PIXELS = 70_000  # larger pictures are too slow to encode without loss, and too big
QUALITIES = (5, 15, 30, 45, 60, 75, 85)


def save_webp(path, picture, limit):
    """Write a PIL picture as WebP of at most ``limit`` bytes: without loss where that fits, else at the best quality that does.

    picture: mode L or RGB. The lowest quality is written where even that is larger than ``limit``. Same picture, same bytes.
    """
    picture = picture.convert("RGB")
    if picture.width * picture.height <= LOSSLESS_PIXELS:
        content = encoded(picture, lossless=True, quality=60)
        if len(content) <= limit:
            path.write_bytes(content)
            return
    path.write_bytes(best_within(picture, limit))


def best_within(picture, limit):
    """Return the picture at the best of QUALITIES within ``limit`` bytes, by bisection: the size grows with the quality."""
    low, high, found = 0, len(QUALITIES) - 1, None
    while low <= high:
        middle = (low + high) // 2
        content = encoded(picture, quality=QUALITIES[middle])
        if len(content) <= limit:
            low, found = middle + 1, content
        else:
            high = middle - 1
    return found or encoded(picture, quality=QUALITIES[0])


def read_grey(path):
    """Return a grey picture as (H, W) uint8."""
    import numpy as np

    return np.asarray(Image.open(path).convert("RGB"))[..., 1]


def encoded(picture, **options):
    """Return the bytes of a picture as WebP."""
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP", method=3, **options)
    return buffer.getvalue()
