"""Which code, packages, devices, inputs and seeds made the numbers: runs in groups, one for each method on a board."""

import json
from pathlib import Path

from mossfuse.benchmark.report.conditions import mixed_conditions


def provenance_context(results, boards):
    """Return the context of the page. boards: those of the first convention."""
    mixed = [(f"{b.dataset}, {b.degradation}", text) for b in boards if (text := mixed_conditions(results, b))]
    versions = {}
    for run in results.runs.values():
        for package, version in (run.get("versions") or {}).items():
            versions.setdefault(package, {}).setdefault(version or "not installed", None)
    devices = dict.fromkeys(
        f"{r.get('device', '')}: {r['device_name']}" for r in results.runs.values() if r.get("device_name")
    )
    config = json.dumps(without_places(results.catalogue.get("config", {})), indent=2, sort_keys=True)
    return {
        "groups": groups(results), "commits": commits(results), "devices": list(devices), "config": config, "mixed": mixed,
        "versions": {k: ", ".join(v) for k, v in sorted(versions.items())}, "trainings": results.trainings,
    }  # fmt: skip


def groups(results):
    """Return the runs of each method under each full degradation: place, title, how many failed, and one row for each run."""
    found = {}
    for name, run in results.runs.items():
        dataset, degradation, method, scene, seed = name.split("/")
        place = found.setdefault((dataset, degradation, method), [])
        place.append({"scene": scene, "seed": seed.removeprefix("seed"), **run})
    return [
        {
            "dataset": dataset, "degradation": degradation, "method": method, "runs": runs,
            "failed": sum(run["status"] != "ok" for run in runs),
        }
        for (dataset, degradation, method), runs in found.items()
    ]  # fmt: skip


def without_places(config):
    """Return the configuration without the folders of the machine it ran on: mirrors, and the path of external cubes."""
    external = {
        k: {**v, "pattern": Path(v["pattern"]).name} if "pattern" in v else v
        for k, v in config.get("external", {}).items()
    }
    return {**{k: v for k, v in config.items() if k != "mirrors"}, "external": external}


def commits(results):
    """Return [(commit, dirty)] of all runs, without repetition."""
    records = [*results.runs.values(), *results.trainings.values()]
    return list(dict.fromkeys((r.get("commit"), r.get("dirty")) for r in records if r.get("commit")))
