"""Summarise the records of a row's runs: seeds, size, steps and seconds, per dataset and degradation with its replicates."""

from statistics import median

TRAINING_STEPS = ("training_iterations", "train_steps", "steps")


def run_facts(results, method):
    """Return ``place_facts`` of every (dataset, degradation) where the row was run, in the order of the results."""
    facts = [place_facts(results, method, *place) for place in results.boards]
    return [entry for entry in facts if entry]


def place_facts(results, method, dataset, degradation):
    """Return the facts of a row's runs in one place; {} where it was not run there.

    dataset, degradation; seeds (list), runs: how many ended well; parameters, iterations (steps of a fit to the scene),
    training_iterations: medians over those runs, None where they say nothing; devices: their names. No seconds: scored runs
    share the machine with others.
    """
    replicates = results.replicates(dataset, degradation)
    runs = [run for d in replicates for run in within(results.runs, f"{dataset}/{d}/{method}/")]
    if not runs:
        return {}
    base = results.about(method).get("refines") or method
    trained = [t for d in replicates for t in within(results.trainings, f"{dataset}/{d}/{base}/")]
    trainings = [training for training in trained if training["status"] == "ok"]
    good = [run for run in runs if run["status"] == "ok"]
    notes = [run.get("notes") or {} for run in good]
    steps = [note.get("training_iterations") for note in notes]
    steps += [next((t["params"][k] for k in TRAINING_STEPS if k in t["params"]), None) for t in trainings]
    return {
        "dataset": dataset,
        "degradation": degradation,
        "seeds": sorted({run["seed"] for run in runs}),
        "runs": len(good),
        "parameters": middle(note.get("parameters") for note in notes),
        "iterations": middle(note.get("iterations") for note in notes),
        "training_iterations": middle(steps),
        "devices": list(dict.fromkeys(run["device_name"] for run in good if run.get("device_name"))),
    }


def within(records, place):
    """Return the records of the folders below ``place``."""
    return [record for folder, record in records.items() if folder.startswith(place)]


def middle(values):
    """Return the median of the numbers among ``values``; None without any."""
    numbers = [value for value in values if value is not None]
    return median(numbers) if numbers else None
