"""The public contract: scenes, degraded pairs, methods and results.

Everything here is data. The module imports nothing heavy, because the workflow reads it at every start.
Arrays are laid out (rows, cols, bands), float32, scaled to [0, 1]; wavelengths are in nanometres.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

KNOWLEDGE = ("psf", "phase", "srf", "noise")
TRAINING = ("none", "scene", "dataset", "supervised")
STAGES = ("sensor", "light", "recording")
EMPTY: Mapping[str, Any] = MappingProxyType({})
KIND_NAMES: Mapping[type, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    type(None): "none",
}


@dataclass(frozen=True)
class Sensor:
    """What is known about the two cameras; ``None`` means that a method has to estimate it.

    psf: (k_rows, k_cols), non-negative, sums to 1; the window of low-resolution pixel (i, j) starts at
        high-resolution row ``i * ratio + phase[0] - (k_rows - 1) // 2``, and likewise for columns.
    psf_shape: (k_rows, k_cols) of the PSF's support, known whenever the phase is.
    phase: (row, col) of the high-resolution pixel on which the PSF of low-resolution pixel (0, 0) is centred.
    srf: (msi bands, hsi bands), rows sum to 1.
    noise_hsi, noise_msi: standard deviation of white noise, one value per band, in units of the image.
    border: how images continue beyond their border: 'reflect' (without repeating the edge), 'wrap' or 'zero'.
    """

    psf: np.ndarray | None = None
    psf_shape: tuple[int, int] | None = None
    phase: tuple[int, int] | None = None
    srf: np.ndarray | None = None
    noise_hsi: np.ndarray | None = None
    noise_msi: np.ndarray | None = None
    border: str = "reflect"

    def restricted_to(self, knows: frozenset[str] | set[str]) -> Sensor:
        """Return this sensor without anything outside ``knows`` (a subset of KNOWLEDGE).

        Size and border come with the phase or the PSF; without both, the border is the one that everybody assumes, 'reflect'.
        """
        geometry = "phase" in knows or "psf" in knows
        return replace(
            self,
            psf=self.psf if "psf" in knows else None,
            psf_shape=self.psf_shape if geometry else None,
            phase=self.phase if geometry else None,
            srf=self.srf if "srf" in knows else None,
            noise_hsi=self.noise_hsi if "noise" in knows else None,
            noise_msi=self.noise_msi if "noise" in knows else None,
            border=self.border if geometry else "reflect",
        )


def describe_knowledge(knows: Iterable[str]) -> str:
    """Return what a method is given of the sensor, as text: 'blind: PSF support, phase, border', 'PSF, phase, border, SRF'.

    'blind' is a method that is given neither PSF nor SRF, and what it is given follows; 'nothing' where that is nothing.
    """
    given = set(knows)
    parts = ["PSF"] if "psf" in given else ["PSF support"] if "phase" in given else []
    parts += ["phase", "border"] if parts else []
    parts += [name for key, name in (("srf", "SRF"), ("noise", "noise levels")) if key in given]
    text = ", ".join(parts) or "nothing"
    return text if not parts or given & {"psf", "srf"} else f"blind: {text}"


@dataclass(frozen=True)
class Observation:
    """One degraded pair, as every method receives it. It never holds the ground truth, nor the name of a scene.

    hsi: (h, w, B) float32; msi: (h * ratio, w * ratio, M) float32; both in [0, 1] up to noise.
    wavelengths: (B,) nanometres of the HSI bands, or None.
    """

    hsi: np.ndarray
    msi: np.ndarray
    ratio: int
    sensor: Sensor = Sensor()
    wavelengths: np.ndarray | None = None


@dataclass(frozen=True)
class Fusion:
    """The result of a method.

    cube: (H, W, B) float32, not clipped. psf_hat, srf_hat: the method's own estimates, laid out as in Sensor.
    phase_hat: (row, col) of the pixel that psf_hat is centred on, where the method did not know the phase.
    history: columns of OBSERVABLE quantities (losses, residuals) by name, one value per logged step.
    notes: short facts for the report (numbers or text).
    """

    cube: np.ndarray
    psf_hat: np.ndarray | None = None
    srf_hat: np.ndarray | None = None
    phase_hat: tuple[int, int] | None = None
    history: Mapping[str, list] = field(default_factory=lambda: EMPTY)
    notes: Mapping[str, Any] = field(default_factory=lambda: EMPTY)


@dataclass(frozen=True)
class Published:
    """Values printed by a method's authors (or read from their files); never mixed with measured ones.

    dataset: name of the dataset. metrics: metric name -> value; also 'seconds', 'parameters' and 'flops'. source: where
    the values stand. ratio: None where the source does not state it; such values are not compared with measured ones.
    degradation: PSF and other details of how the pairs were made. split: the scenes, such as '16 test scenes'.
    convention: how the metrics were computed (peak value, bit depth). note: caveats. None: unknown.
    """

    dataset: str
    metrics: Mapping[str, float]
    source: str
    ratio: int | None = None
    degradation: str | None = None
    split: str | None = None
    convention: str | None = None
    note: str = ""

    @property
    def setting(self) -> str:
        """The experimental setting as text: 'x32, random PSF, 16 test scenes; note'."""
        ratio = None if self.ratio is None else f"x{self.ratio}"
        known = ", ".join(part for part in (ratio, self.degradation, self.split, self.convention) if part)
        return "; ".join(part for part in (known, self.note) if part)

    def as_data(self) -> dict[str, Any]:
        """Return every field, and ``setting``, as data that JSON can hold."""
        return {f.name: getattr(self, f.name) for f in fields(self)} | {
            "metrics": dict(self.metrics),
            "setting": self.setting,
        }


@dataclass(frozen=True)
class Parameter:
    """A parameter's default and the values it may take.

    minimum, maximum: inclusive bounds; above, below: exclusive bounds. choices: the only values allowed.
    kinds: types allowed (bool, int, float, str, NoneType); by default the type of ``default``, or any type where that
    is none of them or None. A whole number is accepted where a number is asked for. Raises ValueError where the default
    itself is not allowed.
    """

    default: Any
    minimum: float | None = None
    maximum: float | None = None
    above: float | None = None
    below: float | None = None
    choices: tuple[Any, ...] = ()
    kinds: tuple[type, ...] = ()

    def __post_init__(self) -> None:
        if not self.kinds and type(self.default) in (bool, int, float, str):
            object.__setattr__(self, "kinds", (type(self.default),))
        if not self.allows(self.default):
            raise ValueError(f"the default {self.default!r} must be {self.describe()}")

    @classmethod
    def count(cls, default: int | None, minimum: int = 1, maximum: int | None = None) -> Parameter:
        """Return a whole number of at least ``minimum``; a default of None allows None as well."""
        kinds = (int, type(None)) if default is None else (int,)
        return cls(default, minimum=minimum, maximum=maximum, kinds=kinds)

    @classmethod
    def positive(cls, default: float | None) -> Parameter:
        """Return a number above 0, such as a step size; a default of None allows None as well."""
        kinds = (float, type(None)) if default is None else (float,)
        return cls(default, above=0, kinds=kinds)

    @classmethod
    def non_negative(cls, default: float) -> Parameter:
        """Return a number of at least 0, such as a weight."""
        return cls(default, minimum=0, kinds=(float,))

    @classmethod
    def choice(cls, default: str, *others: str) -> Parameter:
        """Return text that is ``default`` or one of ``others``."""
        return cls(default, choices=(default, *others))

    def is_of_kind(self, value: Any) -> bool:
        """Return whether the value's type is allowed."""
        return not self.kinds or type(value) in self.kinds or (float in self.kinds and type(value) is int)

    def allows(self, value: Any) -> bool:
        """Return whether the parameter may take the value."""
        if not self.is_of_kind(value) or (self.choices and value not in self.choices):
            return False
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not self.is_bounded:
            return True
        return (
            math.isfinite(value)
            and (self.minimum is None or value >= self.minimum)
            and (self.maximum is None or value <= self.maximum)
            and (self.above is None or value > self.above)
            and (self.below is None or value < self.below)
        )

    @property
    def is_bounded(self) -> bool:
        """Whether numbers have any bound."""
        return any(bound is not None for bound in (self.minimum, self.maximum, self.above, self.below))

    def describe_range(self) -> str:
        """Return the range as text, such as 'at least 1' or 'one of best, fast'; empty where there is none."""
        if self.choices:
            return f"one of {', '.join(map(str, self.choices))}"
        bounds = (("at least", self.minimum), ("above", self.above), ("at most", self.maximum), ("below", self.below))
        text = " and ".join(f"{word} {bound:g}" for word, bound in bounds if bound is not None)
        return f"{text} or none" if text and type(None) in self.kinds else text

    def describe(self) -> str:
        """Return kind and range as text, such as 'a whole number, at least 1'."""
        if self.choices:
            return self.describe_range()
        kinds = " or ".join(KIND_NAMES.get(kind, kind.__name__) for kind in self.kinds if kind is not type(None))
        return ", ".join(part for part in (kinds, self.describe_range()) if part)


class Parameters(Mapping[str, Any]):
    """A read-only mapping from parameter names to default values; ``declared`` holds their Parameter objects."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.declared: dict[str, Parameter] = (
            dict(values.declared)
            if isinstance(values, Parameters)
            else {name: value if isinstance(value, Parameter) else Parameter(value) for name, value in values.items()}
        )

    def __getitem__(self, name: str) -> Any:
        return self.declared[name].default

    def __iter__(self) -> Iterator[str]:
        return iter(self.declared)

    def __len__(self) -> int:
        return len(self.declared)

    def __repr__(self) -> str:
        return repr(dict(self))


class Fuse(Protocol):
    """The function ``fuse`` of a method's module."""

    def __call__(
        self, observation: Observation, *, seed: int, device: str, checkpoint: str | Path | None = None, **params: Any
    ) -> Fusion:
        """Fuse one pair.

        seed: of everything random; device: such as 'cpu' or 'cuda'; checkpoint: file written by ``train``, or the
        authors' weights; params: the method's ``params`` by name. A method that can save cubes while it fits has a
        further keyword ``iterates=None`` (mossfuse.fitting.stages.fit). Raises MossFuseError for input it cannot use.
        """
        ...


class Train(Protocol):
    """The function ``train`` of a method's module, needed where ``trains`` is 'dataset' or 'supervised'."""

    def __call__(
        self,
        pairs: Sequence[Observation],
        *,
        seed: int,
        device: str,
        path: str | Path,
        resume: bool,
        truths: Sequence[np.ndarray] | None = None,
        **params: Any,
    ) -> Mapping[str, list]:
        """Train on pairs, write the checkpoint to ``path`` and return columns of the training's history.

        resume: continue an interrupted training where one is found beside ``path``. truths: cubes (H, W, B) of the
        pairs, given to 'supervised' methods alone. params: the method's ``train_params`` by name.
        """
        ...


@dataclass(frozen=True)
class Method:
    """The specification of a method; the function ``fuse`` (see Fuse) stands beside it in the same module.

    A method that trains on a dataset has a function ``train`` as well (see Train).

    knows: subset of KNOWLEDGE handed over in ``observation.sensor``; everything else is None there.
    optional: the part of ``knows`` that a row may withhold (key ``given``): the method then estimates it, or assumes the
        official support and phase.
    tuned_on: dataset -> its scenes on which defaults of the method were chosen, or that were looked at meanwhile; training
        scenes of the embedded dataset are for that and need not be named.
    trains: 'none', 'scene' (fits itself to each pair), 'dataset' (to the training split's pairs, without
        ground truth) or 'supervised' (to the training split with ground truth).
    weights: name of a registry file with the authors' weights, or None.
    stochastic: False where the seed changes nothing; such a method runs with the first seed only.
    gpu: whether a GPU makes it faster.
    params: parameters of ``fuse``: name -> default value, or a Parameter with its range; train_params: those of
        ``train``. Both then read as mappings from names to default values; ``ranges`` and ``train_ranges`` hold the
        Parameters.
    presets: named overrides such as {'smoke': {...}, 'paper': {...}}, for fuse and train.
    published: values from the literature. code: the official code and its commit. note: one line for the report.

    Raises ValueError for unknown knowledge or training, and for presets with unknown parameters or values out of range.
    """

    name: str
    title: str
    citation: str
    licence: str
    knows: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()
    tuned_on: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: EMPTY)
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

    def __post_init__(self) -> None:
        unknown = set(self.knows) - set(KNOWLEDGE)
        if unknown or self.trains not in TRAINING:
            raise ValueError(f"method '{self.name}': knows must be within {KNOWLEDGE}, trains one of {TRAINING}")
        if set(self.optional) - set(self.knows):
            raise ValueError(f"method '{self.name}': optional must be within knows ({', '.join(sorted(self.knows))})")
        object.__setattr__(self, "params", Parameters(self.params))
        object.__setattr__(self, "train_params", Parameters(self.train_params))
        for preset, values in self.presets.items():
            for name, value in values.items():
                owners = [ranges[name] for ranges in (self.ranges, self.train_ranges) if name in ranges]
                if not owners:
                    raise ValueError(f"method '{self.name}': preset '{preset}' sets the unknown parameter '{name}'")
                for parameter in owners:
                    if not parameter.allows(value):
                        raise ValueError(
                            f"method '{self.name}': preset '{preset}' sets '{name}' to {value!r}; "
                            f"it must be {parameter.describe()}"
                        )

    @property
    def ranges(self) -> Mapping[str, Parameter]:
        """The parameters of ``fuse`` with their ranges."""
        return Parameters(self.params).declared

    @property
    def train_ranges(self) -> Mapping[str, Parameter]:
        """The parameters of ``train`` with their ranges."""
        return Parameters(self.train_params).declared


@dataclass(frozen=True)
class RemoteFile:
    """A third-party file: its URLs and expected SHA-256 (None: recorded on first download).

    mirror_names: further relative paths under which a mirror folder may hold it (``name`` is always tried). size: bytes,
        where known; for the plan of a run.
    derived: files with the same content in another format, each with its sha256; one that a mirror holds serves as well.
    """

    name: str
    urls: tuple[str, ...]
    sha256: str | None = None
    terms: str = ""
    mirror_names: tuple[str, ...] = ()
    derived: tuple[RemoteFile, ...] = ()
    size: int | None = None


@dataclass(frozen=True)
class Dataset:
    """The specification of a dataset; the functions ``obtain`` and ``read`` stand beside it in the same module.

    obtain(scenes, folder, mirrors) -> dict scene -> {'source': str, 'files': [name], 'sha256': {name: hash}, 'verified': bool}
        makes every scene's raw files available (in a mirror, in ``folder``, or by download) and verifies them. With a further
        'paths': [path of each file], the benchmark notices when a file is edited.
        An obtain that takes further arguments is given the dataset's options by name.
    read(scene, folder, mirrors, **options) -> (cube (H, W, B) float32 in [0, 1], wavelengths (B,))
    hr(scene, folder, mirrors, **options) -> (H, W, M) float32, where a second sensor saw the scene: see
        mossfuse.benchmark.data.real_pair. own_files(**options) -> paths outside the dataset's folder, which no method may open.
    Where options change the shape, shape_of(**options) -> (H, W, B) gives it for the plan of a run.
    labels(scene, folder, mirrors, **options) -> {name: array}, if there is anything to return: ground truth of a task beside
        the cube, which metrics read (Metric.needs) and no method sees: 'anomalies' (H, W), non-zero where a pixel is one;
        'endmembers' (B, K); 'abundances' (H, W, K).
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
        """Every scene: those of the training split, then those of the test split."""
        return self.train + self.test


@dataclass(frozen=True)
class Degradation:
    """How a pair is made from a cube. Nothing is derived from the ratio: size and phase are explicit.

    psf: {'family': name of a PsfFamily, parameter: value, ...}, such as {'family': 'gaussian', 'size': k, 'sigma': px};
        phase: (row, col); border: 'reflect' (reflect-101), 'wrap' or 'zero'.
    srf: name of a Response; snr_hsi / snr_msi in dB (None: no noise), of the whole image, or of each band where snr_per_band.
    shift: (rows, cols) in high-resolution pixels by which the MSI is moved against the HSI.
    signal_noise: the noise's variance is proportional to the signal, with the same SNR over the image.
    effects: departures from the sensor model, such as ({'effect': 'vignetting', 'strength': 0.3},), in their canonical order.
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
    snr_per_band: bool = False
    signal_noise: bool = False
    effects: tuple[Mapping[str, Any], ...] = ()
    note: str = field(default="", compare=False)


@dataclass(frozen=True)
class Response:
    """A spectral response (SRF): the matrix that turns HSI bands into MSI bands.

    table(mirrors, folder) -> (M, N) response of M channels at ``wavelengths`` (N,), in nm; a table that has to be downloaded
        is looked for in ``mirrors`` and kept in ``folder``.
    by_band: the columns belong to band 1, 2, ... whatever their wavelengths (no interpolation).
    """

    name: str
    title: str
    citation: str
    table: Callable[..., np.ndarray]
    wavelengths: tuple[float, ...]
    by_band: bool = False
    note: str = ""


@dataclass(frozen=True)
class PsfFamily:
    """A family of PSFs, such as the Gaussians: its parameters, how a degradation's name spells them, and the kernel.

    kernel(**params) -> (rows, cols) array, non-negative, sums to 1.
    params: name -> default value, or a Parameter with its range; a default is used where a degradation leaves the parameter
        out, and by ``mossfuse bench check``.
    spellings: how a member is written in a degradation's name, such as 'gauss{size}s{sigma}'; '{sigma[0]}' is the first of
        several values. The first spelling whose parameters the member has is used.
    width: name of the parameter that scales the PSF's width, for effects that widen it; empty where there is none.
    """

    name: str
    title: str
    citation: str
    kernel: Callable[..., np.ndarray]
    spellings: tuple[str, ...]
    params: Mapping[str, Any] = field(default_factory=lambda: EMPTY)
    note: str = ""
    width: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "params", Parameters(self.params))

    @property
    def ranges(self) -> Mapping[str, Parameter]:
        """The parameters of ``kernel`` with their ranges."""
        return Parameters(self.params).declared


@dataclass(frozen=True)
class Effect:
    """A departure of the cameras from the sensor model that methods assume, written as a part of a degradation's name.

    The sensor that comes with a pair never mentions effects: it is the model that they violate.
    stage: when it acts, one of STAGES: on the 'sensor' before anything is computed, on the 'light' of the images before
        noise is added, or on the 'recording' after it. Effects of one degradation act by stage, then by name.
    apply(draft, **params) -> mossfuse.physics.draft.Draft, the pair while it is made.
    params, spellings: as in PsfFamily, such as {'strength': 0.3} and ('vignette{strength}',).
    """

    name: str
    title: str
    stage: str
    apply: Callable[..., Any]
    spellings: tuple[str, ...]
    params: Mapping[str, Any] = field(default_factory=lambda: EMPTY)
    note: str = ""

    def __post_init__(self) -> None:
        if self.stage not in STAGES:
            raise ValueError(f"effect '{self.name}': stage must be one of {', '.join(STAGES)}")
        object.__setattr__(self, "params", Parameters(self.params))

    @property
    def ranges(self) -> Mapping[str, Parameter]:
        """The parameters of ``apply`` with their ranges."""
        return Parameters(self.params).declared
