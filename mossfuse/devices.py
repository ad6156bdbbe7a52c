"""The one place that chooses a device, its precision and its random seeds. Nothing imports torch before it is needed."""

import os
from contextlib import contextmanager

from mossfuse.errors import MossFuseError

PRECISIONS = ("float32", "bfloat16")


def choose_device(method, wanted=None):
    """Return 'cpu' or 'cuda' for a Method.

    wanted: 'cpu'; 'cuda' (raise MossFuseError where no GPU answers); None or 'auto' (the GPU where the method uses one
    and there is one). Raises MossFuseError for any other name.
    """
    if wanted not in (None, "auto", "cpu", "cuda"):
        raise MossFuseError(f"unknown device '{wanted}'; use cpu or cuda")
    if wanted == "cpu" or (wanted != "cuda" and not method.gpu):
        return "cpu"
    import torch

    if torch.cuda.is_available():
        return "cuda"
    if wanted == "cuda":
        raise MossFuseError("no CUDA device can be used here; use device cpu, or check the driver and the torch build")
    return "cpu"


@contextmanager
def seeded(seed, device="cpu"):
    """Seed torch inside the block, with cuDNN deterministic and in full float32; restore every setting afterwards."""
    import torch

    device = torch.device(device)
    devices = [device.index or 0] if device.type == "cuda" else []
    precise = torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False)
    with torch.random.fork_rng(devices=devices), precise:
        torch.manual_seed(seed)
        yield


def mixed(precision, device):
    """Return a context in which convolutions and matrix products run in 'float32' (no change) or 'bfloat16'."""
    import torch

    if precision not in PRECISIONS:
        raise MossFuseError(f"unknown precision '{precision}'; choose one of {', '.join(PRECISIONS)}")
    return torch.autocast(torch.device(device).type, dtype=torch.bfloat16, enabled=precision == "bfloat16")


@contextmanager
def repeatable(device, strict):
    """Use only deterministic kernels on a GPU where ``strict``; restore the settings afterwards. Does nothing on a CPU."""
    import torch

    if torch.device(device).type != "cuda":
        yield
        return
    before = torch.are_deterministic_algorithms_enabled()
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # cuBLAS asks for this to repeat itself
    torch.use_deterministic_algorithms(strict, warn_only=True)  # padding that reflects has no such kernel
    try:
        with torch.backends.cudnn.flags(enabled=True, benchmark=not strict, deterministic=strict, allow_tf32=True):
            yield
    finally:
        torch.use_deterministic_algorithms(before)


def synchronise(device):
    """Wait until a GPU has finished its work, so that a clock can be read."""
    if device == "cuda":
        import torch

        torch.cuda.synchronize()


def parameter_count(*modules):
    """Return the number of learned values in torch modules, frozen ones included."""
    return sum(p.numel() for module in modules for p in module.parameters())
