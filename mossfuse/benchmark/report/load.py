"""Reading a finished grid: the tables, the catalogue and every run's record."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from mossfuse.benchmark.plan.cells import Cell, Training
from mossfuse.benchmark.plan.paths import Paths
from mossfuse.benchmark.report.style import SHORTENED
from mossfuse.benchmark.results.layout import check_version
from mossfuse.errors import MossFuseError
from mossfuse.files import atomic
from mossfuse.files.hashing import sha256_of
from mossfuse.methods import split_suffix

PLACE = ["dataset", "board"]


class NoResults(MossFuseError):
    """A table that a report is made from holds nothing."""


@dataclass(frozen=True)
class Results:
    """Everything the pages are made from.

    metrics, timing: the long tables; catalogue: titles, citations and the configuration; runs, trainings: records of
    runs and trainings by name; fetched: dataset -> scene -> record of its raw files; paths: the map of the files.
    """

    metrics: pd.DataFrame
    timing: pd.DataFrame
    catalogue: dict
    runs: dict
    trainings: dict
    fetched: dict
    paths: Paths

    @property
    def boards(self):
        """Return [(dataset, degradation without phase and draw)] in the order of the results."""
        return list(self.metrics[PLACE].drop_duplicates().itertuples(index=False, name=None))

    @property
    def methods(self):
        """Return the names of all rows, in the order of the results."""
        return list(dict.fromkeys(self.metrics["method"]))

    @property
    def conventions(self):
        """Return the ids of the conventions that compare with the truth, at least one; the first one ranks."""
        present = set(self.metrics["convention"]) - {"", "consistency", "estimate"}
        named = self.catalogue.get("config", {}).get("conventions", [])
        return [c for c in named if c in present] + sorted(present - set(named)) or named[:1] or ["std1"]

    def board(self, dataset, degradation):
        """Return the scores of one dataset under one degradation, all its replicates included."""
        return self.metrics[(self.metrics["dataset"] == dataset) & (self.metrics["board"] == degradation)]

    def replicates(self, dataset, degradation):
        """Return the full names of the degradations behind a board, in the order of the results."""
        return list(dict.fromkeys(self.board(dataset, degradation)["degradation"]))

    def title(self, method):
        """Return a row's title, with a sign where its training is shorter than its paper's."""
        about = self.about(method)
        return (about.get("title") or method) + (f" {SHORTENED}" if about.get("shortened") else "")

    def tuned_on(self, method, dataset):
        """Return the scenes of a dataset on which defaults of a row's method were chosen."""
        return self.about(method).get("tuned_on", {}).get(dataset, [])

    def estimates(self, method, part):
        """Return whether 'psf' or 'srf' returned by a method is an estimate: not where the method was given the true one."""
        return part not in self.about(method).get("knows", [])

    def about(self, method):
        """Return the catalogue's entry of a row; empty where it has none."""
        return self.catalogue["methods"].get(method, {})


def load_results(results, checkpoints, data, tables=None):
    """Return the Results of the folders; raise MossFuseError where a table is missing, empty or of another layout.

    tables: folder of the tables where it is not that of the results.
    """
    paths = Paths(results=Path(results), checkpoints=Path(checkpoints), data=Path(data), tables=tables)
    metrics, catalogue = read_table(paths.metrics), read_json(paths.catalogue)
    check_version(catalogue, paths.catalogue)
    for name, known in catalogue.get("tables", {}).items():
        table = paths.catalogue.with_name(name)
        if sha256_of(table) != known:
            raise MossFuseError(f"{table} is damaged or was edited since it was collected; delete it and run again")
    if metrics.empty:
        raise NoResults(f"{paths.metrics.name} holds no row; run the benchmark before the report")
    metrics["seen_in_training"] = metrics["seen_in_training"].str.lower() == "true"
    metrics["seed"] = metrics["seed"].astype(int)
    metrics["value"] = pd.to_numeric(metrics["value"], errors="coerce")
    timing = read_table(paths.timing)
    timing.insert(2, "board", timing["degradation"].map(metrics.set_index("degradation")["board"].to_dict()))
    texts = ["degradation", *PLACE, "method", "scene", "device", "device_name", "reason"]
    for column in timing.columns.difference(texts):
        timing[column] = pd.to_numeric(timing[column], errors="coerce")
    cells = [
        Cell(*row)
        for row in metrics[["dataset", "degradation", "method", "scene", "seed"]]
        .drop_duplicates()
        .itertuples(index=False)
    ]
    # What an earlier grid has left in the folders is not part of this one.
    trained = {Training(c.dataset, c.degradation, split_suffix(c.method)[0], c.seed).name for c in cells}
    return Results(
        metrics=metrics,
        timing=timing,
        catalogue=catalogue,
        runs={c.name: read_json(run) for c in cells if (run := paths.of_cell(c).run).exists()},
        trainings={t.name: read_json(files.record) for t, files in paths.trainings() if t.name in trained},
        fetched=records_of_scenes(paths),
        paths=paths,
    )


def records_of_scenes(paths):
    """Return dataset -> scene -> record of every scene that was made available."""
    found = {}
    for dataset, scene, record in paths.fetched_scenes():
        found.setdefault(dataset, {})[scene] = read_json(record)
    return found


def read_table(path):
    if not path.exists():
        raise MossFuseError(f"{path} does not exist; run the benchmark (snakemake --cores all) before the report")
    if path.stat().st_size == 0:
        raise NoResults(f"{path.name} is an empty file; delete it and run the benchmark again")
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def read_json(path):
    if not path.exists():
        raise MossFuseError(f"{path} does not exist; run the benchmark (snakemake --cores all) before the report")
    return atomic.read_json(path)


def read_history(path):
    """Return the columns of a logged history, or an empty table where nothing was logged."""
    if not path.exists() or path.stat().st_size == 0:
        return pd.DataFrame()
    return pd.read_csv(path)
