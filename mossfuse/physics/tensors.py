"""The sensor model on torch tensors (N, C, rows, cols), differentiable in the image, the PSF and the SRF."""

import torch
import torch.nn.functional as F

from mossfuse.physics.sampling import block_span, border_index

MODES = {"reflect": "reflect", "wrap": "circular", "zero": "constant"}


def blur_sample(image, psf, phase, ratio, border="reflect"):
    """H image: (N, C, H, W) with psf (k_rows, k_cols) -> (N, C, H / ratio, W / ratio); block form."""
    spans = [block_span(k, p, ratio) for k, p in zip(psf.shape, phase, strict=True)]
    (r0, r1, row), (c0, c1, col) = spans
    n, channels, height, width = image.shape
    h, w = height // ratio, width // ratio
    blocks = (r1 - r0 + 1, c1 - c0 + 1)
    grid = F.pad(psf, (col, blocks[1] * ratio - col - psf.shape[1], row, blocks[0] * ratio - row - psf.shape[0]))
    grid = grid.reshape(blocks[0], ratio, blocks[1], ratio)
    pad = (-c0 * ratio, c1 * ratio, -r0 * ratio, r1 * ratio)
    if any(pad):
        image = padded(image, pad, border)
    out = 0
    for a in range(blocks[0]):
        for b in range(blocks[1]):
            tile = image[:, :, a * ratio : (a + h) * ratio, b * ratio : (b + w) * ratio]
            tile = tile.reshape(n, channels, h, ratio, w, ratio)
            out = out + torch.einsum("nchiwj,ij->nchw", tile, grid[a, :, b])
    return out


def padded(image, pad, border):
    """(N, C, H, W) with (left, right, top, bottom) pixels more; more than once around where the image is smaller than that."""
    left, right, top, bottom = pad
    rows, cols = image.shape[2:]
    if border == "zero" or (max(top, bottom) < rows and max(left, right) < cols):
        return F.pad(image, pad, mode=MODES[border])
    image = image[:, :, border_index(rows, (top, bottom), border)]
    return image[:, :, :, border_index(cols, (left, right), border)]


def project_spectra(cube, srf):
    """(N, B, H, W) with srf (M, B) -> (N, M, H, W)."""
    return torch.einsum("nbhw,mb->nmhw", cube, srf)


def to_tensor(array, device="cpu"):
    """(rows, cols, C) numpy -> (1, C, rows, cols) float32 tensor."""
    return torch.from_numpy(array.transpose(2, 0, 1).copy()).float().unsqueeze(0).to(device)


def to_array(tensor):
    """(1, C, rows, cols) tensor -> (rows, cols, C) float32 numpy array."""
    return tensor.detach()[0].permute(1, 2, 0).float().cpu().contiguous().numpy()


def gaussian_kernel(factor, size):
    """PSF exp(-|L z|^2 / 2), sum 1, on the pixels z = (row, col) around the centre; (rows, cols) = ``size``.

    factor: (2, 2), of which the lower triangle L is used; sigma 2 pixels is 0.5 on the diagonal.
    """
    rows, cols = (torch.arange(n, device=factor.device, dtype=factor.dtype) - (n - 1) / 2 for n in size)
    z = torch.stack(torch.meshgrid(rows, cols, indexing="ij"), -1)
    kernel = torch.exp(-0.5 * (z @ factor.tril().T).square().sum(-1))
    return kernel / kernel.sum()
