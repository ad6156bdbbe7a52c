"""Run independent parts of a network at the same time on a CPU, forwards and backwards.

An operation of a small training step takes some microseconds to a millisecond. Shared among threads, each one ends with the
threads waiting for each other, which costs as much as it gains and, where waiting threads sleep (mossfuse.threads), more.
Here each thread runs whole parts of the network, and they wait for each other a few times a step (docs/speed.md).
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable

LANES = 2


class InTurn:
    """Runs parts one after another, as plain calls. shares: into how many parts a batch is worth dividing."""

    shares = 1

    def __call__(self, *parts: tuple) -> list[Tensor]:
        """Return the result of every part (function, tensor, ...); a function returns one tensor."""
        return [function(*inputs) for function, *inputs in parts]


class SideBySide:
    """Runs parts at the same time in the threads of ``pool``, with the values and gradients of InTurn."""

    shares = LANES

    def __init__(self, pool: ThreadPoolExecutor):
        self.pool = pool

    def __call__(self, *parts: tuple) -> Sequence[Tensor]:
        """Return the result of every part (function, tensor, ...); a function returns one tensor."""
        functions = [as_here(function) for function, *_ in parts]
        inputs = [tensors for _, *tensors in parts]
        if not torch.is_grad_enabled():
            return self.run([(function, *own) for function, own in zip(functions, inputs, strict=True)])
        # The parameters are no inputs: something else has to ask for the backward pass.
        asking = torch.zeros((), requires_grad=True)
        counts = [len(own) for own in inputs]
        return Parts.apply(self.run, functions, counts, asking, *(tensor for own in inputs for tensor in own))

    def run(self, tasks: list[tuple]) -> list[Any]:
        """Run (function, argument, ...) at the same time and return what the functions return."""
        return [started.result() for started in [self.pool.submit(*task) for task in tasks]]


class Parts(Function):
    """Several functions of inputs of their own; each has its own graph, and its backward pass runs in a thread of the pool."""

    @staticmethod
    def forward(ctx, run, functions, counts, asking, *tensors):
        own = [[each.detach().requires_grad_(each.requires_grad) for each in some] for some in dealt(tensors, counts)]
        outputs = run([(function, *inputs) for function, inputs in zip(functions, own, strict=True)])
        ctx.run, ctx.inputs, ctx.outputs = run, own, outputs
        return tuple(output.detach() for output in outputs)

    @staticmethod
    @once_differentiable
    def backward(ctx, *grads):
        ctx.run([(torch.autograd.backward, output, grad) for output, grad in zip(ctx.outputs, grads, strict=True)])
        found = [each.grad for own in ctx.inputs for each in own]
        ctx.inputs = ctx.outputs = None  # the graphs are used up
        return (None, None, None, None, *found)


def dealt(tensors: Sequence[Tensor], counts: list[int]) -> Iterator[Sequence[Tensor]]:
    """Yield the first ``counts[0]`` tensors, the next ``counts[1]``, and so on."""
    first = 0
    for count in counts:
        yield tensors[first : first + count]
        first += count


def as_here(function: Callable) -> Callable:
    """Return ``function`` with the gradient mode and the precision of the calling thread; a thread starts with defaults."""
    grad, mixed = torch.is_grad_enabled(), torch.is_autocast_enabled("cpu")
    dtype = torch.get_autocast_dtype("cpu")

    def called(*arguments):
        with torch.set_grad_enabled(grad), torch.autocast("cpu", dtype=dtype, enabled=mixed):
            return function(*arguments)

    return called


@contextmanager
def lanes(device: "str | torch.device") -> Iterator[InTurn | SideBySide]:
    """Yield SideBySide on a CPU with two or more threads, which are shared out inside the block, otherwise InTurn."""
    threads = torch.get_num_threads()
    if torch.device(device).type != "cpu" or threads < LANES:
        yield InTurn()
        return
    share = threads // LANES
    pool = ThreadPoolExecutor(LANES, initializer=torch.set_num_threads, initargs=(share,))
    torch.set_num_threads(share)
    try:
        yield SideBySide(pool)
    finally:
        pool.shutdown(cancel_futures=True)
        torch.set_num_threads(threads)
