"""The five training scenes. Each paints a G-buffer and returns its lighting; docs/phantom.md describes them.

Random numbers are drawn in the order of the statements; moving a draw changes every scene that follows it.
"""

import numpy as np

from mossfuse.datasets.phantom.gbuffer import FINE, SLOW, normals_of, unit
from mossfuse.datasets.phantom.materials import dyed, flat, painted, plain
from mossfuse.datasets.phantom.mixing import absorption, dye, paint, reflectance_of, softmax
from mossfuse.datasets.phantom.objects import ball, colour_chart, rectangle, velvet
from mossfuse.datasets.phantom.palette import (
    CHECKER,
    DARK_GREY,
    GREY_STEPS,
    MID_GREY,
    WHITE,
    WOOD,
    ces,
    hue_balanced,
    random_pale,
)
from mossfuse.datasets.phantom.shading import Lighting

BALLOONS = (
    (0.36, 0.37, 0.21), (0.78, 0.42, 0.20), (0.12, 0.72, 0.19), (0.52, 0.80, 0.20),
    (0.88, 0.85, 0.18), (0.30, 0.95, 0.09), (0.62, 0.55, 0.07),
)  # fmt: skip
PICTURE = (0.07, 0.08, 0.94, 0.92)
SKY, HILLS, LAND = 0, 1, 2
ZONE_PIGMENTS = (
    (CHECKER["blue sky"], ces(73), WHITE * 0.8),
    (CHECKER["foliage"], ces(46), CHECKER["blue flower"]),
    (CHECKER["yellow green"], ces(25), CHECKER["dark skin"], CHECKER["orange"]),
)
ACCENTS = (CHECKER["red"], CHECKER["yellow"], ces(99), ces(12))
STROKE_TILT = (0, -0.5, 0.9)
STROKES = 420
BEADS = 380
FEATHERS = 12


def globes(gbuffer):
    """Seven glossy balloons, overlapping and cut by the border, under the grey row of a chart."""
    rng = gbuffer.geometry
    velvet(gbuffer)
    colour_chart(gbuffer, 0.1, 0.03, 0.85, 6, 1, GREY_STEPS)
    for (x, y, radius), colour in zip(BALLOONS, hue_balanced(rng, len(BALLOONS)), strict=True):
        x, y = x + rng.normal() * 0.02, y + rng.normal() * 0.02
        depth = rng.uniform(0.7, 1.3)
        rubber = painted(WHITE, colour, 1.2, 0.25, SLOW) if rng.integers(2) else dyed(colour, depth, 0.12)
        gloss, exponent, stretch = rng.uniform(0.25, 0.7), rng.uniform(30, 120), rng.uniform(0.95, 1.15)
        ball(gbuffer, x, y, radius, rubber, gloss, exponent, stretch)
        rectangle(gbuffer, x - 0.008, y + radius * 1.02, x + 0.008, y + radius * 1.1, plain(colour, 0.3))
    return Lighting(fill="D50")


def canvas(gbuffer):
    """A landscape painting in a wooden frame: pigments mixed in the Kubelka-Munk domain, 420 strokes with relief."""
    left, top, right, bottom = PICTURE
    velvet(gbuffer, level=0.9)
    frame = (left - 0.035, top - 0.035, right + 0.035, bottom + 0.035)
    rectangle(gbuffer, *frame, plain(WOOD * 0.6, 0.15), height=0.02, gloss=0.05)
    window = gbuffer.window((left + right) / 2, (top + bottom) / 2, (right - left) / 2, (bottom - top) / 2)
    zones = landscape(gbuffer, window)
    layer = ground_layer(gbuffer, window, zones)
    relief = np.zeros(zones.shape, np.float32)
    for stroke in range(STROKES):
        brush(gbuffer, window, zones, layer, relief, stroke / STROKES)
    x, y = gbuffer.x[window] * gbuffer.size, gbuffer.y[window] * gbuffer.size
    threads = (x / 2.6 % 1 < 0.5) ^ (y / 2.6 % 1 < 0.5)
    picture = reflectance_of(layer) * (1 - 0.06 * threads)[..., None]
    picture = picture * (1 + 0.02 * gbuffer.texture(window, FINE))[..., None]
    gbuffer.draw(window, np.ones(zones.shape), picture, normals_of(relief * 0.9), 0.05, 12)
    return Lighting(fill="D55", fill_strength=0.12, ambient_strength=0.08, white=0.5)


def landscape(gbuffer, window):
    """Return the (rows, cols) zone of every pixel of the picture: SKY, HILLS or LAND, with wavy horizons."""
    rng = gbuffer.geometry
    x, y = gbuffer.x[window], gbuffer.y[window]
    horizon = 0.42 + 0.05 * np.sin(7 * x + rng.uniform(0, 6)) + 0.03 * gbuffer.texture(window, SLOW)
    foothills = horizon + 0.14 + 0.04 * np.sin(5 * x + rng.uniform(0, 6))
    return np.where(y < horizon, SKY, np.where(y < foothills, HILLS, LAND))


def ground_layer(gbuffer, window, zones):
    """Return the (rows, cols, 31) Kubelka-Munk coefficients of the first coat: each zone's pigments mixed with slow noise."""
    fields = gbuffer.texture(window, SLOW), gbuffer.texture(window, SLOW + 1)
    layer = np.empty((*zones.shape, len(WHITE)), np.float32)
    for zone, pigments in enumerate(ZONE_PIGMENTS):
        signed = [fields[i % 2] * (1 - 2 * (i // 2)) for i in range(len(pigments))]
        inside = zones == zone
        layer[inside] = softmax(1.1 * np.stack(signed, -1))[inside] @ np.array([absorption(p) for p in pigments])
    return layer


def brush(gbuffer, window, zones, layer, relief, progress):
    """Mix one curved brush stroke in place into ``layer`` and ``relief``; strokes shrink as ``progress`` goes to 1."""
    rng = gbuffer.geometry
    left, top, right, bottom = PICTURE
    rows, cols = zones.shape
    length = rng.uniform(0.05, 0.16) * (1.25 - progress)
    width = length * rng.uniform(0.14, 0.3)
    x, y = rng.uniform(left, right), rng.uniform(top, bottom)
    row = min(rows - 1, int((y - top) / (bottom - top) * rows))
    col = min(cols - 1, int((x - left) / (right - left) * cols))
    zone = zones[row, col]
    angle = rng.normal(0, 0.35) + STROKE_TILT[zone] * (x - 0.4)
    part = overlap(gbuffer.window(x, y, length * 0.6), window)
    right_of, below = gbuffer.x[window][part] - x, gbuffer.y[window][part] - y
    along = (right_of * np.cos(angle) + below * np.sin(angle)) / length * 2
    across = (-right_of * np.sin(angle) + below * np.cos(angle)) / width * 2
    across = across + 0.3 * along * along
    bristles = 0.5 + 0.5 * np.sin(rng.uniform(4, 9) * across + 2 * along + rng.uniform(0, 6))
    body = np.clip((1 - along * along) * 3, 0, 1) * np.clip((1 - across * across) * 3, 0, 1)
    opacity = body * (0.55 + 0.45 * bristles)
    pigment = stroke_pigment(rng, zone, progress)
    cover = (opacity * rng.uniform(0.35, 0.9))[..., None]
    load = layer[row, col] * 0.4 + 0.6 * absorption(pigment)
    layer[part] = layer[part] * (1 - cover) + cover * load
    relief[part] = relief[part] * (1 - 0.6 * opacity) + opacity * bristles * 0.8


def stroke_pigment(rng, zone, progress):
    """Return (31,): one of the zone's pigments; on the land, accents join late and the last strokes are accents only."""
    pigments = ZONE_PIGMENTS[zone]
    if zone == LAND and progress > 0.4:
        pigments = (*pigments, ACCENTS[rng.integers(len(ACCENTS))])
    if zone == LAND and progress > 0.8:
        pigments = ACCENTS
    return pigments[rng.integers(len(pigments))]


def overlap(box, window):
    """Return the slices of the part of ``box`` inside ``window``, counted from the window's corner."""
    return tuple(
        slice(max(b.start, w.start) - w.start, min(b.stop, w.stop) - w.start) for b, w in zip(box, window, strict=True)
    )


def weave(gbuffer):
    """A folded tartan: twill threads two pixels wide, stripes of seven colours in warp and weft, and a small chart."""
    rng = gbuffer.geometry
    velvet(gbuffer)
    colours = np.array([*hue_balanced(rng, 5), random_pale(rng), CHECKER["blue"]])
    folds = gbuffer.fractal(3.4, 3.0)
    x, y = gbuffer.x + 0.007 * folds, gbuffer.y + 0.007 * np.roll(folds, gbuffer.n // 3, 0)
    period = rng.uniform(2.0, 2.3) * gbuffer.pixel
    warp, weft = np.floor(x / period).astype(int), np.floor(y / period).astype(int)
    warp_on_top = (warp + weft) % 3 < 2
    stripes = rng.integers(0, len(colours), 64)
    stripes = np.repeat(stripes, rng.integers(4, 20, 64))[:64]
    warp_colour = stripes[np.floor(warp * period * 100).astype(int) % 64]
    weft_colour = stripes[(np.floor(weft * period * 100).astype(int) + 17) % 64]
    cloth = colours[np.where(warp_on_top, warp_colour, weft_colour)]
    thread = np.where(warp_on_top, 1 - 1.6 * (x / period % 1 - 0.5) ** 2, 1 - 1.6 * (y / period % 1 - 0.5) ** 2)
    cloth = cloth ** (1 + 0.25 * (1 - thread[..., None]))
    cloth = cloth * (thread * (1 + 0.06 * gbuffer.noise[FINE]).clip(0.3, 2))[..., None]
    inside_x = np.abs(gbuffer.x - 0.5 + 0.012 * np.roll(folds, 50, 1)) < 0.45
    inside_y = np.abs(gbuffer.y - 0.54 + 0.01 * np.roll(folds, 90, 0)) < 0.4
    relief = normals_of(folds * gbuffer.n / 60)
    gbuffer.draw(gbuffer.everywhere, inside_x & inside_y, cloth.astype(np.float32), relief, 0.015, 8, 0.01)
    colour_chart(gbuffer, 0.55, 0.03, 0.4, 6, 2, [*range(6), *GREY_STEPS])
    return Lighting(key="D55", fill="D65")


def beads(gbuffer):
    """380 glass and ceramic balls of log-uniform size in ten colours, heaped on a grey tray."""
    rng = gbuffer.geometry
    velvet(gbuffer)
    colours = [*hue_balanced(rng, 8), WHITE * 0.8, MID_GREY]
    rectangle(gbuffer, 0.06, 0.06, 0.94, 0.94, plain(DARK_GREY * 0.35, 0.08), height=0.01)
    for _ in range(BEADS):
        radius = np.exp(rng.uniform(np.log(0.0095), np.log(0.066)))
        x, y = rng.uniform(0.09, 0.91, 2)
        colour = colours[rng.integers(len(colours))]
        glass = rng.integers(3) > 0
        gloss = rng.uniform(0.2, 0.8)
        material = dyed(colour, rng.uniform(0.6, 1.9), 0.1) if glass else flat(colour)
        ball(gbuffer, x, y, radius, material, gloss, exponent=40, height=radius * 0.6)
    return Lighting(fill="D50", white=0.8)


def plumes(gbuffer):
    """Twelve overlapping feathers: two hues mixed as paints along the shaft, barbs near the resolution limit."""
    rng = gbuffer.geometry
    velvet(gbuffer)
    colours = hue_balanced(rng, 6)
    for i in range(FEATHERS):
        x, y = 0.15 + 0.7 * ((i * 5 % 12) / 11) + rng.normal() * 0.03, rng.uniform(0.25, 0.75)
        angle, length = rng.uniform(0.9, 2.2), rng.uniform(0.55, 0.85)
        feather(gbuffer, x, y, angle, length, colours[i % 6], colours[(i * 4 + 1) % 6], phase=i)
    return Lighting(fill="D55", white=0.8)


def feather(gbuffer, x, y, angle, length, first, second, phase):
    """Draw one feather centred on (x, y); the two colours alternate along it, ``phase`` shifts where."""
    window = gbuffer.window(x, y, length * 0.75)
    right_of, below = gbuffer.x[window] - x, gbuffer.y[window] - y
    along = (right_of * np.cos(angle) + below * np.sin(angle)) / length
    across = (-right_of * np.sin(angle) + below * np.cos(angle)) / length
    across = across - 0.25 * along**2
    width = 0.13 * np.clip(1 - (2 * along) ** 2, 0, 1) ** 0.7 * (1 + 0.05 * np.sin(40 * along))
    period = gbuffer.geometry.uniform(2.2, 3.5) * gbuffer.pixel
    barbs = (np.abs(across) * 1.6 + along) * length / period * 2 * np.pi
    barbs = np.sin(barbs + 2 * gbuffer.texture(window, SLOW))
    share = np.clip(0.5 + 0.5 * np.sin(4 * along + 0.8 * gbuffer.texture(window, SLOW) + phase), 0, 1)
    inside = (np.abs(across) < width * (1 + 0.08 * barbs)) & (np.abs(along) < 0.5)

    # Spectra are computed inside the feather only: its window is several times larger.
    barb, shaft = barbs[inside][:, None], (np.abs(across) < 0.012)[inside][:, None]
    vane = dye(paint(second, first, share[inside][:, None]), 1.05 + 0.12 * barb)
    reflectance = np.zeros((*inside.shape, len(WHITE)), np.float32)
    reflectance[inside] = np.where(shaft, WOOD * 0.9, vane) * (0.9 + 0.1 * barb)
    tilt = 0.6 * across / np.maximum(width, 0.02)
    normal = unit(np.stack([tilt * -np.sin(angle), tilt * np.cos(angle), np.ones_like(along)], -1))
    gbuffer.draw(window, inside, reflectance, normal, 0.05, 14, 0.015)
