"""nsgp: a Gaussian process in the null space of the SRF, with exact (or, under noise, soft) data consistency.

X(p) = P M(p) + W^T phi(p) + [U (y - H X)](p). W is a ridge regression of the low-resolution residual on features that
are blurred and sampled by the sensor's own H. Formulas and measurements: docs/nsgp.md.
"""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from mossfuse.estimation.noise import denoise_msi
from mossfuse.files.tiles import assemble_tiles
from mossfuse.nsgp.features import Features, FeatureSettings, draw_features
from mossfuse.nsgp.ridge_weights import choose_ridge, decompose
from mossfuse.physics.kriging import SmoothInverse, apply_dtype, apply_terms, krige_components, slices
from mossfuse.physics.projection import msi_gain, null_part, pixels, spectral_covariance, wiener
from mossfuse.physics.sampling import operator_of

LINEAR = 10.0  # weight of the linear features (M, 1) against the cosines
CHUNK = {"cpu": 2048}  # pixels whose features are held at once: few enough to stay in the processor's cache
ACCELERATOR_CHUNK = 65536
PADDING = (
    16  # columns of the weights are padded to a multiple of this; matrix products of odd widths take twice as long
)
TILE = (128, 256)  # rows, cols of a predicted tile
TAIL = 1e-7  # share of the PSF that may be left out where features are blurred


@dataclass(frozen=True)
class Model:
    """A fitted pair, which can be evaluated anywhere.

    weights: (cosines, B) float32; linear: (M + 1, B) float64 for the MSI's bands and a constant (float64 because P is
    large where the MSI's bands overlap much); left: covariance (M, M) of the noise left in the MSI; coefficients: of the
    kriging, (h, w, B).
    """

    features: Features
    weights: np.ndarray
    linear: np.ndarray
    msi: np.ndarray
    left: np.ndarray
    inverse: SmoothInverse
    coefficients: np.ndarray
    device: str

    @property
    def shape(self):
        """(H, W, B) of the fused cube."""
        return (*self.msi.shape[:2], self.weights.shape[1])


def fit_model(observation, sensor, settings: FeatureSettings, *, ridge, length, unseen=None, seed=0, device="cpu"):
    """Fit a Model to an observation under a fully known sensor (mossfuse.estimation.sensor.estimate_sensor).

    ridge: weight of the ridge regression; length: covariance length of the kriging over the ratio; unseen: covariance
    (M, M) of what the blurred MSI holds beyond the HSI (a fact of estimate_sensor). Where it is not zero the MSI does
    not constrain the cube, it only helps to predict it.
    With zero noise in ``sensor`` and nothing unseen the model reproduces both images exactly.
    """
    noise_hsi = float(np.sqrt(np.mean(np.square(sensor.noise_hsi))))
    noise_msi = np.asarray(sensor.noise_msi, np.float64)
    soft = bool(noise_hsi > 0 or noise_msi.max() > 0)
    operator = operator_of(observation, sensor.psf, sensor.phase)
    srf = np.asarray(sensor.srf, np.float64)

    msi, left_in_msi = denoise_msi(observation.msi, noise_msi, device)
    if soft:
        target, mean, covariance = wiener(observation.hsi, noise_hsi)
        target = pixels(target)
    else:
        target, covariance = pixels(observation.hsi), spectral_covariance(observation.hsi)
        mean = target.mean(0)
    remaining, binding = (left_in_msi if soft else None), srf
    if unseen is not None and unseen.any():
        remaining, binding = unseen, srf[:0]
    gain = msi_gain(covariance, srf, remaining)
    exact_gain = msi_gain(covariance, binding)
    offset = mean - gain @ (srf @ mean)
    low_msi = pixels(operator(msi.astype(np.float64)))
    missing = null_part(target - low_msi @ gain.T - offset, binding, exact_gain)

    features = draw_features(settings, msi, seed)
    design = np.concatenate([blur_features(features, msi, operator, device), LINEAR * append_ones(low_msi)], 1)
    spectrum = decompose(design)
    turn = np.linalg.eigh(missing.T @ missing)[1] if soft else np.eye(missing.shape[1])
    parts = missing @ turn
    weight = choose_ridge(spectrum, parts, ridge, noise_hsi) if soft else np.full(parts.shape[1], ridge)
    weights = null_part(spectrum.weights(parts, weight) @ turn.T, binding, exact_gain)
    cosines = weights[: features.count].astype(np.float32)
    linear = LINEAR * weights[features.count :] + np.concatenate([gain.T, offset[None]])

    inverse = SmoothInverse(operator, length * observation.ratio)
    if soft:
        fitted, freedom = spectrum.fitted(parts, weight)
        left = parts - fitted
        share = np.maximum(1 - freedom / len(left), 0.05)
        field = np.maximum((left**2).mean(0) - noise_hsi**2 * share, 0)
        coefficients = krige_components(inverse, left.reshape(observation.hsi.shape), field, noise_hsi, turn)
    else:
        rest = pixels(observation.hsi) - design[:, : features.count] @ cosines - append_ones(low_msi) @ linear
        coefficients = inverse.solve(rest.reshape(observation.hsi.shape))
    return Model(features, cosines, linear, msi, left_in_msi, inverse, coefficients, device)


def append_ones(values):
    """Append a column of ones to (n, M)."""
    return np.concatenate([values, np.ones((len(values), 1))], 1)


def blur_features(features, msi, operator, device="cpu"):
    """Return H phi, (low pixels, features) float64.

    Features are evaluated only on the pixels under the PSF, in chunks.
    """
    import torch

    psf, (row_windows, col_windows) = trim_windows(operator)
    (h, w), width = operator.low_shape, psf.shape[1]
    used_cols, col_place = np.unique(np.maximum(col_windows, 0), return_inverse=True)
    apart = len(used_cols) == w * width and bool((np.diff(col_place.ravel()) > 0).all())  # windows do not overlap
    col_place = torch.from_numpy(col_place.reshape(-1)).to(device)
    weights = torch.from_numpy((psf[:, None] * (col_windows >= 0)).astype(np.float32)).to(device)[:, :, None]
    cols = torch.from_numpy(used_cols.astype(np.float32)).to(device)
    lines = max(chunk_pixels(device) // len(used_cols), 1)
    buffer = features.buffer(lines * len(used_cols), device)
    out = torch.zeros((h, w, features.count), device=device)
    targets = defaultdict(list)  # row of the image -> (low row, tap) that it takes part in
    for low, row in enumerate(row_windows):
        for tap in np.nonzero(row >= 0)[0]:
            targets[row[tap]].append((low, tap))
    used_rows = np.array(sorted(targets))
    for band in slices(len(used_rows), lines):
        rows = used_rows[band]
        colours = torch.from_numpy(np.ascontiguousarray(msi[rows][:, used_cols], np.float32)).to(device)
        values = features(torch.from_numpy(rows.astype(np.float32)).to(device), cols, colours, buffer)
        for row, line in zip(rows, values.reshape(len(rows), len(used_cols), -1), strict=True):
            line = (line if apart else line[col_place]).reshape(w, width, -1)
            for low, tap in targets[row]:
                out[low] += (weights[tap] @ line)[:, 0]
    return out.cpu().numpy().astype(np.float64).reshape(h * w, -1)


def chunk_pixels(device):
    """Return how many pixels' features are held at once on this device."""
    import torch

    return CHUNK.get(torch.device(device).type, ACCELERATOR_CHUNK)


def trim_windows(operator):
    """Return (psf, (rows (h, k), cols (w, k))): the PSF without its far tails and the pixels under it, -1 outside the
    image.

    Edge rows and columns are dropped while they hold less than TAIL of the PSF.
    """
    psf = operator.psf
    windows = [operator.windows(axis) for axis in (0, 1)]
    for axis in (0, 1):
        mass = psf.sum(1 - axis)
        keep = np.cumsum(mass) > TAIL / 4
        keep &= np.cumsum(mass[::-1])[::-1] > TAIL / 4
        keep = np.nonzero(keep)[0]
        psf = np.take(psf, keep, axis)
        windows[axis] = windows[axis][:, keep]
    return psf / psf.sum() * operator.psf.sum(), windows


def predict_tiles(model, tile=TILE):
    """Yield ((rows, cols), values): slices and the float32 tile of the fused cube there, one row of tiles after
    another.

    Holds one tile at a time, so that a cube larger than memory can be written piece by piece.
    """
    import torch

    from mossfuse.progress import track

    bands = model.shape[2]
    weights = torch.from_numpy(np.pad(model.weights, ((0, 0), (0, -bands % PADDING)))).to(model.device)
    linear = torch.from_numpy(model.linear).to(model.device)
    dtype = apply_dtype(model.coefficients)
    lines = max(chunk_pixels(model.device) // tile[1], 1)
    buffer = model.features.buffer(lines * tile[1], model.device)
    for rows in track(slices(model.shape[0], tile[0]), "nsgp"):
        for cols in slices(model.shape[1], tile[1]):
            place = [torch.arange(s.start, s.stop, dtype=torch.float32, device=model.device) for s in (rows, cols)]
            colours = torch.from_numpy(np.ascontiguousarray(model.msi[rows, cols], np.float32)).to(model.device)
            values = colours.double() @ linear[:-1] + linear[-1]
            for part in slices(len(colours), lines):
                waves = model.features(place[0][part], place[1], colours[part], buffer)
                values[part] += (waves @ weights)[:, :bands].reshape(values[part].shape)
            for *factors, part in model.inverse.near(model.coefficients, rows, cols):
                left, right, part = (torch.from_numpy(a.astype(dtype)).to(model.device) for a in (*factors, part))
                values += apply_terms([(left, right)], part)
            yield (rows, cols), values.float().cpu().numpy()


def predict(model):
    """Return the whole fused cube (H, W, B) float32."""
    return assemble_tiles(predict_tiles(model), model.shape)
