"""Read docs/evidence."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from pages.layout import CURVES, METRICS, PROVENANCE, TIMING

SHORTENED, KNOWN = "‡", "°"
CELL = ["dataset", "degradation", "method", "scene", "seed"]
# Twelve distinct CAVE scenes: the chart at its 31 bands, and the eleven scenes of which a mirror holds eight bands. cave-half and cave-26
# are two more versions of balloons and are not counted again.
TWELVE = ("cave", "cave-8")


class NotMeasured(Exception):
    """Raised where the evidence does not hold what a table or a number needs; the text says how to measure it."""


@dataclass(frozen=True)
class Part:
    """One part of the evidence, as read from its folder."""

    name: str
    folder: Path

    @cached_property
    def cells(self) -> pd.DataFrame:
        """One row per scored cell, with ``base`` (degradation without phase and draw), ``replicate`` and ``ratio`` ('x32')."""
        path = self.folder / METRICS
        if not path.exists():
            raise NotMeasured(self.how)
        table = pd.read_csv(path)
        table = table[table["status"] == "ok"].copy()
        marks = [table[name].astype(str).str.lower() == "true" for name in ("seen_in_training", "tuned_on")]
        table["known"] = marks[0] | marks[1]
        spelled = {name: split(name) for name in table["degradation"].unique()}
        for number, column in enumerate(("base", "replicate", "ratio")):
            table[column] = [spelled[name][number] for name in table["degradation"]]
        return table

    @property
    def how(self) -> str:
        """How the part is measured."""
        return (
            f"not measured at this version; run `snakemake --cores all --configfile config/evidence/{self.name}.yaml`"
        )

    @cached_property
    def provenance(self) -> dict[str, Any]:
        """Content of provenance.json."""
        return json.loads((self.folder / PROVENANCE).read_text(encoding="utf-8"))

    @property
    def timing(self) -> pd.DataFrame:
        """The clock's figures; raises NotMeasured where the part has none."""
        return self.table(TIMING)

    @property
    def curves(self) -> pd.DataFrame:
        """Scores of the cubes that were saved during fits; raises NotMeasured where the part has none."""
        return self.table(CURVES)

    def table(self, name: str) -> pd.DataFrame:
        """Return a file of the part; raise NotMeasured where there is none."""
        path = self.folder / name
        if not path.exists():
            raise NotMeasured(self.how)
        return pd.read_csv(path)

    def label(self, method: str) -> str:
        """Return a row's name, marked where it learned for fewer steps than its paper."""
        return f"`{method}`{SHORTENED if self.provenance['rows'].get(method, {}).get('shortened') else ''}"

    def where(self, **columns: Any) -> pd.DataFrame:
        """Return the cells with these values (a tuple: one of them); raise NotMeasured where there are none."""
        found = self.cells
        for column, value in columns.items():
            found = found[found[column].isin(value if isinstance(value, tuple) else (value,))]
        if found.empty:
            raise NotMeasured(self.how)
        return found


@dataclass(frozen=True)
class Evidence:
    """The folder docs/evidence."""

    folder: Path
    read: dict[str, Part] = field(default_factory=dict)

    def part(self, name: str) -> Part:
        """Return a part, measured or not."""
        return self.read.setdefault(name, Part(name, self.folder / name))


@dataclass(frozen=True)
class Mean:
    """A mean with its spread.

    value: mean over scenes of the means over replicates and seeds; spread: standard deviation, over replicates and seeds, of the mean
    over scenes, None for a single one; replicates, seeds, scenes: their numbers; least, most: over replicates and seeds; known: whether the method has seen one of the scenes in
    training, or a default was chosen on one.
    """

    value: float
    spread: float | None
    scenes: int
    replicates: int
    seeds: int
    least: float
    most: float
    known: bool


def mean(cells: pd.DataFrame, column: str) -> Mean:
    """Return the mean of a column over cells of one method, with its spread over sampling lattices, draws and seeds.

    Only replicates and seeds that every scene has count for the spread, so that it is not one between scenes.
    """
    cells = cells.dropna(subset=[column])
    if cells.empty:
        raise NotMeasured("not measured")
    scene = ["dataset", "scene"]
    drawn = ["replicate" if cells["ratio"].nunique() == 1 else "degradation", "seed"]
    value = cells.groupby(scene)[column].mean().mean()
    every = cells.groupby(drawn)[column].agg(["mean", "size"])
    scenes = cells.groupby(scene).ngroups
    every = every[every["size"] == scenes]["mean"]
    return Mean(
        value=float(value),
        spread=float(every.std(ddof=1)) if len(every) > 1 else None,
        scenes=scenes,
        replicates=int(cells["replicate"].nunique()),
        seeds=int(cells["seed"].nunique()),
        least=float(cells[column].min()),
        most=float(cells[column].max()),
        known=bool(cells["known"].any()),
    )


def fair(cells: pd.DataFrame, methods: Sequence[str], strict: bool = False) -> pd.DataFrame:
    """Return the cells in which these methods can be compared, however much of a run is finished.

    A method stays where it has one and the same replicate on every scene, the default one as a rule. Of further replicates those stay that
    all methods with more than one have on every scene; strict: that all methods have.
    """
    cells = cells[cells["method"].isin(methods)]
    scenes = set(zip(cells["dataset"], cells["scene"], strict=True))
    have: dict[str, list[str]] = {}
    for (method, replicate), own in cells.groupby(["method", "replicate"], sort=False):
        if set(zip(own["dataset"], own["scene"], strict=True)) == scenes:
            have.setdefault(method, []).append(replicate)
    common = Counter(replicate for replicates in have.values() for replicate in replicates)
    first = next(iter(dict(common.most_common(1))), None)
    have = {method: replicates for method, replicates in have.items() if first in replicates}
    several = [set(replicates) for replicates in have.values() if strict or len(replicates) > 1]
    shared = set.intersection(*several) if several else {first}
    kept = {
        (method, replicate) for method, replicates in have.items() for replicate in replicates if replicate in shared
    }
    return cells[[place in kept for place in zip(cells["method"], cells["replicate"], strict=True)]]


def whole(cells: pd.DataFrame, lattices: int) -> pd.DataFrame:
    """Return the cells of scenes whose ``lattices`` replicates are all there; of the others those of the default lattice.

    A run that was interrupted has some lattices of a scene, and their mean would be compared with that of others.
    """
    place = ["dataset", "base", "method", "scene", "seed"]
    finished = cells.groupby(place)["replicate"].transform("nunique") >= lattices
    return cells[finished | (cells["degradation"] == cells["base"])]


def split(degradation: str) -> tuple[str, str, str]:
    """Return (degradation without sampling phase and draw of the noise, these two as text, 'x32')."""
    from mossfuse.degradations import find_degradation
    from mossfuse.degradations.replicates import replicate_of

    replicate = replicate_of(find_degradation(degradation))
    ratio = re.match(r"x\d+", degradation)
    assert ratio
    return replicate.base, replicate.name, ratio[0]
