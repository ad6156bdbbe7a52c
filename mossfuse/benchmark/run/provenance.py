"""Where a number comes from: code, packages, device, inputs."""

import importlib.metadata
import platform
import subprocess
from pathlib import Path

PACKAGES = ("torch", "numpy", "scipy", "scikit-image", "h5py", "hdf5storage", "pandas", "snakemake", "mossfuse")


CODE = ("mossfuse", "baselines", "workflow", "Snakefile")


def code_state():
    """Return {'commit', 'dirty'} of the clone that the package runs from; new files of code count as dirty.

    Both are None for an installed package, also where the environment lies inside somebody else's repository.
    """
    root = Path(__file__).resolve().parents[3]
    if not (root / ".git").exists():
        return {"commit": None, "dirty": None}
    try:
        commit = subprocess.run(["git", "-C", root, "rev-parse", "HEAD"], capture_output=True, text=True, check=True)
        status = subprocess.run(
            ["git", "-C", root, "status", "--porcelain", "--", *CODE],
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return {"commit": None, "dirty": None}
    return {"commit": commit.stdout.strip(), "dirty": bool(status.stdout.strip())}


def versions():
    """Return the installed versions of the packages that a number depends on."""
    out = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            out[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            out[name] = None
    return out


def processor_name():
    """Return the processor's model name."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def linear_algebra():
    """Return name and version of the BLAS that NumPy was built with; None where NumPy does not say."""
    import numpy as np

    built = np.show_config(mode="dicts").get("Build Dependencies", {}).get("blas", {})
    return " ".join(str(built[key]) for key in ("name", "version") if built.get(key)) or None


def device_facts(device):
    """Return {'device', 'device_name', 'driver', 'blas'} of 'cpu' or 'cuda'."""
    blas = linear_algebra()
    if device == "cuda":
        import torch

        query = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
        driver = subprocess.run(query, capture_output=True, text=True, check=False).stdout.split("\n")[0]
        return {"device": "cuda", "device_name": torch.cuda.get_device_name(), "driver": driver, "blas": blas}
    return {"device": "cpu", "device_name": processor_name(), "driver": platform.release(), "blas": blas}
