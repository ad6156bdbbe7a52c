"""Runs of the workflow in a folder of their own, on the smoke configuration or a changed one."""

import csv
import os
import re
import subprocess

import yaml

from helpers.repository import BIN, ROOT

SNAKEMAKE = [
    str(BIN / "snakemake"),
    "--cores",
    "2",
    "--keep-going",
    "--rerun-incomplete",
]


def config_of(**changes):
    base = yaml.safe_load((ROOT / "config" / "smoke.yaml").read_text(encoding="utf-8"))
    for key in ("results", "reports", "checkpoints"):
        base.pop(key)
    base.update(changes)
    return base


def small_grid(methods):
    entry = config_of()["grid"][0]
    return config_of(
        grid=[{**entry, "scenes": ["mosaic"], "methods": methods}],
        methods={},
        timing={"scenes": "none"},
        conventions=["std1"],
    )


def start(folder, config, *arguments, environment=None, snakefile=ROOT / "Snakefile"):
    if config is not None:  # None: the configuration of an earlier run, untouched
        (folder / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    command = [*SNAKEMAKE, "-s", str(snakefile), "--directory", str(folder), *arguments]
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        env={**os.environ, **(environment or {})},
    )


def run(folder, config, *arguments, environment=None, snakefile=ROOT / "Snakefile"):
    process = start(folder, config, *arguments, environment=environment, snakefile=snakefile)
    output, _ = process.communicate(timeout=600)
    return process.returncode, output


def planned(folder, config, *targets, environment=None, snakefile=ROOT / "Snakefile"):
    """rule name -> number of jobs that a dry run plans; empty where it plans nothing."""
    code, output = run(folder, config, "--dry-run", *targets, environment=environment, snakefile=snakefile)
    assert code == 0, output
    return {} if "Nothing to be done" in output else job_counts(output)


def job_counts(output):
    """rule name -> number of jobs, as a run or a dry run lists them."""
    listing = output[output.index("Job stats:") :].split("\n\n")[0]
    return {name: int(count) for name, count in re.findall(r"^(\w+) +(\d+)$", listing, re.M) if name != "total"}


def table(folder):
    with open(folder / "results" / "metrics.csv", newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))
