"""Reading a finished grid: the tables, the catalogue and every run's record."""

import json
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from mossfuse.errors import MossFuseError
from mossfuse.methods import split_suffix

PLACE = ["dataset", "degradation"]


@dataclass(frozen=True)
class Results:
    """All that the pages are made from.

    metrics, timing: the long tables; catalogue: titles, citations and the configuration; runs, trainings: records of
    run.json and train.json by folder below results / checkpoints; fetched: dataset -> scene -> record of its raw files.
    """

    metrics: pd.DataFrame
    timing: pd.DataFrame
    catalogue: dict
    runs: dict
    trainings: dict
    fetched: dict
    results: Path
    checkpoints: Path

    @property
    def boards(self):
        """[(dataset, degradation)] in the order of the results."""
        return list(self.metrics[PLACE].drop_duplicates().itertuples(index=False, name=None))

    @property
    def methods(self):
        """Names of all rows, in the order of the results."""
        return list(dict.fromkeys(self.metrics["method"]))

    @property
    def conventions(self):
        """Ids of the conventions that compare with the truth, at least one; the first one ranks."""
        present = set(self.metrics["convention"]) - {"", "consistency", "estimate"}
        named = self.catalogue.get("config", {}).get("conventions", [])
        return [c for c in named if c in present] + sorted(present - set(named)) or named[:1] or ["std1"]

    def board(self, dataset, degradation):
        """The rows of metrics.csv of one dataset under one degradation."""
        return self.metrics[(self.metrics["dataset"] == dataset) & (self.metrics["degradation"] == degradation)]

    def title(self, method):
        return self.catalogue["methods"].get(method, {}).get("title") or method

    def estimates(self, method, part):
        """Whether 'psf' or 'srf' returned by a method is an estimate: not where it was told the truth."""
        return part not in self.about(method).get("knows", [])

    def about(self, method):
        """The catalogue's entry of a row; empty where it has none."""
        return self.catalogue["methods"].get(method, {})


def load_results(results, checkpoints, data):
    """Results of the folders; MossFuseError where a table is missing, empty or of another layout."""
    results, checkpoints, data = Path(results), Path(checkpoints), Path(data)
    metrics = read_table(results / "metrics.csv")
    metrics["seen_in_training"] = metrics["seen_in_training"].str.lower() == "true"
    metrics["seed"] = metrics["seed"].astype(int)
    metrics["value"] = pd.to_numeric(metrics["value"], errors="coerce")
    if metrics.empty:
        raise MossFuseError(f"{results / 'metrics.csv'} holds no row; run the benchmark before the report")
    timing = read_table(results / "timing.csv")
    texts = [*PLACE, "method", "scene", "device", "device_name", "reason"]
    for column in timing.columns.difference(texts):
        timing[column] = pd.to_numeric(timing[column], errors="coerce")
    folders = metrics[[*PLACE, "method", "scene", "seed"]].drop_duplicates().itertuples(index=False)
    folders = list(folders)
    cells = [f"{c.dataset}/{c.degradation}/{c.method}/{c.scene}/seed{c.seed}" for c in folders]
    # What an earlier grid has left in the folders is not part of this one.
    trained = {f"{c.dataset}/{c.degradation}/{split_suffix(c.method)[0]}/seed{c.seed}" for c in folders}
    return Results(
        metrics=metrics,
        timing=timing,
        catalogue=read_json(results / "catalogue.json"),
        runs={c: read_json(results / c / "run.json") for c in cells if (results / c / "run.json").exists()},
        trainings={
            place: read_json(p)
            for p in sorted(checkpoints.glob("*/*/*/seed*/train.json"))
            if (place := str(p.parent.relative_to(checkpoints))) in trained
        },
        fetched=records_of_scenes(data),
        results=results,
        checkpoints=checkpoints,
    )


def records_of_scenes(data):
    """dataset -> scene -> record of every scene that was made available."""
    found = {}
    for path in sorted(data.glob("*/fetched/*.json")):
        found.setdefault(path.parent.parent.name, {})[path.stem] = read_json(path)
    return found


def read_table(path):
    if not path.exists():
        raise MossFuseError(f"{path} does not exist; run the benchmark (snakemake --cores all) before the report")
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def read_json(path):
    if not path.exists():
        raise MossFuseError(f"{path} does not exist; run the benchmark (snakemake --cores all) before the report")
    return json.loads(path.read_text())


def read_history(path):
    """Columns of a history.csv, or an empty table where nothing was logged."""
    if not path.exists() or path.stat().st_size == 0:
        return pd.DataFrame()
    return pd.read_csv(path)
