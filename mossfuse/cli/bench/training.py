"""Step of workflow/rules/train.smk."""

from mossfuse.cli.bench.job import device_of, load, say, start_log
from mossfuse.errors import MossFuseError, suggestion


def train(options):
    """Train one row on the training scenes of a dataset."""
    from mossfuse.benchmark.run.training import train_row

    job = load(options)
    known = {training.name: training for training in job.grid.trainings()}
    if options.training not in known:
        raise MossFuseError(
            f"training '{options.training}' (DATASET/DEGRADATION/METHOD/seedN) is not in the configuration; "
            f"{suggestion(options.training, known, 'it has')}"
        )
    training, paths = known[options.training], job.paths
    row, scenes = job.grid.rows[training.method], job.grid.block_of(training.dataset).train_scenes
    record = train_row(
        training,
        row,
        files=paths.training(**vars(training)),
        pairs=[paths.pair(training.dataset, training.degradation, scene) for scene in scenes],
        truths=[paths.scene(training.dataset, scene) for scene in scenes] if row.method.trains == "supervised" else [],
        scenes=scenes,
        closed=job.closed,
        device=device_of(options),
        threads=job.settings["threads"]["train"],
        limit_s=job.settings["limits"]["train_s"],
        log=start_log(options),
    )
    say(record, training.name, f"trained in {record.get('seconds', 0):.1f} s")
