"""The arithmetic in which methods run on a GPU: that of the CPU, as far as a GPU has it."""

from contextlib import AbstractContextManager, nullcontext


def full_precision(device: str) -> AbstractContextManager[None]:
    """Return a context in which a method runs in full float32 on a GPU, with cuDNN's deterministic kernels.

    Without it cuDNN rounds the inputs of convolutions to 11 bits (TF32). Does nothing on a CPU, and does not import torch there.
    """
    if device == "cpu":
        return nullcontext()
    from mossfuse.devices import precise

    return precise()
