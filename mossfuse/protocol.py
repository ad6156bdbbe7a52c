"""The contracts of the benchmark: what a scene, a degraded pair, a method and a result are.

Everything here is data. The module imports nothing heavy, because the workflow reads it at every start.
Arrays are laid out (rows, cols, bands), float32, scaled to [0, 1]; wavelengths are in nanometres.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

KNOWLEDGE = ("psf", "phase", "srf", "noise")
TRAINING = ("none", "scene", "dataset", "supervised")
EMPTY: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class Sensor:
    """What is known of the two cameras; ``None`` means that a method has to estimate it.

    psf: (k_rows, k_cols), non-negative, sums to 1; the window of low-resolution pixel (i, j) starts at
        high-resolution row ``i * ratio + phase[0] - (k_rows - 1) // 2`` (columns alike).
    psf_shape: (k_rows, k_cols) of the PSF's support, known whenever the phase is.
    phase: (row, col) of the high-resolution pixel on which the PSF of low-resolution pixel (0, 0) is centred.
    srf: (msi bands, hsi bands), rows sum to 1.
    noise_hsi, noise_msi: standard deviation of white noise, one per band, in units of the image.
    """

    psf: np.ndarray | None = None
    psf_shape: tuple[int, int] | None = None
    phase: tuple[int, int] | None = None
    srf: np.ndarray | None = None
    noise_hsi: np.ndarray | None = None
    noise_msi: np.ndarray | None = None
    border: str = "reflect"

    def restricted_to(self, knows: frozenset[str] | set[str]) -> Sensor:
        """The same sensor with everything outside ``knows`` (a subset of KNOWLEDGE) removed."""
        geometry = "phase" in knows or "psf" in knows
        return replace(
            self,
            psf=self.psf if "psf" in knows else None,
            psf_shape=self.psf_shape if geometry else None,
            phase=self.phase if geometry else None,
            srf=self.srf if "srf" in knows else None,
            noise_hsi=self.noise_hsi if "noise" in knows else None,
            noise_msi=self.noise_msi if "noise" in knows else None,
        )


@dataclass(frozen=True)
class Observation:
    """One degraded pair, as every method receives it. It never holds the ground truth.

    hsi: (h, w, B) float32; msi: (h * ratio, w * ratio, M) float32; both in [0, 1] up to noise.
    wavelengths: (B,) nanometres of the HSI bands, or None.
    """

    hsi: np.ndarray
    msi: np.ndarray
    ratio: int
    sensor: Sensor = Sensor()
    wavelengths: np.ndarray | None = None
    name: str = ""


@dataclass(frozen=True)
class Fusion:
    """What a method returns.

    cube: (H, W, B) float32, not clipped. psf_hat / srf_hat: the method's own estimates, laid out as in Sensor.
    phase_hat: (row, col) of the pixel that psf_hat is centred on, where the method was not told the phase.
    history: columns of OBSERVABLE quantities (losses, residuals) by name, one value per logged step.
    notes: short facts worth a line in the report (numbers or strings).
    """

    cube: np.ndarray
    psf_hat: np.ndarray | None = None
    srf_hat: np.ndarray | None = None
    phase_hat: tuple[int, int] | None = None
    history: Mapping[str, list] = field(default_factory=lambda: EMPTY)
    notes: Mapping[str, Any] = field(default_factory=lambda: EMPTY)


@dataclass(frozen=True)
class Published:
    """Figures printed by a method's authors (or read from their files), never mixed with ours."""

    dataset: str
    setting: str
    metrics: Mapping[str, float]
    source: str


@dataclass(frozen=True)
class Method:
    """The specification of a method; the function ``fuse`` stands beside it in the same module.

    fuse(observation, *, seed, device, checkpoint=None, **params) -> Fusion
        (with a further keyword ``iterates=None`` where it can save cubes on its way; see mossfuse.fitting.stages.fit)
    train(pairs, *, seed, device, path, resume, truths=None, **params) -> dict of history columns
        (only where ``trains`` is 'dataset' or 'supervised'; writes the checkpoint to ``path``;
        ``pairs`` is a list of Observation; ``truths`` is given to 'supervised' methods alone).

    knows: subset of KNOWLEDGE handed over in ``observation.sensor``; everything else is None there.
    trains: 'none', 'scene' (fits itself to each pair), 'dataset' (to the training split's pairs, without
        ground truth) or 'supervised' (to the training split with ground truth).
    weights: name of a registry file with the authors' weights, or None.
    stochastic: False where the seed changes nothing; such a method runs with the first seed only.
    params: defaults of ``fuse``; train_params: defaults of ``train``.
    presets: named overrides such as {'smoke': {...}, 'paper': {...}}, for fuse and train alike.
    """

    name: str
    title: str
    citation: str
    licence: str
    knows: frozenset[str] = frozenset()
    trains: str = "none"
    weights: str | None = None
    stochastic: bool = True
    gpu: bool = False
    params: Mapping[str, Any] = field(default_factory=lambda: EMPTY)
    train_params: Mapping[str, Any] = field(default_factory=lambda: EMPTY)
    presets: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: EMPTY)
    published: tuple[Published, ...] = ()
    code: str = ""
    note: str = ""

    def __post_init__(self):
        unknown = set(self.knows) - set(KNOWLEDGE)
        if unknown or self.trains not in TRAINING:
            raise ValueError(f"method '{self.name}': knows must be within {KNOWLEDGE}, trains one of {TRAINING}")


@dataclass(frozen=True)
class RemoteFile:
    """A file of somebody else: where it is had, what it must hash to (None: recorded on first download).

    mirror_names: further relative paths under which a mirror folder may hold it (``name`` is always tried).
    """

    name: str
    urls: tuple[str, ...]
    sha256: str | None = None
    terms: str = ""
    mirror_names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Dataset:
    """The specification of a dataset; ``obtain`` and ``read`` stand beside it in the same module.

    obtain(scenes, folder, mirrors) -> dict scene -> {'source': str, 'files': [...], 'sha256': {...}}
        makes every scene's raw files available (in a mirror, in ``folder``, or by download) and verifies them.
    read(scene, folder, mirrors, **options) -> (cube (H, W, B) float32 in [0, 1], wavelengths (B,))
    """

    name: str
    title: str
    citation: str
    terms: str
    train: tuple[str, ...]
    test: tuple[str, ...]
    wavelengths: tuple[float, ...]
    shape: tuple[int, int, int] | None = None
    files: tuple[RemoteFile, ...] = ()
    options: Mapping[str, Any] = field(default_factory=lambda: EMPTY)
    url: str = ""
    note: str = ""

    @property
    def scenes(self) -> tuple[str, ...]:
        return self.train + self.test


@dataclass(frozen=True)
class Degradation:
    """How a pair is made from a cube. Nothing is derived from the ratio: size and phase are explicit.

    psf: {'family': 'gaussian', 'size': k, 'sigma': px} or anisotropic {'sigma': (long, short), 'angle': deg},
        or {'family': 'box', 'size': k}; phase: (row, col); border: 'reflect' (reflect-101), 'wrap' or 'zero'.
    srf: name of a spectral response; snr_hsi / snr_msi in dB (None: no noise).
    shift: (rows, cols) in high-resolution pixels by which the MSI is moved against the HSI.
    """

    name: str
    ratio: int
    psf: Mapping[str, Any]
    phase: tuple[int, int]
    srf: str
    border: str = "reflect"
    snr_hsi: float | None = None
    snr_msi: float | None = None
    shift: tuple[float, float] = (0.0, 0.0)
    noise_seed: int = 0
    note: str = field(default="", compare=False)
