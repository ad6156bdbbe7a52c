"""The grid of a configuration: which cells exist, what each one runs, where its files stand."""

import inspect
import string
from dataclasses import dataclass, field, fields

from mossfuse.benchmark.plan.cells import Cell, Training
from mossfuse.errors import MossFuseError, suggestion
from mossfuse.methods import find_method, split_suffix
from mossfuse.parameters import apply_changes, with_preset
from mossfuse.protocol import Method


@dataclass(frozen=True)
class Row:
    """One row of the leaderboard: a method with its settings, a refinement of one, or cubes made elsewhere.

    iterates: a cube is kept at every so many steps of the fit to a scene, for the row's curve; None: no curve.
    """

    name: str
    method: Method | None = None
    module: object = None
    suffix: str | None = None
    params: dict = field(default_factory=dict)
    train: dict = field(default_factory=dict)
    weights: str | None = None
    external: dict | None = None
    title: str = ""
    iterates: int | None = None

    @property
    def base(self):
        """Name of the row that a suffix refines (the row itself where there is no suffix)."""
        return split_suffix(self.name)[0]

    @property
    def trained_here(self):
        return self.method is not None and self.method.trains in ("dataset", "supervised") and not self.weights

    @property
    def weights_kind(self):
        """What the result table says under 'weights'."""
        if self.external is not None:
            return "external"
        if self.weights:
            return "authors" if self.weights == self.method.weights else "given"
        return self.method.trains


@dataclass(frozen=True)
class Block:
    """One entry of the grid, resolved."""

    label: str
    dataset: str
    module: object
    spec: object
    options: dict
    scenes: tuple[str, ...]
    train_scenes: tuple[str, ...]
    degradations: tuple[str, ...]
    methods: tuple[str, ...]
    seeds: tuple[int, ...]


class Grid:
    """A checked configuration turned into rows, blocks and cells. Raises MossFuseError on any unknown name."""

    def __init__(self, config):
        from mossfuse.datasets import find_dataset
        from mossfuse.degradations import find_degradation

        self.config = config
        self.blocks = tuple(make_block(entry, find_dataset) for entry in config["grid"])
        self.degradations = {d: find_degradation(d) for block in self.blocks for d in block.degradations}
        names = dict.fromkeys(m for block in self.blocks for m in block.methods)
        names.update(dict.fromkeys(split_suffix(m)[0] for m in list(names)))
        self.rows = {name: make_row(name, config) for name in names}
        unused = set(config["methods"]) | set(config["external"])
        for name in sorted(unused - set(self.rows)):
            hint = suggestion(name, self.rows, "the grid has")
            raise MossFuseError(f"settings are given for '{name}', which no grid entry names; {hint}")
        labels = {}
        for block in self.blocks:
            own = (block.dataset, block.options, block.train_scenes)
            if labels.setdefault(block.label, own) != own:
                raise MossFuseError(
                    f"two grid entries use '{block.label}' with different options or training scenes; give one an 'as:' name"
                )

    def seeds_of(self, row, seeds):
        method = self.rows[split_suffix(row)[0]].method
        return seeds if method is None or method.stochastic else seeds[:1]

    def cells(self):
        """Every cell that is scored, without repetition, in the order of the configuration."""
        out = {}
        for block in self.blocks:
            for degradation in block.degradations:
                for row in block.methods:
                    for scene in block.scenes:
                        for seed in self.seeds_of(row, block.seeds):
                            out[Cell(block.label, degradation, row, scene, seed)] = None
        return list(out)

    def base_cell(self, cell):
        """The cell whose cube a cell with a suffix refines; the grid need not name it."""
        row = self.rows[cell.method]
        seed = cell.seed if row.method.stochastic else self.block_of(cell.dataset).seeds[0]
        return Cell(cell.dataset, cell.degradation, row.base, cell.scene, seed)

    def runs(self):
        """Every cell that is run: the scored ones and the bases of refinements."""
        cells = self.cells()
        return list(dict.fromkeys([*cells, *(self.base_cell(c) for c in cells if self.rows[c.method].suffix)]))

    def block_of(self, label):
        """The first entry of the grid with that label; MossFuseError where there is none."""
        for block in self.blocks:
            if block.label == label:
                return block
        hint = suggestion(label, [block.label for block in self.blocks], "it has")
        raise MossFuseError(f"the configuration has no dataset '{label}'; {hint}")

    def scenes_to_prepare(self):
        """label -> every scene needed: scored ones and, where something is trained, the training scenes."""
        out = {}
        for block in self.blocks:
            wanted = out.setdefault(block.label, {})
            wanted.update(dict.fromkeys(block.scenes))
            if any(self.rows[split_suffix(m)[0]].trained_here for m in block.methods):
                wanted.update(dict.fromkeys(block.train_scenes))
        return {label: list(scenes) for label, scenes in out.items()}

    def traced_cells(self):
        """Cells whose quality is drawn over the steps of their fit."""
        return [c for c in self.cells() if self.rows[c.method].iterates]

    def timed_cells(self):
        """Cells whose clock is read by the time rule, per the configuration's timing.scenes."""
        choice = self.config["timing"]["scenes"]
        if choice == "none":
            return []
        out = {}
        for block in self.blocks:
            scenes = block.scenes if choice == "all" else block.scenes[:1]
            for degradation in block.degradations:
                for row in (m for m in block.methods if self.rows[m].external is None):
                    for scene in scenes:
                        out[Cell(block.label, degradation, row, scene, block.seeds[0])] = None
        return list(out)

    def clocked_cells(self):
        """The timed cells and, because a refinement takes its base's time as well, the bases of those with a suffix."""
        timed = self.timed_cells()
        return list(dict.fromkeys([*timed, *(self.base_cell(c) for c in timed if self.rows[c.method].suffix)]))

    def trainings(self):
        """Return every Training that the scored cells need."""
        out = {}
        for c in self.cells():
            base = split_suffix(c.method)[0]
            if self.rows[base].trained_here:
                out[Training(c.dataset, c.degradation, base, c.seed)] = None
        return list(out)


def make_block(entry, find_dataset):
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
        degradations=tuple(entry["degradations"]),
        methods=tuple(entry["methods"]),
        seeds=tuple(entry.get("seeds", (0,))),
    )


def make_row(name, config):
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
        )
    settings = config["methods"].get(name, {})
    method, module = find_method(settings.get("method", name))
    place, owner = f"methods.{name}", f"method '{method.name}'"
    params, train = with_preset(method, settings.get("preset"), f"{place}: ")
    params = apply_changes(params, settings.get("params", {}), owner, f"{place}.params: ", method.ranges)
    train = apply_changes(train, settings.get("train", {}), owner, f"{place}.train: ", method.train_ranges)
    if "iterates" in settings and "iterates" not in inspect.signature(module.fuse).parameters:
        raise MossFuseError(f"methods.{name}.iterates: method '{method.name}' keeps no iterates; remove the key")
    return Row(
        name=name,
        method=method,
        module=module,
        params=params,
        train=train,
        weights=settings.get("weights", method.weights),
        title=settings.get("title", method.title),
        iterates=settings.get("iterates"),
    )


def check_pattern(name, pattern):
    """Refuse a file name pattern with fields that no cell has."""
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
