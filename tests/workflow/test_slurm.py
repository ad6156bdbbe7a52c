"""A real SLURM on this machine (munged, slurmctld and slurmd as ordinary programs) runs a small grid with the shipped profile."""

import csv
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from helpers.repository import BIN, ROOT
from helpers.snakemake_runs import run, small_grid

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun")
PLUGIN = "snakemake_executor_plugin_slurm"
CONFIG = Path("/etc/slurm/slurm.conf")  # jobs do not inherit SLURM_CONF
SETTINGS = """
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
SlurmUser={user}
SlurmdUser={user}
SlurmctldPort=26817
SlurmdPort=26818
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SlurmdParameters=config_overrides
SchedulerParameters=sched_interval=1,bf_interval=1
NodeName={host} NodeAddr=127.0.0.1 CPUs=8 Boards=1 SocketsPerBoard=1 CoresPerSocket=8 ThreadsPerCore=1 RealMemory=4000
PartitionName=main Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


def missing():
    """Return why no cluster can be made here; '' where one can."""
    lacking = [name for name in PROGRAMS if not shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")]
    if lacking:
        return f"needs {', '.join(lacking)} (apt install slurmctld slurmd munge)"
    if importlib.util.find_spec(PLUGIN) is None:
        return "needs snakemake-executor-plugin-slurm (pip install 'mossfuse[slurm]')"
    if CONFIG.exists() or not CONFIG.parent.is_dir() or not os.access(CONFIG.parent, os.W_OK):
        return f"needs {CONFIG} for itself: it exists, or cannot be written"
    return ""


@pytest.fixture
def cluster(tmp_path_factory):
    """Start a cluster of one node with eight cores; it ends with the test."""
    reason = missing()
    if reason:
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("slurm")
    folder.chmod(0o755)
    for name in ("state", "spool"):
        (folder / name).mkdir()
    (folder / "key").write_bytes(os.urandom(1024))
    (folder / "key").chmod(0o600)
    host = os.uname().nodename.split(".")[0]
    settings = SETTINGS.format(folder=folder, host=host, user=subprocess.check_output(["id", "-un"], text=True).strip())
    (folder / "slurm.conf").write_text(settings, encoding="utf-8")
    CONFIG.symlink_to(folder / "slurm.conf")
    environment = {**os.environ, "PATH": f"{os.environ['PATH']}:/usr/sbin"}
    munge = [f"--{key}={folder}/{name}" for key, name in (
        ("key-file", "key"), ("socket", "munge.socket"), ("pid-file", "munged.pid"), ("log-file", "munged.log"),
        ("seed-file", "munged.seed"))]  # fmt: skip
    try:
        for command in (["munged", "--force", *munge], ["slurmctld", "-c"], ["slurmd", "-N", host]):
            subprocess.run(command, check=True, timeout=60, env=environment)
        end = time.monotonic() + 60
        while (
            "idle" not in subprocess.run(["sinfo", "-h", "-o", "%T"], capture_output=True, text=True, timeout=20).stdout
        ):
            assert time.monotonic() < end, (folder / "slurmctld.log").read_text(encoding="utf-8")[-2000:]
            time.sleep(1)
        yield folder
    finally:
        CONFIG.unlink()
        for name in ("slurmd", "slurmctld", "munged"):
            pid = folder / f"{name}.pid"
            if pid.exists():
                os.kill(int(pid.read_text(encoding="utf-8")), signal.SIGTERM)


@pytest.mark.slow
def test_cluster_gives_the_results_of_a_local_run(cluster, tmp_path):
    config = small_grid(["bicubic", "ridge-dc"])
    config["timing"] = {"scenes": "first", "repeats": 1, "budget_s": 5}
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
    code, output = run(tmp_path / "here", config)
    assert code == 0, output
    there = tmp_path / "there"
    shutil.copy(tmp_path / "here" / "config.yaml", there)
    command = [
        "timeout", "-k", "30", "1500", str(BIN / "snakemake"), "-s", str(ROOT / "Snakefile"), "--directory", str(there),
        "--workflow-profile", str(ROOT / "workflow/profiles/slurm"), "--slurm-status-command", "squeue",
        "--slurm-init-seconds-before-status-checks", "5", "--latency-wait", "5", "--default-resources", "mem_mb=1000", "runtime=10",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    tables = [(tmp_path / name / "results" / "metrics.csv").read_bytes() for name in ("here", "there")]
    assert tables[0] == tables[1]
    with open(there / "results" / "timing.csv", newline="", encoding="utf-8") as stream:
        assert len(list(csv.DictReader(stream))) == 2
    jobs = (cluster / "slurmctld.log").read_text(encoding="utf-8")
    assert (
        jobs.count("WEXITSTATUS 0") >= 10
        and json.loads(
            (there / "results/phantom-64/x8-gauss7s2-nikond5100/bicubic/mosaic/seed0/run.json").read_text(
                encoding="utf-8"
            )
        )["status"]
        == "ok"
    )
