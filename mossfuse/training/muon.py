"""Muon: momentum with orthogonalised updates, for weight matrices and dense convolution kernels.

Source: Jordan et al., "Muon: an optimizer for hidden layers in neural networks" (2024); scale of the update after Liu
et al., arXiv 2502.16982. Where the bands of an image are nearly proportional to each other, plain gradients of the
first and last layers hardly change the differences between bands; an update with equal singular values does.
torch.optim.Muon takes matrices only and works in bfloat16, one matrix after another; here kernels are matrices
(outputs, inputs * taps), all matrices of one shape are treated in one batch, and everything stays in float32.
"""

import torch

QUINTIC = (3.4445, -4.7750, 2.0315)  # Jordan's coefficients: steepest at 0, within about 0.7..1.2 near 1
ITERATIONS = 5
MOMENTUM = 0.95
ADAM_SCALE = 0.2  # root mean square of a typical update of Adam, in units of the step size


def orthogonalise(matrices):
    """Return roughly the nearest (semi-)orthogonal matrices of a batch (n, rows, cols), by Newton-Schulz iterations."""
    tall = matrices.shape[-2] > matrices.shape[-1]
    x = matrices.mT if tall else matrices
    x = x / (torch.linalg.matrix_norm(x, keepdim=True) + 1e-7)
    a, b, c = QUINTIC
    for _ in range(ITERATIONS):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.mT if tall else x


class Muon(torch.optim.Optimizer):
    """Nesterov momentum with orthogonalised updates; ``lr`` is comparable with Adam's step size.

    params: tensors of two or more axes, the first one the outputs; one without a gradient is left unchanged.
    """

    def __init__(self, params, lr):
        super().__init__(params, {"lr": lr})

    @torch.no_grad()
    def step(self):
        """Update every parameter once."""
        for group in self.param_groups:
            batches = {}
            for parameter in (p for p in group["params"] if p.grad is not None):
                batches.setdefault(parameter.flatten(1).shape, []).append(parameter)
            for (rows, cols), batch in batches.items():
                updates = orthogonalise(torch.stack([self._momentum(p).flatten(1) for p in batch]))
                size = group["lr"] * ADAM_SCALE * max(rows, cols) ** 0.5
                for parameter, update in zip(batch, updates, strict=True):
                    parameter.sub_(update.reshape(parameter.shape), alpha=size)

    def _momentum(self, parameter):
        """Return the running mean of the gradients with the current one weighted in once more (Nesterov)."""
        mean = self.state[parameter].setdefault("mean", torch.zeros_like(parameter))
        mean.lerp_(parameter.grad, 1 - MOMENTUM)
        return parameter.grad.lerp(mean, MOMENTUM)
