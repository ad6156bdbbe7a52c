"""Where an estimate disagrees with the pair: maps of similarity and angle, and work on the worst pixels alone."""

import torch
import torch.nn.functional as F

WINDOW = 5  # of the similarity, pixels
STABLE = (0.01**2, 0.03**2)  # constants of SSIM for a range of 1
SHARE = 0.3  # of the pixels that are refined where the similarity is 0


def similarity(first, second):
    """Return the structural similarity (N, H, W) of two images (N, C, H, W), mean over the bands; windows of equal weight."""

    def mean(image):
        return F.avg_pool2d(F.pad(image, (WINDOW // 2,) * 4, mode="replicate"), WINDOW, 1)

    a, b = mean(first), mean(second)
    spread = mean(first * first) - a * a + mean(second * second) - b * b
    shared = mean(first * second) - a * b
    light, structure = (
        (2 * a * b + STABLE[0]) / (a * a + b * b + STABLE[0]),
        (2 * shared + STABLE[1]) / (spread + STABLE[1]),
    )
    return (light * structure).mean(1)


def angle(first, second):
    """Return the angle (N, h, w) between the spectra of two images (N, C, h, w), radians; 0 where one is zero."""
    cosine = F.cosine_similarity(first, second, dim=1, eps=1e-8).clamp(-1, 1)
    return torch.acos(cosine) * ((first != 0).any(1) & (second != 0).any(1))


def share_of(map_):
    """Return the share of pixels to refine for a map of similarity, mean over the batch, from 0 to 1."""
    return min(max(SHARE * (1 - float(map_.detach().mean())), 0.0), 1.0)


def refined(image, badness, count, block):
    """Return the image (N, C, H, W) with ``block`` of the ``count`` worst pixels of each image added at their places.

    badness: (N, H, W), large where the pixel is bad. block: (N, count, C) -> same. Nothing is added where count is 0.
    """
    if count == 0:
        return image
    places = badness.flatten(1).topk(count, 1).indices[:, None].expand(-1, image.shape[1], -1)
    pixels = image.flatten(2)
    tokens = block(pixels.gather(2, places).transpose(1, 2)).transpose(1, 2)
    return image + torch.zeros_like(pixels).scatter(2, places, tokens).view_as(image)
