"""A step of workflow/rules/data.smk: real-pair."""

from mossfuse.cli.bench.job import degradation_of, load
from mossfuse.errors import MossFuseError


def real_pair(options):
    """Make the pair of a scene that two real sensors measured."""
    from mossfuse.benchmark.data.real_pair import make_real_pair

    job = load(options)
    block = job.grid.block_of(options.dataset)
    if not hasattr(block.module, "hr"):
        raise MossFuseError(
            f"dataset '{block.dataset}' has no measured HR image, which '{options.degradation}' needs; choose a response "
            "other than 'estimated', or a dataset of real pairs"
        )
    make_real_pair(
        degradation_of(options.degradation, job.grid),
        truth=job.paths.scene(options.dataset, options.scene),
        high=block.module.hr(options.scene, job.paths.dataset(block.label).folder, job.mirrors, **block.options),
        path=job.paths.pair(options.dataset, options.degradation, options.scene),
        scene=options.scene,
        registered=block.options.get("registered", block.dataset in getattr(block.module, "REGISTERED", ())),
    )
