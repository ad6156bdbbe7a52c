"""Closed-form initial estimates X0 = P M + N X0 as linear models of the low-resolution pair, fitted on any part of it.

ridge-dc and nsgp are both a ridge regression of the low-resolution residual on features that are blurred and sampled,
followed by the back-projection U. Here they are fitted on some LR pixels and evaluated on the others, before U.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mossfuse.errors import MossFuseError
from mossfuse.estimation.noise import denoise_msi
from mossfuse.estimation.regression import RIDGE, affine_apply, affine_fit
from mossfuse.nsgp import model as nsgp
from mossfuse.nsgp.defaults import choose_settings
from mossfuse.nsgp.features import draw_features
from mossfuse.nsgp.ridge_weights import choose_ridge, decompose
from mossfuse.physics.kriging import SmoothInverse, krige_components
from mossfuse.physics.projection import ROWS, msi_gain, null_part, pixels, spectral_covariance, wiener
from mossfuse.physics.sampling import BlurSample, operator_of
from mossfuse.protocol import Observation, Sensor
from mossfuse.refine import LENGTH, refine

INITIAL_ESTIMATES = ("nsgp", "ridge-dc")
LEAST_NOISE = 0.05  # smallest share of the noise that a fit may leave in its residual, as in nsgp
LEAST_FREE = 1e-6  # lower bound of 1 - leverage


@dataclass(frozen=True)
class PartialFit:
    """An initial estimate fitted on a part of the LR pixels.

    target: (n, B), N y, the part of y that the MSI does not see; without its noise at pixels of the part.
    residual: (n, B), y - H X0 in null(R), before U; at pixels of the part, the residual of the fit without that pixel
    (closed-form leave-one-out; P, and under noise the Wiener filter, are kept). gain: exact P (B, M). turn, field:
    principal spectra (B, B) of the residual inside the part, and the variances (B,) that kriging under noise needs.
    """

    target: np.ndarray
    residual: np.ndarray
    gain: np.ndarray
    turn: np.ndarray
    field: np.ndarray


class InitialEstimate:
    """An initial estimate of one observation under a fully known sensor (mossfuse.estimation.sensor.estimate_sensor).

    name: 'nsgp' or 'ridge-dc' (its soft form on a noisy pair). seed: of nsgp's features. unseen: a fact of
    estimate_sensor.
    """

    def __init__(self, name, observation: Observation, sensor: Sensor, seed=0, device="cpu", unseen=None):
        if name not in INITIAL_ESTIMATES:
            raise MossFuseError(f"unknown start '{name}'; choose one of {', '.join(INITIAL_ESTIMATES)}")
        self.name, self.observation, self.sensor, self.seed, self.device = name, observation, sensor, seed, device
        self.unseen = unseen
        self.operator: BlurSample = operator_of(observation, sensor.psf, sensor.phase)
        self.srf = np.asarray(sensor.srf, np.float64)
        self.noise = float(np.sqrt(np.mean(np.square(sensor.noise_hsi))))
        noise_msi = np.asarray(sensor.noise_msi, np.float64)
        self.noise_msi = noise_msi if self.noise > 0 or noise_msi.max() > 0 else None
        self.msi, self.left = denoise_msi(observation.msi, noise_msi, device)
        self.settings = choose_settings("best", observation.ratio)
        self.length = (self.settings["length"] if name == "nsgp" else LENGTH) * observation.ratio
        self.low_hsi, self.low_msi = pixels(observation.hsi), pixels(self.operator(self.msi.astype(np.float64)))

    @cached_property
    def design(self):
        """The blurred features H phi, (n, features) float64."""
        linear = nsgp.append_ones(self.low_msi)
        if self.name == "ridge-dc":
            return linear
        features = draw_features(self.settings["settings"], self.msi, self.seed)
        blurred = nsgp.blur_features(features, self.msi, self.operator, self.device)
        return np.concatenate([blurred, nsgp.LINEAR * linear], 1)

    def part(self, chosen=None):
        """Return the PartialFit on the LR pixels of a mask (n,); None: on all.

        The spectra of other pixels are used only to compute their residuals.
        """
        chosen = np.ones(len(self.low_hsi), bool) if chosen is None else chosen
        target = self.low_hsi[chosen]
        if self.noise_msi is None:
            mean, covariance = target.mean(0), spectral_covariance(target[:, None])
            gain = exact = msi_gain(covariance, self.srf)
        else:
            target, mean, covariance = wiener(target[:, None], self.noise)
            target, exact = pixels(target), msi_gain(covariance, self.srf)
            gain = msi_gain(covariance, self.srf, self.left)
        seen = self.low_msi @ gain.T + mean - gain @ (self.srf @ mean)
        missing = null_part(target - seen[chosen], self.srf, exact)
        spectrum = decompose(self.design[chosen])
        turn = np.linalg.eigh(missing.T @ missing)[1]
        parts = missing @ turn
        weight = self._ridge(spectrum, parts, chosen)
        fitted, freedom = spectrum.fitted(parts, weight)
        leverage = spectrum.left**2 @ (spectrum.values[:, None] / (spectrum.values[:, None] + weight))
        left_out = (parts - fitted) / np.maximum(1 - leverage, LEAST_FREE) @ turn.T
        prediction = seen + self.design @ (spectrum.weights(parts, weight) @ turn.T)
        residual = null_part(self.low_hsi - prediction, self.srf, exact)
        wanted = null_part(self.low_hsi, self.srf, exact)
        clean = null_part(target, self.srf, exact)
        residual[chosen] = wanted[chosen] - clean + left_out
        wanted[chosen] = clean
        share = np.maximum(1 - freedom / len(parts), LEAST_NOISE)
        field = np.maximum(((parts - fitted) ** 2).mean(0) - self.noise**2 * share, 0)
        return PartialFit(wanted, residual, exact, turn, field)

    def _ridge(self, spectrum, parts, chosen):
        """Return one weight per principal component of the residual, (B,)."""
        if self.name == "ridge-dc":
            centred = self.low_msi[chosen] - self.low_msi[chosen].mean(0)
            smallest = max(RIDGE * (centred**2).sum() / centred.shape[1], np.finfo(float).tiny ** 0.5)
            return np.full(parts.shape[1], smallest)
        if self.noise_msi is None:
            return np.full(parts.shape[1], self.settings["ridge"])
        return choose_ridge(spectrum, parts, self.settings["ridge"], self.noise)

    def cube(self):
        """Return the back-projected cube (H, W, B) float32, bit for bit that of the row ``nsgp`` or ``ridge-dc``.

        On a noisy pair, that of nsgp's soft form and of ``ridge+softdc``.
        """
        if self.name == "nsgp":
            chosen = {**self.settings, "unseen": self.unseen, "seed": self.seed, "device": self.device}
            return nsgp.predict(nsgp.fit_model(self.observation, self.sensor, **chosen))
        low_msi = self.operator(self.observation.msi)
        cube = affine_apply(self.observation.msi, *affine_fit(low_msi, self.observation.hsi))
        known = Observation(self.observation.hsi, self.observation.msi, self.observation.ratio, self.sensor)
        return refine("softdc", cube, known, device=self.device).cube

    def apply_change(self, cube, change):
        """Return ``cube`` plus N change, with the HSI's agreement restored: cube + N change - U H N change.

        change: (H, W, B). Under noise U has the nugget of the initial estimate's own residual.
        """
        part = self.part()
        added = np.empty(cube.shape, np.float32)
        for start in range(0, len(cube), ROWS):
            rows = slice(start, start + ROWS)
            added[rows] = null_part(change[rows].astype(np.float64), self.srf, part.gain)
        low = self.operator(added)
        inverse = SmoothInverse(self.operator, self.length)
        if self.noise_msi is None:
            coefficients = inverse.solve(low)
        else:
            components = (pixels(low) @ part.turn).reshape(low.shape)
            coefficients = krige_components(inverse, components, part.field, self.noise, part.turn)
        return cube + (added - inverse.fill(coefficients))
