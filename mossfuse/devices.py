"""The one place that chooses a device, its precision and its random seeds. Nothing imports torch before it is needed."""

import os
import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING

from mossfuse.errors import MossFuseError

if TYPE_CHECKING:
    import torch

    from mossfuse.protocol import Method

PRECISIONS = ("float32", "bfloat16")


def choose_device(method: "Method", wanted: str | None = None) -> str:
    """Return 'cpu' or 'cuda' for a Method.

    wanted: 'cpu'; 'cuda' (raise MossFuseError if no GPU answers); None or 'auto' (the GPU if the method uses one and
    there is one). Raises MossFuseError for any other name.
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
def generator_kept():
    """Leave torch's generator on the CPU as it was: for building networks whose first weights a file replaces."""
    import torch

    with torch.random.fork_rng(devices=[]):
        yield


@contextmanager
def seeded(seed: int, device: "str | torch.device" = "cpu") -> Iterator[None]:
    """Seed torch inside the block, with cuDNN deterministic and in full float32; restore every setting afterwards."""
    import torch

    device = torch.device(device)
    devices = [device.index or 0] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices), precise():
        torch.manual_seed(seed)
        yield


def new_generator(seed: int) -> "torch.Generator":
    """Return a generator of random numbers on the CPU: the same numbers whatever the device of the computation."""
    import torch

    return torch.Generator().manual_seed(seed)


def precise() -> AbstractContextManager[None]:
    """Return a context in which cuDNN is deterministic and works in full float32; without effect on a CPU."""
    import torch

    return torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False)


def mixed(precision: str, device: "str | torch.device") -> "torch.autocast":
    """Return a context in which convolutions and matrix products run in 'float32' (no change) or 'bfloat16'."""
    import torch

    if precision not in PRECISIONS:
        raise MossFuseError(f"unknown precision '{precision}'; choose one of {', '.join(PRECISIONS)}")
    return torch.autocast(torch.device(device).type, dtype=torch.bfloat16, enabled=precision == "bfloat16")


@contextmanager
def repeatable(device: "str | torch.device", strict: bool) -> Iterator[None]:
    """Use only deterministic kernels on a GPU if ``strict``; restore the settings afterwards. Does nothing on a CPU."""
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


@contextmanager
def same_bytes(device: "str | torch.device") -> Iterator[None]:
    """Choose those kernels of a GPU that repeat their bytes, where PyTorch has them; restore the settings afterwards.

    Does nothing on a CPU, whose kernels do.
    """
    import torch

    if torch.device(device).type != "cuda":
        yield
        return
    settings = torch.utils.deterministic
    before = torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()
    filled = settings.fill_uninitialized_memory
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # cuBLAS asks for this to repeat itself
    torch.use_deterministic_algorithms(True, warn_only=True)
    settings.fill_uninitialized_memory = False  # a pass over memory that every kernel writes itself
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*does not have a deterministic implementation")
            yield
    finally:
        torch.use_deterministic_algorithms(before[0], warn_only=before[1])
        settings.fill_uninitialized_memory = filled


def synchronise(device: str) -> None:
    """Wait until a GPU has finished its work, so that a clock can be read."""
    if device == "cuda":
        import torch

        torch.cuda.synchronize()


def parameter_count(*modules: "torch.nn.Module") -> int:
    """Return the number of learned values in torch modules, frozen ones included."""
    return sum(p.numel() for module in modules for p in module.parameters())
