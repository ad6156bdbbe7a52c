"""Sweeps among the boards of a report: one data set, degradations that differ in one thing, at three levels or more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mossfuse.benchmark.report.board import Board
from mossfuse.benchmark.report.load import Results

# What belongs together: a kernel and a lattice are chosen for a ratio, both images of a pair have a noise.
TOGETHER = {
    "ratio": ("ratio", "psf.size", "psf.sigma"),
    "snr": ("snr_hsi", "snr_msi"),
    "sigma": ("psf.sigma", "psf.size"),
}
LABELS = {
    "ratio": "Ratio",
    "snr": "SNR of the HSI (dB)",
    "sigma": "σ of the PSF (px of the MSI)",
    "srf": "Camera response",
}
LEADING = {"snr": "snr_hsi", "sigma": "psf.sigma"}
NOT_COMPARED = ("name", "note", "phase", "noise_seed")


@dataclass(frozen=True)
class Sweep:
    """A sweep: what changes (label), and the boards with their levels (numbers; None: without), in rising order, None last."""

    dataset: str
    label: str
    levels: list[float | None]
    boards: list[Board]


def find_sweeps(results: Results, boards: list[Board]) -> list[Sweep]:
    """Return the sweeps among the boards, by the degradations of the catalogue."""
    sweeps = []
    for dataset in dict.fromkeys(board.dataset for board in boards):
        own = [b for b in boards if b.dataset == dataset and b.metrics]
        flat = [flatten(results.catalogue["degradations"].get(next(iter(b.shown.values())), {})) for b in own]
        keys = sorted({key for fields in flat for key in fields})
        groups = [*TOGETHER.items(), *((key, family(key, keys)) for key in keys if single(key))]
        for name, members in groups:
            sweeps += sweeps_along(dataset, name, members, own, flat)
    return without_repetition(sweeps)


def sweeps_along(
    dataset: str, name: str, members: tuple[str, ...], boards: list[Board], flat: list[dict[str, Any]]
) -> list[Sweep]:
    """Return the sweeps of one thing: boards that agree in everything else and have at least three levels of it."""
    found: dict[tuple[Any, ...], dict[float | None, Board]] = {}
    leading = LEADING.get(name, name)
    for board, fields in zip(boards, flat, strict=True):
        level = fields.get(leading, 0.0 if leading.startswith("effects.") else None)
        if level is not None and (isinstance(level, bool) or not isinstance(level, int | float)):
            continue
        rest = tuple(sorted((key, str(value)) for key, value in fields.items() if key not in members))
        found.setdefault(rest, {}).setdefault(None if level is None else float(level), board)
    sweeps = []
    for levels in found.values():
        if len([level for level in levels if level is not None]) >= 2 and len(levels) >= 3:
            order = sorted(levels, key=lambda level: (level is None, level or 0.0))
            sweeps.append(Sweep(dataset, LABELS.get(name, label_of(name)), order, [levels[k] for k in order]))
    return sweeps


def flatten(entry: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a degradation with dots in their names; an effect's parameters under its name."""
    out: dict[str, Any] = {key: value for key, value in entry.items() if key not in (*NOT_COMPARED, "psf", "effects")}
    out |= {f"psf.{key}": value for key, value in (entry.get("psf") or {}).items()}
    for effect in entry.get("effects") or ():
        (_, kind), *values = effect.items()
        out |= {f"effects.{kind}.{key}": value for key, value in values}
    return out


def single(key: str) -> bool:
    """Return whether a field can be swept on its own: those that belong to no group, numbers above all."""
    return key not in {member for members in TOGETHER.values() for member in members} and key != "srf"


def family(key: str, keys: list[str]) -> tuple[str, ...]:
    """Return the fields that change with one: all of its effect, which a board without the effect lacks."""
    if not key.startswith("effects."):
        return (key,)
    stem = key.rpartition(".")[0] + "."
    return tuple(other for other in keys if other.startswith(stem))


def label_of(name: str) -> str:
    """Return a field's name as a label of an axis."""
    return name.removeprefix("effects.").replace(".", ", ").replace("_", " ")


def without_repetition(sweeps: list[Sweep]) -> list[Sweep]:
    """Return the sweeps without those over the same boards as an earlier one."""
    seen: set[tuple[str, ...]] = set()
    out = []
    for sweep in sweeps:
        key = tuple(sorted(board.slug for board in sweep.boards))
        if key not in seen:
            seen.add(key)
            out.append(sweep)
    return out
