"""The layout of the tables: their columns, and their version, which catalogue.json beside them gives.

metrics.csv itself holds nothing but scores, so that equal scores give equal bytes. Its column ``degradation`` names what the
cell's pair was made by; ``board`` is the same without phase and draw of the noise, which ``lattice`` and ``draw`` hold: rows of
one dataset and board are replicates of one degradation (mossfuse.degradations.replicates).
"""

from mossfuse.errors import MossFuseError

VERSION = 2  # raise it where a column is added, renamed or read differently
METRIC_COLUMNS = (
    "dataset",
    "degradation",
    "board",
    "lattice",
    "draw",
    "method",
    "scene",
    "seed",
    "split",
    "seen_in_training",
    "weights",
    "status",
    "reason",
    "pair_sha256",
    "convention",
    "metric",
    "value",
)
TIMING_COLUMNS = (
    "dataset", "degradation", "method", "scene", "seed", "device", "device_name", "threads", "repeats", "first_s",
    "median_s", "spread_s", "cpu_s", "other_cores", "peak_rss_mb", "peak_gpu_mb", "parameters", "flops", "train_s",
    "train_cpu_s", "reason",
)  # fmt: skip


def check_version(catalogue, place):
    """Raise MossFuseError where the tables beside ``catalogue`` (the content of ``place``) have another layout than this one."""
    found = catalogue.get("version")
    if found != VERSION:
        raise MossFuseError(
            f"{place} belongs to tables of layout {'0' if found is None else found}, and this version of mossfuse reads "
            f"layout {VERSION}; collect the results again (snakemake --cores all, or mossfuse bench collect)"
        )
