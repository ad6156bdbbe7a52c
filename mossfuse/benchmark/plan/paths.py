"""The one map of the benchmark's files. Rules, verbs, cells, tables, report and scripts ask here where a file stands.

Every method takes names of a dataset, degradation, method and scene, and a seed. Each may also be a Snakemake wildcard
in braces ("{scene}") or "*", so that the same map gives the patterns of the rules and of searches.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mossfuse.benchmark.plan.cells import Cell, Training

LOGS = Path("logs")


@dataclass(frozen=True)
class DatasetFiles:
    """The files of one dataset, or of a variant of it, all in its folder; ``obtain`` and ``read`` are given the folder."""

    folder: Path
    variant: str = ""

    def fetched(self, scene: str) -> Path:
        """Record of a scene's raw files (rule fetch)."""
        return self.folder / "fetched" / f"{scene}.json"

    def scene(self, scene: str) -> Path:
        """Prepared scene: the truth (rule prepare). One that was read with options has a folder of these options."""
        return self.folder / f"scenes{self.variant}" / f"{scene}.mat"


@dataclass(frozen=True)
class CellFiles:
    """The files of one cell, all in its folder."""

    folder: Path

    @property
    def run(self) -> Path:
        """Record of the run: status, reason, settings, versions, hashes (rule fuse)."""
        return self.folder / "run.json"

    @property
    def cube(self) -> Path:
        """Fused cube with the method's estimates of PSF and SRF; empty where the run failed (rule fuse)."""
        return self.folder / "fused.mat"

    @property
    def history(self) -> Path:
        """What the method logged while it ran (rule fuse)."""
        return self.folder / "history.csv"

    @property
    def iterates(self) -> Path:
        """Folder of cubes saved during the fit, removed once their curve is scored (rule fuse_with_iterates)."""
        return self.folder / "iterates"

    @property
    def curve(self) -> Path:
        """Scores of the iterates (rule curve)."""
        return self.folder / "curve.csv"

    @property
    def time(self) -> Path:
        """Measured times (rule time)."""
        return self.folder / "time.json"

    @property
    def score(self) -> Path:
        """Every metric in every convention (rule score)."""
        return self.folder / "score.csv"

    @property
    def bands(self) -> Path:
        """PSNR of every band (rule score)."""
        return self.folder / "bands.csv"

    @property
    def estimate(self) -> Path:
        """Estimated PSF and SRF beside the true ones (rule score)."""
        return self.folder / "estimate.json"

    @property
    def view(self) -> Path:
        """Folder of the cell's pictures (rule draw_cell)."""
        return self.folder / "view"


@dataclass(frozen=True)
class TrainingFiles:
    """The files of one training, all in its folder (rule train)."""

    folder: Path

    @property
    def weights(self) -> Path:
        """Trained weights; empty where the training failed."""
        return self.folder / "weights.pt"

    @property
    def iterates(self) -> list[Path]:
        """Weights of intermediate steps that the training kept (``keep_every`` of MossFuse's), in order."""
        return sorted(self.folder.glob(f"{self.weights.stem}-step*{self.weights.suffix}"))

    @property
    def history(self) -> Path:
        """What the method logged while it trained."""
        return self.folder / "history.csv"

    @property
    def record(self) -> Path:
        """Record of the training: status, reason, settings, versions, hashes."""
        return self.folder / "train.json"

    @property
    def resume(self) -> Path:
        """Token of the training that has not finished, in a folder that the workflow never removes."""
        return self.folder / "resume" / "token.txt"

    def unfinished(self, token: str) -> TrainingFiles:
        """The same files of a training that has not finished; their place does not show which one it is."""
        return TrainingFiles(self.folder.parents[3] / "_unfinished" / token)

    @property
    def elapsed(self) -> Path:
        """Seconds that an unfinished training has taken so far."""
        return self.folder / "seconds.json"


@dataclass(frozen=True)
class Paths:
    """Where everything stands below the four folders of a configuration. tables: their folder; None: that of the results."""

    results: Path = Path("results")
    reports: Path = Path("reports")
    checkpoints: Path = Path("checkpoints")
    data: Path = Path("data")
    variants: tuple[tuple[str, str], ...] = ()
    tables: Path | None = None

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Paths:
        """Return the map of a checked configuration."""
        variants = {entry.get("as", entry["dataset"]): variant_of(entry) for entry in settings.get("grid", ())}
        results, reports, checkpoints = (Path(settings[key]) for key in ("results", "reports", "checkpoints"))
        return cls(results, reports, checkpoints, variants=tuple(sorted(variants.items())))

    @property
    def trees(self) -> tuple[Path, ...]:
        """The folders with everything that is made from scenes."""
        return self.data, self.results, self.reports, self.checkpoints, LOGS

    # Data: raw files, prepared scenes, third-party files.

    def dataset(self, dataset: str) -> DatasetFiles:
        """Files of a dataset."""
        return DatasetFiles(self.data / dataset, dict(self.variants).get(dataset, ""))

    def fetched(self, dataset: str, scene: str) -> Path:
        """Record of a scene's raw files."""
        return self.dataset(dataset).fetched(scene)

    def scene(self, dataset: str, scene: str) -> Path:
        """Prepared scene: the truth."""
        return self.dataset(dataset).scene(scene)

    @property
    def registry(self) -> Path:
        """Folder of the registry: third-party files that are not datasets."""
        return self.data / "_registry"

    def registry_file(self, name: str) -> Path:
        """Third-party file of the registry that is no dataset."""
        return self.registry / name

    def fetched_scenes(self) -> Iterator[tuple[str, str, Path]]:
        """Yield (dataset, scene, record) of every scene that was fetched, sorted."""
        for path in sorted(self.data.glob(str(self.fetched("*", "*").relative_to(self.data)))):
            yield path.parent.parent.name, path.stem, path

    def response(self, name: str) -> Path:
        """Hash of the table of a spectral response (rule fetch)."""
        return self.data / "_responses" / f"{name}.json"

    # Results: pairs, their pictures, cells.

    def pair(self, dataset: str, degradation: str, scene: str) -> Path:
        """Degraded pair of a scene."""
        return self.results / dataset / degradation / "_pairs" / f"{scene}.mat"

    def pair_facts(self, dataset: str, degradation: str, scene: str) -> Path:
        """Hash and degradation of a pair."""
        return self.pair(dataset, degradation, scene).with_suffix(".json")

    def scene_view(self, dataset: str, degradation: str, scene: str) -> Path:
        """Folder of the pictures of a scene that no method changes: the truth and the two inputs (rule draw_pair)."""
        return self.results / dataset / degradation / "_scenes" / scene / "view"

    def cell(self, dataset: str, degradation: str, method: str, scene: str, seed: int | str) -> CellFiles:
        """Files of the cell with these coordinates."""
        return CellFiles(self.results / dataset / degradation / method / scene / f"seed{seed}")

    def of_cell(self, cell: Cell) -> CellFiles:
        """Files of a cell."""
        return CellFiles(self.results / cell.name)

    def cells_with(self, file: str) -> Iterator[tuple[Cell, CellFiles]]:
        """Yield the cells on disk that have the file named by a property of CellFiles ('score'), sorted by folder."""
        pattern = getattr(CellFiles(Path(*"*" * 4, "seed*")), file)
        for path in sorted(self.results.glob(str(pattern))):
            dataset, degradation, method, scene, seed = path.parent.relative_to(self.results).parts
            yield Cell(dataset, degradation, method, scene, int(seed.removeprefix("seed"))), CellFiles(path.parent)

    # Checkpoints.

    def training(self, dataset: str, degradation: str, method: str, seed: int | str) -> TrainingFiles:
        """Files of the training with these coordinates."""
        return TrainingFiles(self.checkpoints / dataset / degradation / method / f"seed{seed}")

    def trainings(self) -> Iterator[tuple[Training, TrainingFiles]]:
        """Yield the trainings on disk that have a record, sorted by folder."""
        pattern = TrainingFiles(Path(*"*" * 3, "seed*")).record
        for path in sorted(self.checkpoints.glob(str(pattern))):
            dataset, degradation, method, seed = path.parent.relative_to(self.checkpoints).parts
            yield Training(dataset, degradation, method, int(seed.removeprefix("seed"))), TrainingFiles(path.parent)

    # Tables and report.

    @property
    def settings(self) -> Path:
        """Effective configuration: file, --configfile and --config together."""
        return self.results / "settings.json"

    @property
    def scenes(self) -> Path:
        """Hash and source of every prepared scene."""
        return self.results / "scenes.json"

    @property
    def limits(self) -> Path:
        """Scores of the limits that read the truth, long; written by ``mossfuse bench limits`` alone."""
        return self.results / "limits.csv"

    @property
    def metrics(self) -> Path:
        """Long table of all scores: the source of every other table."""
        return (self.tables or self.results) / "metrics.csv"

    @property
    def summary(self) -> Path:
        """Nested means of the scores."""
        return (self.tables or self.results) / "metrics.json"

    @property
    def timing(self) -> Path:
        """Table of all measured times."""
        return (self.tables or self.results) / "timing.csv"

    @property
    def catalogue(self) -> Path:
        """Titles, citations and settings of everything in the tables."""
        return (self.tables or self.results) / "catalogue.json"

    @property
    def verdict(self) -> Path:
        """Written when no cell failed."""
        return self.results / "verdict.txt"

    @property
    def report(self) -> Path:
        """Front page of the report."""
        return self.reports / "index.html"

    @property
    def first(self) -> Paths:
        """Map with the tables and the pages of the rows that need no training here, reported before anything is trained."""
        return replace(self, tables=self.results / "_first", reports=self.reports / "_first")

    @property
    def first_board(self) -> Path:
        """Written when the leaderboards of these rows have been shown, before anything is timed or drawn."""
        return self.results / "first_board.txt"

    @property
    def first_report(self) -> Path:
        """Written when these rows have been reported."""
        return self.results / "first_report.txt"

    @property
    def report_copy(self) -> Path:
        """Copy of the report that Snakemake owns."""
        return self.results / "report"

    # Logs.

    def log(self, rule: str, *place: str) -> Path:
        """Log of a rule, or of its job for the names in ``place``."""
        return LOGS.joinpath(rule, *place).parent / f"{(rule, *place)[-1]}.log"

    def cell_log(self, rule: str, dataset: str, degradation: str, method: str, scene: str, seed: int | str) -> Path:
        """Log of a rule's job for one cell."""
        return self.log(rule, dataset, degradation, method, scene, f"seed{seed}")


def variant_of(entry: Mapping[str, Any]) -> str:
    """Return the variant of a dataset that an entry of the grid reads: '' with its own options, else '-' and their hash.

    Two configurations that give one label to different options then share no prepared scene.
    """
    options = entry.get("options")
    text = json.dumps({"dataset": entry["dataset"], **options}, sort_keys=True) if options else ""
    return f"-{hashlib.sha256(text.encode()).hexdigest()[:8]}" if text else ""
