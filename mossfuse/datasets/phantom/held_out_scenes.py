"""The four test scenes. Each paints a G-buffer and returns its lighting; docs/phantom.md describes them.

Random numbers are drawn in the order of the statements; moving a draw changes every scene that follows it.
"""

import numpy as np
from scipy import ndimage

from mossfuse.datasets.phantom.gbuffer import FINE, PATCHES, normals_of, unit
from mossfuse.datasets.phantom.materials import blend, dyed, flat, painted, plain
from mossfuse.datasets.phantom.mixing import dye
from mossfuse.datasets.phantom.objects import ball, colour_chart, print_number, rectangle, table, velvet
from mossfuse.datasets.phantom.palette import (
    BLACK,
    CHECKER,
    DARK_GREY,
    GREY_STEPS,
    WHITE,
    WOOD,
    ces,
    hue_balanced,
    look_alike_pairs,
    random_pale,
    random_vivid,
)
from mossfuse.datasets.phantom.shading import Lighting

CARD = WHITE * 0.55
GRATING_PERIODS = (8, 6, 5, 4, 3, 2.5, 2)
FRUIT = (
    (0.20, 0.34, 0.17),
    (0.56, 0.33, 0.15),
    (0.85, 0.40, 0.14),
    (0.30, 0.70, 0.17),
    (0.72, 0.70, 0.17),
    (0.08, 0.85, 0.10),
)
LEAVES = 14
SPOOL_ROWS = ((0.07, 0.38), (0.53, 0.40))
SPOOLS_PER_ROW = 4
TILES_PER_ROW = 8


def target(gbuffer):
    """A resolution test card and two colour charts, with a stuffed toy and a brown animal in front."""
    rng = gbuffer.geometry
    velvet(gbuffer)
    rectangle(gbuffer, 0.22, 0.03, 0.8, 0.8, plain(CARD, 0.012), height=0.012)
    siemens_star(gbuffer, 0.33, 0.15, 0.075, sectors=18)
    siemens_star(gbuffer, 0.69, 0.15, 0.075, sectors=30)
    gratings(gbuffer, 0.25, 0.29, 0.38)
    for i in range(9):
        print_number(gbuffer, 0.25 + 0.06 * i, 0.265, 7 - 0.4 * i, rng.integers(10, 99), BLACK)
    for row in range(5):
        for col in range(12):
            print_number(gbuffer, 0.47 + 0.026 * col, 0.52 + 0.03 * row, 5, rng.integers(0, 9), BLACK)
    for i in range(12):
        rectangle(gbuffer, 0.25 + 0.017 * i, 0.66, 0.267 + 0.017 * i, 0.7, flat(CARD * (1 - i / 12.5)))
    for i in range(10):
        rectangle(gbuffer, 0.25 + 0.02 * i, 0.72, 0.27 + 0.02 * i, 0.765, flat(ces(1 + int(9.5 * i))))
    colour_chart(gbuffer, 0.87, 0.06, 0.1, 1, 6, GREY_STEPS)
    colour_chart(gbuffer, 0.02, 0.08, 0.17, 3, 8)
    toys(gbuffer, hue_balanced(rng, 4)[:3])
    return Lighting(fill="D50", fill_strength=0.06, ambient_strength=0.03, white=0.9, falloff=3.6)


def siemens_star(gbuffer, x, y, radius, sectors):
    """Black sectors that narrow towards the centre, on whatever is below."""
    window = gbuffer.window(x, y, radius)
    right_of, below = gbuffer.x[window] - x, gbuffer.y[window] - y
    inside = (np.hypot(right_of, below) < radius) & (np.sin(sectors * np.arctan2(below, right_of)) > 0)
    gbuffer.draw(window, inside, plain(BLACK, 0.05)(gbuffer, window))


def gratings(gbuffer, left, upright_top, level_top):
    """Groups of five upright bars and of five level bars, side by side; what runs over the border is lost.

    Periods are in pixels of the image, so a small image holds only the coarse groups.
    """
    ink = plain(BLACK, 0.05)
    for period in GRATING_PERIODS:
        step = period * gbuffer.pixel
        for i in range(5):
            rectangle(gbuffer, left + i * step, upright_top, left + i * step + step / 2, upright_top + 0.07, ink)
        for i in range(5):
            top = level_top + i * step
            rectangle(gbuffer, left, top, left + step * 4.5, top + step / 2, ink)
        left += step * 5.6


def toys(gbuffer, jumper_colours):
    """A stuffed toy in a striped jumper and a brown animal, both of fur: blurred noise on bumpy ellipsoids."""
    hair = ndimage.gaussian_filter1d(gbuffer.noise[FINE], gbuffer.n / 90, axis=0)
    hair /= hair.std()
    yarn = ndimage.gaussian_filter1d(gbuffer.noise[FINE + 1], gbuffer.n / 120, axis=1)
    yarn /= yarn.std()

    def fur(first, second, contrast):
        pile = blend([first, second, first * 0.5], 1.2)
        return lambda g, window: pile(g, window) * (1 + contrast * hair[window]).clip(0.15, 2.2)[..., None]

    def knitted(colours, pixels):
        def material(g, window):
            sagging = g.y[window] + 0.15 * (g.x[window] - 0.56) ** 2
            stripe = np.floor(sagging / (pixels * g.pixel)).astype(int) % len(colours)
            return np.array(colours)[stripe] * (1 + 0.12 * yarn[window]).clip(0.3, 2)[..., None]

        return material

    jumper, sleeve = knitted([*jumper_colours, WHITE * 0.8], 3.5), knitted(jumper_colours, 3)
    face, trousers = fur(CHECKER["orange"], ces(13), 0.35), fur(CHECKER["blue"], CHECKER["purplish blue"], 0.2)
    brown = fur(CHECKER["dark skin"], WOOD, 0.6)
    matt = {"gloss": 0.0, "exponent": 10}
    ball(gbuffer, 0.56, 0.68, 0.13, jumper, stretch=1.15, roughness=0.4, **matt)
    ball(gbuffer, 0.38, 0.66, 0.055, sleeve, stretch=1.6, roughness=0.3, **matt)
    ball(gbuffer, 0.73, 0.67, 0.055, sleeve, stretch=1.6, roughness=0.3, **matt)
    ball(gbuffer, 0.56, 0.46, 0.12, face, stretch=0.95, roughness=0.5, **matt)
    ball(gbuffer, 0.56, 0.48, 0.03, plain(CHECKER["red"], 0.03), gloss=0.5, exponent=50)
    for x in (0.51, 0.61):
        ball(gbuffer, x, 0.43, 0.02, flat(WHITE), gloss=0.3, exponent=50, stretch=1.3)
    for x in (0.513, 0.613):
        ball(gbuffer, x, 0.435, 0.008, flat(BLACK), gloss=0.6, exponent=60)
    ball(gbuffer, 0.49, 0.9, 0.07, trousers, stretch=1.3, roughness=0.4, **matt)
    ball(gbuffer, 0.63, 0.9, 0.07, trousers, stretch=1.3, roughness=0.4, **matt)
    ball(gbuffer, 0.2, 0.78, 0.14, brown, stretch=0.7, roughness=0.8, **matt)
    ball(gbuffer, 0.12, 0.66, 0.08, brown, stretch=0.9, roughness=0.8, **matt)


def twins(gbuffer):
    """Six pairs of a real and a fake fruit: one camera colour, two spectra; only the rough one varies in pigment."""
    rng = gbuffer.geometry
    velvet(gbuffer)
    table(gbuffer, 0.62, WOOD * 0.45)
    pairs = look_alike_pairs(rng)
    colour_chart(gbuffer, 0.32, 0.02, 0.4, 6, 1, GREY_STEPS)
    for i, (x, y, radius) in enumerate(FRUIT):
        real, fake = pairs[i % len(pairs)]
        real_x, fake_x = x - 0.45 * radius * 1.1, x + 0.5 * radius * 1.1
        real_y, real_stretch = y + rng.normal() * 0.015, rng.uniform(0.9, 1.1)
        skin = painted(real, random_vivid(rng), 0.06, 1.0, PATCHES)
        ball(gbuffer, real_x, real_y, radius * 0.62, skin, 0.15, 25, real_stretch, roughness=0.25)
        stalk(gbuffer, real_x, y, radius)
        fake_y, fake_stretch = y + rng.normal() * 0.015 + 0.03, rng.uniform(0.9, 1.1)
        ball(gbuffer, fake_x, fake_y, radius * 0.62, plain(fake, 0.015), 0.6, 90, fake_stretch)
        stalk(gbuffer, fake_x, y, radius)
    for _ in range(LEAVES):
        leaf(gbuffer, rng.uniform(0.05, 0.95), rng.uniform(0.7, 0.97), rng.uniform(0, 3.1))
    return Lighting(fill="A", fill_strength=0.06)


def stalk(gbuffer, x, y, radius):
    """A thin green bar above a fruit."""
    rectangle(gbuffer, x - 0.004, y - radius * 0.75, x + 0.004, y - radius * 0.5, flat(CHECKER["foliage"]))


def leaf(gbuffer, x, y, angle):
    """A leaf with veins, lying on the table."""
    window = gbuffer.window(x, y, 0.07)
    right_of, below = gbuffer.x[window] - x, gbuffer.y[window] - y
    along = right_of * np.cos(angle) + below * np.sin(angle)
    aside = np.abs(-right_of * np.sin(angle) + below * np.cos(angle))
    inside = (aside < 0.018 * (1 - (along / 0.06) ** 2)) & (np.abs(along) < 0.06)
    veins = (aside < 0.0015) | (np.abs((aside * 1.4 + along) % 0.016 - 0.008) < 0.0012)
    green = blend([CHECKER["foliage"], ces(45), CHECKER["yellow green"]], 1.0)(gbuffer, window)
    relief = normals_of(3 * aside * gbuffer.n / 6)
    gbuffer.draw(window, inside, green * (1 - 0.35 * veins)[..., None], relief, 0.12, 20, 0.006)


def spools(gbuffer):
    """Two rows of four thread spools: cylinders whose thread modulates normal, dye depth and brightness."""
    rng = gbuffer.geometry
    velvet(gbuffer)
    table(gbuffer, 0.8, WOOD * 0.5)
    colours = iter(hue_balanced(rng, len(SPOOL_ROWS) * SPOOLS_PER_ROW))
    for top, height in SPOOL_ROWS:
        for i in range(SPOOLS_PER_ROW):
            width = 0.8 / SPOOLS_PER_ROW * rng.uniform(0.85, 1.02)
            x = 0.1 + (i + 0.5) * 0.82 / SPOOLS_PER_ROW
            spool(gbuffer, x, top + rng.normal() * 0.012, width, height, next(colours))
    return Lighting(fill="D55", white=0.8)


def spool(gbuffer, x, top, width, height, colour):
    """Draw one spool that stands on its cap: a waisted cylinder of thread between two caps."""
    rng = gbuffer.geometry
    window = gbuffer.window(x, top + height / 2, width / 2, height / 2)
    across = (gbuffer.x[window] - x) / (width / 2)
    down = (gbuffer.y[window] - top) / height
    cap = (down < 0.1) | (down > 0.9)
    radius = np.where(cap, 1.0, 0.84 - 0.1 * (2 * down - 1) ** 2)
    inside = (np.abs(across) < radius) & (down > 0) & (down < 1)
    turn = np.clip(across / radius, -1, 1)
    period = rng.uniform(2.2, 3.4) * gbuffer.pixel
    phase = 2 * np.pi * ((gbuffer.y[window] + 0.02 * across * rng.choice([-1, 1])) / period)
    normal = np.stack([turn, np.zeros_like(turn), np.sqrt(1 - turn * turn)], -1)
    normal[..., 1] += 0.55 * np.cos(phase) * ~cap
    normal = unit(normal)
    thread = np.sin(phase)
    depth = 1.05 - 0.3 * thread + 0.1 * gbuffer.texture(window, FINE)
    wound = dye(colour, depth[..., None]) * (0.75 + 0.25 * thread)[..., None]
    cap_material = plain(WHITE * 0.75 if rng.random() < 0.5 else WOOD, 0.05)
    reflectance = np.where(cap[..., None], cap_material(gbuffer, window), wound).astype(np.float32)
    gloss, ambient = np.where(cap, 0.15, 0.06), 0.5 + 0.5 * normal[..., 2]
    gbuffer.draw(window, inside, reflectance, normal, gloss, 18, 0.03, ambient)


def mosaic(gbuffer):
    """Eight by eight tilted glass tiles with bevels, ten colours in diagonal order, a quarter of them marbled."""
    rng = gbuffer.geometry
    velvet(gbuffer)
    colours = [*hue_balanced(rng, 8), random_pale(rng), random_pale(rng)]
    rectangle(gbuffer, 0.05, 0.05, 0.95, 0.95, plain(DARK_GREY * 0.5, 0.2), height=0.01)
    pitch = 0.88 / TILES_PER_ROW
    for i in range(TILES_PER_ROW):
        for j in range(TILES_PER_ROW):
            x, y = 0.06 + (i + 0.5) * pitch + rng.normal() * 0.002, 0.06 + (j + 0.5) * pitch + rng.normal() * 0.002
            colour = colours[int((i * 0.55 + j * 0.35 + rng.integers(0, 3)) % len(colours))]
            tile(gbuffer, x, y, pitch * 0.43, colour, colours)
    return Lighting(fill="D75", white=0.75)


def tile(gbuffer, x, y, half, colour, colours):
    """Draw one tile of half width ``half``: a bevelled square, slightly turned and tilted."""
    rng = gbuffer.geometry
    window = gbuffer.window(x, y, half)
    right_of, below = gbuffer.x[window] - x, gbuffer.y[window] - y
    angle = rng.normal() * 0.05
    u = (right_of * np.cos(angle) + below * np.sin(angle)) / half
    v = (-right_of * np.sin(angle) + below * np.cos(angle)) / half
    edge = np.maximum(np.abs(u), np.abs(v))
    bevel_u, bevel_v = (np.clip(np.abs(side) - 0.7, 0, 1) * np.sign(side) * 2 for side in (u, v))
    normal = unit(np.stack([bevel_u + rng.normal() * 0.06, bevel_v + rng.normal() * 0.06, np.ones_like(u)], -1))
    depth = rng.uniform(0.5, 2.2)
    if rng.random() < 0.25:
        marbled = [colour, colours[rng.integers(len(colours))], WHITE * 0.7]
        reflectance = blend(marbled, 2.0, FINE)(gbuffer, window)
    else:
        depth = depth * (1.15 - 0.3 * np.clip(edge, 0, 1) ** 4).mean()
        reflectance = 0.9 * dyed(colour, depth, 0.2, PATCHES)(gbuffer, window)
    gbuffer.draw(window, edge < 0.93, reflectance, normal, rng.uniform(0.05, 0.5), 35, 0.006)
