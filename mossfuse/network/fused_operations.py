"""Three operations of the network whose backward pass stores one tensor instead of several.

Without gradients each is a plain function of plain operations. With gradients, what is cheap (GELU, products) is
computed again in the backward pass, and gradients are written into place instead of being concatenated.
Tensors are (N, channels, rows, cols), best with channels last in memory.
"""

import torch
import torch.nn.functional as F
from torch.autograd import Function
from torch.autograd.function import once_differentiable

SMALLEST = 1e-30  # lower bound of a sum of squares: keeps the gradient of its root finite


def pointwise(x, weight, bias=None):
    """Apply a 1x1 convolution; weight (out, in), or one matrix per image (N, out, in); bias (out,)."""
    pixels = x.permute(0, 2, 3, 1)
    if weight.ndim == 2 or len(weight) == 1:
        return F.linear(pixels, weight.flatten(0, -2), bias).permute(0, 3, 1, 2)
    rows, columns = pixels.flatten(1, 2), weight.transpose(1, 2)
    mixed = rows @ columns if bias is None else torch.baddbmm(bias, rows, columns)
    return mixed.unflatten(1, pixels.shape[1:3]).permute(0, 3, 1, 2)


def products(features):
    """Return the products of all pairs of channels, summed over the pixels: (N, C, rows, cols) -> (N, C, C)."""
    return Products.apply(features) if torch.is_grad_enabled() else products_of(features)


def gated_projection(hidden, weight):
    """Return weight (GELU(a) * b) of the two halves a, b of the channels (N, 2 * C, rows, cols); weight (out, C)."""
    if torch.is_grad_enabled():
        return GatedProjection.apply(hidden, weight.to(hidden.dtype))
    gate, content = hidden.chunk(2, dim=1)
    return pointwise(F.gelu(gate).mul_(content), weight)


def response_projection(hidden, gamma, weight, bias):
    """Return weight (f * GELU(hidden)) + bias, with f the response factors of the channels (``response_factor``).

    hidden (N, C, rows, cols), overwritten without gradients; gamma (C,), weight (out, C), bias (out,).
    """
    if torch.is_grad_enabled():
        return ResponseProjection.apply(hidden, gamma, weight, bias)
    hidden = torch.ops.aten.gelu_(hidden)
    return pointwise(hidden, weight * response_factor(squares(hidden), gamma)[:, None], bias)


def response_factor(squares, gamma):
    """Return gamma * energy / mean energy + 1; energy is the root of the sums of squares (N, C) over the image."""
    energy = squares.clamp_min(SMALLEST).sqrt()
    return gamma * (energy / (energy.mean(-1, keepdim=True) + 1e-6)) + 1


def squares(x):
    """Return sums of squares over the pixels, (N, C), in float32 or better."""
    return x.square().sum((2, 3), dtype=torch.promote_types(x.dtype, torch.float32))


def products_of(features):
    """Return ``products`` without a custom backward pass."""
    flat = features.flatten(2)
    return flat @ flat.transpose(1, 2)


def transposed_product(a, b):
    """Sum a_i * b_j over the pixels, (N, C_a, C_b)."""
    return a.flatten(2) @ b.flatten(2).transpose(1, 2)


class Products(Function):
    @staticmethod
    def forward(ctx, features):
        ctx.save_for_backward(features)
        return products_of(features)

    @staticmethod
    @once_differentiable
    def backward(ctx, grad):
        (features,) = ctx.saved_tensors
        return pointwise(features, grad + grad.transpose(1, 2))


class GatedProjection(Function):
    @staticmethod
    def forward(ctx, hidden, weight):
        ctx.save_for_backward(hidden, weight)
        gate, content = hidden.chunk(2, dim=1)
        return pointwise(F.gelu(gate).mul_(content), weight)

    @staticmethod
    @once_differentiable
    def backward(ctx, grad):
        hidden, weight = ctx.saved_tensors
        gate, content = hidden.chunk(2, dim=1)
        inner = pointwise(grad, weight.T)
        out = torch.empty_like(hidden)
        grad_gate, grad_content = out.chunk(2, dim=1)
        active = F.gelu(gate)
        torch.mul(inner, active, out=grad_content)
        grad_weight = transposed_product(grad, active.mul_(content)).sum(0)
        torch.ops.aten.gelu_backward.grad_input(inner.mul_(content), gate, grad_input=grad_gate)
        return out, grad_weight


class ResponseProjection(Function):
    @staticmethod
    def forward(ctx, hidden, gamma, weight, bias):
        active = F.gelu(hidden)
        energy = squares(active)
        ctx.save_for_backward(hidden, gamma, weight, energy)
        return pointwise(active, weight * response_factor(energy, gamma)[:, None], bias)

    @staticmethod
    @once_differentiable
    def backward(ctx, grad):
        hidden, gamma, weight, energy = ctx.saved_tensors
        active = F.gelu(hidden)
        scaled_grad = transposed_product(grad, active)
        with torch.enable_grad():
            leaves = energy.detach().requires_grad_(), gamma.detach().requires_grad_()
            factor = response_factor(*leaves)
        factor_grad = (scaled_grad * weight).sum(1)
        energy_grad, gamma_grad = torch.autograd.grad(factor, leaves, factor_grad)
        factor = factor.detach()[:, None]
        inner = pointwise(grad, (weight * factor).transpose(1, 2).to(grad.dtype))
        inner.addcmul_(active, (2 * energy_grad[:, :, None, None]).to(inner.dtype))
        torch.ops.aten.gelu_backward.grad_input(inner, hidden, grad_input=inner)
        return inner, gamma_grad, (scaled_grad * factor).sum(0), grad.sum((0, 2, 3))
