"""Bilinear upsampling that puts every low-resolution pixel at the position where the sensor sampled it."""

import torch
import torch.nn.functional as F


def upsample(image, ratio, phase):
    """Upsample (N, C, h, w), sample (i, j) at pixel phase + ratio (i, j), to (N, C, ratio h, ratio w); edges repeated."""
    for axis, start in zip((2, 3), phase, strict=True):
        low = image.shape[axis]
        position = ((torch.arange(low * ratio, device=image.device) - start) / ratio).clamp(0, low - 1)
        left = position.long().clamp(max=max(low - 2, 0))
        weight = (position - left).to(image.dtype).reshape((-1, 1) if axis == 2 else (-1,))
        right = (left + 1).clamp(max=low - 1)
        image = torch.lerp(image.index_select(axis, left), image.index_select(axis, right), weight)
    return image


def coarsen(image, ratio):
    """Average the image over about ``ratio`` x ``ratio`` pixels (all of it where it is smaller) and upsample it again."""
    shape = [max(1, round(n / ratio)) for n in image.shape[2:]]
    return F.interpolate(F.adaptive_avg_pool2d(image, shape), image.shape[2:], mode="bilinear", align_corners=False)
