"""Draw a finished cell and a pair whose degradation leaves pixels unmeasured: those pixels are transparent in every picture."""

import numpy as np

from mossfuse.benchmark.data.pairs import read_pair
from mossfuse.benchmark.pictures.draw import draw_pair
from mossfuse.benchmark.pictures.images import Sprite, sprite_for
from mossfuse.benchmark.pictures.maps import ANGLE, ERROR
from mossfuse.benchmark.pictures.masked import save_masked_colour, save_masked_map, save_masked_sprite, shrink_measured
from mossfuse.benchmark.pictures.spectra import write_estimate
from mossfuse.benchmark.pictures.views import BAND_SIDE, ERROR_SIDE, LIMITS, band_gain
from mossfuse.colour import encode, msi_colour, rendering_for, to_srgb
from mossfuse.degradations.gaps import measured_in_both, measured_pixels
from mossfuse.files import read_prepared
from mossfuse.files.atomic import read_json, write_json
from mossfuse.metrics.pixel_maps import maps
from mossfuse.metrics.scoring import band_psnr
from mossfuse.pair.consistent import largest_rectangle
from mossfuse.pair.masked_scores import LEAST
from mossfuse.physics.fill import at_high_resolution


def draw_masked_cell(*, files, truth, degradation):
    """Write the pictures of a cell (CellFiles), as ``mossfuse.benchmark.pictures.draw.draw_cell`` does. truth: path of the scene."""
    record = read_json(files.run)
    files.view.mkdir(parents=True, exist_ok=True)
    if record["status"] != "ok":
        return
    reference, wavelengths = (np.asarray(found) for found in read_prepared(truth))
    cube = np.asarray(read_prepared(files.cube)[0], np.float32)
    measured = measured_in_both(reference, degradation)
    clipped, errors = np.clip(cube, 0, 1), maps(reference, cube)
    folder = files.view
    colour = to_srgb(clipped, rendering_for(reference, wavelengths))
    save_masked_colour(folder / "colour.webp", colour, measured, LIMITS["colour"])
    save_masked_map(folder / "error.webp", errors.rmse, measured, ERROR, LIMITS["error"], square=True)
    save_masked_map(folder / "sam.webp", np.nan_to_num(errors.sam), measured, ANGLE, LIMITS["sam"])
    sprite = sprite_for(reference.shape, BAND_SIDE)
    save_bands(folder / "bands.webp", clipped, measured, band_gain(reference), sprite)
    sprite = sprite_for(reference.shape, ERROR_SIDE)
    squares, kept = shrink_measured((clipped - reference) ** 2, measured, sprite.rows, sprite.cols)
    save_masked_sprite(folder / "errors.webp", ERROR.levels(np.sqrt(squares)), kept, sprite, LIMITS["errors"])
    key = "/".join(str(record[k]) for k in ("dataset", "degradation", "method", "scene", "seed"))
    psnr = band_psnr(reference[measured][None], cube[measured][None])
    write_estimate(folder / "spectra.js", key, reference, cube, psnr)


def draw_masked_pair(*, pair, truth, folder, degradation):
    """Write the pictures of a scene and its two inputs, and into view.json which pixels no score counts."""
    draw_pair(pair=pair, truth=truth, folder=folder)
    reference, wavelengths = read_prepared(truth)
    observation = read_pair(pair)
    low, high = measured_pixels(reference, degradation)
    view = read_json(folder / "view.json")
    hsi = to_srgb(observation.hsi, rendering_for(reference, wavelengths))
    save_masked_colour(folder / "hsi.webp", hsi, low, LIMITS["colour"])
    msi = msi_colour(observation.msi, observation.sensor.srf, wavelengths)[0]
    save_masked_colour(folder / "msi.webp", msi, high, LIMITS["colour"])
    save_bands(folder / "hsi_bands.webp", observation.hsi, low, band_gain(reference), Sprite(**view["sprites"]["hsi"]))
    gaps = describe(low, high, at_high_resolution(low, degradation.ratio) & high, view["grid"])
    write_json(folder / "view.json", {**view, "gaps": gaps})


def save_bands(path, cube, measured, gain, sprite):
    """Write every band of a cube as tiles of a sprite."""
    small, kept = shrink_measured(cube, measured, sprite.rows, sprite.cols)
    save_masked_sprite(path, encode(small * np.float32(gain)), kept, sprite, LIMITS["bands"])


def describe(low, high, both, grid):
    """Return what the scene's page says of the gaps: shares that were not measured, the part without gaps, and which pixels of the spectra's grid lie in them."""
    part = largest_rectangle(both, LEAST)
    return {
        "hsi": round(1 - float(low.mean()), 4),
        "msi": round(1 - float(high.mean()), 4),
        "either": round(1 - float(both.mean()), 4),
        "part": None if part is None else [[side.start, side.stop - 1] for side in part],
        "grid": np.flatnonzero(~both[np.ix_(grid["rows"], grid["cols"])]).tolist(),
    }
