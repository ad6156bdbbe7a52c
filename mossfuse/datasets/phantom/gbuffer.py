"""The G-buffer a scene is painted into: material, orientation and visibility of every supersampled pixel."""

import zlib

import numpy as np
from scipy import ndimage

from mossfuse.spectra import BANDS

SUPERSAMPLING = 2
NOISE_SLOPES = (1.0, 1.0, 1.6, 1.6, 2.2, 2.2)
FINE, PATCHES, SLOW = 0, 2, 4
SHADOW_DENSITY = 0.85
SHADOW_SOFTNESS = 0.35
OCCLUSION = 0.6
OCCLUSION_WIDTH = 0.8


class GBuffer:
    """Buffers of one scene on a grid of (2 size, 2 size) pixels, and the random streams that fill them.

    Positions are in [0, 1], x to the right and y down; one pixel of the final image is ``pixel`` wide.
    Three independent streams (geometry and palette, texture, sensor) keep a seed's layout the same at every size
    (not quite in ``canvas``, where the number of drawn values depends on the texture).

    reflectance (n, n, 31); normal (n, n, 3), x right, y down, z to the camera; gloss and exponent (n, n) of the
    highlight; key_visibility and ambient_visibility (n, n): 0 in full shadow, 1 in the open. All float32.
    light: (3,) unit vector towards the key light, from the upper left.
    """

    def __init__(self, scene, size, seed):
        entropy = [seed, zlib.crc32(scene.encode())]
        self.geometry, self.texturing, self.sensing = (
            np.random.Generator(np.random.PCG64([*entropy, stream])) for stream in range(3)
        )
        self.size, self.pixel = size, 1.0 / size
        self.n = n = size * SUPERSAMPLING
        centres = (np.arange(n, dtype=np.float32) + 0.5) / n
        self.y, self.x = np.meshgrid(centres, centres, indexing="ij")
        self.reflectance = np.zeros((n, n, BANDS), np.float32)
        self.normal = np.zeros((n, n, 3), np.float32)
        self.normal[..., 2] = 1
        self.gloss = np.zeros((n, n), np.float32)
        self.exponent = np.full((n, n), 20, np.float32)
        self.key_visibility = np.ones((n, n), np.float32)
        self.ambient_visibility = np.ones((n, n), np.float32)
        azimuth = self.geometry.uniform(-2.6, -1.9)
        self.light = np.array([np.cos(azimuth) * 0.62, np.sin(azimuth) * 0.62, 0.78], np.float32)
        self.light /= np.linalg.norm(self.light)
        self.noise = [self.fractal(slope) for slope in NOISE_SLOPES]

    @property
    def everywhere(self):
        """Return the window of the whole image."""
        return slice(0, self.n), slice(0, self.n)

    def fractal(self, slope, lowest=2.0):
        """Return (n, n) float32 periodic Gaussian noise, unit variance, amplitude f^-(slope/2 + .5), flat below ``lowest``."""
        n = self.n
        frequency = np.hypot(np.fft.fftfreq(n)[:, None] * n, np.fft.rfftfreq(n)[None] * n)
        amplitude = np.where(frequency >= 1, np.maximum(frequency, lowest) ** -(slope / 2 + 0.5), 0)
        field = np.fft.irfft2(amplitude * np.exp(2j * np.pi * self.texturing.random(frequency.shape)), s=(n, n))
        return (field / field.std()).astype(np.float32)

    def texture(self, window, field):
        """Return (rows, cols) float32 of the window, cut at a random place out of noise ``field`` (FINE, PATCHES, SLOW; +1)."""
        down, right = self.texturing.integers(0, self.n, 2)
        rows, cols = self.x[window].shape
        return self.noise[field][np.ix_((np.arange(rows) + down) % self.n, (np.arange(cols) + right) % self.n)]

    def window(self, x, y, half_width, half_height=None):
        """Return the slices (rows, cols) of a box around (x, y), one pixel of margin, cut at the border of the image."""
        half_height = half_width if half_height is None else half_height
        return self.span(y, half_height), self.span(x, half_width)

    def span(self, centre, half):
        """Return the slice of the pixels within ``half`` of ``centre`` on one axis."""
        start, stop = int((centre - half) * self.n) - 1, int((centre + half) * self.n) + 2
        return slice(max(0, start), min(self.n, stop))

    def draw(self, window, mask, reflectance, normal=None, gloss=0.0, exponent=30.0, height=0.0, ambient=None):
        """Put an object in front of everything drawn so far, after casting its shadow on what is below.

        mask (rows, cols) of the window; reflectance broadcasts to (rows, cols, 31); normal (rows, cols, 3), default
        facing the camera; gloss scalar or (rows, cols); height above the ground in units of the image;
        ambient (rows, cols): ambient visibility, default 1.
        """
        mask = mask > 0
        if not mask.any():
            return
        if height > 0:
            self.cast_shadow(window, mask.astype(np.float32), height)
        self.reflectance[window][mask] = np.broadcast_to(reflectance, (*mask.shape, BANDS))[mask]
        self.normal[window][mask] = (0, 0, 1) if normal is None else normal[mask]
        self.gloss[window][mask] = gloss if np.isscalar(gloss) else gloss[mask]
        self.exponent[window][mask] = exponent
        self.key_visibility[window][mask] = 1
        self.ambient_visibility[window][mask] = 1 if ambient is None else ambient[mask]

    def cast_shadow(self, window, mask, height):
        """Darken what is already drawn: the mask moved by height along the light and blurred, and a wide occlusion."""
        lift = height * self.n
        right, down = -self.light[0] / self.light[2] * lift, -self.light[1] / self.light[2] * lift
        margin = int(abs(right) + abs(down) + lift * SHADOW_SOFTNESS * 3) + 2
        rows, cols = (slice(max(0, s.start - margin), min(self.n, s.stop + margin)) for s in window)
        shape = np.zeros((rows.stop - rows.start, cols.stop - cols.start), np.float32)
        shape[
            window[0].start - rows.start : window[0].stop - rows.start,
            window[1].start - cols.start : window[1].stop - cols.start,
        ] = mask
        shadow = ndimage.shift(shape, (down, right), order=1) if lift > 0.5 else shape
        shadow = ndimage.gaussian_filter(shadow, max(0.6, lift * SHADOW_SOFTNESS))
        occlusion = ndimage.gaussian_filter(shape, max(1.0, lift * OCCLUSION_WIDTH))
        self.key_visibility[rows, cols] *= 1 - SHADOW_DENSITY * np.minimum(shadow, 1)
        self.ambient_visibility[rows, cols] *= 1 - OCCLUSION * occlusion


def normals_of(relief):
    """Return (rows, cols, 3) unit normals of a height field (rows, cols) in pixels."""
    down, right = np.gradient(relief.astype(np.float32))
    return unit(np.stack([-right, -down, np.ones_like(right)], -1))


def unit(vectors):
    """Return vectors (..., 3) divided by their length."""
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
