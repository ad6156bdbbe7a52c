"""One shading pass over the G-buffer: lamps, interreflection, highlights, glare of the lens, exposure."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from mossfuse.datasets.phantom.gbuffer import SUPERSAMPLING
from mossfuse.spectra import BANDS, illuminant

WHITE_BALANCE = "D65"
AMBIENT = "D65"
FILL_DIRECTION = (0.75, 0.2, 0.63)
SPOT_CENTRE = (0.45, 0.4)
INTERFACE = 0.035
BOUNCE = 0.35
FILL_HIGHLIGHT = 0.25
# Gives dark pixels a predictable spectrum; without it their spectral angles exceed CAVE's.
GLARE = 0.015
REDUCTION = 8
BRIGHTEST_MEAN = 0.28


@dataclass(frozen=True)
class Lighting:
    """How a scene is lit and exposed: illuminants of the two lamps, strengths relative to the key lamp.

    falloff: the key lamp is a spot, 1 / (1 + falloff d^2) at distance d (units of the image) from its centre.
    white: exposure; the 99.9th percentile of the brightest band of the pixels is put at 1.05 times this.
    """

    fill: str
    key: str = "D65"
    fill_strength: float = 0.10
    ambient_strength: float = 0.05
    falloff: float = 2.7
    white: float = 0.85


def balance_for_d65(name):
    """Return (31,) float32: the illuminant as a camera balanced for D65 sees it, with mean 1."""
    power, reference = (
        (spectrum / spectrum.mean()).astype(np.float32) for spectrum in (illuminant(name), illuminant(WHITE_BALANCE))
    )
    return power / reference / np.mean(power / reference)


def radiance(gbuffer, lighting):
    """Return (size, size, 31) float32: radiance that reaches the sensor, exposed; 1 is full well."""
    key, fill, ambient = balance_for_d65(lighting.key), balance_for_d65(lighting.fill), balance_for_d65(AMBIENT)
    towards_key, towards_fill = gbuffer.light, np.array(FILL_DIRECTION, np.float32)
    squared = (gbuffer.x - SPOT_CENTRE[0]) ** 2 + (gbuffer.y - SPOT_CENTRE[1]) ** 2
    spot = 1 / (1 + lighting.falloff * squared)
    on_key = cosine(gbuffer, towards_key) * gbuffer.key_visibility * spot
    on_fill = lighting.fill_strength * cosine(gbuffer, towards_fill) * gbuffer.ambient_visibility
    on_ambient = lighting.ambient_strength * gbuffer.ambient_visibility
    irradiance = on_key[..., None] * key + on_fill[..., None] * fill + on_ambient[..., None] * ambient

    surface = np.minimum(gbuffer.reflectance.mean(-1, keepdims=True) * 4, 1)
    light = (gbuffer.reflectance * (1 - INTERFACE) + INTERFACE * surface) * irradiance
    light += interreflection(gbuffer, light)
    key_highlight = highlight(gbuffer, towards_key) * gbuffer.key_visibility * spot
    fill_highlight = FILL_HIGHLIGHT * highlight(gbuffer, towards_fill)
    light += key_highlight[..., None] * key + fill_highlight[..., None] * fill
    return expose(with_glare(average_blocks(light, SUPERSAMPLING)), lighting.white)


def cosine(gbuffer, direction):
    """Return (n, n): cosine between the normals and a direction, 0 where they face away."""
    return np.maximum(gbuffer.normal @ direction, 0)


def highlight(gbuffer, direction):
    """Return (n, n): Blinn-Phong highlight of a lamp, gloss * max(n.h, 0)^exponent (Blinn 1977); it has no object colour."""
    half_way = direction + np.array([0, 0, 1], np.float32)
    half_way /= np.linalg.norm(half_way)
    return gbuffer.gloss * cosine(gbuffer, half_way) ** gbuffer.exponent


def interreflection(gbuffer, light):
    """Return one bounce in screen space: blurred radiance of the neighbourhood times own reflectance (R_i R_j products)."""
    reduced = average_blocks(light, REDUCTION)
    reduced = ndimage.gaussian_filter(reduced, (len(reduced) / 14, len(reduced) / 14, 0), mode="constant")
    turned_away = 1.2 - gbuffer.normal[..., 2:]
    return BOUNCE * gbuffer.ambient_visibility[..., None] * gbuffer.reflectance * enlarge(reduced) * turned_away


def with_glare(light):
    """Return the image plus a veil of its own light: half of it uniform, half a wide blur."""
    size = len(light)
    wide = ndimage.gaussian_filter(light[::REDUCTION, ::REDUCTION], (size / 32, size / 32, 0))
    return light + GLARE * (0.5 * light.mean((0, 1)) + 0.5 * enlarge(wide))


def expose(light, white):
    """Return the image scaled to its white level, or less where its mean would exceed .28."""
    return light * min(white * 1.05 / np.percentile(light.max(-1), 99.9), BRIGHTEST_MEAN / light.mean())


def average_blocks(image, factor):
    """Return the means of blocks: (n, n, bands) -> (n / factor, n / factor, bands)."""
    n = len(image) // factor
    return image.reshape(n, factor, n, factor, BANDS).mean((1, 3))


def enlarge(image):
    """Return the image enlarged eight times, bilinear: (n, n, bands) -> (8 n, 8 n, bands)."""
    bands = (
        ndimage.zoom(band, REDUCTION, order=1, grid_mode=True, mode="nearest") for band in np.moveaxis(image, -1, 0)
    )
    return np.stack(list(bands), -1)
