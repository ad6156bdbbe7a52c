"""The arithmetic in which methods run on a GPU: that of the CPU, as far as a GPU has it."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager


@contextmanager
def full_precision(device: str) -> Iterator[None]:
    """Run what is inside in full float32 on a GPU, with kernels that repeat their bytes where PyTorch has them.

    Without it cuDNN rounds the inputs of convolutions to 11 bits (TF32). Does nothing on a CPU, and does not import torch there.
    """
    with ExitStack() as stack:
        if device != "cpu":
            from mossfuse.devices import precise, same_bytes

            stack.enter_context(precise())
            stack.enter_context(same_bytes(device))
        yield
