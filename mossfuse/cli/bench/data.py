"""Steps of workflow/rules/data.smk: fetch, prepare, scenes, degrade, registry-file."""

import logging
import shutil

from mossfuse.cli.bench.job import degradation_of, load
from mossfuse.errors import MossFuseError

log = logging.getLogger("mossfuse")


def fetch(options):
    """Make the raw files of every scene, every spectral response and all released weights available.

    Everything that is missing is named together, before any other job. Missing weights alone stop nothing but their rows.
    """
    from mossfuse.benchmark.data.prepare import fetch_dataset
    from mossfuse.benchmark.data.srf_tables import record_response
    from mossfuse.remote.registry import REGISTRY, obtain_file

    job = load(options)
    missing, lost = [], []
    for label, scenes in job.grid.scenes_to_prepare().items():
        try:
            block = job.grid.block_of(label)
            fetch_dataset(block.dataset, scenes, job.paths.dataset(label).folder, job.mirrors, block.options)
            log.info("%s: %d scenes ready", label, len(scenes))
        except MossFuseError as error:
            missing.append(str(error))
    for name in sorted({degradation.srf for degradation in job.grid.degradations.values()}):
        try:
            record_response(name, job.paths.response(name), job.mirrors, job.paths.registry)
        except MossFuseError as error:
            missing.append(f"spectral response '{name}': {error}")
    for name in sorted({row.weights for row in job.grid.rows.values() if row.weights in REGISTRY}):
        rows = ", ".join(label for label, row in job.grid.rows.items() if row.weights == name)
        try:
            if not job.paths.registry_file(name).exists():
                obtain_file(name, job.mirrors, job.paths.registry)
        except MossFuseError as error:
            lost.append(f"weights of {rows}: {error}")
    if missing:
        raise MossFuseError(" | ".join([*missing, *lost]))
    for sentence in lost:
        log.warning("%s", sentence)


def prepare(options):
    """Read one scene, check it and write it in the benchmark's own format."""
    from mossfuse.benchmark.data.prepare import prepare_scene, refresh_record

    job = load(options)
    block = job.grid.block_of(options.dataset)
    folder = job.paths.dataset(block.label).folder
    refresh_record(block.dataset, options.scene, folder, job.mirrors)
    path = job.paths.scene(block.label, options.scene)
    prepare_scene(block.dataset, options.scene, folder, job.mirrors, path, **block.options)


def scenes(options):
    """Write the hash, source and verification of every prepared scene."""
    from mossfuse.benchmark.data.scale import require_lit
    from mossfuse.files import read_prepared
    from mossfuse.files.atomic import read_json, write_json
    from mossfuse.files.hashing import array_sha256

    job = load(options)

    def describe(label, scene):
        facts = read_json(job.paths.fetched(label, scene))
        cube, _ = read_prepared(job.paths.scene(label, scene))
        require_lit(cube, label, scene, ", ".join(sorted(facts["sha256"])[:1]) or "its file")
        return {"sha256": array_sha256(cube), "source": facts["source"], "verified": facts["verified"]}

    every = job.grid.scenes_to_prepare()
    write_json(
        job.paths.scenes,
        {label: {scene: describe(label, scene) for scene in sorted(names)} for label, names in every.items()},
    )


def degrade(options):
    """Make the degraded pair of one scene."""
    from mossfuse.benchmark.data.make_pair import make_pair

    job = load(options)
    job.grid.block_of(options.dataset)
    make_pair(
        degradation_of(options.degradation, job.grid),
        truth=job.paths.scene(options.dataset, options.scene),
        path=job.paths.pair(options.dataset, options.degradation, options.scene),
        scene=options.scene,
        mirrors=job.mirrors,
        registry=job.paths.registry,
    )


def registry_file(options):
    """Copy one file of the registry to where the workflow expects it."""
    from mossfuse.files.atomic import replacing
    from mossfuse.remote.registry import obtain_file

    job = load(options)
    found = obtain_file(options.name, job.mirrors, job.paths.registry)
    with replacing(options.output) as temporary:
        shutil.copyfile(found.path, temporary)
