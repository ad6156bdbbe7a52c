"""Pictures with pixels that hold no data: they are transparent, whatever the cube holds there."""

import numpy as np
from PIL import Image

from mossfuse.benchmark.pictures.images import COLOUR_SIDE, MAP_SIDE, assemble, fit_size, shrink
from mossfuse.benchmark.pictures.webp import LOSSLESS_PIXELS, best_within, encoded

MOST = 0.5  # of a picture's pixel, that must be measured where the picture is smaller than the image


def shrink_measured(image, measured, rows, cols):
    """Return (image, measured) at rows x cols: means of the measured pixels of (H, W) or (H, W, B), 0 where there are too few."""
    weights = shrink(measured.astype(np.float32), rows, cols)
    kept = weights >= MOST
    known = measured if image.ndim == 2 else measured[..., None]
    small = shrink(np.where(known, image, 0), rows, cols)
    over, here = (weights, kept) if image.ndim == 2 else (weights[..., None], kept[..., None])
    return np.where(here, small / np.maximum(over, np.finfo(np.float32).tiny), 0), kept


def save_masked_map(path, values, measured, scale, limit, square=False):
    """Write (H, W) values as positions on ``scale``; ``square``: average squares when it shrinks."""
    rows, cols = fit_size(values.shape, MAP_SIDE)
    small, kept = shrink_measured(values**2 if square else values, measured, rows, cols)
    save_cut(path, scale.levels(np.sqrt(small) if square else small), kept, limit)


def save_masked_colour(path, rgb, measured, limit):
    """Write (H, W, 3) uint8."""
    small, kept = shrink_measured(rgb.astype(np.float32), measured, *fit_size(measured.shape, COLOUR_SIDE))
    save_cut(path, np.round(small).astype(np.uint8), kept, limit)


def save_masked_sprite(path, levels, measured, sprite, limit):
    """Write tiles (rows, cols, bands) uint8 whose pixels hold no data where ``measured`` (rows, cols) is False."""
    tiles = np.repeat(measured[..., None], sprite.bands, axis=2)
    save_cut(path, assemble(levels, sprite), assemble(tiles.astype(np.uint8), sprite) > 0, limit)


def save_cut(path, levels, measured, limit):
    """Write uint8 levels (rows, cols) or (rows, cols, 3) as WebP of at most ``limit`` bytes, transparent outside ``measured``."""
    picture = Image.fromarray(levels).convert("RGB")
    picture.putalpha(Image.fromarray(np.where(measured, 255, 0).astype(np.uint8)))
    content = b""
    if picture.width * picture.height <= LOSSLESS_PIXELS:
        content = encoded(picture, lossless=True, quality=60)
    path.write_bytes(content if 0 < len(content) <= limit else best_within(picture, limit))
