"""The pictures of one cell and of one scene (view/ of the result tree)."""

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np

from mossfuse.benchmark.pictures.images import save_colour, save_map, save_sprite, shrink, sprite_for
from mossfuse.benchmark.pictures.maps import ANGLE, ERROR
from mossfuse.benchmark.pictures.spectra import chosen_pixels, pixel_grid, write_estimate, write_truth
from mossfuse.colour import encode, msi_colour, rendering_for, to_srgb
from mossfuse.errors import MossFuseError

BAND_SIDE, ERROR_SIDE = 160, 96  # of a tile
# Bytes of each file at most: 25 methods on a scene of 512 px stay below 6 MB together with the scene's own files.
LIMITS = {"colour": 36_000, "error": 20_000, "sam": 22_000, "bands": 56_000, "errors": 36_000}


def render_cell(truth, cube, wavelengths, folder, *, key):
    """Write a cell's pictures into ``folder``: colour, error, sam, bands, errors (.webp) and spectra.js.

    truth, cube: (H, W, B), truth in [0, 1], cube as the method returned it; wavelengths: (B,) nm or None;
    key: the name under which spectra.js registers its spectra (dataset/degradation/method/scene/seed).
    Colour and band images use the truth's exposure; error and angle maps one fixed scale (ERROR, ANGLE) and,
    like the scores, the cube clipped to [0, 1]; spectra are not clipped.
    Raises MossFuseError where the two cubes differ in shape.
    """
    from mossfuse.metrics.pixel_maps import maps

    truth, cube = np.asarray(truth, np.float32), np.asarray(cube, np.float32)
    if truth.shape != cube.shape:
        raise MossFuseError(f"cell '{key}': the cube has shape {cube.shape} but the truth has {truth.shape}")
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    clipped, errors = np.clip(cube, 0, 1), maps(truth, cube)
    save_colour(folder / "colour.webp", to_srgb(clipped, rendering_for(truth, wavelengths)), LIMITS["colour"])
    save_map(folder / "error.webp", errors.rmse, ERROR, LIMITS["error"], square=True)
    save_map(folder / "sam.webp", errors.sam, ANGLE, LIMITS["sam"])
    save_bands(folder / "bands.webp", clipped, band_gain(truth), sprite_for(truth.shape, BAND_SIDE))
    save_band_errors(folder / "errors.webp", truth, clipped, sprite_for(truth.shape, ERROR_SIDE))
    write_estimate(folder / "spectra.js", key, truth, cube, errors.psnr)


def render_scene(truth, observation, wavelengths, folder):
    """Write what no method changes: the truth's pictures and spectra, the two inputs, and view.json with all geometry.

    truth: (H, W, B) in [0, 1]; observation: the pair made from it (its sensor may hold the true PSF and SRF);
    wavelengths: (B,) nm or None. The truth's spectra are registered under the key 'truth'.
    """
    truth = np.asarray(truth, np.float32)
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    rendering, gain, sensor = rendering_for(truth, wavelengths), band_gain(truth), observation.sensor
    sprites = {"bands": sprite_for(truth.shape, BAND_SIDE), "errors": sprite_for(truth.shape, ERROR_SIDE)}
    sprites["hsi"] = sprite_for(observation.hsi.shape, BAND_SIDE)
    save_colour(folder / "colour.webp", to_srgb(truth, rendering), LIMITS["colour"])
    save_colour(folder / "hsi.webp", to_srgb(observation.hsi, rendering), LIMITS["colour"])
    msi_rgb, msi_description = msi_colour(observation.msi, sensor.srf, wavelengths)
    save_colour(folder / "msi.webp", msi_rgb, LIMITS["colour"])
    save_bands(folder / "bands.webp", truth, gain, sprites["bands"])
    save_bands(folder / "hsi_bands.webp", observation.hsi, gain, sprites["hsi"])
    write_truth(folder / "spectra.js", truth, wavelengths)
    rows, cols = pixel_grid(truth.shape)
    facts = {
        "shape": list(truth.shape),
        "hsi_shape": list(observation.hsi.shape),
        "msi_shape": list(observation.msi.shape),
        "ratio": int(observation.ratio),
        "wavelengths": None if wavelengths is None else [round(float(nm), 3) for nm in wavelengths],
        "colour": rendering.description,
        "exposure": round(rendering.exposure, 4),
        "msi_colour": msi_description,
        "gain": round(gain, 4),
        "sprites": {name: asdict(sprite) for name, sprite in sprites.items()},
        "grid": {"rows": rows.tolist(), "cols": cols.tolist()},
        "pixels": chosen_pixels(truth),
        "psf": None if sensor.psf is None else np.round(np.asarray(sensor.psf, float), 8).tolist(),
        "srf": None if sensor.srf is None else np.round(np.asarray(sensor.srf, float), 8).tolist(),
    }
    (folder / "view.json").write_text(json.dumps(facts) + "\n", encoding="utf-8")


def band_gain(truth):
    """Return the factor that brings the truth's 99.8th percentile to 1, for all grey band images of the scene."""
    high = float(np.percentile(truth, 99.8))
    return 1 / high if high > 0 else 1.0


def save_bands(path, cube, gain, sprite):
    levels = encode(shrink(cube, sprite.rows, sprite.cols) * np.float32(gain))
    save_sprite(path, levels, sprite, LIMITS["bands"])


def save_band_errors(path, truth, cube, sprite):
    """Write the absolute error of every band on the fixed ERROR scale, as grey levels that the page colours."""
    squares = shrink((cube - truth) ** 2, sprite.rows, sprite.cols)
    save_sprite(path, ERROR.levels(np.sqrt(squares)), sprite, LIMITS["errors"])
