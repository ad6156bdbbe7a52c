"""Things that stand in more than one scene. Positions and sizes are in units of the image, y down."""

import numpy as np
from scipy import ndimage

from mossfuse.datasets.phantom.gbuffer import FINE, normals_of, unit
from mossfuse.datasets.phantom.materials import flat, plain
from mossfuse.datasets.phantom.palette import BLACK, CHECKER, CHECKER_ORDER, VELVET

# Rows of a 3 x 5 pixel font, one octal digit per row.
FONT = ("75557", "26227", "71747", "71717", "55711", "74717", "74757", "71222", "75757", "75717")
DIGITS_FROM_SIZE = 128
LOWEST_DIGIT = 3.75


def velvet(gbuffer, level=0.35):
    """Black velvet with folds behind everything; every scene starts with it."""
    folds = gbuffer.fractal(3.2, 3)
    share = (0.5 + 0.12 * np.clip(folds, -2, 2))[..., None]
    pile = (1 + 0.08 * gbuffer.noise[FINE])[..., None].clip(0.3, 3)
    cloth = (share * BLACK + (1 - share) * VELVET) * level * pile
    gbuffer.draw(gbuffer.everywhere, np.ones(gbuffer.x.shape), cloth, normals_of(folds * gbuffer.n / 90))


def table(gbuffer, top, reflectance):
    """A table from row ``top`` down to the lower border, with horizontal grain."""
    window = gbuffer.window(0.5, (1 + top) / 2, 0.5, (1 - top) / 2)
    grain = ndimage.gaussian_filter1d(gbuffer.texture(window, FINE), gbuffer.n / 25, axis=1)
    grain /= grain.std()
    wood = reflectance * (1 + 0.15 * grain)[..., None].clip(0.3, 2)
    gbuffer.draw(window, gbuffer.y[window] > top, wood, None, 0.03, 15)


def rectangle(gbuffer, left, top, right, bottom, material, **surface):
    """A flat rectangle facing the camera; ``surface``: gloss, exponent, height."""
    window = gbuffer.window((left + right) / 2, (top + bottom) / 2, (right - left) / 2, (bottom - top) / 2)
    x, y = gbuffer.x[window], gbuffer.y[window]
    inside = (x >= left) & (x < right) & (y >= top) & (y < bottom)
    gbuffer.draw(window, inside, material(gbuffer, window), **surface)


def ball(gbuffer, x, y, radius, material, gloss=0.5, exponent=60, stretch=1.0, roughness=0.0, height=None):
    """A sphere, or an ellipsoid ``stretch`` times as tall as wide; ``roughness`` adds bumps of fine texture."""
    window = gbuffer.window(x, y, radius, radius * stretch)
    across = (gbuffer.x[window] - x) / radius
    down = (gbuffer.y[window] - y) / (radius * stretch)
    squared = across * across + down * down
    normal = np.stack([across, down, np.sqrt(np.maximum(1 - squared, 0))], -1)
    if roughness:
        normal = unit(normal + roughness * (normals_of(gbuffer.texture(window, FINE + 1)) - [0, 0, 1]))
    height = radius * 0.55 if height is None else height
    ambient = 0.55 + 0.45 * normal[..., 2]
    gbuffer.draw(window, squared < 1, material(gbuffer, window), normal, gloss, exponent, height, ambient)


def colour_chart(gbuffer, left, top, width, cols, rows, patches=None):
    """ColorChecker patches on a black card; ``patches``: indices in chart order, default from 0 on."""
    cell, gap = width / cols, 0.14
    border = 0.15 * cell
    card = plain(BLACK * 0.8, 0.1)
    rectangle(
        gbuffer, left - border, top - border, left + width + border, top + cell * rows + border, card, height=0.004
    )
    for i, patch in enumerate(range(cols * rows) if patches is None else patches):
        row, col = divmod(i, cols)
        x, y = left + col * cell, top + row * cell
        colour = plain(CHECKER[CHECKER_ORDER[patch]], 0.01)
        rectangle(gbuffer, x + gap * cell, y + gap * cell, x + cell - gap * cell, y + cell - gap * cell, colour)


def print_number(gbuffer, x, y, pixels, number, ink):
    """A number in a 3 x 5 font, ``pixels`` high, its upper left corner at (x, y).

    Images smaller than 128 px scale it down with the scene and leave it out where a row of the font would be thinner
    than three quarters of a pixel.
    """
    pixels = pixels * min(1.0, gbuffer.size / DIGITS_FROM_SIZE)
    if pixels < LOWEST_DIGIT:
        return
    dot = pixels * gbuffer.pixel / 5
    for character in str(number):
        for row, bits in enumerate(FONT[int(character)]):
            for col in range(3):
                if int(bits) >> (2 - col) & 1:
                    left, top = x + col * dot, y + row * dot
                    rectangle(gbuffer, left, top, x + (col + 1) * dot, y + (row + 1) * dot, flat(ink))
        x += 4 * dot
