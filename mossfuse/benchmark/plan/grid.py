"""The grid of a configuration: which cells exist, and what each one runs."""

from __future__ import annotations

import inspect
import json
import string
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from types import ModuleType
from typing import Any

from mossfuse.benchmark.plan.cells import Cell, Training
from mossfuse.benchmark.plan.settings import path_in_run_or_clone
from mossfuse.benchmark.plan.titles import is_shortened, title_of
from mossfuse.errors import MossFuseError, suggestion
from mossfuse.methods import find_method, split_suffix
from mossfuse.parameters import apply_changes, with_preset
from mossfuse.preprocess import split_prefix
from mossfuse.protocol import Dataset, Method


@dataclass(frozen=True)
class Row:
    """One row of the leaderboard: a method with its settings, a refinement of one, or cubes made elsewhere.

    method, module: None for cubes made elsewhere; suffix: of the refinement, or None; prefix: of what is done to the pair
    first, or None. given: the part of the method's knowledge that this row hands over; None: all of it. shortened: whether it learns for fewer steps than its paper. params, train: parameters of ``fuse``
    (of the refinement where there is one) and of ``train``. weights: registry name or path of a weights file, or None.
    external: pattern, title, ... of cubes made elsewhere, or None. iterates: a cube is saved at every so many steps of the
    fit to a scene, for the row's curve; None: no curve.
    """

    name: str
    method: Method | None = None
    module: ModuleType | None = None
    suffix: str | None = None
    params: dict[str, Any] = field(default_factory=dict)
    train: dict[str, Any] = field(default_factory=dict)
    weights: str | None = None
    external: dict[str, Any] | None = None
    title: str = ""
    iterates: int | None = None
    prefix: str | None = None
    given: frozenset[str] | None = None
    shortened: bool = False

    @property
    def knows(self) -> frozenset[str]:
        """What the row's method is given of the sensor, a subset of KNOWLEDGE."""
        if self.given is not None:
            return self.given
        return frozenset() if self.method is None else self.method.knows

    @property
    def base(self) -> str:
        """Name of the row that a suffix refines (the row itself where there is no suffix)."""
        return split_suffix(self.name)[0]

    @property
    def trained_here(self) -> bool:
        """Whether the workflow trains this row's weights."""
        return self.method is not None and self.method.trains in ("dataset", "supervised") and not self.weights

    @property
    def weights_kind(self) -> str:
        """Origin of the weights, as in the tables: external, authors, given, or how the method trains."""
        if self.method is None:
            return "external"
        if self.weights:
            return "authors" if self.weights == self.method.weights else "given"
        return self.method.trains


@dataclass(frozen=True)
class Block:
    """One entry of the grid, resolved: ``label`` names this variant of the dataset in paths and tables.

    part: name of the configuration file that the entry comes from, where the configuration has parts; else empty.
    """

    label: str
    dataset: str
    module: ModuleType
    spec: Dataset
    options: dict[str, Any]
    scenes: tuple[str, ...]
    train_scenes: tuple[str, ...]
    degradations: tuple[str, ...]  # replicates included, those of one degradation side by side
    methods: tuple[str, ...]
    seeds: tuple[int, ...]
    part: str = ""


class Grid:
    """The rows, blocks and cells of a checked configuration. Raises MossFuseError for any unknown name."""

    def __init__(self, config: Mapping[str, Any]):
        from mossfuse.degradations import find_degradation

        self.config = config
        self.blocks = tuple(make_block(entry) for entry in config["grid"])
        self.degradations = {d: find_degradation(d) for block in self.blocks for d in block.degradations}
        names = dict.fromkeys(m for block in self.blocks for m in block.methods)
        names.update(dict.fromkeys(split_suffix(m)[0] for m in list(names)))
        self.rows = {name: make_row(name, config) for name in names}
        used = {*self.rows, *(split_prefix(name)[1] for name in self.rows)}
        for name in sorted({*config["methods"], *config["external"]} - used):
            hint = suggestion(name, self.rows, "the grid has")
            raise MossFuseError(f"settings are given for '{name}', which no grid entry names; {hint}")
        labels: dict[str, tuple[Any, ...]] = {}
        for block in self.blocks:
            own = (block.dataset, block.options, block.train_scenes)
            if labels.setdefault(block.label, own) != own:
                raise MossFuseError(
                    f"two grid entries use '{block.label}' with different options or training scenes; give one an 'as:' name"
                )

    def seeds_of(self, row: str, seeds: tuple[int, ...]) -> tuple[int, ...]:
        """Return the seeds that a row runs with: only the first one where the seed changes nothing."""
        method = self.rows[split_suffix(row)[0]].method
        return seeds if method is None or method.stochastic else seeds[:1]

    def cells(self) -> list[Cell]:
        """Return every cell that is scored, without repetition, in the order of the configuration."""
        return list(dict.fromkeys(cell for block in self.blocks for cell in self.cells_of(block)))

    def cells_of(self, block: Block) -> Iterator[Cell]:
        """Yield the cells of one entry of the grid."""
        for degradation in block.degradations:
            for row in block.methods:
                for scene in block.scenes:
                    for seed in self.seeds_of(row, block.seeds):
                        yield Cell(block.label, degradation, row, scene, seed)

    def conventions_of(self, cell: Cell) -> list[str]:
        """Return the conventions that a cell is scored under: those of every part that names it."""
        parts = self.config["parts"]
        if not parts:
            return list(self.config["conventions"])
        wanted = {c for name in self.parts_of.get(cell, ()) for c in parts[name]["conventions"]}
        return [c for c in self.config["conventions"] if c in wanted]

    @cached_property
    def parts_of(self) -> dict[Cell, tuple[str, ...]]:
        """Cell -> the parts of the configuration that name it."""
        out: dict[Cell, dict[str, None]] = {}
        for block in self.blocks:
            for cell in self.cells_of(block):
                out.setdefault(cell, {})[block.part] = None
        return {cell: tuple(names) for cell, names in out.items()}

    @cached_property
    def importance(self) -> dict[tuple[str | int, ...], int]:
        """Names of a cell, training, pair or scene -> how early it is to run: 1 for what the last entry of the grid names first.

        Keys: (label, degradation, row, scene, seed), (label, degradation, row, seed), (label, degradation, scene), (label, scene).
        """
        out: dict[tuple[str | int, ...], int] = {}
        for number, block in enumerate(self.blocks):
            rank = len(self.blocks) - number
            for cell in self.with_bases(self.cells_of(block)):
                keys: list[tuple[str | int, ...]] = [
                    (cell.dataset, cell.degradation, cell.method, cell.scene, cell.seed),
                    (cell.dataset, cell.degradation, split_suffix(cell.method)[0], cell.seed),
                    (cell.dataset, cell.degradation, cell.scene),
                    (cell.dataset, cell.scene),
                ]
                for key in keys:
                    out.setdefault(key, rank)
            if any(self.rows[split_suffix(row)[0]].trained_here for row in block.methods):
                for scene in block.train_scenes:
                    out.setdefault((block.label, scene), rank)
                    for degradation in block.degradations:
                        out.setdefault((block.label, degradation, scene), rank)
        return out

    def base_cell(self, cell: Cell) -> Cell:
        """Return the cell whose cube a cell with a suffix refines; the grid need not name it."""
        row = self.rows[cell.method]
        seed = cell.seed if row.method is None or row.method.stochastic else self.block_of(cell.dataset).seeds[0]
        return Cell(cell.dataset, cell.degradation, row.base, cell.scene, seed)

    def runs(self) -> list[Cell]:
        """Return every cell that is run: the scored ones and the bases of refinements."""
        return self.with_bases(self.cells())

    def with_bases(self, cells: Iterable[Cell]) -> list[Cell]:
        """Return cells and, after them, the bases of those with a suffix, without repetition."""
        cells = list(cells)
        return list(dict.fromkeys([*cells, *(self.base_cell(c) for c in cells if self.rows[c.method].suffix)]))

    def block_of(self, label: str) -> Block:
        """Return the first entry of the grid with that label; raise MossFuseError where there is none."""
        for block in self.blocks:
            if block.label == label:
                return block
        hint = suggestion(label, [block.label for block in self.blocks], "it has")
        raise MossFuseError(f"the configuration has no dataset '{label}'; {hint}")

    def scenes_to_prepare(self) -> dict[str, list[str]]:
        """Return label -> every scene needed: scored ones and, where something is trained, the training scenes."""
        out: dict[str, dict[str, None]] = {}
        for block in self.blocks:
            wanted = out.setdefault(block.label, {})
            wanted.update(dict.fromkeys(block.scenes))
            if any(self.rows[split_suffix(m)[0]].trained_here for m in block.methods):
                wanted.update(dict.fromkeys(block.train_scenes))
        return {label: list(scenes) for label, scenes in out.items()}

    def shown_replicates(self) -> dict[tuple[str, str, str], str]:
        """Return (label, degradation without phase and draw, scene) -> full name of the replicate that is drawn: the first one."""
        from mossfuse.degradations.replicates import replicate_of

        bases = {name: replicate_of(degradation).base for name, degradation in self.degradations.items()}
        out: dict[tuple[str, str, str], str] = {}
        for block in self.blocks:
            for degradation in block.degradations:
                for scene in block.scenes:
                    out.setdefault((block.label, bases[degradation], scene), degradation)
        return out

    def shown_cells(self) -> list[Cell]:
        """Return the cells whose pictures the report shows: those of the replicates that are drawn."""
        shown = {(label, degradation, scene) for (label, _, scene), degradation in self.shown_replicates().items()}
        return [c for c in self.cells() if (c.dataset, c.degradation, c.scene) in shown]

    def traced_cells(self) -> list[Cell]:
        """Return the cells whose quality is drawn over the steps of their fit."""
        return [c for c in self.cells() if self.rows[c.method].iterates]

    def timed_cells(self) -> list[Cell]:
        """Return the cells in the table of times, as the configuration's timing.scenes asks.

        Of the replicates of one degradation the first one is timed: they take the same time.
        """
        from mossfuse.degradations.replicates import first_replicates

        out: dict[Cell, None] = {}
        for block in self.blocks:
            choice = self.config["parts"][block.part]["timing"] if block.part else self.config["timing"]["scenes"]
            if choice == "none":
                continue
            scenes = block.scenes[: {"all": None, "first": 1}.get(choice, choice)]
            for degradation in first_replicates(block.degradations, self.degradations):
                for row in (m for m in block.methods if self.rows[m].external is None):
                    for scene in scenes:
                        out[Cell(block.label, degradation, row, scene, block.seeds[0])] = None
        return list(out)

    def clocked_cells(self) -> list[Cell]:
        """Return the cells that the rule ``time`` times: a refinement's time includes that of its base."""
        return self.with_bases(self.timed_cells())

    def trainings(self) -> list[Training]:
        """Return every Training that the scored cells need."""
        out: dict[Training, None] = {}
        for c in self.cells():
            base = split_suffix(c.method)[0]
            if self.rows[base].trained_here:
                out[Training(c.dataset, c.degradation, base, c.seed)] = None
        return list(out)


def untrained(config: Mapping[str, Any], grid: Grid) -> dict[str, Any]:
    """Return a checked configuration reduced to the rows whose weights the workflow does not train; its grid may be empty."""
    kept = {name for name, row in grid.rows.items() if not row.trained_here}
    entries = [{**entry, "methods": [m for m in entry["methods"] if m in kept]} for entry in config["grid"]]
    entries = [entry for entry in entries if entry["methods"]]
    used = {name for entry in entries for method in entry["methods"] for name in (method, split_suffix(method)[0])}
    rows = {kind: {name: own for name, own in config[kind].items() if name in used} for kind in ("methods", "external")}
    return {**config, **rows, "grid": entries}


def make_block(entry: Mapping[str, Any]) -> Block:
    """Resolve one entry of the grid; raise MossFuseError for an unknown dataset, scene or option."""
    from mossfuse.datasets import find_dataset

    spec, module = find_dataset(entry["dataset"])
    scenes = entry.get("scenes", "test")
    if isinstance(scenes, str):
        scenes = {"test": spec.test, "train": spec.train, "all": spec.scenes}[scenes]
        if not scenes:
            raise MossFuseError(
                f"dataset '{spec.name}' has no {entry.get('scenes', 'test')} scenes; list scenes by name"
            )
    train_scenes = tuple(entry.get("train_scenes", spec.train))
    for scene in (*scenes, *train_scenes):
        if scene not in spec.scenes:
            hint = suggestion(scene, spec.scenes, "it has")
            raise MossFuseError(f"dataset '{spec.name}' has no scene '{scene}'; {hint}")
    options = {**spec.options, **entry.get("options", {})}
    for key in entry.get("options", {}):
        if key not in spec.options:
            hint = suggestion(key, spec.options, "it has")
            raise MossFuseError(f"dataset '{spec.name}' has no option '{key}'; {hint}")
    return Block(
        label=entry.get("as", spec.name),
        dataset=spec.name,
        module=module,
        spec=spec,
        options=options,
        scenes=tuple(scenes),
        train_scenes=train_scenes,
        degradations=replicated(entry["degradations"], entry.get("lattices", 1)),
        methods=tuple(entry["methods"]),
        seeds=tuple(entry.get("seeds", (0,))),
        part=entry.get("part", ""),
    )


def replicated(names: Iterable[str], count: int) -> tuple[str, ...]:
    """Return the names of degradations with ``count`` sampling lattices of each, its own one first, without repetition."""
    if count == 1:
        return tuple(names)
    from mossfuse.degradations import find_degradation
    from mossfuse.degradations.replicates import lattices

    return tuple(dict.fromkeys(d.name for name in names for d in lattices(find_degradation(name), count)))


def make_row(name: str, config: Mapping[str, Any]) -> Row:
    """Resolve a row name: external cubes, a method, a setting with its own name, or any of them with a suffix."""
    if name in config["external"]:
        check_pattern(name, config["external"][name]["pattern"])
        return Row(name=name, external=config["external"][name], title=config["external"][name]["title"])
    base, suffix = split_suffix(name)
    if suffix:
        from mossfuse.refine import DEFAULTS, SUFFIXES

        if suffix not in SUFFIXES:
            hint = suggestion(f"+{suffix}", [f"+{s}" for s in SUFFIXES])
            raise MossFuseError(f"'{name}': unknown refinement '+{suffix}'; {hint}")
        row = make_row(base, config)
        if row.external is not None:
            raise MossFuseError(f"'{name}': cubes made elsewhere are scored as they are; remove '+{suffix}'")
        own = config["methods"].get(name, {})
        surplus = sorted(set(own) - {"params", "title"})
        if surplus:
            raise MossFuseError(
                f"methods.{name}: a refinement has params and title of its own and takes '{surplus[0]}' from its base; "
                f"set it under methods.{base}"
            )
        place, owner = f"methods.{name}.params: ", f"refinement '+{suffix}'"
        apply_changes(DEFAULTS, own.get("params", {}), owner, place, DEFAULTS.declared)
        return Row(
            name=name,
            method=row.method,
            module=row.module,
            suffix=suffix,
            params=dict(own.get("params", {})),
            train=row.train,
            weights=row.weights,
            title=own.get("title", f"{row.title} +{suffix}"),
            prefix=row.prefix,
            given=row.given,
            shortened=row.shortened,
        )
    prefix, plain = split_prefix(name)
    if prefix:
        return with_prefix(name, prefix, make_row(plain, config), config["methods"].get(name, {}))
    settings = config["methods"].get(name, {})
    method, module = find_method(settings.get("method", name))
    place, owner = f"methods.{name}", f"method '{method.name}'"
    params, train = with_preset(method, settings.get("preset"), f"{place}: ")
    searched = searched_params(settings["params_from"], method, place) if "params_from" in settings else {}
    params = apply_changes(params, searched, owner, f"{settings.get('params_from')}: ", method.ranges)
    params = apply_changes(params, settings.get("params", {}), owner, f"{place}.params: ", method.ranges)
    train = apply_changes(train, settings.get("train", {}), owner, f"{place}.train: ", method.train_ranges)
    given = given_part(method, settings.get("given"), place)
    if "iterates" in settings and "iterates" not in inspect.signature(module.fuse).parameters:
        raise MossFuseError(f"methods.{name}.iterates: method '{method.name}' keeps no iterates; remove the key")
    return Row(
        name=name,
        method=method,
        module=module,
        params=params,
        train=train,
        weights=settings.get("weights", method.weights),
        title=title_of(
            method,
            settings.get("title"),
            params,
            train,
            knows=given,
            searched=bool(searched),
            weights=settings.get("weights", method.weights),
        ),
        iterates=settings.get("iterates"),
        given=given,
        shortened=not settings.get("weights", method.weights) and is_shortened(method, params, train),
    )


def with_prefix(name: str, prefix: str, row: Row, own: Mapping[str, Any]) -> Row:
    """Return the row that runs ``row`` on a pair to which the prefix was applied; own: settings under its own name."""
    plain = row.name
    if row.external is not None:
        raise MossFuseError(f"'{name}': cubes made elsewhere are scored as they are; remove '{prefix}+'")
    if row.trained_here:
        raise MossFuseError(
            f"'{name}': '{plain}' is trained on pairs as they are, so '{prefix}+' would hand it another kind of pair; remove '{prefix}+'"
        )
    surplus = sorted(set(own) - {"title"})
    if surplus:
        raise MossFuseError(
            f"methods.{name}: a row with a prefix has a title of its own and takes '{surplus[0]}' from its method; "
            f"set it under methods.{plain}"
        )
    return replace(row, name=name, prefix=prefix, title=own.get("title", f"{row.title}, pair {prefix} first"))


def searched_params(path: str, method: Method, place: str) -> dict[str, Any]:
    """Return the parameters that the result of a search (docs/measure/search.py) holds for a method; path: as for the files of ``parts``.

    Raises MossFuseError where there is no such file, or where the method was not searched.
    """
    try:
        found = json.loads(path_in_run_or_clone(path).read_text(encoding="utf-8"))["methods"]
        return dict(found[method.name]["params"])
    except FileNotFoundError:
        raise MossFuseError(f"{place}.params_from: {path} does not exist; run docs/measure/search.py --write") from None
    except (ValueError, KeyError, TypeError):
        raise MossFuseError(
            f"{place}.params_from: {path} holds no search of '{method.name}'; add it to docs/measure/search.py"
        ) from None


def given_part(method: Method, asked: Any, place: str) -> frozenset[str] | None:
    """Return the knowledge that a row's key ``given`` ('nothing', or a list) hands to its method; None where it has no such key.

    Raises MossFuseError where the method does not know as much, or cannot run without the rest.
    """
    if asked is None:
        return None
    given = frozenset() if asked == "nothing" else frozenset(asked)
    more, needed = sorted(given - method.knows), sorted(method.knows - method.optional - given)
    if more:
        raise MossFuseError(f"{place}.given: method '{method.name}' does not know {', '.join(more)}; leave it out")
    if needed:
        raise MossFuseError(f"{place}.given: method '{method.name}' cannot run without {', '.join(needed)}; add it")
    return given


def check_pattern(name: str, pattern: str) -> None:
    """Raise MossFuseError for a pattern of file names with fields that no cell has."""
    known = [f.name for f in fields(Cell)]
    try:
        used = [field for _, field, _, _ in string.Formatter().parse(pattern) if field is not None]
    except ValueError as error:
        raise MossFuseError(
            f"external.{name}.pattern: '{pattern}' cannot be read ({error}); pair the braces"
        ) from error
    for field_name in used:
        if field_name not in known:
            raise MossFuseError(
                f"external.{name}.pattern: a cell has no '{{{field_name}}}'; use {', '.join('{' + k + '}' for k in known)}"
            )
