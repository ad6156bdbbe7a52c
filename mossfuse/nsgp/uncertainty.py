"""Standard deviation of every value of an nsgp cube, without the truth (docs/trust.md gives formulas and coverage).

std_b(p)^2 = KAPPA^2 e_b(p)^2 (1 + v(p)) / (1 + mean v) + (KEPT noise)^2: e_b^2 is the squared leave-one-out error of nsgp's own regression on the LR
pixels, averaged over its surroundings, without LR's noise, and interpolated; v(p) is the variance of the regression's weights seen by the
features of pixel p, large where HR shows a colour that no LR pixel has. KAPPA turns errors at the scale of LR into errors at that of
HR; it was found on phantom scenes. nsgp itself is left as it is: this module reads what it reads and changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from mossfuse.files.tiles import Tile
from mossfuse.nsgp.defaults import choose_settings
from mossfuse.nsgp.features import Features, draw_features
from mossfuse.nsgp.model import LINEAR, TILE, append_ones, blur_features, chunk_pixels
from mossfuse.nsgp.ridge_weights import choose_ridge, decompose
from mossfuse.physics.kriging import slices
from mossfuse.physics.projection import msi_gain, null_part, pixels, spectral_covariance
from mossfuse.physics.sampling import operator_of
from mossfuse.protocol import Observation, Sensor

KAPPA = 1.2
FLOOR = 0.1  # of a band's mean squared error: no place is surer than that
LARGEST = 25.0  # of v: extrapolation beyond this is not told apart
KEPT = 0.6  # of LR's noise is left in the cube
LEAST = 1e-3  # of 1 - leverage


@dataclass(frozen=True)
class Deviation:
    """What standard deviations are evaluated from. local: (h, w, B) mean squared errors. whiten: (features, rank) float32. mean: of v over LR."""

    features: Features
    msi: np.ndarray
    local: np.ndarray
    whiten: np.ndarray
    mean: float
    noise: np.ndarray
    phase: tuple[int, int]
    ratio: int
    kappa: float
    device: str


def fit_deviation(
    observation: Observation, sensor: Sensor, *, unseen: np.ndarray | None = None, setting: str = "best", seed: int = 0,
    device: str = "cpu", kappa: float = KAPPA,
) -> Deviation:  # fmt: skip
    """Fit a Deviation to a pair under a known sensor (psf, phase, srf, noise_hsi where it is known).

    unseen: (M, M), as for mossfuse.nsgp.model.fit_model.
    """
    settings = choose_settings(setting, observation.ratio)
    assert sensor.psf is not None and sensor.phase is not None
    operator = operator_of(observation, sensor.psf, sensor.phase)
    srf = np.asarray(sensor.srf, np.float64)
    levels = (
        np.zeros(observation.hsi.shape[2]) if sensor.noise_hsi is None else np.asarray(sensor.noise_hsi, np.float64)
    )
    noise = float(np.sqrt(np.mean(np.square(levels))))
    target = pixels(observation.hsi)
    covariance = spectral_covariance(observation.hsi)
    light = unseen is not None and unseen.any()
    gain = msi_gain(covariance, srf, unseen if light else None)
    binding = srf[:0] if light else srf
    low_msi = pixels(operator(observation.msi.astype(np.float64)))
    centred = target - target.mean(0) - (low_msi - target.mean(0) @ srf.T) @ gain.T
    missing = null_part(centred, binding, msi_gain(covariance, binding))
    features = draw_features(settings["settings"], observation.msi, seed)
    design = np.concatenate(
        [blur_features(features, observation.msi, operator, device), LINEAR * append_ones(low_msi)], 1
    )
    spectrum = decompose(design)
    ridge = choose_ridge(spectrum, missing, settings["ridge"], noise)
    share = spectrum.values[:, None] / (spectrum.values[:, None] + ridge)
    fitted = spectrum.left @ (share * (spectrum.left.T @ missing))
    error = (missing - fitted) / np.maximum(1 - np.square(spectrum.left) @ share, LEAST)
    squares = np.square(error).reshape(observation.hsi.shape)
    # The errors hold LR's noise, of which the cube keeps little.
    local = np.maximum(surroundings(squares) - levels**2, FLOOR * squares.mean((0, 1)))
    whiten = spectrum.right / np.sqrt(spectrum.values + np.median(ridge))
    spread = np.minimum(np.square(design @ whiten).sum(1), LARGEST)
    return Deviation(
        features, observation.msi, local, whiten.astype(np.float32), float(spread.mean()), levels, sensor.phase,
        observation.ratio, kappa, device,
    )  # fmt: skip


def surroundings(field: np.ndarray) -> np.ndarray:
    """Return a field (h, w, B) averaged over about 5 x 5 pixels."""
    from scipy.ndimage import gaussian_filter

    return np.asarray(gaussian_filter(field, (1.2, 1.2, 0), mode="reflect"))


def deviation_tiles(model: Deviation, tile: tuple[int, int] = TILE) -> Iterator[Tile]:
    """Yield ((rows, cols), standard deviations (rows, cols, B) float32), one tile after another."""
    rows, cols, _ = model.msi.shape
    for part in slices(rows, tile[0]):
        for side in slices(cols, tile[1]):
            local = interpolated(model, part, side)
            factor = (1 + spread_of(model, part, side)) / (1 + model.mean)
            variance = model.kappa**2 * local * factor[..., None] + np.square(KEPT * model.noise)
            yield (part, side), np.sqrt(variance).astype(np.float32)


def interpolated(model: Deviation, rows: slice, cols: slice) -> np.ndarray:
    """Return the local squared errors on the tile, linearly interpolated between the centres of LR pixels."""
    h, w, _ = model.local.shape
    left = weights_of(np.arange(rows.start, rows.stop), model.phase[0], model.ratio, h)
    right = weights_of(np.arange(cols.start, cols.stop), model.phase[1], model.ratio, w)
    return np.einsum("ah,hwb,cw->acb", left, model.local, right, optimize=True)


def weights_of(places: np.ndarray, phase: int, ratio: int, count: int) -> np.ndarray:
    """Return (places, count) weights of linear interpolation at HR pixels; beyond the outermost centres the nearest counts."""
    at = np.clip((places - phase) / ratio, 0, count - 1)
    first = np.minimum(at.astype(int), max(count - 2, 0))
    weights = np.zeros((len(places), count))
    weights[np.arange(len(places)), first] = 1 - (at - first)
    weights[np.arange(len(places)), np.minimum(first + 1, count - 1)] += at - first
    return weights


def spread_of(model: Deviation, rows: slice, cols: slice) -> np.ndarray:
    """Return v (rows, cols) of the tile, at most LARGEST."""
    import torch

    whiten: Any = torch.from_numpy(model.whiten).to(model.device)
    place = [torch.arange(s.start, s.stop, dtype=torch.float32, device=model.device) for s in (rows, cols)]
    colours = torch.from_numpy(np.ascontiguousarray(model.msi[rows, cols], np.float32)).to(model.device)
    count = model.features.count
    lines = max(chunk_pixels(model.device) // colours.shape[1], 1)
    buffer = model.features.buffer(lines * colours.shape[1], model.device)
    out = np.empty(tuple(colours.shape[:2]))
    for part in slices(len(colours), lines):
        waves = model.features(place[0][part], place[1], colours[part], buffer)
        flat = colours[part].flatten(0, 1)
        seen = waves @ whiten[:count] + LINEAR * (flat @ whiten[count:-1] + whiten[-1])
        out[part] = torch.square(seen).sum(1).reshape(colours[part].shape[:2]).cpu().numpy()
    return np.minimum(out, LARGEST)
