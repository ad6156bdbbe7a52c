"""Writing pictures: grey maps, colour images, and one sprite that holds every band."""

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image

from mossfuse.benchmark.pictures.webp import save_webp

COLOUR_SIDE, MAP_SIDE = 512, 384
SPRITE_PIXELS = 2_000_000


@dataclass(frozen=True)
class Sprite:
    """Geometry of a sprite: tiles of rows x cols pixels on a grid of pitch_rows x pitch_cols, ``columns`` a row."""

    rows: int
    cols: int
    pitch_rows: int
    pitch_cols: int
    columns: int
    bands: int


def sprite_for(shape, side, block=8):
    """Return the Sprite of an (H, W, B) cube with tiles of at most ``side`` pixels; pitch a multiple of ``block`` (8: no tile bleeds into the next)."""
    rows, cols, bands = shape
    factor = min(1.0, side / max(rows, cols), math.sqrt(SPRITE_PIXELS / (rows * cols * bands)))
    rows, cols = max(1, round(rows * factor)), max(1, round(cols * factor))
    pitch_rows, pitch_cols = (block * math.ceil(n / block) for n in (rows, cols))
    columns = min(bands, math.ceil(math.sqrt(bands * pitch_rows / pitch_cols)))
    return Sprite(rows, cols, pitch_rows, pitch_cols, columns, bands)


def assemble(levels, sprite):
    """Assemble (rows, cols, B) uint8 tiles to one uint8 picture; edge pixels fill the space between tiles."""
    lines = math.ceil(sprite.bands / sprite.columns)
    picture = np.zeros((lines * sprite.pitch_rows, sprite.columns * sprite.pitch_cols), np.uint8)
    margin = ((0, sprite.pitch_rows - sprite.rows), (0, sprite.pitch_cols - sprite.cols))
    for band in range(sprite.bands):
        top, left = (band // sprite.columns) * sprite.pitch_rows, (band % sprite.columns) * sprite.pitch_cols
        tile = np.pad(levels[..., band], margin, mode="edge")
        picture[top : top + sprite.pitch_rows, left : left + sprite.pitch_cols] = tile
    return picture


def shrink(cube, rows, cols):
    """Shrink (H, W, B) or (H, W) to rows x cols by area means, float32; unchanged where the size is already right."""
    if cube.shape[:2] == (rows, cols):
        return np.asarray(cube, np.float32)
    if cube.ndim == 2:
        return np.asarray(Image.fromarray(cube.astype(np.float32)).resize((cols, rows), Image.Resampling.BOX))
    return np.stack([shrink(cube[..., b], rows, cols) for b in range(cube.shape[2])], -1)


def save_map(path, values, scale, limit, square=False):
    """Write (H, W) values as positions on ``scale`` (grey WebP, at most 384 px); ``square``: average squares when it shrinks."""
    rows, cols = fit_size(values.shape, MAP_SIDE)
    small = np.sqrt(shrink(values**2, rows, cols)) if square else shrink(values, rows, cols)
    save_webp(path, Image.fromarray(scale.levels(small)), limit)


def save_colour(path, rgb, limit):
    """Write (H, W, 3) uint8 as a WebP of at most 512 px."""
    rows, cols = fit_size(rgb.shape[:2], COLOUR_SIDE)
    picture = Image.fromarray(rgb)
    if (rows, cols) != rgb.shape[:2]:
        picture = picture.resize((cols, rows), Image.Resampling.BOX)
    save_webp(path, picture, limit)


def save_sprite(path, levels, sprite, limit):
    """Write tiles as a grey WebP."""
    save_webp(path, Image.fromarray(assemble(levels, sprite)), limit)


def fit_size(shape, side):
    factor = min(1.0, side / max(shape))
    return tuple(max(1, round(n * factor)) for n in shape)
